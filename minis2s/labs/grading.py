"""One submission of one lab, asked and judged."""

import time
from dataclasses import dataclass, field, replace
from functools import cached_property

from minis2s.labs.cases import Case, cases
from minis2s.labs.child import Child, Reply
from minis2s.labs.compare import Verdict, judge
from minis2s.labs.diagnosis import Diagnosis, diagnose
from minis2s.labs.faulty import Faulty
from minis2s.labs.rubric import Rubric
from minis2s.labs.spec import RUNGS, Task

LARGEST = 2**20  # bytes of a submission
PATIENCE = 2  # calls of one function that may run out of time; then it is asked no more
HOPELESS = ("absent", "unwritten", "broken")  # it would be the same for every case


@dataclass(frozen=True)
class Answer:
    """One case with what came back and the verdict on it."""

    case: Case
    hidden: bool
    reply: Reply
    verdict: Verdict


@dataclass(frozen=True)
class TaskResult:
    """All answers to one task, and the points for them."""

    task: Task
    points: float
    score: float
    answers: tuple[Answer, ...]
    diagnosis: Diagnosis | None

    @property
    def passed(self):
        return all(answer.verdict.passed for answer in self.answers)

    @property
    def status(self):
        """"passed", "wrong", or what kept the function from being judged at all."""
        if self.passed:
            return "passed"
        kinds = {answer.reply.status for answer in self.answers}
        return kinds.pop() if len(kinds) == 1 and kinds != {"ok"} else "wrong"

    @property
    def error(self):
        """The largest error of the answers that are numbers, or None."""
        return max((a.verdict.error for a in self.answers if a.verdict.error is not None), default=None)

    def rungs(self):
        """{rung: whether all its cases passed}, easiest first."""
        found = {}
        for answer in self.answers:
            found[answer.case.rung] = found.get(answer.case.rung, True) and answer.verdict.passed
        return {rung: found[rung] for rung in RUNGS if rung in found}

    def only(self, hidden):
        """The same with the answers on hidden data only, or on visible data only. `score` stays that of all."""
        return replace(self, answers=tuple(answer for answer in self.answers if answer.hidden == hidden))


@dataclass(frozen=True)
class Result:
    """One submission. `broken`: why the file could not be loaded, if so."""

    lab: str
    variant: dict
    tasks: tuple[TaskResult, ...]
    fences: dict = field(default_factory=dict)
    printed: str = ""
    broken: str = ""

    @property
    def score(self):
        return sum(task.score for task in self.tasks)

    @property
    def points(self):
        return sum(task.points for task in self.tasks)

    @property
    def passed(self):
        return all(task.passed for task in self.tasks)


class Grader:
    """Grades submissions of one exercise by one rubric. What is the same for all of them is computed once."""

    def __init__(self, exercise, rubric=None):
        self.exercise, self.rubric = exercise, rubric or Rubric()
        self.faulty = Faulty(exercise)

    @cached_property
    def questions(self):
        """{function: [(case, hidden), …]}."""
        rubric, variant = self.rubric, self.exercise.variant
        found = {}
        for task in self.exercise.lab.tasks:
            asked = [(case, False) for case in cases(task, variant, draws=rubric.draws)]
            if rubric.hidden_share:
                asked += [(case, True) for case in cases(task, variant, rubric.seed, rubric.hidden_draws)]
            found[task.function] = asked
        return found

    def grade(self, submission):
        """The Result for the bytes of a file. It may do what it likes; OSError only if no process can be started at all."""
        tasks, limits = [], self.rubric.limits
        questions = self.questions
        with Child(submission, self.exercise.skeleton, limits) as child:
            if len(submission) > LARGEST:
                child.broken = Reply("broken", message=f"the file has {len(submission):,} bytes, more than a solution needs")
            deadline = time.monotonic() + limits.total
            for task in self.exercise.lab.tasks:
                tasks.append(self._task(task, questions[task.function], child, deadline))
        broken = child.broken.message if child.broken else ""
        return Result(self.exercise.name, self.exercise.variant, tuple(tasks), child.fences, child.output(), broken)

    def _task(self, task, questions, child, deadline):
        answers, late, reply = [], 0, None
        for question in questions:
            if time.monotonic() > deadline:
                reply = Reply("timeout", message="not tried: the time for the whole file is used up")
            elif late >= PATIENCE:
                reply = Reply("timeout", message="not tried: it ran out of time before")
            elif reply is None or reply.status not in HOPELESS:
                reply = child.call(task.function, [output.name for output in task.outputs], question[0].arguments)
                late += reply.status == "timeout"
            answers.append(self._judged(task, question, reply))
        return self._result(task, answers)

    def _judged(self, task, question, reply):
        case, hidden = question
        if reply.status == "ok":
            got = {output.name: array for output, array in zip(task.outputs, reply.arrays, strict=True)}
            verdict = judge(task, task.blocks_of(self.exercise.variant), case.expected, got)
        else:
            verdict = Verdict(False, reason=reply.message)
        return Answer(case, hidden, reply, verdict)

    def _result(self, task, answers):
        points = self.rubric.points_of(self.exercise.name, task)
        share = self.rubric.hidden_share
        result = TaskResult(task, points, 0.0, tuple(answers), None)
        parts = [(1 - share, result.only(hidden=False)), (share, result.only(hidden=True))]
        score = points * sum(weight * self.rubric.credit(part.rungs()) for weight, part in parts if weight)
        diagnosis = None if result.passed else diagnose(self.faulty, task, answers)
        return replace(result, score=round(score, 6), diagnosis=diagnosis)
