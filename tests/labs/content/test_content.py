"""The labs' content: every lab is in order, every example true, every mistake told apart, every right answer right."""

import ast
import doctest
import re

import numpy as np
import pytest

from minis2s.equations.registry import equations
from minis2s.labs import source
from minis2s.labs.catalogue import MASTERS, exercise, names, problems
from minis2s.labs.compare import distance

from . import measure
from .alternatives import ALTERNATIVES
from .equivalents import EQUIVALENT
from .grading import asked, exercises, faulty, first_failure
from .mutants import every_task, survivors
from .strangers import STRANGERS
from .styles import STYLES, submission

TASKS = every_task()
TASK_IDS = [f"{lab.name}.{task.function}" for lab, task in TASKS]
VARIANTS = exercises()
CODE = re.compile(r"np\.|\.T\b|\[t|==|\+=|axis=|d_\w+\(|return ")  # what a hint or a name of a mistake must not hold


def variant_id(lab):
    return " ".join([lab.name, *lab.variant.values()])


@pytest.mark.parametrize("name", names())
def test_a_lab_is_in_order_in_all_variants(name):
    assert problems(name) == []


@pytest.mark.parametrize("lab", VARIANTS, ids=variant_id)
def test_examples_are_true_in_every_variant(lab):
    module = source.module_of(lab.text)
    examples = doctest.DocTestFinder().find(module, lab.name, module=False, globs=vars(module))
    runner = doctest.DocTestRunner(verbose=False)
    said = []
    for example in examples:
        runner.run(example, out=said.append)
    assert not said, "".join(said)
    assert {e.name.split(".")[-1] for e in examples if e.examples} == {task.function for task in lab.lab.tasks}


@pytest.mark.parametrize("name", names())
def test_a_master_imports_numpy_only_and_its_text_is_plain(name):
    text = (MASTERS / f"{name}.py").read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.ImportFrom)
        assert not isinstance(node, ast.Import) or [alias.name for alias in node.names] == ["numpy"]
    assert ast.get_docstring(ast.parse(text)).startswith(f"Lab {int(name[:2])}: ")


@pytest.mark.parametrize(("lab", "task"), TASKS, ids=TASK_IDS)
def test_a_docstring_states_what_the_specification_says(lab, task):
    text = " ".join(getattr(source.module_of(lab.text), task.function).__doc__.split())
    assert f"{task.points} points." in text
    if task.equation:
        assert task.equation in {entry.id for entry in equations()} and "Equation" in text
    for name in asked(lab, task)[0].arguments:
        assert re.search(rf"\b{name}\b", text) or "as in `" in text or "above" in text or "All arguments" in text, name


@pytest.mark.parametrize(("lab", "task"), TASKS, ids=TASK_IDS)
def test_hints_and_names_of_mistakes_are_sentences_without_code(lab, task):
    assert len(task.faults) >= 4 and len({fault.name for fault in task.faults}) == len(task.faults)
    for text in (*task.hints, *(fault.says for fault in task.faults)):
        assert len(text) > 15 and not CODE.search(text), text
    assert all(fault.term for fault in task.faults)


def test_the_catalogue_is_long():
    assert sum(len(task.faults) for _, task in TASKS) >= 500
    assert all(sum(len(task.faults) for task in exercise(name).lab.tasks) >= 20 for name in names())


@pytest.mark.parametrize(("lab", "task"), TASKS, ids=TASK_IDS)
def test_no_two_mistakes_give_the_same_numbers_and_each_fails_more_than_once(lab, task):
    seen = []
    for fault in task.faults:
        numbers = [faulty(lab).numbers(task, (fault,), n, case) for n, case in enumerate(asked(lab, task))]
        pairs = list(zip(asked(lab, task), numbers, strict=True))
        assert sum(not same(task, case.expected, got) for case, got in pairs) >= 2, f"{fault.name} is wrong once or never"
        for other, others in seen:
            alike = all(same(task, a, b) for a, b in zip(numbers, others, strict=True))
            assert not alike, f"{fault.name} and {other} are one class: make one of them"
        seen.append((fault.name, numbers))


def same(task, a, b):
    kept = [output.name for output in task.outputs if output.name in a]
    return all(np.shape(a[name]) == np.shape(b[name]) and distance(a[name], b[name]) <= task.tolerance for name in kept)


def test_a_lab_has_variants_where_answers_could_be_copied():
    kinds = {name: [value for variant in exercise(name).lab.variants for value in variant.choices] for name in names()}
    assert {"ifog", "figo", "fog", "ifog-softsign"} <= set(kinds["04_lstm_forward"]) == set(kinds["05_lstm_backward"])
    texts = [lab.skeleton for lab in VARIANTS]
    assert len(set(texts)) == len(texts)
    for lab in VARIANTS:  # the answer to one variant is wrong in another
        if lab.variant and lab.name[:2] in ("04", "05") and list(lab.variant.values()) != ["ifog"]:
            module = source.module_of(exercise(lab.name).text)
            assert any(first_failure(lab, task, getattr(module, task.function), module) for task in lab.lab.tasks)


@pytest.mark.parametrize("style", STYLES)
def test_right_answers_in_every_style_pass(style):
    n = 0
    for lab in VARIANTS:
        text, changed = submission(lab, style)
        module = source.module_of(text, "submission")
        for function in changed:
            n += 1
            found = first_failure(lab, lab.task(function), getattr(module, function), module)
            assert found is None, f"{variant_id(lab)} {function}, {found.case.rung}: {found.verdict}"
    assert n >= 20


def test_right_answers_by_hand_pass():
    assert len(ALTERNATIVES) >= 20 and measure.alternatives().wrong == []


@pytest.mark.slow
def test_the_catalogues_mistakes_fail_and_are_named():
    failed, named = measure.catalogue_faults(variants=False)
    assert failed.tried > 500 and failed.wrong == [] and named.wrong == []


@pytest.mark.slow
def test_the_catalogues_mistakes_fail_and_are_named_in_every_variant():
    failed, named = measure.catalogue_faults()
    assert failed.tried > 1000 and failed.wrong == [] and named.wrong == []


@pytest.mark.slow
def test_two_mistakes_at_once_fail_and_are_named():
    named = measure.pairs(of_each=4)
    assert named.tried > 150 and named.wrong == []


@pytest.mark.slow
def test_mistakes_that_are_not_in_the_catalogue():
    patches = {(lab.name[:2], task.function, fault.old, fault.new) for lab, task in TASKS for fault in task.faults}
    assert len(STRANGERS) >= 30 and not patches & {stranger[:4] for stranger in STRANGERS}
    placed, named = measure.strangers()
    assert len(placed.wrong) <= 0.05 * placed.tried, placed.wrong
    assert named.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "task"), TASKS, ids=TASK_IDS)
def test_every_mutant_of_a_solution_fails(lab, task):
    name = f"{lab.name}.{task.function}"
    n, passed = survivors(lab, task)
    known = EQUIVALENT.get(name, {})
    assert n >= 8 and not set(passed) - set(known), set(passed) - set(known)
    assert not set(known) - set(passed), f"no longer generated, or failed by now: {set(known) - set(passed)}"


def test_reasons_are_given_for_equivalent_mutants():
    assert set(EQUIVALENT) <= set(TASK_IDS)
    assert all(reason.endswith(".") for labels in EQUIVALENT.values() for reason in labels.values())
