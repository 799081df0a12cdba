"""The frame around all commands: suggestions, exit codes, one-line errors, and output that any terminal and pipe can take."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from minis2s import __version__, cli
from minis2s.cli import COMMANDS, main
from minis2s.cli.arguments import Parser, positive_int
from minis2s.cli.output import console, table
from minis2s.errors import DataError, Minis2sError, UsageError

ROOT = Path(cli.__file__).parent.parent.parent


def child(*arguments, **environment):
    """`python -m minis2s …` in a process of its own, its output as bytes."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    env.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.run([sys.executable, "-m", "minis2s", *arguments], env=env, capture_output=True, timeout=120)


@pytest.fixture
def probe(monkeypatch):
    """A command `probe` whose `run` the test sets."""

    def install(run, add_arguments=lambda parser: None):
        module = types.ModuleType("minis2s.cli.probe")
        module.run, module.add_arguments = run, add_arguments
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "probe", "for a test")

    return install


def raiser(error):
    def run(args):
        raise error

    return run


# What can go wrong on the command line


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["chek"], "unknown command 'chek'; did you mean 'check'?"),
        (["--verson"], "unknown option '--verson'; did you mean '--version'?"),
        (["--bogus", "check"], "unknown option '--bogus'"),
        (["check", "--onyl", "D0.4"], "unknown option '--onyl'; did you mean '--only'?"),
        (["check", "--seeed=3"], "unknown option '--seeed'; did you mean '--seed'?"),
        (["check", "--see", "3"], "unknown option '--see'; did you mean '--seed'?"),  # no abbreviations
        (["check", "--method", "complex-stop"], "unknown value of --method: 'complex-stop'; did you mean 'complex-step'?"),
        (["check", "--backend", "coopy"], "unknown value of --backend: 'coopy'; did you mean 'cupy'?"),
        (["check", "--seed", "x"], "argument --seed: 'x' is not a whole number"),
        (["check", "--seed", "-1"], "argument --seed: -1 is not at least 0"),
        (["check", "--only", "D9.9"], "unknown equation 'D9.9'"),
        (["show"], "the following arguments are required: ID"),
        (["show", "D0.1", "D0.2"], "unexpected argument 'D0.2'"),
        (["show", "D0,4"], "unknown equation 'D0,4'; did you mean 'D0.4'?"),
    ],
)
def test_mistakes_are_one_line_with_a_suggestion_and_code_2(arguments, message, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"minis2s: error: {message}") and err.count("\n") == 1


def test_without_a_command_the_help_goes_to_stderr(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "commands:" in err


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"minis2s {__version__}\n"
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in out
    assert max(map(len, out.split("\n"))) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: minis2s {name}")


def test_help_loads_no_library():
    program = "import sys; from minis2s.cli import main; main(['--help']); assert not {'numpy', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)


def test_sub_commands_suggest_among_their_own_options(probe, capsys):
    def add_arguments(parser):
        parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
        parts.add_parser("grade").add_argument("--student")
        parts.add_parser("list")

    probe(lambda args: 0, add_arguments)
    assert main(["probe", "grade", "--studnet", "x"]) == 2
    assert "unknown option '--studnet'; did you mean '--student'?" in capsys.readouterr().err
    assert main(["probe", "grad"]) == 2
    assert "unknown value of PART: 'grad'; did you mean 'grade'?" in capsys.readouterr().err
    assert main(["probe", "grade", "--student", "x"]) == 0


def test_positive_int():
    parser = Parser(prog="p")
    parser.add_argument("-n", type=positive_int)
    assert parser.parse_args(["-n", "3"]).n == 3
    for text, message in (("0", "0 is not at least 1"), ("1.5", "'1.5' is not a whole number")):
        with pytest.raises(UsageError, match=message):
            parser.parse_args(["-n", text])


# How a command ends


@pytest.mark.parametrize(
    "error, code, message",
    [
        (Minis2sError("the loss is NaN"), 1, "minis2s: error: the loss is NaN\n"),
        (UsageError("no such run"), 2, "minis2s: error: no such run\n"),
        (DataError("pairs.tsv", "there is no tab", line=7), 2, "minis2s: error: pairs.tsv, line 7: there is no tab\n"),
        (KeyboardInterrupt(), 130, "minis2s: interrupted\n"),
    ],
)
def test_anticipated_ends_are_one_line(error, code, message, probe, capsys):
    probe(raiser(error))
    assert main(["probe"]) == code
    assert capsys.readouterr() == ("", message)


def test_a_bug_keeps_its_traceback(probe):
    probe(raiser(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        main(["probe"])


@pytest.mark.parametrize("code", [0, 1, None])
def test_the_exit_code_is_what_run_returns(code, probe):
    probe(lambda args: code)
    assert main(["probe"]) == (code or 0)


def test_a_library_that_is_not_installed_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "needy.py").write_text("import a_library_that_nobody_has\n")
    (tmp_path / "broken.py").write_text("import minis2s.no_such_part\n")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    monkeypatch.setitem(COMMANDS, "needy", "")
    monkeypatch.setitem(COMMANDS, "broken", "")
    assert main(["needy"]) == 2
    assert "`minis2s needy` needs a_library_that_nobody_has, which is not installed" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError):  # our own fault is not blamed on the installation
        main(["broken"])


# Output


def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-m", "minis2s", "equations"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, b"")


@pytest.mark.parametrize("arguments", [["show", "D3.3"], ["equations"], ["check", "--only", "D0.4"]])
def test_an_ascii_stream_gets_ascii(arguments):
    done = child(*arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.isascii() and done.stderr == b""


def test_what_ascii_cannot_show_is_escaped_not_lost():
    assert rb"\u03b1_{ij} = exp(" in child("show", "D3.3", PYTHONIOENCODING="ascii").stdout


def test_a_pipe_is_utf_8_whatever_the_locale():
    done = child("show", "D3.3", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0 and "α_{ij} = exp(" in done.stdout.decode("utf-8")


def test_a_pipe_has_no_colours_and_whole_lines():
    done = child("equations", COLUMNS="30")
    lines = done.stdout.decode("utf-8").split("\n")
    assert b"\x1b" not in done.stdout
    assert any(line.startswith("D2.5") and "additive form" in line and line.rstrip().endswith("attention") for line in lines)


def test_error_messages_in_ascii():
    done = child("show", "α", PYTHONIOENCODING="ascii")
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.startswith(rb"minis2s: error: unknown equation '\u03b1'")


def test_a_table_folds_on_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    rows = table("name", "meaning")
    rows.add_row("W", "a_long_word_without_any_space [h, x]")
    console().print(rows)
    out = capsys.readouterr().out
    assert "…" not in out and "\x1b[3" not in out  # nothing cut, no colour
    letters = "".join(out.split())
    assert "a_long_word" in letters and "[h," in letters  # brackets are text, not markup


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_a_real_terminal_of_80_columns(tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen([sys.executable, "-m", "minis2s", "check", "--only", "D0.4", "D2.5"], env=env, stdout=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's way of saying that the other side is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = written.decode("utf-8").replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "\x1b" not in text
    assert all(len(line) <= 80 for line in text.replace("\r", "").split("\n"))
    assert "additive" in text and "verdict" in text
