"""`minis2s train`: what it writes and says, every kind of bad input, interruption."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from minis2s.cli import main
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.run import FILES, PICTURES, load

from .runs import assert_one_line_error, child, environment, pairs, tiny_arguments, write_pairs


@pytest.fixture
def data(tmp_path):
    write_pairs(tmp_path / "train.tsv", 40, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    return tmp_path


def without_times(path):
    times = ("seconds", "tokens_per_s", "crc32")  # the last covers the others
    return [{k: v for k, v in json.loads(line).items() if k not in times} for line in path.read_text("utf-8").splitlines()]


def arrays(path):
    return {name: (a.shape, a.tobytes()) for name, a in load_checkpoint(path).arrays.items()}


# What it does


def test_it_learns(trained):
    metrics = without_times(trained / "metrics.jsonl")
    assert metrics[-1]["dev_exact_match"] > 50 and metrics[-1]["dev_loss"] < metrics[0]["dev_loss"] / 2
    assert "tok:zh" in metrics[-1]["dev_signature"]


def test_it_says_what_it_does(data, capsys):
    assert main([*tiny_arguments(data), "--epochs", "2"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["run", "data", "model", "best", "try"]
    assert "40 training and 8 dev pairs, 9 tokens of the source and 9 tokens of the target" in out
    assert [line.split("  ")[0] for line in err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    for word in ("loss", "dev loss", "exact", "BLEU", "token errors", "gradient norm", "tokens/s"):
        assert word in err


def test_the_command_that_it_offers_to_try_works(trained, capsys):
    sentence = (trained.parent / "dev.tsv").read_text("utf-8").split("\t")[0]
    assert main(["translate", str(trained), sentence]) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("kind", ["aligned", "gz", "aligned gz", "jsonl", "jsonl gz"])
def test_other_forms_of_the_same_data_give_the_same_run(kind, data):
    assert main([*tiny_arguments(data), "--epochs", "1"]) == 0
    files = {}
    for name, n, seed in (("train", 40, 0), ("dev", 8, 9)):
        columns = list(zip(*pairs(n, seed), strict=True))
        texts = {f"{name}.{k}": "\n".join(column) + "\n" for k, column in zip(("src", "zh"), columns, strict=True)}
        if kind == "gz":
            texts = {f"{name}.pairs": (data / f"{name}.tsv").read_text("utf-8")}
        if "jsonl" in kind:
            records = [json.dumps({"source": source, "target": target}) for source, target in pairs(n, seed)]
            texts = {f"{name}.{kind.replace(' ', '.')}": "\n".join(records)}
        for file, text in texts.items():
            content = text.encode()
            (data / file).write_bytes(gzip.compress(content) if "gz" in kind else content)
        files[name] = [str(data / file) for file in texts]
    arguments = tiny_arguments(data, "other")
    for name in files:
        at = arguments.index(f"--{name}")
        arguments[at : at + 2] = [f"--{name}", *files[name]]
    assert main([*arguments, "--epochs", "1"]) == 0
    assert arrays(data / "run" / "last.npz") == arrays(data / "other" / "last.npz")


def test_from_another_directory_with_runs_numbered(data, tmp_path):
    """`python -m minis2s` anywhere; relative names; the first free runs/NAME-n; and the run can be resumed from elsewhere."""
    arguments = "train --train train.tsv --dev dev.tsv --epochs 1 --hidden-size 8 --embedding-size 4 --attention-size 4".split()
    for n in (1, 2):
        code, out, err = child(*arguments, cwd=data)
        assert code == 0, err
        assert f"runs/train-{n}" in out
    assert sorted(p.name for p in (data / "runs" / "train-2").iterdir()) == sorted([*FILES, PICTURES])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, out, err = child("train", "--resume", data / "runs" / "train-1", cwd=elsewhere)
    assert code == 0, err


def test_over_long_sentences_are_said_before_the_training(data, capsys):
    with open(data / "train.tsv", "a", encoding="utf-8") as file:
        file.write("a " * 30 + "\t甲\n")
    assert main([*tiny_arguments(data), "--epochs", "1", "--max-length", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    note = "training data: 1 of 41 pairs are longer than 20 tokens (the first on line 41, the longest has 30)"
    assert lines[3].startswith("note ") and note in lines[3]


def test_built_in_data(tmp_path, monkeypatch):
    """One epoch on a few of the built-in sentences, whatever they are by now."""
    from minis2s.data import tasks

    whole = tasks.TASKS["translation"]
    splits = whole.generate(0)
    few = tasks.Splits(splits.train[:60], splits.dev[:10], splits.test[:10])
    monkeypatch.setitem(tasks.TASKS, "translation", type(whole)(**(vars(whole) | {"generate": lambda seed: few})))
    small = "--hidden-size 8 --embedding-size 4 --attention-size 4 --epochs 1".split()
    assert main(["train", "--run", str(tmp_path / "run"), *small]) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["data"]["task"] == "translation" and config["data"]["target_tokeniser"] == "chars"


# Bad input: code 2, one line, nothing written


def spoil(data, name, content):
    (data / name).write_bytes(content)


BAD_FILES = {
    "missing": (lambda d: (d / "train.tsv").unlink(), "train.tsv: there is no such file"),
    "missing dev": (lambda d: (d / "dev.tsv").unlink(), "dev.tsv: there is no such file"),
    "empty": (lambda d: spoil(d, "train.tsv", b""), "train.tsv: the file is empty"),
    "no tab": (lambda d: spoil(d, "train.tsv", "a\t甲\nb 乙\n".encode()), "train.tsv, line 2: there is no tab in 'b 乙'"),
    "two tabs": (lambda d: spoil(d, "train.tsv", b"a\tb\tc\n"), "train.tsv, line 1: 2 tabs"),
    "not UTF-8": (lambda d: spoil(d, "dev.tsv", b"a\tb\nc\t\xff\n"), "dev.tsv, line 2: byte 3 of the line (0xff) is not UTF-8"),
    "empty source": (lambda d: spoil(d, "train.tsv", b"a\tb\n \tb\n"), "train.tsv, line 2: the source is empty"),
    "empty target": (lambda d: spoil(d, "train.tsv", b"a\t\n"), "train.tsv, line 1: the target is empty"),
    "cut gzip": (lambda d: spoil(d, "train.tsv", gzip.compress(b"a\tb\n" * 99)[:-9]), "train.tsv: the gzip data end too early"),
    "all too long": (lambda d: spoil(d, "dev.tsv", b"a " * 101 + b"\tb\n"), "dev data: no pair is left within the limit of 100"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files(kind, data, capsys):
    damage, message = BAD_FILES[kind]
    damage(data)
    assert main(tiny_arguments(data)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)
    assert not (data / "run").exists()


BAD_OPTIONS = {
    "--epoch 3": "unknown option '--epoch'; did you mean '--epochs'?",
    "--epochs x": "--epochs",
    "--epochs 1.5": "--epochs",
    "--epochs 0": "epochs must be greater than zero, not 0",
    "--batch-size -4": "batch_size must be greater than zero, not -4",
    "--learning-rate nan": "learning_rate must be greater than zero, not nan",
    "--learning-rate -1": "learning_rate must be greater than zero",
    "--learning-rate fast": "--learning-rate",
    "--clip 0": "clip must be greater than zero",
    "--hide-words 2": "hide_words is a share in [0, 1), not 2.0",
    "--dropout 1": "dropout is a share in [0, 1), not 1.0",
    "--patience -1": "cannot be negative",
    "--seed -1": "cannot be negative",
    "--hidden-size 7": "hidden_size must be even for a bidirectional encoder, not 7",
    "--embedding-size 0": "embedding_size must be at least 1",
    "--min-frequency 0": "min_frequency must be at least 1",
    "--max-length 0": "max_length must be at least 1",
    "--schedule liner": "unknown schedule 'liner'; did you mean 'linear'?",
    "--best-by bleau": "'bleau'; did you mean 'bleu'?",
    "--source-tokeniser word": "unknown tokeniser 'word'; did you mean 'words'?",
    "--target-tokeniser bpee": "unknown tokeniser 'bpee'; did you mean 'bpe'?",
    "--target-width ful": "unknown width 'ful'",
    "--max-source-vocabulary -1": "max_source_vocabulary cannot be negative",
    "--window-pairs 0": "window_pairs must be at least 1",
    "--backend numppy": "'numppy'; did you mean 'numpy'?",
    "--task translation": "give --task or --train, not both",
    "surplus": "give one tab-separated file or two aligned ones, not 3 files",
}


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_bad_options(options, data, capsys):
    arguments = tiny_arguments(data)
    if options == "surplus":
        at = arguments.index("--train") + 1
        arguments[at:at] = [str(data / "dev.tsv")] * 2
        options = ""
    assert main([*arguments, *options.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, BAD_OPTIONS[options or "surplus"])
    assert not (data / "run").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("train --train a.tsv", "--train needs --dev"),
        ("train --dev a.tsv", "--dev needs --train"),
        ("train --task translatoin", "unknown task 'translatoin'; did you mean 'translation'?"),
        ("train --resume nowhere", "nowhere: this is not a run directory"),
        ("train pairs.tsv", "unexpected argument 'pairs.tsv'"),
    ],
)
def test_bad_requests(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="such a file name cannot be made there")
def test_a_file_name_that_is_not_utf_8(data, capsys):
    odd = data / os.fsdecode(b"caf\xe9.tsv")
    odd.write_bytes((data / "train.tsv").read_bytes())
    arguments = tiny_arguments(data)
    arguments[arguments.index("--train") + 1] = str(odd)
    assert main([*arguments, "--epochs", "1"]) == 2
    assert "is not UTF-8; rename the file" in capsys.readouterr().err


def test_an_existing_run_is_never_overwritten_unless_told(data, capsys):
    arguments = [*tiny_arguments(data), "--epochs", "1"]
    assert main(arguments) == 0
    before = {p.name: p.read_bytes() for p in (data / "run").rglob("*") if p.is_file()}
    capsys.readouterr()
    assert main([*arguments, "--seed", "2"]) == 2
    assert_one_line_error(capsys.readouterr().err, "already holds a run (config.json)")
    assert {p.name: p.read_bytes() for p in (data / "run").rglob("*") if p.is_file()} == before
    assert main([*arguments, "--seed", "2", "--overwrite"]) == 0
    assert arrays(data / "run" / "last.npz") != arrays_of(before["last.npz"], data)


def arrays_of(content, folder):
    (folder / "kept.npz").write_bytes(content)
    return arrays(folder / "kept.npz")


def test_resume_takes_no_other_settings(trained, capsys):
    assert main(["train", "--resume", str(trained), "--epochs", "50", "--no-bidirectional"]) == 2
    assert_one_line_error(capsys.readouterr().err, "leave out --bidirectional, --epochs")


def test_a_damaged_checkpoint_is_not_gone_on_with(data, capsys):
    assert main([*tiny_arguments(data), "--epochs", "1"]) == 0
    path = data / "run" / "last.npz"
    path.write_bytes(path.read_bytes()[:-100])
    capsys.readouterr()
    assert main(["train", "--resume", str(data / "run")]) == 2
    assert_one_line_error(capsys.readouterr().err, "last.npz: the checkpoint is damaged or cut short")


# The work fails: code 1


def test_a_loss_that_is_not_finite(data, capsys):
    assert main([*tiny_arguments(data), "--epochs", "30", "--learning-rate", "1e36"]) == 1
    err = capsys.readouterr().err
    last = err.splitlines()[-1]
    assert last.startswith("minis2s: error: ") and ("step " in last or "epoch " in last)
    assert ("encoder." in last or "decoder." in last) and "Traceback" not in err and "Warning" not in err
    for name in ("last", "best"):  # what there is can be loaded
        if (data / "run" / f"{name}.npz").exists():
            load(data / "run", which=name)


@pytest.mark.skipif(sys.platform == "win32", reason="limits on a process are POSIX")
def test_a_full_disk(data):
    """The system refuses files above 20 kB: the checkpoint cannot be written. One line, code 1, no half-written file."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from minis2s.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, *tiny_arguments(data), "--epochs", "1"]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=120)
    assert done.returncode == 1
    assert_one_line_error(done.stderr.decode(), "cannot write")
    left = {p.name: p.stat().st_size for p in (data / "run").iterdir()}
    assert left.keys() <= set(FILES) and max(left.values()) < 20_000


def test_a_place_where_nothing_can_be_written(data, capsys):
    (data / "run").write_text("a file")
    assert main([*tiny_arguments(data), "--epochs", "1"]) == 1
    assert_one_line_error(capsys.readouterr().err, "cannot write")
    assert (data / "run").read_text() == "a file"


# Ctrl-C


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interruption_in_the_middle_of_an_epoch_loses_nothing(tmp_path):
    """A process of its own, a real SIGINT, a resumption: as if it had never been."""
    write_pairs(tmp_path / "train.tsv", 3000, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    more = ["--epochs", "3", "--hide-words", "0.1", "--dropout", "0.1"]
    code, _, err = child(*tiny_arguments(tmp_path, "whole"), *more)
    assert code == 0, err
    # A checkpoint after every step, which changes no bit of the run, tells when it is a few steps into its second epoch.
    command = [sys.executable, "-m", "minis2s", *tiny_arguments(tmp_path), *more, "--save-every", "1"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline, last = time.monotonic() + 60, tmp_path / "run" / "last.npz"
    while time.monotonic() < deadline:
        progress = load_checkpoint(last).record["progress"] if last.exists() else {"epoch": 0}
        if progress["epoch"] == 1 and progress["step"] > 2:
            break
    process.send_signal(signal.SIGINT)
    out, err = (text.decode() for text in process.communicate(timeout=60))
    assert process.returncode == 130, err
    assert f"interrupted; nothing is lost: minis2s train --resume {tmp_path / 'run'}" in out
    assert "Traceback" not in err
    progress = load_checkpoint(last).record["progress"]
    assert progress["step"] > 0, progress  # in the middle of an epoch, or this test shows nothing
    load(tmp_path / "run").translate(["a b"])
    code, _, err = child("train", "--resume", tmp_path / "run")
    assert code == 0, err
    for name in ("last.npz", "best.npz"):
        assert arrays(tmp_path / "run" / name) == arrays(tmp_path / "whole" / name)
    assert without_times(tmp_path / "run" / "metrics.jsonl") == without_times(tmp_path / "whole" / "metrics.jsonl")
