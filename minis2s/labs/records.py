"""Results for programs: JSON of a submission, and the table of a class (CSV)."""

import csv
import io

from minis2s.labs import explain
from minis2s.labs.spec import RUNGS

PRINTED = 2000  # characters of what a submission printed


def as_json(result):
    """One Result as a dictionary for JSON: scores, and for each task the rungs, where it is wrong, and the likely mistake."""
    return {
        "lab": result.lab,
        "variant": result.variant,
        "score": result.score,
        "max_score": result.points,
        "passed": result.passed,
        "broken": result.broken,
        "fences": result.fences,
        "printed": result.printed[:PRINTED],
        "tasks": [_task(task) for task in result.tasks],
    }


def _task(result):
    known = bool(result.diagnosis and result.diagnosis.mistakes)
    return {
        "function": result.task.function,
        "equation": result.task.equation,
        "status": result.status,
        "passed": result.passed,
        "score": result.score,
        "max_score": result.points,
        "error": result.error,
        "tolerance": max((answer.verdict.tolerance for answer in result.answers), default=0.0),
        "inputs": len(result.answers),
        "inputs_passed": sum(answer.verdict.passed for answer in result.answers),
        "shapes": explain.shapes(result),
        "rungs": [_rung(result, rung, passed) for rung, passed in result.rungs().items()],
        "where": [] if result.passed else explain.where(result),
        "parts": _parts(result),
        "mistake": {
            "known": known,
            "faults": [[fault.name for fault in faults] for faults in result.diagnosis.mistakes] if known else [],
            "says": explain.mistake(result),
        },
        "remarks": explain.remarks(result),
    }


def _rung(result, rung, passed):
    errors = [answer.verdict.error for answer in result.answers if answer.case.rung == rung]
    return {"rung": rung, "title": RUNGS[rung], "passed": passed, "error": None if None in errors else max(errors)}


def _parts(result):
    """Where the first failing rung is wrong, for programs."""
    return [
        {"output": wrong.output.name, "reason": wrong.reason, "blocks": wrong.blocks, "steps": wrong.steps, "rows": wrong.rows}
        for answer in explain.first_wrong(result)[:1]
        for wrong in answer.verdict.wrong
    ]


def as_csv(graded):
    """A table with one line for each student: the score of each lab, the sum, and what went wrong. A list of batch.Graded."""
    labs = sorted({each.submission.lab for each in graded})
    students = {}
    for each in graded:
        students.setdefault(each.submission.student, {})[each.submission.lab] = each
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["student", *labs, "score", "max_score", "remarks"])
    for student, own in sorted(students.items()):
        results = {lab: each.result for lab, each in own.items() if each.result}
        scores = [number(results[lab].score) if lab in results else "" for lab in labs]
        troubles = {lab: each.failure or each.result.broken for lab, each in own.items()}
        remarks = [f"{lab}: {trouble}" for lab, trouble in troubles.items() if trouble]
        score, most = (number(sum(getattr(result, key) for result in results.values())) for key in ("score", "points"))
        writer.writerow([_plain(student), *scores, score, most, _plain("; ".join(remarks))])
    return file.getvalue()


def _plain(text):
    """A cell that a spreadsheet takes for text: what begins like a formula gets a quote in front."""
    text = "".join(ch if ch.isprintable() else " " for ch in text)
    return f"'{text}" if text[:1] in tuple("=+-@") else text


def number(value):
    """Without decimals that say nothing."""
    return round(value, 3) if value % 1 else int(value)
