"""The built-in data, from its own descriptions."""

from generate.text import escaped, table
from minis2s.cli.tasks import expected  # as the command says it
from minis2s.data.tasks import TASKS


def pages():
    return {"tasks.md": "\n\n".join([
        "# Tasks",
        "Data made here, for one kind of model each. Dev and test hold combinations that training never shows. "
        "`minis2s tasks NAME` shows ten pairs, `minis2s train --task NAME` trains on it.",
        *map(card, TASKS.values()),
    ])}  # fmt: skip


def card(task):
    train, dev, test = task.sizes
    facts = {
        "example": " → ".join(escaped(part) for part in task.example if part),
        "held out": escaped(task.held_out),
        "pairs": f"{train:,} to train on, {dev:,} for dev, {test:,} for test",
        "model": task.model,
        "tokens": f"{task.source_tokeniser} → {task.target_tokeniser}",
        "settings": ", ".join(f"{name} {value}" for name, value in task.settings.items()) or "the general ones",
        "expected": " ".join(filter(None, expected(task))),
    }
    rows = [[name, text] for name, text in facts.items() if text]
    return f"## {task.name}\n\n{escaped(task.description)}\n\n{table(['', ''], rows)}"
