"""The documents' mistakes: what is printed, what is wrong with it, and where that is told and proved."""

import functools
import re
import tomllib
from pathlib import Path

from generate.places import lessons_naming, tests_naming
from generate.text import code, escaped
from minis2s.equations.registry import equations

TEXTS = Path(__file__).parent / "errata.toml"


def pages():
    return {"errata.md": "\n\n".join([
        "# Errata 勘误",
        "Where a document is wrong or incomplete. Both forms are implemented, the printed one for study and the correct one "
        "for use; what a test can show, a test shows.",
        *(card(id, **text) for id, text in texts().items()),
    ])}  # fmt: skip


@functools.cache
def texts():
    """id → {printed, wrong}."""
    return tomllib.loads(TEXTS.read_text("utf-8"))


def card(id, printed, wrong):
    entries = [each.id for each in equations() if re.search(rf"\b{id}\b", each.erratum)]
    told = [f"lesson {each.number}" for each in lessons_naming(id)]
    facts = {"equations": ", ".join(entries), "told in": ", ".join(told), "tests": ", ".join(map(code, tests_naming(id)))}
    where = "\n".join(f"* {name}: {text}" for name, text in facts.items() if text)
    return f'(erratum-{id})=\n## {id} · {escaped(printed)}\n\n<span id="{id}"></span>\n\n{escaped(wrong)}\n\n{where}'
