"""`train --config FILE`: what wins over what, and what a file may not say."""

import json

import pytest

from minis2s.cli import main, train
from minis2s.cli.arguments import Parser
from minis2s.cli.configuration import configuration, read_toml
from minis2s.data.tasks import TASKS
from minis2s.errors import DataError, UsageError
from minis2s.models.configuration import ModelConfig
from minis2s.training.configuration import checked
from minis2s.training.session import RunConfig
from minis2s.training.trainer import TrainingConfig

from .runs import SMALL, assert_one_line_error, write_pairs


@pytest.fixture
def resolved(tmp_path, monkeypatch):
    """The RunConfig of a command line, with --config if a text is given for it."""
    monkeypatch.chdir(tmp_path)

    def resolve(options="", text=None):
        parser = Parser()
        train.add_arguments(parser)
        arguments = options.split()
        if text is not None:
            (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
            arguments += ["--config", "settings.toml"]
        return configuration(parser.parse_args(arguments))

    return resolve


def test_without_anything_it_is_the_built_in_task_as_it_recommends(resolved):
    task = TASKS["translation"]
    config = resolved()
    assert config.data.task == "translation" and config.data.target_tokeniser == task.target_tokeniser == "chars"
    for name, value in task.settings.items():
        assert value in [getattr(part, name) for part in (config.data, config.model, config.training) if hasattr(part, name)]


def test_the_command_line_wins_over_the_file_over_the_task_over_the_defaults(resolved, monkeypatch):
    task = TASKS["translation"]
    settings = {"epochs": 3, "batch_size": 33, "clip": 0.3, "hidden_size": 66}
    monkeypatch.setitem(TASKS, "translation", type(task)(**(vars(task) | {"settings": settings})))
    text = "[training]\nepochs = 4\nbatch_size = 44\n[model]\nembedding_size = 44\n[data]\ntarget_tokeniser = 'words'\n"
    config = resolved("--epochs 5", text)
    assert config.training.epochs == 5  # command line
    assert config.training.batch_size == 44 and config.model.embedding_size == 44  # file
    assert config.data.target_tokeniser == "words"  # file, over the task's
    assert config.training.clip == 0.3 and config.model.hidden_size == 66  # task
    assert config.training.learning_rate == TrainingConfig().learning_rate  # default
    assert config.model.attention_size == ModelConfig().attention_size


def test_every_setting_can_stand_in_the_file(resolved):
    """And comes back from it as it was: what config.json holds, written as TOML."""
    config = resolved("--train a.tsv --dev b.tsv --seed 9 --no-bidirectional --dropout 0.25")
    lines = []
    for table, values in config.as_dict().items():
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    assert resolved("", "\n".join(lines)) == config


def test_files_in_one_place_put_aside_a_task_in_another(resolved):
    files = "[data]\ntrain = 'a.tsv'\ndev = 'b.tsv'\n"
    assert resolved("--task translation", files).data.train == ()
    config = resolved("--train c.tsv --dev d.tsv", "[data]\ntask = 'translation'\n")
    assert config.data.task is None and config.data.source_tokeniser == "words"
    config = resolved("--dev d.tsv", files)
    assert config.data.train[0].endswith("a.tsv") and config.data.dev[0].endswith("d.tsv")
    with pytest.raises(UsageError, match="--dev needs --train"):
        resolved("--dev d.tsv", "[data]\ntask = 'translation'\n")
    with pytest.raises(UsageError, match="--train needs --dev"):
        resolved("", "[data]\ntrain = 'a.tsv'\n")


def test_names_of_files_are_relative_to_the_file_they_stand_in(tmp_path):
    (tmp_path / "below").mkdir()
    path = tmp_path / "below" / "settings.toml"
    path.write_text("[data]\ntrain = ['x.src', 'x.tgt']\ndev = '../d.tsv'\n[training]\ninit_from = 'run'\n")
    settings = read_toml(path)
    assert settings["data"]["train"] == (str(tmp_path / "below" / "x.src"), str(tmp_path / "below" / "x.tgt"))
    assert settings["data"]["dev"] == (str(tmp_path / "below" / "../d.tsv"),)
    assert settings["training"]["init_from"] == str(tmp_path / "below" / "run")


REFUSED = {
    "[model]\nhiden_size = 3": "unknown key in [model]: 'hiden_size'; did you mean 'hidden_size'?",
    "[modle]\nhidden_size = 3": "unknown table 'modle'; did you mean 'model'?",
    "hidden_size = 3": "'hidden_size' belongs into the table [model]",
    "model = 3": "[model] must be a table of settings, not 3",
    "[training]\nepochs = 'ten'": "[training] epochs must be a whole number, not 'ten'",
    "[training]\nepochs = 1.0": "[training] epochs must be a whole number, not 1.0",
    "[training]\nepochs = true": "[training] epochs must be a whole number, not True",
    "[training]\nclip = true": "[training] clip must be a number, not True",
    "[training]\nclip = [1]": "[training] clip must be a number, not [1]",
    "[training]\nseed = 99999999999": "[training] seed must be between -2,147,483,647 and 2,147,483,647, not 99999999999",
    "[model]\nbidirectional = 1": "[model] bidirectional must be true or false, not 1",
    "[data]\ntrain = 3": "[data] train must be a list of texts, not 3",
    "[data]\ntrain = ['a', 3]": "[data] train must be a list of texts, not ['a', 3]",
    "[data]\ntrain = []": "[data] train names no file",
    "[data]\ntask = 'translation'\ntrain = 'a'": "[data] names a task and files; give one of them",
    "[data]\ntask = \"a\\u0000b\"": "[data] task holds a character that is no text",
    "[data]\ntask = 3": "[data] task must be a text, not 3",
    "epochs": "not valid TOML: ",
    "[training]\nepochs = 1\nepochs = 2": "not valid TOML: ",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_file_may_not_say(text, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_toml(path)
    assert str(caught.value).startswith(f"{path}: {REFUSED[text]}"), caught.value


@pytest.mark.parametrize("content, message", [(b"a\n\xff", ", line 2: not UTF-8"), (b"#" * (1 << 21), "more than 1,048,576")])
def test_what_no_text_is(content, message, tmp_path):
    (tmp_path / "settings.toml").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_toml(tmp_path / "settings.toml")
    with pytest.raises(DataError, match="the configuration cannot be read: No such file"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(DataError, match="the configuration cannot be read: Is a directory"):
        read_toml(tmp_path)


def test_windows_line_ends_and_a_byte_order_mark(tmp_path):
    (tmp_path / "settings.toml").write_bytes(b"\xef\xbb\xbf[training]\r\nepochs = 2\r\n")
    assert read_toml(tmp_path / "settings.toml") == {"training": {"epochs": 2}}


def test_a_whole_number_will_do_for_a_number():
    assert checked(TrainingConfig, {"clip": 2}, "training") == {"clip": 2.0}


@pytest.mark.parametrize("value", [1.5, "7", None, [7], True, {"a": 1}])
def test_config_json_is_checked_likewise(value):
    """It may have been edited, or damaged."""
    record = json.loads(json.dumps(RunConfig().as_dict()))
    record["training"]["seed"] = value
    with pytest.raises(DataError, match=r"config.json: the configuration does not fit this program: \[training\] seed must be a"):
        RunConfig.from_dict(record, "config.json")


def test_a_whole_run(tmp_path, monkeypatch, capsys):
    """The resolved configuration is in its directory; the run goes on with it; nothing is asked of the file again."""
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path / "train.tsv", 40, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    text = "[data]\ntrain = 'train.tsv'\ndev = 'dev.tsv'\n[training]\nepochs = 1\nsave_every = 3\n"
    (tmp_path / "settings.toml").write_text(text)
    assert main(["train", "--config", "settings.toml", "--run", "run", *SMALL.split(), "--clip", "0.5"]) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["training"]["epochs"] == 1 and config["training"]["save_every"] == 3 and config["training"]["clip"] == 0.5
    assert config["data"]["train"] == [str(tmp_path / "train.tsv")]
    (tmp_path / "settings.toml").unlink()
    assert main(["train", "--resume", "run"]) == 0
    capsys.readouterr()
    assert main(["train", "--resume", "run", "--config", "settings.toml"]) == 2
    assert_one_line_error(capsys.readouterr().err, "--resume goes on with the run's own settings; leave out --config")


def test_the_precedence_is_said_in_the_help(capsys):
    assert main(["train", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "An option on the command line wins over the file, the file over the run that --init-from begins with" in out
