"""Every planted mistake is found by the gradient checks alone: DESIGN.md's rule that nothing is unverified, itself verified."""

import numpy as np
import pytest

from minis2s.equations.scores import cosine_score, cosine_score_backward

from .catalogue import MISTAKES
from .checks import equation_targets, failure, layer_targets, numerical_derivatives_once
from .equivalents import EQUIVALENT
from .planting import mutant_from_text, mutants
from .score import systematic

TARGETS = {target.name: target for target in equation_targets() + layer_targets()}


@pytest.fixture(scope="module", autouse=True)
def numerical_derivatives_are_computed_once():
    with numerical_derivatives_once():
        yield


@pytest.mark.parametrize("name", TARGETS)
def test_a_check_runs_every_backward_function_and_passes(name):
    target = TARGETS[name]
    assert target.checks, f"no registered check reaches {name}: register an equation that uses it, or remove it"
    assert failure(target.checks) is None
    with target.planted(target.function.__code__.replace(co_name="right")):
        assert failure(target.checks) is None, "planting alone makes the checks fail, so mutants would be killed for nothing"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_every_mutant_of_a_function_is_killed(name):
    row = systematic(TARGETS[name])
    assert not row.survivors, f"{len(row.survivors)} mutants survive:\n" + "\n".join(row.survivors)


@pytest.mark.slow
@pytest.mark.parametrize("name", EQUIVALENT)
def test_equivalent_mutants_are_still_generated_and_still_unnoticed(name):
    assert name in TARGETS, f"{name} is no function of a backward pass any more"
    stale = EQUIVALENT[name].keys() - set(systematic(TARGETS[name]).unnoticed)
    assert not stale, f"no longer generated, or killed by now; strike them off the list: {stale}"
    assert all(reason.endswith(".") for reason in EQUIVALENT[name].values())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_every_mistake_that_people_make_is_killed(mistake):
    target = TARGETS[mistake.function]
    mutant = mutant_from_text(target.name, target.function, mistake.before, mistake.after)
    with target.planted(mutant.code):
        assert failure(target.checks) is not None


def test_the_catalogue_is_long_and_has_no_duplicates():
    assert len(MISTAKES) >= 30
    assert len({m.title for m in MISTAKES}) == len(MISTAKES) == len({m[1:] for m in MISTAKES})


def test_planting_is_undone():
    for target in TARGETS.values():
        before = target.function.__code__
        mutant = next(mutants(target.name, target.function, target.lines), None)
        if mutant is not None:
            with target.planted(mutant.code):
                pass
        assert target.function.__code__ is before
        assert not any(name.endswith("__mutant") for name in (*vars(target.owner), *target.function.__globals__))


def test_what_no_derivative_can_tell_the_cosine_of_a_vector_of_zeros_has_the_gradient_zero():
    query, keys = np.zeros((2, 3)), np.ones((4, 2, 3))
    e, cache = cosine_score(query, keys)
    gradients = cosine_score_backward(np.ones_like(e), cache)
    assert not gradients.query.any() and not gradients.keys.any()
