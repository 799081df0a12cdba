"""Show one equation: the formula as printed and as computed, symbols, derivation, errata, the code that runs, and its check."""

from minis2s.cli.arguments import add_seed
from minis2s.cli.check import check_equation, print_report
from minis2s.cli.output import console, print_code, table
from minis2s.equations.registry import equation, helpers_of, source_of
from minis2s.gradcheck import Report


def add_arguments(parser):
    parser.add_argument("id", metavar="ID", help="the equation, for instance D0.4 (minis2s equations lists them)")
    add_seed(parser)


def run(args):
    entry = equation(args.id)
    print(f"{entry.id}  {entry.title}  ({entry.section})")
    _paragraph("as printed", entry.printed)
    _paragraph("as computed, in LaTeX", entry.latex)
    _symbols(entry)
    _paragraph("derivation of the backward pass", entry.derivation)
    _paragraph("erratum", entry.erratum)
    _paragraph("source", entry.source)
    _code("forward", entry.forward)
    if entry.backward:
        _code("backward", entry.backward)
    _used_by(entry)
    _heading("check")
    report = Report("numpy", "float64", check_equation(entry, args.seed))
    print_report(report, {entry.id: entry.title})
    return 0 if report.passed else 1


def _heading(title):
    print()
    console().print(title, style="bold", soft_wrap=True)


def _paragraph(title, text):
    if text:
        _heading(title)
        print("\n".join(f"  {line}" for line in text.split("\n")))


def _symbols(entry):
    _heading("symbols")
    rows = table("symbol", "shape and meaning")
    for symbol, meaning in entry.symbols.items():
        rows.add_row(symbol, meaning)
    console().print(rows)


def _code(title, function):
    """The function and the helpers that its mathematics lies in, each where a reader would find it."""
    for part in (function, *helpers_of(function)):
        path, line, text = source_of(part)
        _heading(f"{title if part is function else 'which calls'}: {path.as_posix()}:{line}")
        print_code(text)


def _used_by(entry):
    lesson = f"{entry.lesson} (minis2s lesson {int(entry.lesson[:2])})" if entry.lesson else ""
    users = {"layer": entry.layer, "model": entry.model, "lesson": lesson}
    _paragraph("used by", "\n".join(f"{name:7} {value}" for name, value in users.items() if value))
