"""One process on a run directory at a time.

The system's lock on an open file, which ends with the process however it ends: what a dead process leaves behind blocks
nobody. The file's text only says who holds it.
"""

import os
import socket
from contextlib import suppress

from minis2s.errors import UsageError
from minis2s.files import cannot_write

try:
    import fcntl

    def _try_to_lock(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:  # Windows
    import msvcrt

    FAR = 1 << 30  # a byte beyond the text: Windows lets nobody read what is locked

    def _try_to_lock(descriptor):
        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)


NAME = ".lock"


class Lock:
    """Held from `acquire` to `release`. directory: a pathlib.Path that exists."""

    def __init__(self, directory):
        self.directory, self.path, self._descriptor = directory, directory / NAME, None

    def acquire(self):
        """Raises UsageError that says who holds it, Minis2sError if nothing can be written there. Held already: nothing to do."""
        while self._descriptor is None:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise cannot_write(self.path, error) from None
            try:
                _try_to_lock(descriptor)
            except (BlockingIOError, PermissionError):
                holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another process"
                os.close(descriptor)
                raise UsageError(f"{self.directory} is in use by {holder}; wait for it, or choose another directory") from None
            except OSError:
                pass  # a network disk without locks: the run goes on without
            if self._is_still_there(descriptor):
                self._descriptor = descriptor
                with suppress(OSError):  # a full disk: the text is only a courtesy
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            else:  # whoever held it removed the file between our opening and our locking it
                os.close(descriptor)

    def release(self):
        if self._descriptor is None:
            return
        with suppress(OSError):  # while it is still locked, so that nobody's new file is removed
            self.path.unlink()
        os.close(self._descriptor)
        self._descriptor = None
        with suppress(OSError):  # Windows removes no open file
            if os.name == "nt":
                self.path.unlink()

    def _is_still_there(self, descriptor):
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False
