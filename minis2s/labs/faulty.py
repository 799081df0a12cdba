"""Functions with a known mistake: the master with one of the catalogue's patches, or two; and the numbers that they give."""

from itertools import combinations

import numpy as np

from minis2s.labs import source
from minis2s.labs.spec import Given


class Faulty:
    """The wrong functions of one exercise. Modules and numbers are kept: a class makes the same mistakes many times."""

    def __init__(self, exercise):
        self.exercise = exercise
        self._modules, self._numbers = {}, {}

    def module(self, task, faults):
        """The master with these faults at once, or None if their patches do not fit, or not together."""
        key = task.function, tuple(fault.name for fault in faults)
        if key not in self._modules:
            patches = [source.Patch(fault.function or task.function, fault.old, fault.new) for fault in faults]
            text = source.patched(self.exercise.text, patches)
            self._modules[key] = None if text is None else source.module_of(text, "faulty")
        return self._modules[key]

    def function(self, task, faults):
        module = self.module(task, faults)
        return None if module is None else getattr(module, task.function)

    def numbers(self, task, faults, n, case):
        """{output: array} of the faulty function for the case that has the number n; None where it gives no such thing."""
        key = task.function, tuple(fault.name for fault in faults), n
        if key not in self._numbers:
            function = self.function(task, faults)
            given = self.module(task, faults)
            self._numbers[key] = None if function is None else call(function, task, copied(case.arguments), given)
        return self._numbers[key]

    def pairs(self, task):
        """All pairs of the task's faults."""
        return combinations(task.faults, 2)


def call(function, task, arguments, module):
    """{output: array} of a function of this package's own, or None if it raises or returns something else."""
    values = {name: getattr(module, value.name) if isinstance(value, Given) else value for name, value in arguments.items()}
    try:
        with np.errstate(all="ignore"):
            result = function(**values)
        if len(task.outputs) == 1 and not (isinstance(result, tuple) and len(result) == 1):
            result = (result,)
        if len(result) != len(task.outputs):
            return None
        arrays = [np.asarray(value) for value in result]
    except Exception:  # a planted mistake may do anything; that it gives no numbers is all that matters
        return None
    if any(array.dtype.kind not in "biufc" for array in arrays):
        return None
    return {output.name: array for output, array in zip(task.outputs, arrays, strict=True)}


def copied(arguments):
    """The arguments with arrays of their own, as a wrong function may change them."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
