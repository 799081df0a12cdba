"""Dependencies point one way, only the backend knows CuPy, nothing executes or unpickles data. Read from the source itself."""

import ast
from pathlib import Path

import pytest

import minis2s

PACKAGE = Path(minis2s.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# A layer may use itself and the ones named. `errors` and the package's version are open to all.
ALLOWED = {
    "errors": set(),
    "backend": set(),
    "gradcheck": {"backend"},
    "equations": {"backend", "gradcheck"},  # gradcheck: an entry of the registry checks itself
    "layers": {"equations", "backend", "pieces"},
    "models": {"layers", "equations", "backend", "gradcheck", "pieces"},  # gradcheck: the whole model's check
    "data": set(),
    "metrics": {"data", "equations"},
    "files": set(),  # how a file is replaced whole
    "machine": set(),  # what computes
    "pieces": {"machine"},  # long arrays a piece at a time, on its threads
    "course": set(),  # where the lessons lie
    "plots": {"files"},
    "decoding": {"models", "layers", "equations", "backend", "data", "metrics"},
    "training": {"decoding", "models", "layers", "equations", "backend", "data", "metrics", "plots", "files", "machine",
                 "pieces"},
    "reports": {"training", "decoding", "models", "data"},
    "lessons": {"cli", "equations", "gradcheck"},  # stands above all, as the lessons do
}
ALLOWED["bench"] = ALLOWED["labs"] = set(ALLOWED) - {"lessons"}
ALLOWED["cli"] = set(ALLOWED) - {"lessons"}
ALLOWED["__main__"] = {"cli"}
ALLOWED["__init__"] = set(ALLOWED) - {"cli", "labs", "bench", "__main__"}  # the public names


def part(path):
    """The layer that a file belongs to: the first folder or module of its path inside the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    """The full names of all modules that a file imports, anywhere in it; `from a import b` counts as a.b."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layers_used(path):
    for name in imports(path):
        words = name.split(".")
        if words[0] == "minis2s" and len(words) > 1 and words[1] != "__version__":
            yield words[1]


def relative(path):
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_dependencies_point_one_way(path):
    layer = part(path)
    assert layer in ALLOWED, f"{layer} is new: say here what it may use"
    wrong = set(layers_used(path)) - ALLOWED[layer] - {layer, "errors"}
    assert not wrong, f"minis2s.{layer} must not use {', '.join(sorted(wrong))}"


def test_the_rules_themselves_have_no_cycle():
    order, open_layers = [], {name: set(used) - {name} for name, used in ALLOWED.items()}
    while open_layers:
        free = [name for name, used in open_layers.items() if used <= set(order)]
        assert free, f"a cycle among {sorted(open_layers)}"
        order += free
        for name in free:
            del open_layers[name]


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_only_the_backend_imports_an_array_library_of_a_device(path):
    libraries = {name.split(".")[0] for name in imports(path)}
    assert "cupy" not in libraries or relative(path) == "backend.py"
    assert not libraries & {"torch", "jax", "tensorflow"} or part(path) == "bench"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").split("\n")) <= 300


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_data_is_unpickled_or_executed(path):
    libraries = {name.split(".")[0] for name in imports(path)}
    assert not libraries & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile"), f"{path}:{node.lineno}"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False, f"{path}:{node.lineno}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert "allow_pickle" in [keyword.arg for keyword in node.keywords], f"{path}:{node.lineno}: say allow_pickle=False"


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__init__.py"], ids=relative)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_importing_the_package_is_light():
    """`import minis2s` alone may not pull in the drawing and the table libraries."""
    top = {name.split(".")[0] for name in imports(PACKAGE / "__init__.py")}
    assert not top & {"matplotlib", "rich", "sacrebleu"}


def test_no_public_name_is_that_of_a_package():
    """An import would put the package in the place of the function."""
    folder = Path(minis2s.__file__).parent
    assert not [name for name in minis2s.__all__ if (folder / name).is_dir() or (folder / f"{name}.py").is_file()]
