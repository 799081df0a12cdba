"""Exact continuation, proved: a run that is killed at any moment goes on to the same losses and the same bits."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from minis2s.files import replacing
from minis2s.training import samples as samples_module
from minis2s.training import session as session_module
from minis2s.training.run import PICTURES

from .killing import WATCHED, WATCHED_TRAINER, AtCall, AtLine, assert_whole, in_child, losses, train
from .scenes import outcome, session_of, without_times, write_pairs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed by POSIX")]

PLAIN = {"epochs": 2, "save_every": 4}
EARLY = {"epochs": 6, "save_every": 2, "patience": 2, "best_by": "exact_match"}  # stops early: no sentence is ever right


@pytest.fixture(scope="module", autouse=True)
def quick_pictures():
    """Drawing takes most of the time of so small a run; a picture is written here as a real one is, by `replacing`."""

    def draw(path, *_, **__):
        with replacing(path) as file:
            file.write(b"picture")
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "training_curves", draw)
        patch.setattr(samples_module, "attention_map", draw)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data, and two runs that nothing interrupted."""
    folder = tmp_path_factory.mktemp("killed")
    for name, settings in (("plain", PLAIN), ("early", EARLY)):
        assert in_child(lambda name=name, settings=settings: train(folder, name, **settings))
    assert len(losses(folder, "plain")) == 12 and len(losses(folder, "early")) == 18  # stopped after three epochs of six
    return folder


def goes_on(folder, run, whole, **settings):
    """After a kill: what is there is whole, and what comes of it is what would have come."""
    assert_whole(folder / run)
    assert in_child(lambda: train(folder, run, **settings))
    assert outcome(folder / run) == outcome(folder / whole)
    assert losses(folder, run) == losses(folder, whole)
    names = [sorted(p.relative_to(path).as_posix() for p in path.rglob("*")) for path in (folder / run, folder / whole)]
    assert names[0] == names[1], "something is missing, or something unfinished was left behind"


def count_of(folder, run, killer, **settings):
    """How often the uninterrupted run comes past the places where `killer` could strike, and their names."""
    counted = folder / f"{run}.count"

    def work():
        killer.install()
        train(folder, run, **settings)
        sys.settrace(None)
        counted.write_text("\n".join(killer.names))

    assert in_child(work)
    return counted.read_text().split("\n")


def killed_at(folder, run, killer, **settings):
    def work():
        killer.install()
        train(folder, run, **settings)

    return not in_child(work)


def test_killed_at_each_call_that_opens_writes_syncs_or_renames(folder):
    """Each that the system sees in the whole run; of what a write should write, half is written.

    Of the checkpoints, which are some fifty writes each, one has all of them: the third, in the middle of an epoch.
    """
    chosen, checkpoints = [], 0
    for n, name in enumerate(count_of(folder, "counted", AtCall(0), **PLAIN), start=1):
        call, _, file = re.sub(r"\.\d+\.tmp$", "", name).partition(" ")
        checkpoints += call == "open" and file == ".last.npz"
        if call != "write" or not file.endswith(".npz") or (file == ".last.npz" and checkpoints == 3):
            chosen.append((n, call))
    for n, call in chosen:
        assert killed_at(folder, f"call-{n}", AtCall(n), **PLAIN), call
        goes_on(folder, f"call-{n}", "plain", **PLAIN)
    calls = Counter(call for _, call in chosen)
    assert calls.keys() == {"open", "write", "fsync", "replace"} and calls["write"] > 50, calls
    print(f"\nkilled at {len(chosen)} calls: {dict(calls)}")


@pytest.mark.parametrize("watched", [WATCHED, WATCHED_TRAINER], ids=["where files are kept", "the trainer, too"])
def test_killed_between_any_two_lines(watched, folder):
    draw = random.Random(len(watched))
    total = len(count_of(folder, f"lines-{len(watched)}", AtLine(0, watched), **EARLY))
    places = sorted(draw.sample(range(1, total + 1), 30))
    for n in places:
        run = f"line-{len(watched)}-{n}"
        assert killed_at(folder, run, AtLine(n, watched), **EARLY)
        goes_on(folder, run, "early", **EARLY)
    print(f"\nkilled before {len(places)} of {total} lines")


KINDS = {
    "sgd": {"optimiser": "sgd", "learning_rate": 1.0, "schedule": "cosine", "warmup": 0.2, "accumulate": 2},
    "momentum": {"optimiser": "momentum", "momentum": 0.8, "learning_rate": 0.3, "schedule": "inverse-sqrt", "warmup": 3},
    "adagrad": {"optimiser": "adagrad", "epochs": 4, "schedule": "plateau", "best_by": "exact_match", "weight_decay": 0.1},
    "adam": {"beta1": 0.8, "beta2": 0.99, "average": 0.8, "accumulate": 2, "min_improvement": 0.1, "patience": 1},
    "adamw": {"optimiser": "adamw", "average": 0.9, "epochs": 3, "schedule": "plateau", "min_improvement": 1.0},
}
WATCHED_ALL = [*WATCHED_TRAINER, *(WATCHED_TRAINER[-1].replace("trainer", n) for n in ("progress", "averaging", "optimisers"))]


@pytest.mark.parametrize("name", KINDS)
def test_killed_with_every_optimiser_schedule_and_average(name, folder):
    settings = PLAIN | {"save_every": 1} | KINDS[name]
    assert in_child(lambda: train(folder, name, **settings))
    records = [without_times(record) for record in outcome(folder / name)["metrics"]]
    if settings.get("schedule") == "plateau":
        assert records[-1]["learning_rate"] < records[0]["learning_rate"]
    draw = random.Random(name)
    total = len(count_of(folder, f"{name}-counted", AtLine(0, WATCHED_ALL), **settings))
    for n in sorted(draw.sample(range(total // 10, total + 1), 8)):  # what comes before the first updates is killed elsewhere
        run = f"{name}-{n}"
        assert killed_at(folder, run, AtLine(n, WATCHED_ALL), **settings)
        goes_on(folder, run, name, **settings)


def test_killed_again_and_again(folder):
    """Every life is short (its start and a step take up to 1,200 lines); the run still comes to its end, and to the same one."""
    draw, kills = random.Random(5), 0
    while killed_at(folder, "again", AtLine(draw.randrange(200, 1500), WATCHED_TRAINER), **EARLY):
        assert_whole(folder / "again")
        kills += 1
        assert kills < 200, "no progress from life to life"
    assert kills >= 5
    goes_on(folder, "again", "early", **EARLY)


CHILD = """
import os, sys
from minis2s.cli import main
from minis2s.training.trainer import Trainer
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
gradient = Trainer.gradient
def logged(self, batch, rng=None):
    loss, norm = gradient(self, batch, rng)
    os.write(log, f"{self.progress.total_steps + 1} {loss.hex()} {norm.hex()}\\n".encode())
    return loss, norm
Trainer.gradient = logged
sys.exit(main(sys.argv[1:]))
"""
"""`minis2s train` itself, which also notes the losses of its steps, to the last bit."""


def test_killed_at_random_moments(tmp_path):
    """Processes of their own, from the command line, real pictures: killed at any time, also at their start."""
    write_pairs(tmp_path / "train.tsv", 1500, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    sizes = "--hidden-size 16 --embedding-size 8 --attention-size 8 --batch-size 10"
    more = "--dropout 0.1 --hide-words 0.1 --save-every 20 --epochs 4 --patience 3"
    files = ["--train", str(tmp_path / "train.tsv"), "--dev", str(tmp_path / "dev.tsv")]
    new = ["train", *files, *sizes.split(), *more.split()]

    def start(run, *arguments):
        log = str(tmp_path / f"{run}.log")
        return subprocess.Popen([sys.executable, "-c", CHILD, log, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    process = start("whole", *new, "--run", str(tmp_path / "whole"))
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out.decode()
    assert len(losses(tmp_path, "whole")) == 600

    def steps(run):
        log = tmp_path / f"{run}.log"
        return len(log.read_bytes().splitlines()) if log.exists() else 0

    draw, kills, runs, at = random.Random(3), 0, 0, set()
    while kills < 25:
        runs += 1
        run, where = f"run-{runs}", str(tmp_path / f"run-{runs}")
        finished = False
        while not finished:
            begun = (tmp_path / run / "config.json").exists()
            process = start(run, *(["train", "--resume", where] if begun else [*new, "--run", where]))
            # One life in four ends by the clock, perhaps before its first step; the others after some steps and a moment.
            by_clock = draw.random() < 0.25
            deadline = time.monotonic() + (draw.uniform(0, 3) if by_clock else 120)
            enough = float("inf") if by_clock else steps(run) + draw.randrange(60)
            while process.poll() is None and time.monotonic() < deadline and steps(run) <= enough:
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.05))
            finished = process.poll() is not None
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate()
            if finished:
                assert process.returncode == 0, out.decode()
            else:
                assert_whole(tmp_path / run)
                kills += 1
                at.add(steps(run))
        assert outcome(tmp_path / run) == outcome(tmp_path / "whole")
        assert losses(tmp_path, run) == losses(tmp_path, "whole")
        pictures = sorted(p.name for p in (tmp_path / run / PICTURES).iterdir())
        assert pictures == sorted(p.name for p in (tmp_path / "whole" / PICTURES).iterdir())
    assert len(at) > 12, at
    print(f"\nkilled {kills} times at random moments in {runs} runs, after {sorted(at)} steps, repeated ones included")


def test_the_comparison_would_see_a_difference(folder):
    """The least there can be: the last bit of one moment, before one step."""

    def spoil(session):
        gradient = session.trainer.gradient

        def spoiled(batch, rng=None):
            if session.trainer.progress.total_steps == 7:
                m = session.trainer.optimiser.vectors["m"]
                m[0] = np.nextafter(m[0], np.float32(1))
            return gradient(batch, rng)

        session.trainer.gradient = spoiled

    assert in_child(lambda: train(folder, "spoiled", spoil, **PLAIN))
    assert outcome(folder / "spoiled") != outcome(folder / "plain")


@pytest.mark.parametrize("save_every", [0, 1, 5])
def test_saving_more_or_less_often_changes_no_bit(save_every, folder, monkeypatch):
    monkeypatch.setattr(session_module, "SAVE_INTERVAL", 0.0)
    run = f"every-{save_every}"
    session_of(folder, run=run, epochs=2, save_every=save_every).train()
    assert outcome(folder / run) == outcome(folder / "plain")
