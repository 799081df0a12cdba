"""An engine in a process of its own: neither its threads, which wait busily for a while, nor its memory get in another's way."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import cache

from minis2s import machine
from minis2s.backend import keep_freed_memory
from minis2s.bench.bound import Products, matrix_products
from minis2s.bench.engines import engine
from minis2s.bench.settings import Setting, generator
from minis2s.errors import Minis2sError, UsageError
from minis2s.models.seq2seq import Seq2Seq

STEPS = 3  # before memory is read


class Worker:
    """The process of the engine called `name`. Raises UsageError where the engine cannot be used here."""

    def __init__(self, name, setting, threads):
        self.name = name
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")
        command = [sys.executable, "-m", "minis2s.bench.worker", name, str(threads), json.dumps(asdict(setting))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(command, **pipes, text=True, encoding="utf-8")

    def ask(self, what):
        """The answer to one of the questions of `answers`."""
        try:
            self._process.stdin.write(what + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has said why
        said = self._process.stdout.readline()
        if not said:
            self._errors.seek(0)
            raise Minis2sError(f"the process of {self.name} has ended: {self._errors.read().strip()[-500:]}")
        answer = json.loads(said)
        if "refused" in answer:
            raise UsageError(answer["refused"])
        return answer["answer"]

    def close(self):
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def answers(name, setting):
    """question → function that answers it, for an engine on a batch and weights that are the same in every process."""
    rng = generator()
    batch = setting.batch(rng)
    e = engine(name)(Seq2Seq(setting.config, setting.V, setting.V, rng), batch)
    found = {"loss": e.loss, "words": lambda: e.decode().tolist(), "step": timed(e.step), "decode": timed(e.decode)}
    found["peak"] = lambda: [e.step() for _ in range(STEPS)] and most_memory_mb()
    if name == "minis2s":
        products = cache(lambda *work: Products(matrix_products(e, *work), rng))  # once, when they are asked for
        found["bound"] = lambda: timed(products().run)()
        found["decode bound"] = lambda: timed(products(type(e).decode).run)()
    return found


def timed(task):
    """A function that returns the seconds of the second of two calls: that finds the caches and the threads as the first has left
    them, as it does in training.
    """

    def seconds():
        task()
        began = time.perf_counter()
        task()
        return time.perf_counter() - began

    return seconds


def most_memory_mb():
    """MB of resident memory that this process has held at most, program and libraries included; None where the system (Linux
    does) does not say.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1000 for line in file if line.startswith("VmHWM"))
    except OSError:
        return None


def main(name, threads, setting):
    keep_freed_memory()
    machine.set_threads(int(threads))
    if hasattr(os, "sched_setaffinity"):  # JAX would use all processors, whatever it is asked
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    try:
        found = answers(name, Setting(**json.loads(setting)))
    except UsageError as error:
        print(json.dumps({"refused": str(error)}), flush=True)
        return
    for question in sys.stdin:
        print(json.dumps({"answer": found[question.strip()]()}), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass  # the process that asks says so
