"""The most memory that an engine takes for training steps, in a process of its own."""

import subprocess
import sys

from minis2s.bench.engines import engine
from minis2s.bench.settings import generator, setting
from minis2s.errors import Minis2sError
from minis2s.models.seq2seq import Seq2Seq

STEPS = 3


def peak_mb(name, setting_name, threads):
    """MB of resident memory at most, program and libraries included; None where the system does not say (Linux does)."""
    command = [sys.executable, "-m", "minis2s.bench.peak", name, setting_name, str(threads)]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        raise Minis2sError(f"the process that measures the memory of {name} failed: {found.stderr.strip()[-500:]}")
    return float(found.stdout) if found.stdout.strip() else None


def main(name, setting_name, threads):
    from minis2s import machine
    from minis2s.backend import keep_freed_memory

    keep_freed_memory()
    machine.set_threads(int(threads))
    chosen, rng = setting(setting_name), generator()
    batch = chosen.batch(rng)
    engine_of_its_own = engine(name)(Seq2Seq(chosen.config, chosen.V, chosen.V, rng), batch)
    for _ in range(STEPS):
        engine_of_its_own.step()
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            print(next(int(line.split()[1]) / 1000 for line in file if line.startswith("VmHWM")))
    except OSError:
        print()


if __name__ == "__main__":
    main(*sys.argv[1:])
