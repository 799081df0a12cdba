"""The command line: `minis2s COMMAND …`, also `python -m minis2s COMMAND …`.

A command is a module of this folder with `add_arguments(parser)` and `run(args) -> exit code`; its docstring is its help. It is
imported only when it is asked for, so that help is quick and a library that one command lacks does not stop the others.

Exit codes: 0 done; 1 the work or a check failed; 2 the request cannot be started; 130 interrupted (a training run that is
stopped by a signal: 128 + its number, so 130 for INT, 143 for TERM, 129 for HUP).
"""

import importlib
import os
import sys

import minis2s
from minis2s.cli.arguments import Parser
from minis2s.errors import Minis2sError, UsageError, unknown_name

COMMANDS = {  # name of the command and of its module: one line for `minis2s --help`
    "train": "train a translator, on the built-in data or on your own files",
    "tasks": "list the built-in data, or show one task",
    "translate": "translate sentences with a trained model",
    "evaluate": "measure a trained model on a file of pairs",
    "inspect": "what is in a run or a checkpoint",
    "report": "write an HTML page about a run",
    "compare": "runs side by side",
    "convert": "weights to and from PyTorch: safetensors or npz",
    "bench": "measure training steps, beside PyTorch if you like",
    "check": "check every gradient of the package numerically",
    "show": "show one equation: formula, derivation, source and check",
    "equations": "list all equations",
    "lab": "exercises: write the equations, and learn which term is wrong",
    "lessons": "list the lessons of the course",
    "lesson": "copy one lesson to work in",
}


def main(argv=None):
    """Run one command line (default: the process's own) and return its exit code. Anticipated errors are one line on stderr."""
    _never_fail_to_print()
    try:
        code = _dispatch(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()  # a reader that has gone away shows here, not while the interpreter shuts down
        return code
    except Minis2sError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("minis2s: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _discard_output()
        return 1
    except MemoryError as error:
        _complain(f"there is not enough memory: {str(error) or 'smaller sizes may fit'}")
        return 1
    except OSError as error:  # not foreseen where it happened, but the system's word and no bug of ours
        _complain(error)
        return 1
    except SystemExit as stop:  # argparse, after --help and --version
        return stop.code or 0


def _dispatch(argv):
    if not argv or argv[0].startswith("-"):
        parser = _top_level_parser()
        parser.parse_args(argv)  # --help and --version end here, and so does a mistake
        parser.print_help(sys.stderr)
        return 2
    name, *arguments = argv
    if name not in COMMANDS:
        raise unknown_name("command", name, COMMANDS)
    command = _load(name)
    parser = Parser(prog=f"minis2s {name}", description=command.__doc__)
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments)) or 0


def _top_level_parser():
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {purpose}" for name, purpose in COMMANDS.items())
    more = "minis2s COMMAND --help explains one command."
    usage = "minis2s [--help] [--version] COMMAND ..."
    parser = Parser(prog="minis2s", usage=usage, description=minis2s.__doc__, epilog=f"commands:\n{commands}\n\n{more}")
    parser.add_argument("--version", action="version", version=f"minis2s {minis2s.__version__}")
    return parser


def _load(name):
    """The command's module. A library that is not installed is the user's affair; any other failure to import is a bug."""
    try:
        return importlib.import_module(f"minis2s.cli.{name}")
    except ModuleNotFoundError as error:
        library = (error.name or "minis2s").split(".")[0]
        if library == "minis2s":
            raise
        raise UsageError(f"`minis2s {name}` needs {library}, which is not installed: pip install {library}") from None


def _complain(error):
    """One line on stderr. Line ends and control characters, which a file's name may have, are shown as escapes."""
    text = "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in str(error))
    print(f"minis2s: error: {text}", file=sys.stderr)


def _never_fail_to_print():
    """What a terminal cannot show comes out as escapes, not as an exception; files and pipes are UTF-8, as our input is."""
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure"):
            continue
        if stream is sys.stdout and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="backslashreplace")


def _discard_output():
    """Send what is still buffered nowhere, so that the interpreter does not complain about the closed pipe when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
