"""Check every equation, the layers over time, and the whole model.

Each gradient is compared twice, for every input and parameter: with the complex step, exact to rounding, and with a five-point
difference, which uses real arithmetic only. What has no gradient (a search, a metric, an optimiser's step) is compared with an
oracle: the same values, computed in an independent way. The exit code is 1 if one comparison fails.

With --models, whole models of all kinds instead: cells, layers, directions, forms of attention, losses, with padding and without,
by the complex step in every entry of every parameter."""

import time

import numpy as np
from rich.progress import track
from rich.text import Text

from minis2s import backend
from minis2s.cli.arguments import add_backend, add_json, add_seed
from minis2s.cli.output import console, print_json, table
from minis2s.equations.registry import equation, equations
from minis2s.errors import UsageError
from minis2s.gradcheck import METHODS, ORACLE, Report, generator

MODEL = "model"


def add_arguments(parser):
    ids = f"check only these: ids of equations, or {MODEL!r} for the layers and the whole model"
    parser.add_argument("--only", nargs="+", metavar="ID", help=ids)
    parser.add_argument("--models", action="store_true", help="check combinations of all that a model can be made of, in a table")
    parser.add_argument("--method", choices=METHODS, help="compare by this method only (default: all)")
    dtype = "precision of the gradients; the numerical ones are always taken in double (default: %(default)s)"
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64", help=dtype)
    add_seed(parser)
    add_backend(parser)
    add_json(parser)


def run(args):
    start = time.perf_counter()
    chosen = backend.select(args.backend)
    if args.models:
        return check_combinations(args, chosen)
    entries, with_model = _selection(args.only, args.dtype)
    methods = METHODS if args.method is None else (args.method,)
    results = []
    for entry in entries:
        results += check_equation(entry, args.seed, chosen, args.dtype, methods)
    if with_model:
        from minis2s.models.check import whole_model_checks

        results += whole_model_checks(args.seed, chosen, [m for m in methods if m != ORACLE])
    if not results:
        raise UsageError(f"{' '.join(args.only)}: nothing here is checked by {args.method}")
    report = Report(chosen.name, args.dtype, results)
    if args.json:
        print_json(report.as_dict())
    else:
        print_report(report, {entry.id: entry.title for entry in entries})
        print(f"{_summary(report)} ({args.dtype}, {chosen.name}, {time.perf_counter() - start:.1f} s)")
    return 0 if report.passed else 1


def check_equation(entry, seed=0, chosen=None, dtype="float64", methods=METHODS):
    """The results of one equation's check; the same with other equations or alone, as each draws from a generator of its own."""
    chosen = chosen or backend.select("numpy")

    def convert(a):
        a = np.asarray(a)
        return chosen.asarray(a, dtype=dtype if a.dtype.kind == "f" else None)

    return entry.check(generator(seed, entry.id), methods, convert)


def check_combinations(args, chosen):
    """The table of `models.combinations`, a row for each; returns the exit code."""
    from minis2s.models.check import combination_checks
    from minis2s.models.combinations import COMBINATIONS, described

    if args.only or args.dtype != "float64" or args.method == ORACLE:
        raise UsageError("--models checks all combinations in float64 by a numerical method; leave out --only and --dtype")
    start, method = time.perf_counter(), args.method or "complex-step"
    err = console(stderr=True)
    shown = {"console": err, "transient": True, "disable": not err.is_terminal}
    found = list(track(combination_checks(args.seed, chosen, (method,)), "whole models", len(COMBINATIONS), **shown))
    report = Report(chosen.name, "float64", [result for each in found for result in each.results])
    rows, failed = [], []
    for each in found:
        worst = report.worst(f"model {each.name}", method)
        passed = all(result.passed for result in each.results)
        of_check = {"parameters": each.parameters, "comparisons": len(each.results), "worst": worst.error, "passed": passed}
        rows.append({"combination": each.name, **described(each.settings), **of_check})
        failed += [result for result in each.results if not result.passed]
    if args.json:
        print_json(report.as_dict() | {"models": [row | {"worst": row["worst"] if row["passed"] else None} for row in rows]})
        return 0 if report.passed else 1
    shown = table(*(name for name in rows[0] if name != "passed"), "verdict", right=("parameters", "comparisons", "worst"))
    for row in rows:
        verdict = _verdict(row.pop("passed"))
        cells = (f"{value:.1e}" if isinstance(value, float) else str(value) for value in row.values())
        shown.add_row(*cells, verdict)
    console().print(shown)
    _print_failed(failed)
    print(f"{len(rows)} models, {_summary(report)} ({method}, {chosen.name}, {time.perf_counter() - start:.1f} s)")
    return 0 if report.passed else 1


def print_report(report, titles):
    """One row for each thing checked, the largest error of each method; then every comparison that failed."""
    used = {result.method for result in report.results}
    methods = [method for method in METHODS if method in used]
    rows = table("id", "equation", "inputs checked", *methods, "verdict", right=methods)
    for id in dict.fromkeys(result.id for result in report.results):
        own = [result for result in report.results if result.id == id]
        errors = [_error(report.worst(id, method)) for method in methods]
        verdict = _verdict(all(result.passed for result in own))
        name = (id, titles[id]) if id in titles else id.split(" ", 1)  # "layer LSTM", "model bidirectional"
        rows.add_row(*name, _targets(own), *errors, verdict)
    console().print(rows)
    _print_failed(result for result in report.results if not result.passed)


def _verdict(passed):
    return Text("ok", "green") if passed else Text("FAILED", "bold red")


def _print_failed(results):
    for result in results:
        error = f"error {_error(result)}, tolerance {result.tolerance:g}"
        print(f"FAILED {result.id}: {result.target} against {result.method}: {error}")


def _selection(only, dtype):
    """(entries, whether to check the model), of all things or of those named."""
    if not only:
        return equations(), dtype == "float64"
    named = {entry.id: entry for entry in (equation(id) for id in only if id.lower() != MODEL)}
    with_model = MODEL in [id.lower() for id in only]
    if with_model and dtype != "float64":
        raise UsageError("the layers and the whole model are checked in float64; leave out --dtype")
    return list(named.values()), with_model


def _targets(results):
    """The inputs' names, each once, without the output patterns; where they are too many, their number."""
    names = list(dict.fromkeys(result.target.split(" (")[0] for result in results))
    listed = ", ".join(names)
    return listed if len(listed) <= 60 else f"{len(names)} arrays"


def _error(result):
    return "-" if result is None else f"{result.error:.1e}"


def _summary(report):
    failed = sum(not result.passed for result in report.results)
    verdict = "all passed" if report.passed else f"{failed} FAILED"
    return f"{len(report.results)} comparisons: {verdict}"
