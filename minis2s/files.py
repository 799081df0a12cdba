"""Writing files so that nothing is lost: a file is replaced whole or not at all."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

from minis2s.errors import Minis2sError


@contextmanager
def replacing(path):
    """A binary file that takes the place of `path` when the block ends well; otherwise `path` stays as it was.

    Written beside it, synced, renamed. Raises Minis2sError if the system refuses (full disk, read-only directory).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_directory(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with suppress(OSError):  # gone already, or never there; what went wrong has been said
            temporary.unlink()


def append_line(path, line):
    """Add one line to a text file, in a single write that has reached the disk on return."""
    try:
        with open(path, "ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path, error):
    return Minis2sError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}; what was there before is unchanged")


def _sync_directory(directory):
    """Make the rename itself durable, where directories can be opened and synced (not on Windows, nor on every network disk)."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
