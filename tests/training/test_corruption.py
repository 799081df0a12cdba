"""Files of a run that are damaged at places of hypothesis's choosing: refused in one line, or harmless; never a wrong load."""

import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from minis2s.backend import select
from minis2s.errors import UsageError
from minis2s.files import replacing
from minis2s.training import samples as samples_module
from minis2s.training import session as session_module
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.run import Run
from minis2s.training.session import RunConfig, Session

from .scenes import session_of

CASES = {"best.npz": 900, "last.npz": 900, "config.json": 900, "metrics.jsonl": 500, "health.jsonl": 300}  # 3,500 in all
count = dict.fromkeys(CASES, 0)
refused = dict.fromkeys(CASES, 0)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def counted():
    """The cases are counted, and most of them must have been damage that mattered."""
    yield
    done = {name: n for name, n in count.items() if n}
    print("\ndamaged files: " + ", ".join(f"{name} {n} ({refused[name]} refused)" for name, n in done.items()))
    assert all(n >= CASES[name] and refused[name] > n / 2 for name, n in done.items()), (count, refused)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run; each case damages one file and puts it back."""
    folder = tmp_path_factory.mktemp("corruption")

    def draw(path, *_, **__):
        with replacing(path) as file:
            file.write(b"picture")
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "training_curves", draw)
        patch.setattr(samples_module, "attention_map", draw)
        session_of(folder, epochs=3).train()
        yield folder / "run"


@st.composite
def damages(draw):
    """A function from the bytes of a file to other bytes, of almost any length."""
    kind = draw(st.sampled_from(["flip", "flip", "set", "cut", "insert", "remove", "repeat", "zeros", "swap"]))
    place, other = draw(st.floats(0, 1, exclude_max=True)), draw(st.floats(0, 1, exclude_max=True))
    bit, length = draw(st.integers(0, 7)), draw(st.integers(1, 40))
    data = draw(st.binary(min_size=1, max_size=12))

    def damage(content):
        at, to = int(place * len(content)), int(other * len(content))
        changed = bytearray(content)
        if kind == "flip":
            changed[at] ^= 1 << bit
        elif kind == "set":
            changed[at : at + len(data)] = data[: len(content) - at]
        elif kind == "cut":
            del changed[at:]
        elif kind == "insert":
            changed[at:at] = data
        elif kind == "remove":
            del changed[at : at + length]
        elif kind == "repeat":
            changed[at:at] = changed[to : to + length]
        elif kind == "zeros":  # as a power cut leaves blocks that were never written
            changed[at:] = bytes(len(changed) - at)
        else:
            changed[at], changed[to] = changed[to], changed[at]
        return bytes(changed)

    return damage


def each_case(name):
    """Run the test on so many damages of the run's file `name`; `check(run, original, damaged)` is between damage and repair."""

    def decorate(check):
        @settings(max_examples=CASES[name], deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(damage=damages())
        def test(run, damage):
            path = run / name
            original = path.read_bytes()
            damaged = damage(original)
            assume(damaged != original)
            count[name] += 1
            try:
                path.write_bytes(damaged)
                check(run, original, damaged)
            except UsageError as error:  # DataError is one
                refused[name] += 1
                assert error.exit_code == 2 and name in str(error), error
            finally:
                path.write_bytes(original)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def same_checkpoint(path, original, tmp):
    """What was loaded is what had been saved, to the last bit."""
    loaded = load_checkpoint(path)
    tmp.write_bytes(original)
    expected = load_checkpoint(tmp)
    assert loaded.record == expected.record and loaded.arrays.keys() == expected.arrays.keys()
    for name, a in loaded.arrays.items():
        b = expected.arrays[name]
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@each_case("best.npz")
def test_best(run, original, damaged):
    """As `translate` loads it."""
    Run(run).load("best")
    same_checkpoint(run / "best.npz", original, run.parent / "original.npz")


@each_case("last.npz")
def test_last(run, original, damaged):
    """As `train --resume` loads it."""
    Run(run).load("last")
    same_checkpoint(run / "last.npz", original, run.parent / "original.npz")


def as_json(config):
    return json.loads(json.dumps(asdict(config)))


def resumed(run):
    """(settings, notes) of a session that goes on with the run, as `train --resume` does; it is not trained."""
    directory = Run(run)
    config = RunConfig.from_dict(directory.config(), directory.path / "config.json")
    session = Session(config, directory, select("numpy"), resume=True)
    directory.release()
    return as_json(config), session.notes


@each_case("config.json")
def test_config(run, original, damaged):
    """A file that people may edit has no checksum: a setting that differs is said, and refused where it would matter."""
    metrics = (run / "metrics.jsonl").read_bytes()
    try:
        found, notes = resumed(run)
    except UsageError as error:
        places = ("config.json", "last.npz", "train.tsv", "dev.tsv", "the training data", "dev data")
        if "config.json" not in str(error) and (any(p in str(error) for p in places) or "there is no such file" in str(error)):
            raise UsageError(f"config.json: {error}") from None  # a path, a limit: refused for what it led to
        raise
    finally:
        assert (run / "metrics.jsonl").read_bytes() == metrics
    expected = as_json(RunConfig.from_dict(json.loads(original), "original"))
    for table, values in expected.items():
        for key, value in values.items():
            assert found[table][key] == value or any(key in note for note in notes), (table, key, notes)


@each_case("metrics.jsonl")
def test_metrics(run, original, damaged):
    check_lines(Run(run).metrics, original)


@each_case("health.jsonl")
def test_health(run, original, damaged):
    check_lines(Run(run).health, original)


def check_lines(read, original):
    """Whatever is read has been written, line for line; a last line without its end is one that a kill cut short."""
    written = [json.loads(line) for line in original.splitlines()]
    for record in written:
        record.pop("crc32")
    assert all(record in written for record in read())
