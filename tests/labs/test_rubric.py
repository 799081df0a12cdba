"""The instructor's TOML file."""

import datetime

import pytest

from minis2s.errors import UsageError
from minis2s.labs.child import Limits
from minis2s.labs.rubric import Rubric, read_rubric

LABS = {"00_sample": ["gates", "gates_backward"]}


def rubric(tmp_path, text):
    path = tmp_path / "rubric.toml"
    path.write_text(text, "utf-8")
    return read_rubric(path, LABS)


def test_an_empty_file_is_the_default(tmp_path):
    assert rubric(tmp_path, "") == Rubric()


def test_every_key(tmp_path):
    text = """
        seed = 81723
        variant_seed = 5
        draws = 3
        partial = false
        [hidden]
        share = 0.4
        draws = 4
        visibility = "hidden"
        [limits]
        seconds = 2
        total_seconds = 30
        memory_mb = 512
        [hints]
        stage = 2
        from = 2030-03-01T00:00:00Z
        [points.00_sample]
        gates = 6
    """
    got = rubric(tmp_path, text)
    limits = Limits(seconds=2, total=30, memory=512 * 2**20)
    time = datetime.datetime(2030, 3, 1, tzinfo=datetime.UTC)
    assert got == Rubric(81723, 5, 3, False, 0.4, 4, "hidden", limits, 2, time, {"00_sample": {"gates": 6}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sede = 3", "did you mean 'seed'"),
        ("[hidden]\nshared = 0.3\n", "did you mean 'hidden.share'"),
        ("[hidden]\nshare = 0.3\n", "need a seed of their own"),
        ("seed = 1\n[hidden]\nshare = 1.5\n", "from 0 to 1"),
        ("seed = 1.5", "a whole number is expected"),
        ("seed = true", "a whole number is expected"),
        ("partial = 1", "true or false is expected"),
        ("draws = 1", "from 2 to 50"),
        ("hidden = 3", "write [hidden]"),
        ("[hidden]\nvisibility = 'visble'", "did you mean 'visible'"),
        ("[hints]\nfrom = '2030'", "a date with a time is expected"),
        ("[limits]\nseconds = nan", "is possible"),
        ("[points.00_smaple]\ngates = 1", "did you mean '00_sample'"),
        ("[points.00_sample]\ngate = 1", "did you mean 'gates'"),
        ("[points.00_sample]\ngates = -1", "a number of points"),
        ("[points]\n00_sample = 1", "write [points.00_sample]"),
        ("seed = ", "is no TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, words):
    with pytest.raises(UsageError) as error:
        rubric(tmp_path, text)
    assert words in str(error.value) and "rubric.toml" in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"no\.toml"):
        read_rubric(tmp_path / "no.toml", LABS)


def test_hints_come_late():
    past, future = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2999, 1, 1, tzinfo=datetime.UTC)
    stages = [Rubric(hints_stage=2, hints_from=time).stage_now() for time in (None, past, future, past.replace(tzinfo=None))]
    assert stages == [2, 2, 0, 2]
