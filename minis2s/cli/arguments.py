"""argparse, with errors meant for people: one message that suggests the nearest name, raised as a UsageError (exit code 2)."""

import argparse
import textwrap

from minis2s.errors import UsageError, unknown_name

LARGEST = 2**31 - 1  # as in `training.configuration`, which takes longer to load than all of the help


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError instead of exiting. A description is paragraphs; an epilog is printed as it is.

    Options are not abbreviated: a script that says --see must not change its meaning when --seek comes.
    """

    def __init__(self, **settings):
        settings = {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter} | settings
        super().__init__(**settings)
        paragraphs = (self.description or "").split("\n\n")
        # Indented paragraphs are examples, which stay as they are.
        self.description = "\n\n".join(p if p.startswith(" ") else textwrap.fill(p, 80) for p in paragraphs)

    def parse_known_args(self, args=None, namespace=None):
        """As argparse's, but nothing may stay unknown. Sub-commands come through here as well, each with its own options."""
        namespace, unknown = super().parse_known_args(args, namespace)
        options = [word.partition("=")[0] for word in unknown if word.startswith("-") and word != "--"]
        if options:
            raise unknown_name("option", options[0], sorted(name for name in self._option_string_actions if name[:2] == "--"))
        if unknown:
            raise UsageError(f"unexpected argument {unknown[0]!r}; see {self.prog} --help")
        return namespace, []

    def error(self, message):
        raise UsageError(f"{message}; see {self.prog} --help")

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            name = action.option_strings[-1] if action.option_strings else action.metavar or action.dest
            raise unknown_name(f"value of {name}:", value, action.choices)


def whole_number(text):
    """The type of options that are whole numbers of a sensible size."""
    return _between(-LARGEST, text)


def positive_int(text):
    """The type of options that count something: 1, 2, …"""
    return _between(1, text)


def natural(text):
    """The type of options that may be 0, 1, 2, …"""
    return _between(0, text)


def _between(lowest, text):
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < lowest:
        raise argparse.ArgumentTypeError(f"{number} is not at least {lowest}")
    if number > LARGEST:
        raise argparse.ArgumentTypeError(f"{number} is not at most {LARGEST}")
    return number


def add_backend(parser):
    """--backend, for `minis2s.backend.select(args.backend)`."""
    from minis2s.backend import ENVIRONMENT_VARIABLE, NAMES  # here, because NumPy takes longer to load than all of the help

    default = f"default: ${ENVIRONMENT_VARIABLE}, else numpy"
    meaning = f"array library: numpy, cupy (NVIDIA GPU), or auto: cupy where it works ({default})"
    parser.add_argument("--backend", choices=NAMES, help=meaning)


def add_json(parser, meaning="print one JSON document and nothing else"):
    """--json, for `output.print_json`."""
    parser.add_argument("--json", action="store_true", help=meaning)


def add_seed(parser):
    """--seed: the same number gives the same result on the same machine."""
    parser.add_argument("--seed", type=natural, default=0, help="where all randomness starts (default: %(default)s)")
