"""A submission from its bytes to points, findings and the name of the mistake."""

import numpy as np
import pytest

from minis2s.labs import explain
from minis2s.labs.cases import cases
from minis2s.labs.catalogue import vary
from minis2s.labs.child import Child, Limits
from minis2s.labs.grading import Grader
from minis2s.labs.rubric import Rubric
from minis2s.labs.spec import Given, Lab, Output, Task

from .sample import EXERCISE, FAULTS_BACKWARD, LAB, RIGHT, TEXT, with_faults, with_gates

LOOPS = """
y = np.empty(a.shape)
for t in range(a.shape[0]):
    for row in range(a.shape[1]):
        for k in range(a.shape[2]):
            y[t, row, k] = 1 / (1 + math.exp(-a[t, row, k]))
return y
"""
STYLES = {
    "loops": with_gates(LOOPS, "import math"),
    "lists": with_gates("return [[[1 / (1 + np.exp(-v)) for v in row] for row in step] for step in a]"),
    "dict": with_gates("return {'y': 1 / (1 + np.exp(-a)), 'more': 1}"),
    "nested tuples": with_gates("return tuple(map(tuple, (1 / (1 + np.exp(-a))).tolist()))"),
    "in a tuple": with_gates("return (1 / (1 + np.exp(-a)),)"),
    "in place": with_gates("a = a.copy()\na *= -1\nnp.exp(a, out=a)\na += 1\nreturn np.reciprocal(a, out=a)"),
    "Fortran order": with_gates("return np.asfortranarray(1 / (1 + np.exp(-a)))"),
    "float32": with_gates("return 1 / (1 + np.exp(-a.astype(np.float32)))"),
    "a class": with_gates("return S()(a)", "class S:\n    def __call__(self, a): return 1 / (1 + np.exp(-a))"),
    "matrix type": with_gates("return (1 / (1 + np.exp(-a))).view(V)", "class V(np.ndarray): pass"),
    "masked array": with_gates("return np.ma.array(1 / (1 + np.exp(-a)))"),
    "Chinese names": with_gates("结果 = 1 / (1 + np.exp(-a))\nprint('好')\nreturn 结果"),
}


@pytest.fixture(scope="module")
def grader():
    return Grader(EXERCISE)


@pytest.mark.parametrize("style", STYLES)
def test_a_right_answer_in_any_style_has_full_marks(grader, style):
    result = grader.grade(STYLES[style])
    assert result.passed and result.score == result.points == 10, explain.where(result.tasks[0])


def test_what_deserves_a_remark(grader):
    gates, _ = grader.grade(STYLES["float32"]).tasks
    assert "float32" in explain.remarks(gates)[0] and gates.error > 1e-9
    changing, _ = grader.grade(with_gates("a *= -1\nreturn 1 / (1 + np.exp(a))")).tasks
    assert changing.passed and "changes its argument a" in explain.remarks(changing)[0]


def test_nothing_written_yet(grader):
    result = grader.grade(EXERCISE.skeleton.encode())
    assert [task.status for task in result.tasks] == ["unwritten", "unwritten"] and result.score == 0


@pytest.mark.parametrize("fault", FAULTS_BACKWARD, ids=lambda fault: fault.name)
def test_a_known_mistake_is_named(grader, fault):
    result = grader.grade(with_faults(("gates_backward", fault.old, fault.new)))
    gates, backward = result.tasks
    assert gates.passed and not backward.passed
    named = [mistake[0].name for mistake in backward.diagnosis.mistakes]
    assert fault.name in named and all(len(mistake) == 1 for mistake in backward.diagnosis.mistakes)
    assert set(named) == ({"y-only", "y-only-again"} if "y-only" in fault.name else {fault.name})


def test_mistakes_with_the_same_numbers_are_told_as_one_of_them(grader):
    _, backward = grader.grade(with_faults(("gates_backward", "y * (1 - y)", "y"))).tasks
    first, *rest = explain.mistake(backward)
    assert "one of these" in first and len(rest) == 2


def test_two_mistakes_at_once_are_named(grader):
    patches = ("gates_backward", "y * (1 - y)", "1 - y * y"), ("gates_backward", "d_a.sum(axis=(0, 1))", "d_a.mean(axis=(0, 1))")
    _, backward = grader.grade(with_faults(*patches)).tasks
    assert [[fault.name for fault in mistake] for mistake in backward.diagnosis.mistakes] == [["slope-of-tanh", "mean"]]
    assert explain.mistake(backward) == ["two at once: the slope is that of tanh; and ∂L/∂b is a mean"]


@pytest.mark.parametrize(
    "old, new",
    [
        ("y * (1 - y)", "1.0001 * y * (1 - y)"),
        ("d_a.sum(axis=(0, 1))", "d_a.sum(axis=(0, 1)) + 1e-3"),
        ("d_y * slope", "d_y * slope * (d_y.shape[0] < 3)"),  # right on the easy rungs
        ("d_y * slope", "d_y + slope"),
    ],
)
def test_an_unknown_mistake_gets_no_name(grader, old, new):
    _, backward = grader.grade(with_faults(("gates_backward", old, new))).tasks
    assert not backward.passed and backward.diagnosis.mistakes == ()
    assert explain.mistake(backward) == ["not one I know"]


def test_float32_work_gets_no_name(grader):
    _, backward = grader.grade(with_faults(("gates_backward", "d_y * slope", "d_y.astype('f4')"))).tasks
    assert not backward.passed and "float64" in explain.mistake(backward)[0]


def test_where_it_is_wrong_is_told_by_rung_output_block_step_and_row(grader):
    slip = "d_a = d_y * slope\n    if len(d_a) > 1: d_a[2, 1, :2] += 1\n    return"
    _, backward = grader.grade(with_faults(("gates_backward", "d_y * slope\nreturn", slip.replace("\n    ", "\n")))).tasks
    assert explain.ladder(backward)[0] == ["one step, one row", "several rows"]
    first, second = explain.where(backward)
    assert first == "∂L/∂a: wrong, block i only, step 2 only (of 0–3), row 1 only (of 0–2)"
    assert second == "∂L/∂b: wrong, block i only"
    assert backward.score == 3.0  # two of four rungs, six points


def test_partial_points_can_be_refused():
    slip = ("gates_backward", "d_y * slope", "d_y * slope * (d_y.shape[0] < 3)")
    halves = [Grader(EXERCISE, Rubric(partial=partial)).grade(with_faults(slip)).score for partial in (True, False)]
    assert halves == [4 + 6 * 0.75, 4]  # absent gradients are zero, times what you like


def test_hidden_data_are_other_data_and_weigh_what_the_rubric_says():
    seen = "shape = (a.shape, round(float(a.sum()), 6))\n"
    table = {(case.arguments["a"].shape, round(float(case.arguments["a"].sum()), 6)) for case in cases(LAB.tasks[0], {})}
    copied = with_gates(f"{seen}if shape not in {table}: return a\nreturn 1 / (1 + np.exp(-a))")
    rubric = Rubric(seed=77, hidden_share=0.75)
    gates, backward = Grader(EXERCISE, rubric).grade(copied).tasks
    assert gates.only(hidden=False).passed and not any(gates.only(hidden=True).rungs().values())
    assert gates.score == 1.0 and backward.score == 6
    assert Grader(EXERCISE).grade(copied).passed  # which is why there are hidden data


def test_points_of_the_rubric():
    result = Grader(EXERCISE, Rubric(points={"00_sample": {"gates": 10}})).grade(RIGHT.encode())
    assert [(task.score, task.points) for task in result.tasks] == [(10, 10), (6, 6)]


def test_the_same_seed_asks_the_same_and_another_something_else():
    first, again, other = (cases(LAB.tasks[1], {}, seed)[3].arguments["y"] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_variant_changes_the_text_and_the_names_of_the_blocks():
    other = vary("00_sample", LAB, TEXT, {"order": "fi"})
    assert "blocks f, i" in other.skeleton and "blocks i, f" not in other.skeleton
    slip = with_faults(("gates_backward", "return d_a, ", "d_a = d_a.copy(); d_a[..., 2:] *= 3\nreturn d_a, "))
    blocks = [Grader(each).grade(slip).tasks[1].answers[0].verdict.wrong[0].blocks for each in (EXERCISE, other)]
    assert blocks == [("f",), ("i",)]


def test_after_two_calls_that_run_out_of_time_a_function_is_asked_no_more():
    rubric = Rubric(limits=Limits(seconds=1.5, total=60))
    gates, backward = Grader(EXERCISE, rubric).grade(with_gates("while True: pass")).tasks
    assert [answer.reply.message.split(":")[0] for answer in gates.answers].count("not tried") == len(gates.answers) - 2
    assert backward.passed


def test_the_time_of_a_whole_submission_is_limited():
    rubric = Rubric(limits=Limits(seconds=5, total=0.2))
    result = Grader(EXERCISE, rubric).grade(with_gates("import time; time.sleep(0.1); return a"))
    assert "used up" in result.tasks[1].answers[-1].reply.message


def test_each_case_is_graded_though_another_ends_the_process():
    crashing = with_gates("import os\nif a.shape[0] == 1: os._exit(3)\nreturn 1 / (1 + np.exp(-a))")
    gates, backward = Grader(EXERCISE).grade(crashing).tasks
    assert gates.rungs() == {"one": False, "rows": False, "many": True} and backward.passed


def test_a_task_may_be_given_a_function_of_the_skeleton():
    text = TEXT.replace("def gates(a):", "def gates(f, a):")
    task = Task("gates", "D0.1", 1, (Output("y", "n"),), lambda rng, rung, variant: {"f": Given("square"), "a": rng.random(3)},
                lambda q, variant: {"y": q["a"] ** 2}, ("one",))  # fmt: skip
    exercise = vary("00_sample", Lab("Given", (task,)), text, {})
    assert Grader(exercise).grade(b"def gates(f, a):\n    return f(a)\n").passed


def test_expected_values_are_not_sent():
    """All that the process is given lies in its folder and in its orders: no file of it holds an expected number."""
    task = LAB.tasks[0]
    with Child(RIGHT.encode(), EXERCISE.skeleton) as child:
        case = cases(task, {})[0]
        child.call("gates", ["y"], case.arguments)
        inside = b"".join(path.read_bytes() for path in child.folder.iterdir())
        folder = child.folder
    assert case.arguments["a"].tobytes() in inside and case.expected["y"].tobytes() not in inside
    assert not folder.exists()
