"""`train --dry-run`: sizes that a run then has, memory that it then takes, and nothing written."""

import json
import subprocess
import sys

import pytest

from minis2s.cli import main
from minis2s.cli.dry_run import duration
from minis2s.training import estimate as estimate_module
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.run import load
from minis2s.training.scheduled_sampling import mixed_inputs

from .runs import SMALL, assert_one_line_error, environment, pairs, write_pairs

FACTOR = 1.5  # within which the memory is, as `estimate` says


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path / "train.tsv", 50, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    return tmp_path


ARGUMENTS = ["train", "--train", "train.tsv", "--dev", "dev.tsv", "--target-tokeniser", "chars", *SMALL.split(), "--epochs", "3"]


def test_the_sizes_are_those_that_the_run_then_has(data, capsys):
    assert main([*ARGUMENTS, "--dry-run", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == "" and sorted(p.name for p in data.iterdir()) == ["dev.tsv", "train.tsv"]
    assert main([*ARGUMENTS, "--run", "run"]) == 0
    model = load(data / "run").model
    progress = load_checkpoint(data / "run" / "last.npz").record["progress"]
    metrics = [json.loads(line) for line in (data / "run" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert found["pairs"] == {"train": 50, "dev": 8}
    texts = pairs(50, 0)
    assert found["tokens"] == {"source": sum(len(s.split()) for s, _ in texts), "target": sum(len(t) for _, t in texts)}
    assert found["vocabularies"] == {"source": 9, "target": 9}
    assert found["parameters"]["total"] == model.n_parameters() == sum(found["parameters"]["parts"].values())
    assert found["parameters"]["parts"]["encoder.reader"] == 9 * 8
    assert found["steps"] == {"epoch": metrics[0]["steps"], "total": progress["total_steps"]} == {"epoch": 3, "total": 9}
    memory = found["memory"]
    assert memory["parameters"] == memory["gradients"] == memory["moments"] / 2 == 4 * model.n_parameters()
    assert memory["total"] == sum(memory[name] for name in memory if name != "total")
    seconds = found["seconds"]
    assert seconds["steps_timed"] >= 1 and 0 < seconds["step"] < seconds["epoch"] < seconds["total"]
    assert seconds["total"] == pytest.approx(9 * seconds["step"])


def test_scheduled_sampling_is_part_of_a_step(data, capsys, monkeypatch):
    shares = []

    def counted(model, batch, share, rng):
        shares.append(share)
        return mixed_inputs(model, batch, share, rng)

    monkeypatch.setattr(estimate_module, "mixed_inputs", counted)
    assert main([*ARGUMENTS, "--dry-run", "--json", "--scheduled-sampling", "0.4"]) == 0
    timed = json.loads(capsys.readouterr().out)["seconds"]["steps_timed"]
    assert shares == [0.4] * (timed + 3)  # one step before, and one for each of two large batches


def test_as_people_read_it(data, capsys):
    assert main([*ARGUMENTS, "--dry-run", "--run", "run", "--max-length", "3"]) == 0
    out = capsys.readouterr().out
    words = ("to train on", "tokens in an epoch", "words known", "MB: program and data", "in 3 epochs", "ms a step")
    assert all(each in out for each in words)
    assert "pairs are longer than 3 tokens" in out and out.endswith("nothing was trained, and nothing was written\n")
    assert not (data / "run").exists()


def test_it_is_refused_as_the_run_would_be(data, capsys):
    for arguments, message in (
        ([*ARGUMENTS, "--dry-run", "--hidden-size", "7"], "hidden_size must be even"),
        ([*ARGUMENTS, "--dry-run", "--train", "none.tsv"], "none.tsv: there is no such file"),
        ([*ARGUMENTS, "--json"], "--json goes with --dry-run"),
        (["train", "--resume", "run", "--dry-run"], "leave out --dry-run"),
    ):
        assert main(arguments) == 2
        assert_one_line_error(capsys.readouterr().err, message)
    assert main([*ARGUMENTS, "--run", "run"]) == 0
    capsys.readouterr()
    assert main([*ARGUMENTS, "--run", "run", "--dry-run"]) == 2
    assert "already holds a run" in capsys.readouterr().err


# Linux lets ru_maxrss begin with what the parent had at the fork, which may be more than the child ever takes; VmHWM does not.
PEAK = """
import resource, sys
from minis2s.cli import main
code = main(sys.argv[1:])
if sys.platform == "linux":
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("peak", peak)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the peak is measured as POSIX does")
@pytest.mark.parametrize("sizes", ["--hidden-size 256 --batch-size 256", "--hidden-size 64 --batch-size 64 --embedding-size 512"])
def test_the_memory_is_within_the_stated_factor_of_what_a_run_takes(sizes, tmp_path):
    """Long sentences and many words, so that it is the model that takes the memory and not the program."""
    words = [f"word{k}" for k in range(3000)]
    lines = [" ".join(words[(37 * n + k) % 3000] for k in range(15 + n % 20)) for n in range(600)]
    for name, part in (("train.tsv", lines), ("dev.tsv", [line[:40] for line in lines[:3]])):
        (tmp_path / name).write_text("".join(f"{line}\t{line}\n" for line in part), encoding="utf-8")
    arguments = ["train", "--train", "train.tsv", "--dev", "dev.tsv", "--run", "run", "--epochs", "1", *sizes.split()]

    def child(*more):
        command = [sys.executable, "-c", PEAK, *arguments, *more]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    text, _, _ = child("--dry-run", "--json").rpartition("peak")
    memory = json.loads(text)["memory"]
    peak = int(child().rpartition("peak")[2])
    total, program = memory["total"], memory["program_and_data"]
    print(f"\n{sizes}: estimated {total / 1e6:.0f} MB, measured {peak / 1e6:.0f} MB, program and data {program / 1e6:.0f} MB")
    assert total > 1.5 * program, "the model's share is too small to tell"
    assert 1 / FACTOR < total / peak < FACTOR
    assert 1 / FACTOR < (total - program) / (peak - program) < FACTOR


def test_durations():
    assert [duration(s) for s in (3.4, 119, 150, 7200, 12_000, 90_000, 442_800)] == [
        *("3 s", "119 s", "2 min", "2 h 0 min", "3 h 20 min", "25 h 0 min", "5 d 3 h"),
    ]  # fmt: skip


