"""List the lessons of the course: number, title, minutes, and the equations that have their home there; and the programs that
the documents print, as they work here.
"""

from minis2s.cli.arguments import add_json
from minis2s.cli.output import console, print_json, table
from minis2s.course import lessons, programs
from minis2s.equations.registry import equations


def add_arguments(parser):
    add_json(parser)


def run(args):
    if args.json:
        print_json([_record(lesson) for lesson in lessons()])
        return 0
    listing = table("lesson", "title", "minutes", "equations", right=("lesson", "minutes"))
    for lesson in lessons():
        # Forms of one row are taught together, so that the row alone says enough.
        rows = dict.fromkeys(equation.row for equation in _taught_in(lesson))
        listing.add_row(str(lesson.number), lesson.title, str(lesson.minutes), ", ".join(rows))
    out = console()
    out.print(listing)
    listing = table("program", "of the documents")
    for program in programs():
        listing.add_row(f"p{program.number}", program.title)
    out.print()
    out.print(listing)
    print("minis2s lesson NUMBER copies one into this folder, to read, run and change: 5 a lesson, p3 a program.")
    print(f"Terms in English and Chinese: {lesson.path.with_name('glossary.md')}")
    return 0


def _record(lesson):
    fields = {"number": lesson.number, "name": lesson.name, "title": lesson.title, "minutes": lesson.minutes}
    return fields | {"equations": [equation.id for equation in _taught_in(lesson)]}


def _taught_in(lesson):
    return [equation for equation in equations() if equation.lesson == lesson.name]
