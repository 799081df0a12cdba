"""The equation index: the list, and a page for each document, from the registry."""

import re

from generate.places import lessons_naming, place, tests_of
from generate.text import block, code, escaped, table, toctree
from minis2s.course import lessons
from minis2s.equations.registry import equations

DOCUMENTS = {
    "D0": "LSTM encoder and decoder with attention in words",
    "D1": "Encoder and decoder, losses, search",
    "D2": "Attention, losses, recurrent attention",
    "D3": "Translation with attention, programs",
    "D4": "Sequence models, optimisers, regularisers",
}


def pages():
    found = {"equations/index.md": index()}
    for document in DOCUMENTS:
        found[f"equations/{document}.md"] = page(document)
    return found


def index():
    rows = [[e.id, escaped(e.title), e.section, home(e), ", ".join(re.findall(r"\bX\d+\b", e.erratum))] for e in equations()]
    return "\n\n".join([
        "# Equations 公式索引",
        "D0…D4 are five Chinese articles on sequence-to-sequence models. Each of their formulas has an id, code of its own, a "
        "check, and a lesson where it is at home. An id with a dash is another form of the same row; what a document prints "
        "wrongly is the form `printed`. [Errata](../errata.md) lists their mistakes. In a terminal: `minis2s show D0.4`.",
        table(["id", "equation", "printed in", "taught in", "errata"], rows),
        toctree(DOCUMENTS),
    ])  # fmt: skip


def page(document):
    cards = [card(each) for each in equations() if each.document == document]
    return "\n\n".join([f"# {document} · {DOCUMENTS[document]}", *cards])


def card(entry):
    """All that is known of an equation, and where it stands."""
    parts = [
        f"(equation-{entry.id})=\n## {entry.id} · {escaped(entry.title)}",
        f'<span id="{entry.id}"></span>\n',  # the id as it is, for links by hand; Sphinx makes d0-4 of D0.4
        f"{entry.section} prints or says: {code(entry.printed)}",
        f"$$\n{entry.latex}\n$$",
        table(["symbol", "shape and meaning"], [[escaped(name), escaped(text)] for name, text in entry.symbols.items()]),
    ]
    if entry.erratum:
        parts.append(f":::{{admonition}} Erratum\n:class: warning\n{escaped(entry.erratum)}\n:::")
    if entry.derivation:
        parts.append(f"**Gradient**\n\n{block(entry.derivation)}")
    parts.append("\n".join(f"* {name}: {text}" for name, text in facts(entry).items() if text))
    return "\n\n".join(parts)


def facts(entry):
    functions = [each for each in (entry.forward, entry.backward) if each]
    tests = [where for each in functions for where in tests_of(each)]
    others = [f"lesson {each.number}" for each in lessons_naming(entry.id) if each.name != entry.lesson]
    return {
        "taught in": home(entry),
        "also named in": ", ".join(others),
        "code": ", ".join(f"{code(each.__name__)} in {code(place(each))}" for each in functions),
        "layer": f"{{py:obj}}`{entry.layer}`" if entry.layer else "",
        "model": f"{{py:obj}}`{entry.model}`" if entry.model else "",
        "source": escaped(entry.source),
        "check": f"{code(f'minis2s check --only {entry.id}')}" + (" (gradients)" if entry.wrt else " (independent oracle)"),
        "tests": ", ".join(map(code, dict.fromkeys(tests))),
    }


def home(entry):
    """The lesson where an equation is at home, as the site links to it."""
    return next((f"lesson {each.number}" for each in lessons() if each.name == entry.lesson), "")
