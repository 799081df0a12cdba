"""Finding labs, variants, and what is wrong with a lab while it is written."""

from dataclasses import replace

import numpy as np
import pytest

from minis2s.errors import UsageError
from minis2s.labs import catalogue
from minis2s.labs.spec import Fault, Given

from .sample import FAULTS, LAB, TEXT

TASK, BACKWARD = LAB.tasks


def problems(text=TEXT, **changes):
    return " ".join(catalogue.problems("00_sample", replace(LAB, tasks=(replace(TASK, **changes), BACKWARD)), text))


def test_the_sample_is_in_order():
    assert catalogue.problems("00_sample", LAB, TEXT) == []


def test_what_is_wrong_with_a_lab_is_told():
    assert "not both in the master" in problems(function="gate")
    assert "master's numbers are not" in problems(TEXT.replace("0.5 * a", "0.6 * a"))
    assert "master's numbers are not" in problems(tolerance=-1.0)
    assert "the master raises" in problems(TEXT.replace("return y\n", "return y, y[0], 1 / 0\n", 1))
    assert "changes its argument a" in problems(TEXT.replace("half = 0.5 * a", "a *= 0.5; half = a"))
    assert "three hints" in problems(hints=("", "", ""))
    assert "unknown rungs ['five']" in problems(rungs=("one", "five"))
    assert "no rung can be drawn" in problems(inputs=lambda rng, rung, variant: None)
    assert "do not name those of" in problems(outputs=(replace(TASK.outputs[0], axes="time"),))
    cube = {"inputs": lambda rng, rung, variant: {"a": Given("cube")}}
    assert "cannot be asked: TypeError" in problems(**cube)
    assert "gives no function cube" in problems(**cube, expected=lambda q, variant: {"y": np.zeros((1, 1, 4))})
    assert "not exactly once" in problems(faults=(Fault("f", "nothing", "something", ""),))
    assert "its numbers are right" in problems(faults=(Fault("f", "0.5 * a", "a * 0.5", ""),))
    assert "raises, or returns" in problems(faults=(Fault("f", "0.5 * a", "a[99]", ""),))
    assert "a marker stands outside" in problems(TEXT + "\n# END SOLUTION\n# BEGIN SOLUTION\n")
    assert "fi" in problems(TEXT.replace("blocks i, f", "blocks"))


def test_a_fault_whose_text_a_variant_has_not_is_left_out_there():
    patch = (("0.5 * a", "a / 2"), ("blocks i, f", "blocks f, i"))
    lab = replace(LAB, variants=(replace(LAB.variants[0], choices={"if": (), "fi": patch}),))
    assert catalogue.problems("00_sample", lab, TEXT) == []
    assert FAULTS[0].old == "0.5 * a"


def test_variants_are_drawn_evenly_and_stay_the_same():
    name = next(name for name in catalogue.names() if catalogue.exercise(name).lab.variants)
    lab = catalogue.exercise(name).lab
    drawn = [catalogue.drawn_variant(name, 5, f"student {n}") for n in range(200)]
    assert drawn == [catalogue.drawn_variant(name, 5, f"student {n}") for n in range(200)]
    for variant in lab.variants:
        counts = [sum(each[variant.name] == value for each in drawn) for value in variant.choices]
        assert min(counts) > 100 / len(counts)
    assert drawn != [catalogue.drawn_variant(name, 6, f"student {n}") for n in range(200)]


def test_labs_are_found_by_number_and_by_name():
    name = catalogue.names()[0]
    number, _, word = name.partition("_")
    assert {catalogue.full_name(each) for each in (name, number, str(int(number)), word, f"some/{name}.py")} == {name}
    with pytest.raises(UsageError, match="did you mean"):
        catalogue.full_name(name[:-1])
    with pytest.raises(UsageError, match="unknown"):
        catalogue.exercise(name, {"no such": "variant"})
