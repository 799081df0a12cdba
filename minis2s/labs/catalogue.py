"""The labs that there are, each in the variant that a student gets."""

import hashlib
import importlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from minis2s.errors import UsageError, unknown_name
from minis2s.labs import source
from minis2s.labs.cases import cases
from minis2s.labs.compare import distance
from minis2s.labs.faulty import Faulty, call, copied
from minis2s.labs.spec import RUNGS, Given, Lab

MASTERS = Path(__file__).parent / "masters"


@dataclass(frozen=True)
class Exercise:
    """A lab in one variant: its specification, and the master's text as patched for it."""

    name: str
    lab: Lab
    text: str
    variant: dict

    @cached_property
    def skeleton(self):
        """What the student gets, without the solutions."""
        return source.release(self.text)

    def task(self, function):
        """The task of this name; UsageError with the nearest one if there is none."""
        for task in self.lab.tasks:
            if task.function == function:
                return task
        raise unknown_name("task", function, [task.function for task in self.lab.tasks])


def names():
    """All labs, in order."""
    return sorted(path.stem for path in MASTERS.glob("[0-9]*.py"))


def full_name(name):
    """"6", "06", "lstm_step" or "06_lstm_step", with or without .py, as the lab's own name. UsageError if there is none."""
    plain = Path(name).name.removesuffix(".py")
    for known in names():
        number, _, word = known.partition("_")
        if plain in (known, word) or (plain.isdigit() and int(plain) == int(number)):
            return known
    raise unknown_name("lab", plain, names())


@lru_cache(maxsize=256)
def _exercise(name, choices):
    lab = importlib.import_module(f"minis2s.labs.faults.{name}").LAB
    return vary(name, lab, (MASTERS / f"{name}.py").read_text("utf-8"), dict(choices))


def exercise(name, variant=None):
    """The lab of this name, in the default variant or in the one given as {name: value}."""
    return _exercise(full_name(name), tuple(sorted((variant or {}).items())))


def vary(name, lab, text, choices):
    """The Exercise for these choices; what is not chosen is the default. UsageError for an unknown choice."""
    known = {variant.name: variant.choices for variant in lab.variants}
    for key in choices:
        if key not in known:
            raise unknown_name(f"variant of lab {name}:", key, known or ["none"])
    chosen = {key: choices.get(key, next(iter(values))) for key, values in known.items()}
    for key, value in chosen.items():
        if value not in known[key]:
            raise unknown_name(f"value of {key}:", value, known[key])
        for old, new in known[key][value]:
            if old not in text:
                raise ValueError(f"lab {name}, {key} = {value}: {old!r} is not in the master")
            text = text.replace(old, new)
    return Exercise(name, lab, text, chosen)


def drawn_variant(name, seed, student):
    """The variant of this lab for this student, {name: value}: the same for the same seed, and unlike a neighbour's."""
    lab, chosen = exercise(name).lab, {}
    for variant in lab.variants:
        digest = hashlib.sha256(f"{seed}/{student}/{full_name(name)}/{variant.name}".encode()).digest()
        values = list(variant.choices)
        chosen[variant.name] = values[int.from_bytes(digest[:8], "big") % len(values)]
    return chosen


def variants_of(lab):
    """Every variant in which one aspect differs from the default, and the default itself."""
    return [{}] + [{variant.name: value} for variant in lab.variants for value in list(variant.choices)[1:]]


def problems(name, lab=None, text=None):
    """What is wrong with a lab, as sentences; none if it can be given to students."""
    found = []
    try:
        lab = lab or exercise(name).lab
        text = text or (MASTERS / f"{full_name(name)}.py").read_text("utf-8")
        for choices in variants_of(lab):
            where = "".join(f" ({key} = {value})" for key, value in choices.items())
            found += [f"{problem}{where}" for problem in _problems(vary(name, lab, text, choices), not choices)]
    except (ValueError, SyntaxError, ImportError, AttributeError, UsageError) as error:
        found.append(f"{name}: {error}")
    return found


def _problems(exercise, every_fault):
    written = source.solutions(exercise.text)
    if missing := set(written) ^ {task.function for task in exercise.lab.tasks}:
        yield f"not both in the master and in its specification: {', '.join(sorted(missing))}"
        return
    master = source.module_of(exercise.text)
    faulty = Faulty(exercise)
    for task in exercise.lab.tasks:
        if unknown := set(task.rungs) - set(RUNGS):
            yield f"{task.function}: unknown rungs {sorted(unknown)}"
            continue
        try:
            asked = cases(task, exercise.variant)
        except Exception as error:  # whatever is wrong with the functions of a specification is to be told
            yield f"{task.function}: cannot be asked: {type(error).__name__}: {error}"
            continue
        if wrong := list(_asked(task, asked, master)):
            yield from wrong
            continue
        for fault in task.faults:
            function = faulty.function(task, (fault,))
            if function is None:
                if every_fault:
                    yield f"{task.function}, fault {fault.name!r}: its text is not exactly once in the solution"
                continue
            results = [faulty.numbers(task, (fault,), n, case) for n, case in enumerate(asked)]
            if any(result is None for result in results):
                yield f"{task.function}, fault {fault.name!r}: raises, or returns other outputs, instead of wrong numbers"
            elif all(_close(result, case.expected, 1e-6) for result, case in zip(results, asked, strict=True)):
                yield f"{task.function}, fault {fault.name!r}: its numbers are right"


def _asked(task, asked, master):
    if not asked:
        yield f"{task.function}: no rung can be drawn"
    if not all(task.hints):
        yield f"{task.function}: three hints are needed"
    for case in asked:
        arguments = copied(case.arguments)
        for name, value in arguments.items():
            if isinstance(value, Given) and not hasattr(master, value.name):
                yield f"{task.function}, {name}: the master gives no function {value.name}"
                return
        result = call(getattr(master, task.function), task, arguments, master)
        if result is None:
            yield f"{task.function}, {case.rung}: the master raises, or returns other outputs than {_names(task)}"
        elif not _close(result, case.expected, task.tolerance):
            yield f"{task.function}, {case.rung}: the master's numbers are not the expected ones"
        for name, value in arguments.items():
            if isinstance(value, np.ndarray) and value.tobytes() != case.arguments[name].tobytes():
                yield f"{task.function}, {case.rung}: the master changes its argument {name}"
        for output in task.outputs:
            if output.name in case.expected and len(output.axes.split()) != case.expected[output.name].ndim:
                shape = case.expected[output.name].shape
                yield f"{task.function}, {output.name}: axes {output.axes!r} do not name those of {shape}"


def _names(task):
    return ", ".join(output.name for output in task.outputs)


def _close(result, expected, tolerance):
    return all(
        result[name].shape == value.shape and distance(result[name], value) <= tolerance for name, value in expected.items()
    )
