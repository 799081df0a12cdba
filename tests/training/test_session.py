"""Whole runs: their directory, going on after an interruption at any place, and what is refused."""

import json
import signal

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.data.corpus import pairs_of
from minis2s.decoding.evaluation import teacher_forced_loss
from minis2s.errors import DataError, Minis2sError, UsageError
from minis2s.training import samples as samples_module
from minis2s.training import session as session_module
from minis2s.training.checkpoint import load_checkpoint, save_checkpoint
from minis2s.training.run import FILES, PICTURES, Run, load
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.trainer import Reporter, TrainingConfig

from .scenes import NOISY, SIZES, TRAINING, outcome, session_of, write_pairs


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with data and one run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    session_of(folder).train()
    return folder


@pytest.fixture(autouse=True)
def quick_pictures(whole):
    """Drawing takes most of the time of so small a run; `whole`, made before, has real pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "training_curves", lambda path, records: path.write_bytes(b""))
        patch.setattr(samples_module, "attention_map", lambda path, *_: path.write_bytes(b"") and "")
        yield


@pytest.fixture
def folder(whole, tmp_path):
    """The same data in a folder of its own."""
    for name in ("train.tsv", "dev.tsv"):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    return tmp_path


def test_a_run_directory_holds_what_the_design_says(whole):
    run = whole / "run"
    assert sorted(p.name for p in run.iterdir()) == sorted([*FILES, PICTURES])
    config = json.loads((run / "config.json").read_text("utf-8"))
    assert config["training"]["batch_size"] == 5 and config["model"]["hidden_size"] == 8
    assert config["data"]["train"] == [str(whole / "train.tsv")]
    assert {"numpy", "blas", "threads", "machine", "backend", "dtype"} <= config["environment"].keys()
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [m["epoch"] for m in metrics] == [1, 2] and [m["steps"] for m in metrics] == [6, 12]
    for name in ("loss", "exact_match", "bleu", "chrf", "token_error_rate", "any_reference_match", "signature", "sentences"):
        assert all(f"dev_{name}" in m for m in metrics)
    for name in ("curves.png", "attention.png"):
        assert (run / name).read_bytes().startswith(b"\x89PNG")
    samples = (run / "samples.txt").read_text("utf-8")
    assert samples.count("source ") == samples.count("model ") == samples.count("wanted ") == 8


def test_the_configuration_comes_back_as_it_was(whole):
    run = Run(whole / "run")
    config = RunConfig.from_dict(run.config(), "config.json")
    assert RunConfig.from_dict(json.loads(json.dumps(config.as_dict())), "") == config
    assert config.model == NOISY


def test_two_runs_with_the_same_seed_agree_to_the_last_bit(whole, folder):
    session_of(folder).train()
    assert outcome(folder / "run") == outcome(whole / "run")


def test_the_best_checkpoint_is_the_best_epochs(whole):
    scores = [json.loads(line)["dev_loss"] for line in (whole / "run" / "metrics.jsonl").read_text().splitlines()]
    record = load_checkpoint(whole / "run" / "best.npz").record
    assert record["epoch"] == 1 + int(np.argmin(scores)) and record["scores"]["dev_loss"] == min(scores)
    translator = load(whole / "run")
    last = load(whole / "run", which="last")
    assert translator.translate(["a b"])[0].source_tokens == ["a", "b"]
    assert last.model.n_parameters() == translator.model.n_parameters()


# Interruption


class Interrupting(Reporter):
    """Ctrl-C, for real, at the n-th call of one of its methods."""

    def __init__(self, method, n):
        self.method, self.left = method, n

    def _called(self, method):
        if method == self.method:
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)

    def step(self, loss, norm, tokens):
        self._called("step")

    def epoch(self, record, is_best):
        self._called("epoch")


def interrupt_once(monkeypatch, owner, name, n=1):
    """Ctrl-C, for real, at the beginning of the n-th call of owner.name."""
    original, calls = getattr(owner, name), []

    def call(*arguments, **settings):
        calls.append(name)
        if len(calls) == n:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments, **settings)

    monkeypatch.setattr(owner, name, call)


PLACES = {
    "the first step": lambda m: Interrupting("step", 1),
    "a step in the middle of an epoch": lambda m: Interrupting("step", 3),
    "the last step of the first epoch": lambda m: Interrupting("step", 6),
    "a step of the second epoch": lambda m: Interrupting("step", 8),
    "the end of the first epoch": lambda m: Interrupting("epoch", 1),
    "the end of the run": lambda m: Interrupting("epoch", 2),
    "in an update": lambda m: interrupt_once(m, session_module.Trainer, "_stop_if_requested", 4),
    "before the metrics are written": lambda m: interrupt_once(m, Run, "append_metrics"),
    "before the first checkpoint is written": lambda m: interrupt_once(m, Run, "save", 1),
    "before the best checkpoint is written": lambda m: interrupt_once(m, Run, "save", 2),
    "before the last checkpoint is written": lambda m: interrupt_once(m, Run, "save", 3),
    "in the middle of the dev evaluation": lambda m: interrupt_once(m, session_module, "teacher_forced_loss"),
    "while the curves are drawn": lambda m: interrupt_once(m, session_module, "training_curves"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_run_that_was_interrupted_goes_on_as_if_it_had_not_been(place, whole, folder, monkeypatch):
    session = session_of(folder, PLACES[place](monkeypatch))
    with pytest.raises(KeyboardInterrupt):
        session.train()
    monkeypatch.undo()
    assert session.trainer.progress.total_steps == load_checkpoint(folder / "run" / "last.npz").record["progress"]["total_steps"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    resumed = session_of(folder, resume=True)
    resumed.train()
    assert resumed.notes == []
    assert outcome(folder / "run") == outcome(whole / "run")


AVERAGED = {"average": 0.8, "accumulate": 2, "optimiser": "momentum", "warmup": 2}


@pytest.fixture(scope="module")
def averaged(whole):
    session_of(whole, run="averaged", **AVERAGED).train()
    return outcome(whole / "averaged")


def test_the_best_checkpoint_holds_the_averaged_weights_and_the_last_one_both(whole, averaged):
    arrays = load_checkpoint(whole / "averaged" / "last.npz").arrays
    best = load_checkpoint(whole / "averaged" / "best.npz")
    assert best.record["epoch"] == 2, "the average of the last epoch is in last.npz"
    flat = np.concatenate([a.reshape(-1) for name, a in best.arrays.items()])
    np.testing.assert_array_equal(flat, arrays["average/values"])
    assert not np.array_equal(flat, np.concatenate([arrays[name].reshape(-1) for name in best.arrays]))
    assert {name for name in arrays if not name.startswith("model/")} == {"average/values", "optimiser/velocity"}
    translator = load(whole / "averaged")
    examples = translator.examples(pairs_of([whole / "dev.tsv"]))
    assert teacher_forced_loss(translator.model, examples) == pytest.approx(best.record["scores"]["dev_loss"])


@pytest.mark.parametrize("place", [*PLACES, "while the trained weights come back"])
def test_a_run_with_averaged_weights_that_was_interrupted_goes_on(place, averaged, folder, monkeypatch):
    """Also where the model holds the average at that moment: it is the trained weights that are saved to go on with."""
    places = PLACES | {"while the trained weights come back": lambda m: interrupt_once(m, session_module.Trainer, "use_trained")}
    places["a step of the second epoch"] = lambda m: Interrupting("step", 5)  # it has three
    session = session_of(folder, places[place](monkeypatch), **AVERAGED)
    with pytest.raises(KeyboardInterrupt):
        session.train()
    monkeypatch.undo()
    resumed = session_of(folder, resume=True, **AVERAGED)
    resumed.train()
    assert resumed.notes == []
    assert outcome(folder / "run") == averaged


def test_in_an_update_the_interruption_waits(folder, monkeypatch):
    session = session_of(folder)
    step = session.trainer.optimiser.step

    def interrupted_step(*arguments):
        signal.raise_signal(signal.SIGINT)
        step(*arguments)

    monkeypatch.setattr(session.trainer.optimiser, "step", interrupted_step)
    with pytest.raises(KeyboardInterrupt):
        session.train()
    assert session.trainer.optimiser.t == session.trainer.progress.total_steps == 1
    assert load_checkpoint(folder / "run" / "last.npz").record["optimiser"]["t"] == 1


def test_a_second_interruption_does_not_stop_the_saving(folder, monkeypatch):
    session = session_of(folder, Interrupting("step", 3))
    interrupt_once(monkeypatch, Run, "save", 2)  # the first one is made before the first step
    with pytest.raises(KeyboardInterrupt):
        session.train()
    assert load_checkpoint(folder / "run" / "last.npz").record["progress"]["total_steps"] == 3


def test_many_interruptions(whole, folder):
    """Three steps at a time."""
    resume = False
    while not resume or load_checkpoint(folder / "run" / "last.npz").record["progress"]["epoch"] < 2:
        try:
            session_of(folder, Interrupting("step", 3), resume).train()
        except KeyboardInterrupt:
            pass
        resume = True
    assert outcome(folder / "run") == outcome(whole / "run")


def test_a_run_that_was_killed_between_checkpoints_goes_on_from_the_last_one(whole, folder):
    """Not asked to stop, but gone: the metrics may be an epoch ahead of last.npz, or cut in the middle of a line."""
    session = session_of(folder, Interrupting("step", 8))
    with pytest.raises(KeyboardInterrupt):
        session.train()
    Run(folder / "run").append_metrics({"epoch": 2, "train_loss": 1})
    with open(folder / "run" / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 3, "tra')
    session_of(folder, resume=True).train()
    assert outcome(folder / "run") == outcome(whole / "run")


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again(whole, folder):
    session_of(folder).run_directory.release()  # config.json is there, nothing else
    assert [p.name for p in (folder / "run").iterdir()] == ["config.json"]
    with pytest.raises(DataError, match=r"there is no such checkpoint yet .*--resume"):
        load(folder / "run")
    session_of(folder, resume=True).train()
    assert outcome(folder / "run") == outcome(whole / "run")


def test_a_finished_run_that_is_resumed_stays_as_it_is(whole, folder):
    session_of(folder).train()
    session_of(folder, resume=True).train()
    assert outcome(folder / "run") == outcome(whole / "run")


def test_going_on_elsewhere_is_said(whole, folder, monkeypatch):
    session_of(folder).train()
    config = json.loads((folder / "run" / "config.json").read_text())
    config["environment"]["numpy"] = "1.0"
    (folder / "run" / "config.json").write_text(json.dumps(config))
    notes = session_of(folder, resume=True).notes
    assert len(notes) == 1 and f"numpy 1.0 → {np.__version__}" in notes[0]


# What is refused, and that refusing changes nothing


def files_of(run):
    return {p.relative_to(run).as_posix(): p.read_bytes() for p in run.rglob("*") if p.is_file()}


def test_an_existing_run_is_not_overwritten_unless_told(whole, folder):
    session_of(folder).train()
    before = files_of(folder / "run")
    with pytest.raises(UsageError, match=r"already holds a run \(config.json\).*--resume.*--overwrite"):
        Run.new(folder / "run")
    (folder / "run" / "config.json").unlink()
    with pytest.raises(UsageError, match="already holds a run"):
        Run.new(folder / "run")
    (folder / "run" / "config.json").write_bytes(before["config.json"])
    assert files_of(folder / "run") == before


def test_overwriting_begins_anew_and_leaves_other_files_alone(whole, folder):
    session_of(folder, seed=9).train()
    (folder / "run" / "notes.txt").write_text("mine")
    directory = Run.new(folder / "run", overwrite=True)
    assert (folder / "run" / "best.npz").exists()  # nothing is removed before the new run begins
    data = DataConfig(train=(str(folder / "train.tsv"),), dev=(str(folder / "dev.tsv"),))
    training = TrainingConfig(**TRAINING)
    Session(RunConfig(data, NOISY, training), directory, select("numpy")).train()
    assert outcome(folder / "run") == outcome(whole / "run")
    assert (folder / "run" / "notes.txt").read_text() == "mine"


def test_bad_data_do_not_cost_the_run_that_was_to_be_overwritten(folder):
    session_of(folder).train()
    before = files_of(folder / "run")
    (folder / "train.tsv").write_text("no tab here\n")
    directory = Run.new(folder / "run", overwrite=True)
    data = DataConfig(train=(str(folder / "train.tsv"),), dev=(str(folder / "dev.tsv"),))
    with pytest.raises(DataError, match=r"train.tsv, line 1: there is no tab"):
        Session(RunConfig(data, SIZES, TrainingConfig()), directory, select("numpy"))
    assert files_of(folder / "run") == before


def test_bad_data_leave_no_empty_directory(folder):
    (folder / "train.tsv").write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        session_of(folder)
    assert not (folder / "run").exists()


def test_other_data_are_not_gone_on_with(folder):
    session_of(folder).train()
    before = files_of(folder / "run")
    write_pairs(folder / "train.tsv", 30, seed=5)
    with pytest.raises(DataError, match="the training data have changed since this run began"):
        session_of(folder, resume=True)
    assert files_of(folder / "run") == before


def test_a_configuration_that_was_changed_is_not_gone_on_with(folder):
    session_of(folder).train()
    run = Run(folder / "run")
    config = run.config()
    config["model"]["hidden_size"] = 10
    changed = RunConfig.from_dict(config, "")
    with pytest.raises(DataError, match=r"sizes are not those that config\.json asks for"):
        session_of(folder, resume=True, config=changed)


@pytest.mark.parametrize("key, new", [("optimiser", "sgd"), ("accumulate", 2), ("average", 0.9), ("batch_size", 6)])
def test_what_the_state_of_a_run_depends_on_cannot_be_changed(key, new, folder):
    session_of(folder).train()
    config = Run(folder / "run").config()
    old, config["training"][key] = config["training"][key], new
    with pytest.raises(DataError, match=rf"it was trained with {key} = {old!r}, but config\.json asks for {new!r}"):
        session_of(folder, resume=True, config=RunConfig.from_dict(config, ""))


def test_a_checkpoint_from_before_there_were_marks_goes_on(whole, folder):
    with pytest.raises(KeyboardInterrupt):
        session_of(folder, Interrupting("step", 8)).train()
    path = folder / "run" / "last.npz"
    arrays, record = load_checkpoint(path)
    for key in ("mark", "mark_epoch", "rate_factor", "fall_epoch"):
        del record["progress"][key]
    save_checkpoint(path, arrays, record)
    session_of(folder, resume=True).train()
    assert outcome(folder / "run") == outcome(whole / "run")


def test_more_epochs_may_be_asked_for_in_the_configuration(folder):
    session_of(folder).train()
    config = Run(folder / "run").config()
    config["training"]["epochs"] = 3
    session_of(folder, resume=True, config=RunConfig.from_dict(config, "")).train()
    assert [r["epoch"] for r in Run(folder / "run").metrics()] == [1, 2, 3]


def test_a_checkpoint_without_moments_cannot_be_gone_on_with(folder):
    session_of(folder).train()
    run = folder / "run"
    (run / "last.npz").write_bytes((run / "best.npz").read_bytes())
    with pytest.raises(DataError, match=r"last.npz: it cannot be trained further, which only a last.npz can"):
        session_of(folder, resume=True)
    (run / "last.npz").unlink()
    with pytest.raises(DataError, match="there is no such checkpoint"):  # best.npz is there: this is no beginning
        session_of(folder, resume=True)


@pytest.mark.parametrize(
    "text", ["{", "[]", "nonsense", '{"data": {}}', '{"data": {"colour": 2}, "model": {}, "training": {}}']
)
def test_a_damaged_configuration(text, whole, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(DataError, match=r"config\.json: the (file is damaged|configuration does not fit)"):
        RunConfig.from_dict(Run(tmp_path).config(), tmp_path / "config.json")


@pytest.mark.parametrize("text", ["nonsense\n", "[1]\n", '{"loss": 1}\n', "\xff\n", '{"epoch": 1, "crc32": "00000000"}\n'])
def test_damaged_metrics(text, tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"metrics\.jsonl, line 1: the line is damaged"):
        Run(tmp_path).metrics()


def test_places_that_are_no_runs(tmp_path):
    with pytest.raises(DataError, match="there is no such run directory"):
        load(tmp_path / "none")
    with pytest.raises(DataError, match="this is not a run directory: no readable config"):
        load(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="file: this is not a minis2s checkpoint"):
        load(tmp_path / "file")
    with pytest.raises(Minis2sError, match="cannot write"):
        Run.new(tmp_path / "file" / "below").begin({})


def test_a_checkpoint_of_ours_that_describes_no_model(whole, tmp_path):
    arrays, record = load_checkpoint(whole / "run" / "best.npz")
    path = tmp_path / "odd.npz"
    odd = (
        (arrays, {}),
        (arrays, record | {"model": {"hidden_size": 8, "colour": "red"}}),
        (arrays, record | {"model": record["model"] | {"hidden_size": 16}}),
        ({}, record),
        (arrays, record | {"languages": record["languages"] | {"source_vocabulary": 5}}),
    )
    for a, r in odd:
        save_checkpoint(path, a, {k: v for k, v in r.items() if k not in ("format", "version")})
        with pytest.raises(DataError, match=r"odd.npz: the checkpoint does not describe a model of this program"):
            load(path)


def test_the_longest_sentences_are_left_out_and_said(folder):
    with open(folder / "train.tsv", "a") as file:
        file.write("a " * 50 + "\tb\n" + "b\t" + "a " * 60 + "\n")
    data = DataConfig(train=(str(folder / "train.tsv"),), dev=(str(folder / "dev.tsv"),), max_length=40)
    session = Session(RunConfig(data, SIZES, TrainingConfig()), Run.new(folder / "run"), select("numpy"))
    assert len(session.trainer.examples) == 30
    assert session.notes == [
        "training data: 2 of 32 pairs are longer than 40 tokens (the first on line 31, the longest has 60); they are left out "
        "(--max-length raises the limit)"
    ]


def test_a_nan_keeps_the_last_good_checkpoint(folder):
    class Planter(Reporter):
        steps = 0

        def step(self, loss, norm, tokens):
            self.steps += 1
            if self.steps == 8:
                session.model.decoder.output.b.value[:] = np.nan

    session = session_of(folder, Planter())
    with pytest.raises(Minis2sError, match=r"step 9 \(epoch 2\): the loss is nan"):
        session.train()
    checkpoint = load_checkpoint(folder / "run" / "last.npz")
    assert checkpoint.record["progress"]["epoch"] == 1
    assert all(np.isfinite(a).all() for a in checkpoint.arrays.values())
    assert load(folder / "run").translate(["a b"])[0].text is not None


def test_a_full_disk_at_the_end_of_an_epoch(whole, folder, monkeypatch):
    """The run stops with a message; the checkpoint before stays, and the run goes on from it when there is room again."""
    from minis2s import files

    class FillDisk(Reporter):
        def epoch(self, record, is_best):
            monkeypatch.setattr(files.os, "fsync", full)

    def full(_):
        raise OSError(28, "No space left on device")

    session = session_of(folder, FillDisk())
    with pytest.raises(Minis2sError, match=r"cannot write .*: No space left on device"):
        session.train()
    monkeypatch.undo()
    assert load_checkpoint(folder / "run" / "last.npz").record["progress"]["epoch"] == 1
    assert not [p for p in (folder / "run").iterdir() if p.suffix == ".tmp"]
    session_of(folder, resume=True).train()
    assert outcome(folder / "run") == outcome(whole / "run")
