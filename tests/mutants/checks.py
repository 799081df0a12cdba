"""Which gradient check runs which backward function, and whether a planted mistake makes one fail."""

import contextlib
import importlib
import inspect
import pickle
import pkgutil
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minis2s import gradcheck
from minis2s.backend import to_host
from minis2s.equations.registry import equations
from minis2s.models.check import checks as model_checks

from .planting import calls, planted, planted_in_calls

SEED = 0
COMPUTE_NOTHING = ("array_module", "to_host")  # they ask where an array lives, or move it


class Check(NamedTuple):
    """A gradient check: run(methods) → list of Result."""

    name: str
    run: Callable


class Target(NamedTuple):
    """A function that computes gradients, and the checks that run it.

    A helper that the forward pass runs too has `callers`, the functions of the backward pass that call it: a mistake is planted
    in their calls only, in the `lines` that these calls run. Otherwise both are None, and the function is wrong for everyone.
    """

    name: str
    function: Any
    checks: list
    owner: Any = None
    callers: list | None = None
    lines: set | None = None

    def planted(self, code):
        """A context in which the target's code is `code`."""
        if self.callers is None:
            return planted(self.function, code)
        return planted_in_calls(self.function, code, self.owner, self.callers)


def equation_targets(seed=SEED):
    """The functions of the equations, with the registry's checks of the entries, as `minis2s check` runs them."""
    entries = [e for e in equations() if e.backward]
    checks = [Check(e.id, lambda methods, e=e: e.check(np.random.default_rng(seed), methods)) for e in entries]
    packages = ("minis2s.equations", "minis2s.equations.catalogue", "minis2s.backend")
    return targets(checks, {name: f for package in packages for name, f in functions_of(package).items()})


def layer_targets(seed=SEED):
    """The functions of layers and models, with the checks of layers over time and whole models."""
    checks = [Check(id, run) for id, run in model_checks(seed).items()]
    functions = functions_of("minis2s.layers") | functions_of("minis2s.models")
    return targets(checks, {n: f for n, f in functions.items() if not n.startswith("minis2s.models.check.")})


def functions_of(package):
    """dotted name → (plain function, the module or class that it is in), for all that a package's modules define."""
    package = importlib.import_module(package)
    found = {}
    modules = pkgutil.iter_modules(getattr(package, "__path__", []), package.__name__ + ".")
    for name in [m.name for m in modules if not m.ispkg] or [package.__name__]:
        _collect(importlib.import_module(name), name, name, found)
    return found


def _collect(owner, module, prefix, found):
    for name, value in vars(owner).items():
        function = inspect.unwrap(getattr(value, "__func__", value))
        if inspect.isfunction(function) and function.__module__ == module and function.__name__ == name:
            found[f"{prefix}.{name}"] = function, owner
        elif inspect.isclass(value) and value.__module__ == module:
            _collect(value, module, f"{prefix}.{name}", found)


def targets(checks, functions):
    """All functions with "backward" in their name, and every other one that runs beneath one of those. List of Target.

    One that no check reaches has no checks.
    """
    names = {function.__code__: name for name, (function, _) in functions.items()}
    reached, in_forward, lines = {}, set(), {}
    for check in checks:
        forward, backward = _trace(check, names)
        in_forward |= forward
        for name in backward:
            reached.setdefault(name, []).append(check)
            lines.setdefault(name, set()).update(backward[name])
    named = {name for name in functions if is_backward(name)}
    own = {name for name in (named | reached.keys()) - in_forward if not is_abstract(functions[name][0])}
    found = [Target(name, functions[name][0], reached.get(name, []), functions[name][1]) for name in own]
    for name in reached.keys() & in_forward:
        function, owner = functions[name]
        known = [t for t in found if t.callers is None and calls(t.function, function.__name__)]
        if inspect.isclass(owner) and function.__name__.startswith("_"):  # another class's method of that name is another one
            known = [t for t in known if inspect.isclass(t.owner) and issubclass(t.owner, owner)]
        callers = [t.function for t in known]
        if callers and function.__name__ not in COMPUTE_NOTHING:
            found.append(Target(name, function, reached[name], owner, callers, lines[name]))
    return sorted(found, key=lambda t: t.name)


def is_backward(name):
    return "backward" in name.rsplit(".", 1)[-1]


def is_abstract(function):
    """Whether all that it does is to say that subclasses do it."""
    return function.__code__.co_names == ("NotImplementedError",)


def _trace(check, names):
    """(functions that a check runs in the forward pass, {function: lines} of the backward pass).

    The backward pass is what runs beneath a function with "backward" in its name, unless the forward pass calls it: the dot
    score's forward is the same product as a context's backward.
    """
    forward, backward, depth = set(), {}, 0

    def call(frame, event, argument):
        nonlocal depth
        name = names.get(frame.f_code)
        is_entry = is_backward(frame.f_code.co_name) and (depth > 0 or _caller(frame) not in names)
        depth += is_entry
        if name is not None:
            backward.setdefault(name, set()) if depth else forward.add(name)
        frame.f_trace_lines = bool(name and depth)

        def step(frame, event, argument):
            nonlocal depth
            if event == "line":
                backward[name].add(frame.f_lineno)
            elif event == "return":
                depth -= is_entry
            return step

        return step if is_entry or frame.f_trace_lines else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        check.run(())  # no numerical method: one forward pass, and a backward pass for each pattern of upstream gradients
    finally:
        sys.settrace(before)
    return forward, backward


def _caller(frame):
    """The code of the function that made a call, through comprehensions and the wrapper of element-wise functions."""
    frame = frame.f_back
    while frame.f_back and (frame.f_code.co_name.startswith("<") or frame.f_code.co_name == "call"):
        frame = frame.f_back
    return frame.f_code


def failure(checks, methods=("complex-step",)):
    """What the first failing check says, or None: "D0.5 c: error 3.0e-01" or "D0.5: ValueError"."""
    for check in checks:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = check.run(methods)
        except Exception as error:
            return f"{check.name}: {type(error).__name__}"
        for result in results:
            if not result.passed:
                return f"{result.id} {result.target}: error {result.error:.1e}"
    return None


@contextlib.contextmanager
def numerical_derivatives_once():
    """Numerical derivatives see the forward pass only, which no mutant changes: in the block, equal ones are computed once."""
    check_function, judge, known = gradcheck.check_function, gradcheck.judge, {}

    def remembering(id, function, inputs, analytic, cotangents, *rest):
        key = pickle.dumps((id, list(analytic), inputs, cotangents, rest))
        if key not in known:
            calls_of_judge = []

            def listen(*arguments, **keywords):
                calls_of_judge.append(inspect.signature(judge).bind(*arguments, **keywords))
                return judge(*arguments, **keywords)

            gradcheck.judge = listen
            try:
                results = check_function(id, function, inputs, analytic, cotangents, *rest)
            finally:
                gradcheck.judge = judge
            known[key] = calls_of_judge
            return results
        results = []
        for call in known[key]:
            arguments = call.arguments | {"analytic": to_host(analytic[call.arguments["target"]])}
            results.append(judge(**arguments))
        return results

    gradcheck.check_function = remembering
    try:
        yield
    finally:
        gradcheck.check_function = check_function
