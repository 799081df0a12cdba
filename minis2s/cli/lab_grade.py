"""The instructor's half of `minis2s lab`: release and grade."""

import json
import os
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from minis2s.cli.arguments import add_json, positive_int, whole_number
from minis2s.cli.output import console, print_json, printable, table
from minis2s.errors import DataError, UsageError
from minis2s.files import replacing
from minis2s.labs import files
from minis2s.labs.batch import grade_all
from minis2s.labs.catalogue import drawn_variant, exercise, full_name, names
from minis2s.labs.gradescope import as_gradescope
from minis2s.labs.records import as_csv, as_json, number
from minis2s.labs.rubric import Rubric, read_rubric

PLAIN_INTERVAL = 15.0  # seconds between lines of progress when the output is not a terminal


def add_release(parser):
    parser.add_argument("directory", metavar="DIR", help="where to; files that are there are not overwritten")
    parser.add_argument("--lab", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--students", metavar="FILE", help="one name a line: a folder for each, with their own variants")
    parser.add_argument("--variant-seed", type=whole_number, metavar="N", help="whence the variants, with --students")
    parser.set_defaults(action=release)


def add_grade(parser):
    what = "a student's folder of labs, a folder of such folders or of files STUDENT.py, or a file"
    parser.add_argument("submissions", nargs="+", metavar="SUBMISSION", help=what)
    parser.add_argument("--lab", metavar="NAME", help="which lab, for files that do not say")
    parser.add_argument("--student", metavar="ID", help="whose files these are, where their names do not say")
    parser.add_argument("--rubric", metavar="FILE", help="points, hidden tests, seeds, limits, hints (TOML; docs/labs.md)")
    parser.add_argument("--out", metavar="DIR", help="write DIR/STUDENT.json for each, and DIR/scores.csv")
    parser.add_argument("--gradescope", metavar="FILE", help="write Gradescope's results.json, for one student")
    jobs = os.cpu_count() or 1
    parser.add_argument("--jobs", type=positive_int, default=jobs, help="how many at a time (default here: %(default)s)")
    add_json(parser)
    parser.set_defaults(action=grade)


def release(args):
    if (args.students is None) != (args.variant_seed is None):
        raise UsageError("--students and --variant-seed go together: who there is, and what their variants are drawn from")
    chosen = [full_name(name) for name in args.lab] if args.lab else names()
    folder = Path(args.directory)
    if args.students is None:
        texts = {folder / f"{name}.py": files.skeleton(name) for name in chosen}
    else:
        texts = {
            folder / student / f"{name}.py": files.skeleton(name, drawn_variant(name, args.variant_seed, student))
            for student in _students(args.students)
            for name in chosen
        }
    if there := [path for path in texts if path.exists()]:
        raise UsageError(f"{there[0]} is already there; nothing was written")
    for path, text in texts.items():
        files.write_new(path, text)
    print(f"{len(texts)} files in {folder}")
    return 0


def _students(path):
    lines = files.read(path).decode("utf-8-sig", "replace").splitlines()
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    for name in found:
        if Path(name).name != name or name.startswith("."):
            raise DataError(path, f"{name!r} cannot be the name of a folder")
    if not found:
        raise DataError(path, "holds no names", hint="one on each line")
    return found


def grade(args):
    functions = {name: [task.function for task in exercise(name).lab.tasks] for name in names()}
    rubric = read_rubric(args.rubric, functions) if args.rubric else Rubric()
    found, left_out = files.submissions(args.submissions, full_name(args.lab) if args.lab else None)
    for path, reason in left_out:
        console(stderr=True).print(f"left out: {printable(str(path))} ({reason})")
    if args.student is not None:
        found = [submission._replace(student=args.student) for submission in found]
    students = {submission.student for submission in found}
    if len(found) > len({(submission.student, submission.lab) for submission in found}):
        raise UsageError("two files for the same student and lab: name the one to grade")
    if not found and not args.gradescope:
        raise UsageError("nothing to grade: no file is named like a lab, or says in its first line which one it is")
    if args.gradescope and len(students) > 1:
        raise UsageError("--gradescope is for one student's labs: call it once for each")
    with _Progress(len(found)) as progress:
        graded = grade_all(found, rubric, args.jobs, progress.done)
    by_student = {student: [each for each in graded if each.submission.student == student] for student in sorted(students)}
    if args.out:
        _write(Path(args.out) / "scores.csv", as_csv(graded))
        for student, own in by_student.items():
            _write(Path(args.out) / f"{student}.json", _json(_record(student, own)))
    if args.gradescope:
        _write(args.gradescope, _json(as_gradescope(graded, rubric)))
    if args.json:
        print_json({"students": [_record(student, own) for student, own in by_student.items()]})
    else:
        _print_scores(by_student)
    failures = [each for each in graded if each.failure]
    for each in failures:
        console(stderr=True).print(f"not graded: {printable(str(each.submission.path))}: {printable(each.failure)}")
    return 1 if failures else 0


class _Progress:
    """A bar on a terminal, else a line now and then; on standard error."""

    def __init__(self, total):
        self.console, self.total, self.bar, self.last = console(stderr=True), total, None, time.perf_counter()

    def __enter__(self):
        if self.console.is_terminal:
            columns = ("grading", BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn())
            self.bar = Progress(*columns, console=self.console, transient=True)
            self.task = self.bar.add_task("", total=self.total)
            self.bar.start()
        return self

    def __exit__(self, *_):
        if self.bar:
            self.bar.stop()

    def done(self, graded, count):
        if self.bar:
            self.bar.update(self.task, completed=count)
        elif time.perf_counter() - self.last > PLAIN_INTERVAL:
            self.last = time.perf_counter()
            self.console.print(f"graded {count} of {self.total}")


def _record(student, graded):
    results = [each.result for each in graded if each.result]
    return {
        "student": student,
        "score": sum(result.score for result in results),
        "max_score": sum(result.points for result in results),
        "labs": [as_json(each.result) | {"seconds": round(each.seconds, 3)} for each in graded if each.result],
        "not_graded": [{"lab": each.submission.lab, "reason": each.failure} for each in graded if each.failure],
    }


def _print_scores(by_student):
    rows = table("student", "lab", "score", "of", "not right", right=("score", "of"))
    for student, graded in by_student.items():
        for each in graded:
            name, result = printable(student), each.result
            if result is None:
                rows.add_row(name, each.submission.lab, "–", "–", "could not be graded")
                continue
            wrong = result.broken or ", ".join(task.task.function for task in result.tasks if not task.passed) or "–"
            rows.add_row(name, result.lab, str(number(result.score)), str(number(result.points)), wrong)
    console().print(rows)


def _json(document):
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path, text):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
