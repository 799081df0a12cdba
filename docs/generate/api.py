"""The API reference: a page for each module that users may import, made by autodoc; and what `import minis2s as ms` has."""

import inspect
import pkgutil
import re

import minis2s
from generate.text import prose, table, toctree

# Programs and tables, not functions to call: the commands, the registry's entries, students' faults, the benchmark's peers.
LEFT_OUT = ("cli", "__main__", "equations.catalogue", "labs.faults", "labs.masters", "bench")


def pages():
    found = {f"api/{name}.rst": page(name) for name in modules()}
    return found | {"api/index.md": index()}


def modules():
    names = [each.name for each in pkgutil.walk_packages(minis2s.__path__, "minis2s.", onerror=_fail)]
    return [name for name in names if not name.removeprefix("minis2s.").startswith(LEFT_OUT)]


def page(name):
    short = name.removeprefix("minis2s.")
    head = f"{short}\n{'=' * len(short)}\n\n.. automodule:: {name}\n"
    package, _, last = name.rpartition(".")
    if not callable(getattr(importable(package), last, None)):
        return f"{head}   :members:\n   :ignore-module-all:\n"
    # The package has a function by the module's name, and that one keeps it: this one's contents are listed one by one.
    members = [thing for thing in vars(importable(name)).values() if getattr(thing, "__module__", "") == name]
    directives = [".. autoclass:: {}\n   :members:" if inspect.isclass(thing) else ".. autofunction:: {}" for thing in members]
    listed = [directive.format(thing.__qualname__) for directive, thing in zip(directives, members, strict=True)]
    return f"{head}   :no-index:\n\n" + "\n\n".join([f".. currentmodule:: {name}", *listed]) + "\n"


def index():
    public = [[f"{{py:obj}}`ms.{name} <{full_name(thing)}>`", prose(first_sentence(thing))] for name, thing in public_names()]
    parts = ["# API", "## import minis2s as ms", table(["name", ""], public), "## All modules"]
    groups = {}
    for name in modules():
        groups.setdefault(name.split(".")[1] if name.count(".") > 1 or is_package(name) else "", []).append(name)
    for group, names in sorted(groups.items()):
        rows = [[f"[{name.removeprefix('minis2s.')}]({name}.rst)", prose(first_sentence(importable(name)))] for name in names]
        parts += [f"### minis2s.{group}".rstrip("."), table(["module", ""], rows)]
    return "\n\n".join([*parts, toctree(modules())])


def public_names():
    return [(name, getattr(importable(module), name)) for name, module in minis2s._PUBLIC.items()]


def full_name(thing):
    """Where autodoc documents it."""
    return f"{thing.__module__}.{thing.__qualname__}"


def first_sentence(thing):
    paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
    return re.split(r"(?<=\.) ", " ".join(paragraph.split()))[0]


def importable(name):
    return __import__(name, fromlist=["_"])


def is_package(name):
    return hasattr(importable(name), "__path__")


def _fail(name):
    raise ImportError(name)


