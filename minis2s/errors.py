"""Errors that are meant for people: what was wrong, where, and what to do."""

from difflib import get_close_matches


class Minis2sError(Exception):
    """The work failed. The command line prints the message, without a traceback, and exits with `exit_code`."""

    exit_code = 1


class UsageError(Minis2sError):
    """The request cannot be started as it was put: an option, a configuration, a file or its data."""

    exit_code = 2


class DataError(UsageError):
    """A data file that cannot be used. The message begins with the file and, where there is one, the line."""

    def __init__(self, path, what, *, line=None, hint=""):
        self.path, self.line = path, line
        place = f"{path}, line {line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {what}" + (f" ({hint})" if hint else ""))


def unknown_name(kind, name, known):
    """A UsageError for a name that is not among `known`, with the nearest one suggested."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1, cutoff=0.5) or [k for k in known if k.lower() == str(name).lower()]
    suggestion = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"unknown {kind} {name!r}{suggestion} (known: {', '.join(known)})")
