"""What holds for each built-in task: what it says of itself is true, and nobody's machine makes other data."""

import hashlib
import os
import subprocess
import sys
from dataclasses import fields

import pytest

from minis2s.cli.settings import KINDS
from minis2s.data.normalisation import normalise
from minis2s.data.numbers import values
from minis2s.data.tasks import TASKS
from minis2s.data.tokenisers import LEARNED, TOKENISERS
from minis2s.metrics import corpus_scores, regression_scores

EACH = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
DIGEST = "hashlib.sha256(ascii([list(map(tuple, part)) for part in TASKS[{name!r}].generate(0)]).encode()).hexdigest()"


@EACH
def test_what_it_says_of_itself(task):
    assert task.description and task.held_out and len(task.description) < 120
    assert {task.source_tokeniser, task.target_tokeniser} <= {*TOKENISERS, *LEARNED}
    known = {field.name for kind in KINDS.values() for field in fields(kind)}
    assert task.settings.keys() <= known


@EACH
def test_it_trains_within_three_minutes_to_what_was_measured(task):
    """The record of a measurement; here only that there is one, and that its score is one that `evaluate` gives."""
    if task.expected is None:
        pytest.skip("not measured yet, as `minis2s tasks` says")
    assert 0 < task.expected.seconds <= 180
    pairs = [task.example]
    judged = task.judge(pairs, [pair.target for pair in pairs]) if task.judge else {}
    own = corpus_scores(["a"], ["a"], str.split, ["a"])
    if task.model == "regression":
        own = regression_scores([values(task.example.target)], [values(task.example.target)])
    assert task.expected.score in {*own, *judged, "loss", "perplexity"}


@pytest.mark.slow
@EACH
def test_sizes_and_texts(task):
    parts = task.generate(0)
    assert tuple(map(len, parts)) == task.sizes
    assert task.example in parts.test
    assert not set(parts.train) & {*parts.dev, *parts.test}
    for pair in (pair for part in parts for pair in part):
        for text in pair:
            assert text == normalise(text) and "\n" not in text and "\t" not in text and text.strip() == text
        assert pair.target


@pytest.mark.slow
@EACH
def test_data_do_not_depend_on_python_s_hash_seed(task):
    code = f"import hashlib; from minis2s.data.tasks import TASKS; print({DIGEST.format(name=task.name)})"
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "123"},
                         capture_output=True, text=True, check=True)  # fmt: skip
    here = hashlib.sha256(ascii([list(map(tuple, part)) for part in task.generate(0)]).encode()).hexdigest()
    assert run.stdout.strip() == here
