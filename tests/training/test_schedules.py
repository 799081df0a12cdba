"""The course of the learning rate against its formulas, and what settings of training may not be."""

from itertools import pairwise
from math import cos, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.errors import UsageError
from minis2s.training.schedules import SCHEDULES, schedule
from minis2s.training.settings import TrainingConfig

RISE = [0.25, 0.5, 0.75, 1.0]


def course(name, updates, warmup=0.0):
    factor = schedule(name, updates, warmup)
    return [factor(t) for t in range(updates)]


def test_without_a_warm_up():
    assert course("constant", 4) == [1, 1, 1, 1] == course("plateau", 4)
    assert course("linear", 4) == [1, 0.75, 0.5, 0.25]
    assert course("cosine", 4) == pytest.approx([1, (1 + cos(pi / 4)) / 2, 0.5, (1 + cos(3 * pi / 4)) / 2])
    assert course("inverse-sqrt", 4) == pytest.approx([1, 1 / sqrt(2), 1 / sqrt(3), 1 / 2])


@pytest.mark.parametrize("warmup", [4, 4.0, 0.5])
def test_a_warm_up_in_updates_or_as_a_share(warmup):
    assert course("constant", 8, warmup) == [*RISE, 1, 1, 1, 1]
    assert course("linear", 8, warmup) == [*RISE, 1, 0.75, 0.5, 0.25]
    assert course("cosine", 8, warmup)[:7] == pytest.approx([*RISE, 1, (1 + cos(pi / 4)) / 2, 0.5])
    assert course("inverse-sqrt", 8, warmup) == pytest.approx([*RISE, 1, sqrt(4 / 5), sqrt(4 / 6), sqrt(4 / 7)])


def test_a_warm_up_that_is_longer_than_the_run():
    assert course("linear", 2, 4) == RISE[:2]


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 60), st.one_of(st.floats(0, 0.999), st.integers(0, 80)))
def test_any_course_rises_once_and_never_again(name, updates, warmup):
    factors = course(name, updates, warmup)
    top = factors.index(max(factors))
    assert all(0 < factor <= 1 for factor in factors)
    assert all(a < b for a, b in pairwise(factors[: top + 1]))
    assert all(a >= b for a, b in pairwise(factors[top:]))


def test_an_unknown_schedule_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="unknown schedule 'liner'; did you mean 'linear'"):
        schedule("liner")


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"epochs": 0}, "epochs must be greater than zero"),
        ({"batch_size": -1}, "batch_size must be greater than zero"),
        ({"accumulate": 0}, "accumulate must be greater than zero"),
        ({"learning_rate": float("nan")}, "learning_rate must be greater than zero"),
        ({"learning_rate": float("inf")}, "learning_rate must be"),
        ({"clip": 0.0}, "clip must be greater than zero"),
        ({"hide_words": 1.0}, "hide_words is a share"),
        ({"hide_words": float("nan")}, "hide_words is a share"),
        ({"beta2": 1.0}, "beta2 is a share"),
        ({"average": 1.0}, "average is a share"),
        ({"optimiser": "momentum", "momentum": -0.1}, "momentum is a share"),
        ({"seed": -1}, "cannot be negative"),
        ({"patience": -1}, "cannot be negative"),
        ({"weight_decay": -0.1}, "weight_decay must be at least zero"),
        ({"min_improvement": float("nan")}, "min_improvement must be at least zero"),
        ({"schedule": "cosinus"}, "unknown schedule 'cosinus'; did you mean 'cosine'"),
        ({"schedule": "plateau", "plateau_factor": 1.0}, "plateau_factor must be between 0 and 1"),
        ({"schedule": "plateau", "plateau_patience": 0}, "plateau_patience must be greater than zero"),
        ({"warmup": -1.0}, "warmup is a share of the run, below 1, or a whole number of updates"),
        ({"warmup": 2.5}, "warmup is a share of the run, below 1, or a whole number of updates"),
        ({"optimiser": "adamm"}, "unknown optimiser 'adamm'; did you mean 'adam'"),
        ({"best_by": "perplexity"}, "unknown score 'perplexity'"),
        ({"optimiser": "sgd", "beta1": 0.5}, "beta1 is a setting of the optimiser adam or adamw; the optimiser is sgd"),
        ({"momentum": 0.5}, "momentum is a setting of the optimiser momentum; the optimiser is adam"),
        ({"plateau_factor": 0.1}, "plateau_factor is a setting of the schedule plateau; the schedule is linear"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        TrainingConfig(**settings)


def test_settings_that_go_together():
    TrainingConfig(optimiser="momentum", momentum=0.5, weight_decay=0.1, warmup=10)
    TrainingConfig(optimiser="adamw", beta1=0.8, schedule="plateau", plateau_patience=3, warmup=0.1)
