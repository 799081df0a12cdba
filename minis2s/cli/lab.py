"""Exercises: write the equations yourself, and learn what is right, what is wrong, and where.

    minis2s lab list                      the labs
    minis2s lab start lstm_backward       a file to work in
    minis2s lab check                     run it on drawn inputs; exit code 1 until all is right
    minis2s lab hint                      where to look; asked again: what to expect; which term

For instructors (docs/labs.md): `release` writes the labs without solutions, `grade` grades what was handed in."""

from pathlib import Path

from rich.padding import Padding
from rich.text import Text

from minis2s.cli.arguments import add_json, positive_int, whole_number
from minis2s.cli.output import console, print_json, printable, table
from minis2s.errors import UsageError
from minis2s.labs import explain, files
from minis2s.labs.catalogue import drawn_variant, exercise, full_name, names
from minis2s.labs.child import Limits
from minis2s.labs.grading import Grader
from minis2s.labs.records import as_json, number
from minis2s.labs.rubric import Rubric

PRINTED = 10  # lines of what a submission printed


def add_arguments(parser):
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    listing = _command(commands, "list", list_labs, "the labs, with their tasks and points")
    add_json(listing)
    start = _command(commands, "start", start_lab, "write the file to work in, without overwriting one")
    start.add_argument("name", metavar="NAME", help="the lab: number, word or both (minis2s lab list)")
    start.add_argument("--to", metavar="FILE", help="the file (default: NAME.py in this folder)")
    start.add_argument("--variant-seed", type=whole_number, metavar="N", help="the course's variants, with --student")
    start.add_argument("--student", metavar="ID", help="whose variant of the equations, with --variant-seed")
    check = _command(commands, "check", check_lab, "run what is written, and say what is right")
    hint = _command(commands, "hint", hint_lab, "a hint for the first task that is not right; the next time it says more")
    hint.add_argument("--task", metavar="NAME", help="for this function")
    for each in (check, hint):
        each.add_argument("file", metavar="FILE", nargs="?", help="default: the lab in this folder that was changed last")
        each.add_argument("--seconds", type=positive_int, default=10, help="time for one call (default: %(default)s)")
    add_json(check)
    from minis2s.cli.lab_grade import add_grade, add_release

    add_release(_command(commands, "release", None, "for instructors: the labs without their solutions"))
    add_grade(_command(commands, "grade", None, "for instructors: grade what was handed in"))


def _command(commands, name, action, help):
    made = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    made.set_defaults(action=action)
    return made


def run(args):
    return args.action(args)


def list_labs(args):
    labs = [(name, exercise(name).lab) for name in names()]
    if args.json:
        print_json([
            {"name": name, "title": lab.title, "points": sum(task.points for task in lab.tasks),
             "tasks": [{"function": task.function, "equation": task.equation, "points": task.points} for task in lab.tasks],
             "variants": {variant.name: list(variant.choices) for variant in lab.variants}}
            for name, lab in labs
        ])  # fmt: skip
        return 0
    rows = table("lab", "title", "tasks", "points", right=("tasks", "points"))
    for name, lab in labs:
        rows.add_row(name, lab.title, str(len(lab.tasks)), str(number(sum(task.points for task in lab.tasks))))
    console().print(rows)
    print("\nBegin with: minis2s lab start 1")
    return 0


def start_lab(args):
    if (args.variant_seed is None) != (args.student is None):
        raise UsageError("--variant-seed and --student go together: the course's number, and who you are in it")
    name = full_name(args.name)
    variant = drawn_variant(name, args.variant_seed, args.student) if args.student is not None else None
    path = Path(args.to or f"{name}.py")
    files.write_new(path, files.skeleton(name, variant))
    made = exercise(name, variant)
    print(f"{path}: {made.lab.title}{_variant(made.variant)}")
    print(f"Write {_listed([task.function for task in made.lab.tasks])}; then: minis2s lab check {path}")
    return 0


def check_lab(args):
    path, result = _graded(args)
    if args.json:
        print_json(as_json(result) | {"file": str(path)})
    else:
        _print_result(path, result)
    return 0 if result.passed else 1


def hint_lab(args):
    path, result = _graded(args)
    open_tasks = [task for task in result.tasks if not task.passed]
    if args.task is not None:
        exercise(result.lab).task(args.task)  # says which tasks there are
        open_tasks = [task for task in open_tasks if task.task.function == args.task]
    if result.broken:
        raise UsageError(f"{path} cannot be loaded: {result.broken}")
    if not open_tasks:
        print("Nothing to hint at: all of it is right.")
        return 0
    task = open_tasks[0]
    stage = files.next_stage(path, task.task.function)
    print(f"{task.task.function} ({task.task.equation}), hint {stage} of 3")
    _print_lines(explain.hint(task, stage))
    if stage < 3:
        print("Ask again, and the next hint says more.")
    return 0


def _graded(args):
    path = files.find(args.file)
    data = files.read(path)
    name, variant = files.lab_and_variant(path, data)
    rubric = Rubric(limits=Limits(seconds=args.seconds, total=max(120, 10 * args.seconds)))
    return path, Grader(exercise(name, variant), rubric).grade(data)


def _print_result(path, result):
    print(f"{path}: lab {result.lab}{_variant(result.variant)}\n")
    if result.broken:
        print(f"The file cannot be loaded: {result.broken}")
        return
    rows = table("", "function", "result", "error", "inputs", "shapes", "points", right=("error", "inputs", "points"))
    for task in result.tasks:
        right = sum(answer.verdict.passed for answer in task.answers)
        error = "–" if task.error is None else f"{task.error:.0e}"
        points = f"{number(task.score)}/{number(task.points)}"
        inputs = "–" if task.status in ("unwritten", "absent") else f"{right}/{len(task.answers)}"
        rows.add_row(task.task.equation, task.task.function, _status(task.status), error, inputs, explain.shapes(task), points)
    console().print(rows)
    for task in result.tasks:
        if task.status not in ("passed", "unwritten", "absent"):
            print(f"\n{task.task.function} ({task.task.equation})")
            _print_lines(explain.told(task))
        if remarks := explain.remarks(task):
            _print_lines([f"note: {task.task.function}: {remark}" for remark in remarks])
    _print_printed(result.printed)
    hint = "" if result.passed else "   (a hint: minis2s lab hint)"
    print(f"\n{number(result.score)} of {number(result.points)} points{hint}")
    for fence, standing in result.fences.items():
        if standing is not True:
            print(f"Note: your code ran with less protection than on Linux ({fence}: {printable(str(standing))}).")


def _variant(variant):
    return "".join(f", {key}: {value}" for key, value in variant.items())


def _status(status):
    style = {"passed": "green", "unwritten": "yellow"}.get(status, "bold red")
    return Text(explain.STATUS[status], style)


def _print_lines(lines):
    """Each line indented, also where a narrow terminal breaks it."""
    for line in lines:
        text = line.lstrip(" ")
        console().print(Padding(Text(text), (0, 0, 0, 2 + len(line) - len(text)), expand=False))


def _print_printed(text):
    lines = text.rstrip().split("\n")
    if not text.strip():
        return
    print("\nYour code printed:")
    for line in lines[:PRINTED]:
        print(f"  {printable(line[:200])}")
    if len(lines) > PRINTED:
        print(f"  … and {len(lines) - PRINTED} more lines")


def _listed(words):
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
