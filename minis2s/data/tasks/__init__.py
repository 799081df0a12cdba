"""The built-in data, by name. A new task is a module that defines a Task, and its line in `TASKS`."""

from minis2s.data.tasks import (
    addition,
    code,
    correction,
    dates,
    dialogue,
    labelling,
    oscillation,
    reverse,
    summarisation,
    translation,
    verse,
)
from minis2s.data.tasks.task import Expected, Splits, Task
from minis2s.data.tasks.translation import to_english
from minis2s.errors import unknown_name

__all__ = ["TASKS", "Expected", "Splits", "Task", "task"]

TASKS = {
    each.name: each
    for each in (
        translation.TASK,
        to_english.TASK,
        reverse.COPY,
        reverse.REVERSE,
        reverse.SORT,
        addition.TASK,
        dates.TASK,
        correction.ENGLISH,
        correction.CHINESE,
        summarisation.TASK,
        dialogue.TASK,
        code.TASK,
        verse.TASK,
        labelling.TASK,
        oscillation.TASK,
    )
}  # fmt: skip


def task(name):
    """The Task called `name`. Raises UsageError, with a suggestion, for a name that is not among TASKS."""
    if name not in TASKS:
        raise unknown_name("task", name, TASKS)
    return TASKS[name]
