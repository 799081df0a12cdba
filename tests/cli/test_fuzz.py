"""Any command line, any configuration file: a right result, or one line that says what is wrong. No traceback, no hang."""

import io
import os
import string
import sys
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minis2s import cli, machine
from minis2s.backend import select
from minis2s.cli import COMMANDS, bench, check, main, train
from minis2s.cli.arguments import Parser
from minis2s.cli.settings import HELP, KINDS
from minis2s.course import lessons, programs
from minis2s.errors import Minis2sError, UsageError
from minis2s.labs.catalogue import names as lab_names
from minis2s.models.configuration import ModelConfig
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.trainer import TrainingConfig

LINES, FILES = 2500, 1200  # cases
NAMES = ["words", "chars", "wordpunct", "linear", "constant", "bleu", "loss", "as-is", "half"]
FUZZ = {"deadline": 20_000, "suppress_health_check": list(HealthCheck), "database": None}
count = {"command lines": 0, "configuration files": 0}
codes = {0: 0, 1: 0, 2: 0}

pytestmark = pytest.mark.slow


class Reached(Minis2sError):
    """The work would begin now: nothing was wrong with the request."""


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """An empty directory to work in, with all work taken out; and the cases are counted."""

    def stop(*arguments, **settings):
        reached.append(arguments)
        raise Reached("the work would begin now")

    folder, reached = tmp_path_factory.mktemp("fuzz"), []
    (folder / "pairs.tsv").write_text("a\tb\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(train, "Session", stop)
        patch.setattr(bench, "measure", stop)
        patch.setattr(bench, "profile", stop)
        patch.setattr(check, "check_equation", stop)
        patch.setattr(machine, "set_threads", lambda n: None)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        yield folder, reached
    print(f"\nfuzzed: {count}; exit codes {codes}")
    copies = {each.path.name for each in (*lessons(), *programs())} | {f"{name}.py" for name in lab_names()}  # of two commands
    assert {p.name for p in folder.iterdir()} <= {"pairs.tsv", "settings.toml"} | copies, "something was written"


def assert_well_behaved(arguments, capsys):
    """The exit code."""
    code = main(arguments)
    out, err = capsys.readouterr()
    codes[code] += 1
    if code:
        assert err.startswith("minis2s: error: ") and err.count("\n") == 1 and err.endswith("\n"), (arguments, err)
        assert "".join(err.split("\n")).isprintable(), (arguments, err)
        assert out == "" or "would begin" in err, (arguments, out)
    return code


def options_of(name):
    parser = Parser(prog=name)
    cli._load(name).add_arguments(parser)
    return [option for action in parser._actions for option in action.option_strings if option not in ("-h", "--help")]


OPTIONS = {name: options_of(name) for name in COMMANDS}
ODD = [
    *("", " ", "-", "--", "---", "=", "-1", "0", "1", "7", "1.5", "1e999", "nan", "-inf", "１２", "1_0", "9" * 40, "9" * 6000),
    *("numpy", "cupy", "auto", "words", "chars", "linear", "bleu", "translation", "D0.4", "model", "pairs.tsv", "none", ".", "/"),
    *("/dev/null", "a\nb", "\x1b[31m", "\u2028", "x" * 300, "y/" * 3000, "*", "%s", "{0}", "$HOME", "~", "\ufeff", "é", "🙂"),
]
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=12).map(lambda text: text.replace("\0", "").encode("utf-8", "replace").decode()),
    st.binary(max_size=8).map(lambda data: os.fsdecode(data.replace(b"\0", b""))),
    st.integers().map(str),
    st.floats().map(str),
)


@st.composite
def command_lines(draw):
    name = draw(st.sampled_from(list(COMMANDS)))
    every = [option for options in OPTIONS.values() for option in options]
    misspelt = st.sampled_from(every).flatmap(lambda o: st.integers(2, len(o)).map(lambda n: o[:n] + o[n + 1 :]))
    words = st.one_of(st.sampled_from(OPTIONS[name] or ["--help"]), VALUES, VALUES, st.sampled_from(every), misspelt)
    joined = st.tuples(st.sampled_from(OPTIONS[name] or ["--json"]), VALUES).map("=".join)
    plausible = st.tuples(st.sampled_from(OPTIONS[name] or ["--json"]), VALUES)
    parts = draw(st.lists(st.one_of(words.map(lambda w: (w,)), joined.map(lambda w: (w,)), plausible, plausible), max_size=6))
    arguments = [name, *(word for part in parts for word in part)]
    return draw(st.permutations(arguments)) if draw(st.integers(0, 9)) == 0 else arguments


@settings(max_examples=LINES, **FUZZ)
@given(arguments=command_lines())
def test_any_command_line(arguments, capsys):
    count["command lines"] += 1
    assert_well_behaved(arguments, capsys)


@st.composite
def plausible_trainings(draw):
    """`train` with options that have values of their own type, if odd ones."""
    numbers = st.one_of(st.integers(-2, 300), st.sampled_from([2**31 - 2, 2**31, 10**20]))
    values = {int: numbers, float: st.one_of(st.floats(0, 1), st.floats()), str: st.sampled_from([*NAMES, "none"])}
    arguments = ["train"]
    for kind in KINDS.values():
        fields = [f for f in kind.__dataclass_fields__.values() if f.name in HELP[kind]]
        for field in draw(st.lists(st.sampled_from(fields), max_size=3)):
            option = field.name.replace("_", "-")
            if isinstance(field.default, bool):
                arguments.append(f"--{draw(st.sampled_from(['', 'no-']))}{option}")
            else:
                arguments.append(f"--{option}={draw(values.get(type(field.default), values[float]))}")  # None: float | None
    return arguments


@settings(max_examples=500, **FUZZ)
@given(arguments=plausible_trainings())
def test_plausible_trainings(arguments, place, capsys):
    """What passes has the right types, whatever it asks for."""
    count["command lines"] += 1
    _, reached = place
    reached.clear()
    code = assert_well_behaved(arguments, capsys)
    assert code in (1, 2) and bool(reached) == (code == 1)
    if reached:
        fields_have_their_types(reached[0][0])


@pytest.mark.parametrize("size", [2**31 - 2, 10**9])
def test_a_model_that_no_memory_could_hold(size, tmp_path, capsys):
    """Here the session is the real one."""
    (tmp_path / "pairs.tsv").write_text("a\tb\nc\td\n")
    data = (str(tmp_path / "pairs.tsv"),)
    config = RunConfig(DataConfig(train=data, dev=data), ModelConfig(hidden_size=size), TrainingConfig(epochs=1))
    with pytest.raises(UsageError, match="a model of these sizes does not fit into memory"):
        Session(config, None, select("numpy"))


@settings(max_examples=300, **FUZZ)
@given(arguments=st.lists(VALUES, max_size=4))
def test_any_words(arguments, capsys):
    count["command lines"] += 1
    if arguments[:1] not in ([], [""]) or arguments == [""]:
        assert_well_behaved(arguments, capsys)


# Configuration files

KEYS = sorted({key for kind in KINDS.values() for key in kind.__dataclass_fields__}) + ["colour", "hiden_size", "", "爱"]
SCALARS = st.one_of(
    st.booleans().map(lambda b: str(b).lower()),
    st.integers().map(str),
    st.sampled_from(["9" * 30, "-1", "0", "1", "2", "0.5", "1e400", "inf", "nan", "-0.0", "1979-05-27", "07:32:00", "0o17"]),
    st.floats().map(lambda x: repr(x)),
    st.sampled_from(['"words"', '"chars"', '"pairs.tsv"', '"translation"', '"linear"', "'a\\b'", '"\\u0000"', '""', '"é"']),
    st.text(string.printable, max_size=5).map(lambda text: '"' + text.encode("unicode_escape").decode().replace('"', "'") + '"'),
)
TOML_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        inner.map(lambda v: f"{{ a = {v} }}"),
    ),
    max_leaves=4,
)
TABLES = st.sampled_from([*KINDS, *KINDS, *KINDS, "colours", "data.more", "[data]", "Model", "epochs"])


@st.composite
def documents(draw):
    lines = []
    for table in draw(st.lists(TABLES, max_size=4)):
        lines.append(f"[{table}]")
        known = list(KINDS[table].__dataclass_fields__) if table in KINDS else KEYS
        for key in draw(st.lists(st.sampled_from(known if draw(st.integers(0, 5)) else KEYS), max_size=3)):
            lines.append(f'{key if key.isidentifier() else repr(key)} = {draw(TOML_VALUES)}')
    return "\n".join(lines).encode()


VALID = b"""# a comment
[data]
train = ["pairs.tsv"]
dev = "pairs.tsv"
source_tokeniser = "words"
min_frequency = 2
[model]
hidden_size = 32
dropout = 0.5
bidirectional = true
[training]
epochs = 3
learning_rate = 1e-3
schedule = "constant"
seed = 7
"""


@st.composite
def misprints(draw):
    """The valid file with a few characters changed."""
    content = bytearray(VALID)
    for _ in range(draw(st.integers(1, 4))):
        at, byte = draw(st.integers(0, len(content) - 1)), draw(st.integers(0, 255))
        kind = draw(st.sampled_from(["set", "insert", "remove", "digit"]))
        if kind == "remove":
            del content[at]
        elif kind == "insert":
            content[at:at] = bytes([byte])
        else:
            content[at] = byte if kind == "set" else ord(draw(st.sampled_from("0123456789-.\"'[]=\n")))
    return bytes(content)


def fields_have_their_types(config):
    """As the rest of the program relies on."""
    may_be_none = {"task": str, "weight_decay": float}
    for kind, values in zip(KINDS.values(), asdict(config).values(), strict=True):
        for name, value in values.items():
            default = kind.__dataclass_fields__[name].default
            assert type(value) is type(default) or type(value) is may_be_none.get(name), (name, value)


@settings(max_examples=FILES, **FUZZ)
@given(content=st.one_of(documents(), documents(), misprints(), misprints(), st.binary(max_size=60)))
def test_any_configuration_file(content, place, capsys):
    count["configuration files"] += 1
    folder, reached = place
    (folder / "settings.toml").write_bytes(content)
    reached.clear()
    code = assert_well_behaved(["train", "--config", "settings.toml"], capsys)
    assert code in (1, 2) and bool(reached) == (code == 1)
    if reached:
        config = reached[0][0]
        assert isinstance(config, RunConfig)
        fields_have_their_types(config)


MEANT_TO_BREAK = [b"[" * 100_000, b"a=" + b"[" * 5000, b"a.b" * 5000 + b"=1", b"x=" + b"9" * 10_000, b"#" * 2_000_000]


@pytest.mark.parametrize("content", MEANT_TO_BREAK, ids=range(len(MEANT_TO_BREAK)))
def test_configuration_files_that_are_meant_to_break_a_reader(content, place, capsys):
    (place[0] / "settings.toml").write_bytes(content)
    assert assert_well_behaved(["train", "--config", "settings.toml"], capsys) == 2


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a device of POSIX")
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "none.toml"])
def test_what_is_no_file(path, capsys):
    assert assert_well_behaved(["train", "--config", path], capsys) == (2 if path != "/dev/null" else 1)


def test_enough_cases_were_run():
    """Counted, because a strategy that filters too much would silently run fewer."""
    assert count["command lines"] >= 2000 and count["configuration files"] >= 1000, count
    assert all(codes.values()), codes
