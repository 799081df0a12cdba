"""Mutants of the labs' solutions: the systematic mistakes of `tests.mutants`, planted in what a student would write."""

import importlib.util
import sys
import types
from functools import lru_cache

from minis2s.labs.catalogue import MASTERS
from tests.mutants.planting import mutants

from .grading import exercises, first_failure


@lru_cache(maxsize=32)
def master(name):
    """The master as a module that `inspect` finds the source of."""
    module_name = f"master_{name}"
    spec = importlib.util.spec_from_file_location(module_name, MASTERS / f"{name}.py")
    module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def survivors(exercise, task):
    """(how many mutants the task's solution has, the labels of those that pass)."""
    module, passed, n = master(exercise.name), [], 0
    function = getattr(module, task.function)
    for mutant in mutants(f"{exercise.name}.{task.function}", function):
        wrong = types.FunctionType(mutant.code, vars(module), task.function, function.__defaults__)
        n += 1
        if first_failure(exercise, task, wrong, module) is None:
            passed.append(mutant.label)
    return n, passed


def every_task():
    return [(exercise, task) for exercise in exercises(variants=False) for task in exercise.lab.tasks]
