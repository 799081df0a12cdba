"""In all texts: D0.4 and X1 link to the index and the errata, `lesson 5` to the lesson, `minis2s/gradcheck.py:7` to the source.

An id that the index has not is an error: references are resolved, and checked, by Sphinx.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

from extensions.sources import address, published
from minis2s.course import lessons
from minis2s.equations.registry import equations

FORMS = "|".join(sorted({each.variant for each in equations() if each.variant}, key=len, reverse=True))
TEXT = re.compile(
    rf"(?P<id>\bD[0-4]\.\d+(?:-(?:{FORMS})\b)?(?![\d.]*\d))|(?P<erratum>\bX\d+\b)"
    r"|(?P<lesson>\b[Ll]esson \d+|(?<=[Ll]essons )\d+|(?<=[Ll]essons \d and )\d+|(?<=[Ll]essons \d to )\d+)\b"
)
FILE = re.compile(r"(?P<name>(?:\w+/)+\w+\.py)(?::(?P<line>\d+))?")
NO_LINKS = (nodes.reference, nodes.title, nodes.FixedTextElement, nodes.raw, nodes.math, nodes.math_block, pending_xref)


def setup(app):
    app.add_transform(Links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Links(SphinxTransform):
    """Before references are resolved, so that what it makes is resolved and checked like all others."""

    default_priority = 500

    def apply(self, **kwargs):
        known = {each.number: each.name for each in lessons()}
        for text in list(self.document.findall(nodes.Text)):
            above = list(ancestors(text))
            if any(isinstance(each, NO_LINKS) for each in above):
                continue
            if any(isinstance(each, nodes.literal) for each in above):
                self.link_file(text)
                continue
            here = {name for each in above if isinstance(each, nodes.section) for name in each["names"]}
            text.parent.replace(text, self.with_links(str(text), known, here))

    def with_links(self, text, known, here):
        """The text's parts, those that name something as references; a section does not link to itself."""
        done, parts = 0, []
        for match in TEXT.finditer(text):
            kind, word = match.lastgroup, match[0]
            label = f"equation-{word}" if kind == "id" else f"erratum-{word}"
            number = kind == "lesson" and int(word.split()[-1])
            target = ("doc", f"/lessons/{known.get(number)}") if number else ("ref", label.lower())
            if target[1] in here or target[1] in (f"/{self.env.docname}", "/lessons/None"):
                continue
            parts += [nodes.Text(text[done : match.start()]), self.reference(*target, word)]
            done = match.end()
        return [*parts, nodes.Text(text[done:])]

    def reference(self, kind, target, word):
        about = {"refdomain": "std", "reftype": kind, "reftarget": target, "refdoc": self.env.docname}
        node = pending_xref("", nodes.inline("", word, classes=["std", f"std-{kind}"]), refexplicit=True, refwarn=True, **about)
        node.source = self.document["source"]
        return node

    def link_file(self, text):
        match = FILE.fullmatch(str(text))
        if match and match["name"] in published():
            up = "../" * self.env.docname.count("/")
            literal = text.parent
            link = nodes.reference("", "", internal=True, refuri=up + address(match["name"], match["line"]))
            literal.replace_self(link)
            link += literal


def ancestors(node):
    while node.parent:
        node = node.parent
        yield node
