"""List the equations of the documents D0…D4: what is implemented, by which function, taught in which lesson."""

from minis2s.cli.arguments import add_json
from minis2s.cli.output import console, print_json, table
from minis2s.equations.registry import equations


def add_arguments(parser):
    add_json(parser)


def run(args):
    if args.json:
        print_json([_record(equation) for equation in equations()])
        return 0
    listing = table("id", "section", "equation", "function", "lesson")
    for equation in equations():
        function = equation.function.removeprefix("minis2s.equations.")
        listing.add_row(equation.id, equation.section, equation.title, function, equation.lesson)
    console().print(listing)
    print("minis2s show ID explains one of them.")
    return 0


def _record(equation):
    return {
        "id": equation.id,
        "document": equation.document,
        "section": equation.section,
        "title": equation.title,
        "kind": equation.kind,
        "printed": equation.printed,
        "latex": equation.latex,
        "function": equation.function,
        "lesson": equation.lesson or None,
        "erratum": equation.erratum or None,
    }
