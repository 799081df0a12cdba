"""The course: its list, and the lessons, each with a line on what is at home in it."""

import re

from generate.text import code, escaped, table, toctree
from minis2s.course import lessons
from minis2s.equations.registry import equations


def pages():
    found = {"lessons/index.md": index()}
    for each in lessons():
        found[f"lessons/{each.path.name}"] = with_facts(each)
    return found | {"lessons/glossary.md": glossary()}


def index():
    rows = [[str(each.number), link(each, each.title), str(each.minutes), at_home(each)] for each in lessons()]
    return "\n\n".join([
        "# The course 课程",
        "In reading order. Each lesson derives its equations, works them out with numbers for paper, shows the engine's own "
        "source, and checks every gradient while you watch. `minis2s lesson 5` copies one to work in; it runs with `python`, and "
        "opens as a notebook in VS Code, or in Jupyter with jupytext. Terms in English and Chinese: [glossary](glossary.md).",
        table(["", "lesson", "minutes", "equations at home in it"], rows),
        toctree([each.name for each in lessons()]),
    ])  # fmt: skip


def glossary():
    """The glossary, where the number in a row's last column links to its lesson."""
    known = {each.number: each for each in lessons()}

    def linked(match):
        number = int(match[1])
        return f"| {link(known[number], number)} |" if number in known else match[0]

    return re.sub(r"\| (\d+) \|$", linked, lessons()[0].path.with_name("glossary.md").read_text("utf-8"), flags=re.MULTILINE)


def link(lesson, text):
    return f"[{escaped(str(text))}]({lesson.path.name})"


def at_home(lesson):
    """The rows, not their forms, which are taught together."""
    return ", ".join(dict.fromkeys(each.row for each in equations() if each.lesson == lesson.name))


def with_facts(lesson):
    """The lesson's text with a Markdown cell more, before its first code cell."""
    head, mark, rest = lesson.path.read_text("utf-8").partition("\n# %%\n")
    here = at_home(lesson)
    facts = [here and f"At home here: {here}", code(f"minis2s lesson {lesson.number}"), code(f"lessons/{lesson.path.name}")]
    return f"{head}\n# %% [markdown]\n# {' · '.join(filter(None, facts))}\n{mark}{rest}"
