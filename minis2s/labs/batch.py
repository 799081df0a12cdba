"""Many submissions, several at a time. Whatever one of them does, the others are graded."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from minis2s.errors import Minis2sError
from minis2s.labs.catalogue import exercise
from minis2s.labs.files import Submission, read, variant_for
from minis2s.labs.grading import Grader, Result


@dataclass(frozen=True)
class Graded:
    """A submission with its result, or with the reason why it has none (`failure`): the grader's trouble, not the student's."""

    submission: Submission
    result: Result | None
    failure: str = ""
    seconds: float = 0.0


def grade_all(submissions, rubric, jobs=2, done=lambda graded, count: None):
    """A list of Graded in the order of `submissions`. `done(graded, how many)` is called after each.

    Threads suffice: the work is in the submissions' own processes.
    """
    graders, graded = {}, {}
    with ThreadPoolExecutor(jobs) as pool:
        tasks = {pool.submit(_grade, submission, rubric, graders): n for n, submission in enumerate(submissions)}
        try:
            for task in as_completed(tasks):
                graded[tasks[task]] = task.result()
                done(task.result(), len(graded))
        except BaseException:  # interrupted: what has not begun does not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [graded[n] for n in range(len(submissions))]


def _grade(submission, rubric, graders):
    began = time.perf_counter()
    try:
        data = read(submission.path)
        variant = variant_for(submission, data, rubric.variant_seed)
        key = submission.lab, tuple(sorted(variant.items()))
        if key not in graders:
            graders[key] = Grader(exercise(submission.lab, variant), rubric)
        return Graded(submission, graders[key].grade(data), seconds=time.perf_counter() - began)
    except (Minis2sError, OSError, MemoryError) as error:
        return Graded(submission, None, str(error) or type(error).__name__, time.perf_counter() - began)
    except Exception as error:  # a bug of ours must not cost the other students their grades; it is told, and the exit code is 1
        return Graded(submission, None, f"the grader failed: {type(error).__name__}: {error}", time.perf_counter() - began)
