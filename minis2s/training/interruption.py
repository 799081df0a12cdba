"""Being asked to stop: Ctrl-C (INT), a polite end (TERM), a terminal that closes (HUP). The run ends in a whole state."""

import signal
import threading
from contextlib import contextmanager

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupted(KeyboardInterrupt):
    """A signal stopped the run, and its state has been saved. `exit_code` is 128 + the signal's number, as shells count."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextmanager
def stop_between_updates(trainer):
    """Turn the signals into Interrupted, but not in the middle of an update: parameters and moments belong together.

    A signal that whoever started the process has it ignore (`nohup`, a shell's background jobs) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received = []

    def stop(number, frame):
        received.append(number)
        if not trainer.updating:
            raise KeyboardInterrupt
        trainer.stop_requested = True

    before = {number: signal.getsignal(number) for number in SIGNALS}
    watched = [number for number in SIGNALS if before[number] not in (signal.SIG_IGN, None)]  # None: not Python's
    try:
        for number in watched:
            signal.signal(number, stop)
        yield
    except KeyboardInterrupt:
        if received:
            raise Interrupted(received[0]) from None
        raise
    finally:
        for number in watched:
            signal.signal(number, before[number])
