"""HTML by construction: whatever is not markup already is escaped, so no token can become a tag."""

from html import escape

from minis2s.reports.style import STYLE

VOID = ("meta", "br", "path", "line", "rect", "circle")  # elements that have no content


class Markup(str):
    """Text that is markup already. Any other string is text, and is escaped where it meets markup."""

    __slots__ = ()


def element(name, /, *children, **attributes):
    """<name attribute="…">children</name>. A trailing underscore of an attribute is dropped, others are hyphens."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{written}>" if name in ("meta", "br") else f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{together(*children)}</{name}>")


def together(*parts):
    """Parts one after another; lists are flattened, None is nothing."""
    return Markup("".join(_written(part) for part in parts))


def _written(part):
    if part is None or isinstance(part, Markup):
        return part or ""
    return together(*part) if isinstance(part, (list, tuple)) else visible(str(part))


def visible(text):
    """Escaped, and with control characters, which a browser would not show, as \\x1b and the like."""
    return escape("".join(ch if ch.isprintable() or ch in "\n\t\u3000\u200c\u200d" else repr(ch)[1:-1] for ch in text))


def table(columns, rows, numbers=()):
    """A table in a box of its own that scrolls where the page is narrow. The columns named in `numbers` are right-aligned."""
    kinds = [{"class_": "number"} if column in numbers else {} for column in columns]
    head = element("tr", [element("th", column, scope="col", **kind) for column, kind in zip(columns, kinds, strict=True)])
    body = [element("tr", [element("td", cell, **kind) for cell, kind in zip(row, kinds, strict=True)]) for row in rows]
    return element("div", element("table", element("thead", head), element("tbody", body)), class_="scroll")


def section(title, *parts, note=None):
    """A part of the page with its heading, and a sentence on how to read it."""
    about = element("p", note, class_="note") if note else None
    return element("section", element("h2", title), about, *parts)


def page(title, *parts):
    """A whole document that needs nothing but itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    return "<!doctype html>\n" + element("html", head, element("body", element("main", *parts)), lang="en") + "\n"
