"""Pieces of Markdown."""

import re


def escaped(text):
    """Plain text as Markdown that shows it unchanged."""
    return re.sub(r"([\\`*_{}\[\]<>$|~#&])", r"\\\1", text)


def prose(text):
    """A docstring's words: what stands between backticks is code, the rest stays as it is."""
    return "".join(code(part) if place % 2 else escaped(part) for place, part in enumerate(text.split("`")))


def code(text):
    """Inline code."""
    return f"`{text}`"


def block(text, language="text"):
    """A block of text as it stands."""
    return f"```{language}\n{text}\n```"


def table(head, rows, texts=None):
    """A table; cells are Markdown. After the first `texts` columns come numbers, which are set to the right."""
    texts = len(head) if texts is None else texts
    lines = [head, ["---"] * texts + ["---:"] * (len(head) - texts), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def toctree(names, caption="", hidden=True):
    options = [":hidden:"] * hidden + [f":caption: {caption}"] * bool(caption)
    return "\n".join(["```{toctree}", *options, *names, "```"])
