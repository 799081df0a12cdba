"""The source files as pages: `source/minis2s/equations/lstm.py.html#L-74`, for links to a line."""

import importlib
import inspect
import operator
from functools import cache
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import minis2s

ROOT = Path(minis2s.__file__).parent.parent
FOLDERS = ("minis2s", "lessons", "tests/equations", "tests/layers", "tests/models")


def setup(app):
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


@cache
def published():
    """Names of the files that have a page."""
    return {path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}


def address(name, line=None):
    """The page of a file, from the site's root."""
    return f"source/{name}.html" + (f"#L-{line}" if line else "")


def address_of(info):
    """The place of an object of a module, as autodoc names it; the module's, if the object has no source of its own."""
    module = importlib.import_module(info["module"])
    try:
        thing = inspect.unwrap(operator.attrgetter(info["fullname"])(module))
        file, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
    except (AttributeError, TypeError, OSError):
        file, line = module.__file__, None
    return address(Path(file).relative_to(ROOT).as_posix(), line)


def pages(app):
    for name in sorted(published()):
        formatter = HtmlFormatter(linenos="inline", linespans="L", wrapcode=True)
        code = highlight((ROOT / name).read_text("utf-8"), PythonLexer(), formatter)
        body = f'<h1 class="source">{name}</h1>\n<div class="highlight-python source notranslate">{code}</div>'
        yield f"source/{name}", {"title": name, "body": body}, "page.html"
