"""Measure whole training steps (forward, backward, clipping, Adam) and decoding in float32, beside the same model elsewhere.

Each engine has a process of its own; they take turns, on the same weights and the same batch, and their losses must agree before
anything is timed. A ratio above one means that minis2s is faster. The bound is the share that the matrix products alone take.

On a GPU (--backend cupy) PyTorch computes on it, too; everything is measured with TF32 off and on, without bound and memory:

    minis2s bench --backend cupy --against torch --json > record.json
"""

import math

from minis2s import machine
from minis2s.backend import device_name, keep_freed_memory, select
from minis2s.bench import device
from minis2s.bench.engines import ENGINES, engine
from minis2s.bench.measure import measure
from minis2s.bench.profile import profile
from minis2s.bench.settings import SETTINGS, setting
from minis2s.cli.arguments import add_backend, add_json, positive_int
from minis2s.cli.output import console, print_json, table
from minis2s.errors import UsageError

PROFILED = 25  # functions that --profile shows


def add_arguments(parser):
    parser.add_argument("--settings", default=",".join(SETTINGS), metavar="NAMES", help=f"of {', '.join(SETTINGS)} (all)")
    others = [name for name in ENGINES if name != "minis2s"]
    parser.add_argument("--against", default="", metavar="NAMES", help=f"of {', '.join(others)} (default: none)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="X", help="for each setting (default: %(default)s)")
    parser.add_argument("--threads", type=positive_int, metavar="N", help="of every engine (default: as each library chooses)")
    parser.add_argument("--profile", action="store_true", help="show instead in which functions our own step spends its time")
    add_backend(parser)
    add_json(parser)


def run(args):
    if not 0 < args.seconds < math.inf:
        raise UsageError(f"--seconds must be greater than zero and finite, not {args.seconds}")
    keep_freed_memory()
    backend = select(args.backend)
    settings = [setting(name) for name in args.settings.split(",")]
    names = ["minis2s", *(name for name in args.against.split(",") if name)]
    for name in names:
        engine(name)
    if args.threads:
        machine.set_threads(args.threads)
    where = {"machine": machine.processor(), "blas": machine.blas(), "threads": machine.threads()}
    if backend.name == "cupy":
        return _on_device(args, backend, settings, names, where)
    if args.profile:
        return _profile(args, settings, where)
    timings = []
    with console(stderr=True).status("measuring") as status:
        for s in settings:
            status.update(f"measuring {s.name}")
            timings += measure(s, names, args.seconds)
    if args.json:
        print_json(where | {"results": [t._asdict() for t in timings]})
        return 0
    columns = ("ms/step", "ratio", "tokens/s", "bound", "decode ms", "ratio ", "bound ", "peak MB")
    shown = table("setting", "engine", *columns, right=columns)
    ours = {t.setting: t for t in timings if t.engine == "minis2s"}
    for t in timings:
        mine = ours[t.setting]
        ratios = ["", ""] if t is mine else [f"{t.step_ms / mine.step_ms:.2f}", f"{t.decode_ms / mine.decode_ms:.2f}"]
        bounds = ["" if b is None else f"{b / ms:.0%}" for b, ms in ((t.bound_ms, t.step_ms), (t.decode_bound_ms, t.decode_ms))]
        memory = "" if t.peak_mb is None else f"{t.peak_mb:,.0f}"
        speed = f"{t.tokens_per_s:,.0f}"
        step = f"{t.step_ms:.1f}", ratios[0], speed, bounds[0]
        shown.add_row(t.setting, t.engine, *step, f"{t.decode_ms:.1f}", ratios[1], bounds[1], memory)
    out = console()
    out.print(shown)
    out.print(f"{where['machine']}; {where['blas']}; threads {where['threads']}", soft_wrap=True)
    return 0


def _profile(args, settings, where):
    profiles = {s.name: profile(s.name) for s in settings}
    if args.json:
        print_json(where | {"profiles": {name: [share._asdict() for share in shares] for name, shares in profiles.items()}})
        return 0
    out = console()
    for name, shares in profiles.items():
        total = sum(share.ms for share in shares)
        shown = table(f"{name}, {total:.1f} ms/step", "calls", "ms", "share", right=("calls", "ms", "share"))
        for share in shares[:PROFILED]:
            shown.add_row(share.function, f"{share.calls:.0f}", f"{share.ms:.2f}", f"{share.ms / total:.1%}")
        out.print(shown)
        out.print()
    out.print(f"{where['machine']}; {where['blas']}; threads {where['threads']}", soft_wrap=True)
    return 0


def _on_device(args, backend, settings, names, where):
    where = where | {"device": device_name(backend)}
    timings = []
    with console(stderr=True).status("measuring") as status:
        for s in settings:
            status.update(f"measuring {s.name}")
            timings += device.measure(s, names, backend, args.seconds)
    if args.json:
        print_json(where | {"results": [t._asdict() for t in timings]})
        return 0
    columns = ("ms/step", "ratio", "tokens/s", "decode ms", "ratio ")
    shown = table("setting", "engine", "on", "TF32", *columns, right=columns)
    ours = {(t.setting, t.tf32): t for t in timings if t.engine == "minis2s"}
    for t in timings:
        mine = ours[t.setting, t.tf32]
        ratios = ["", ""] if t is mine else [f"{t.step_ms / mine.step_ms:.2f}", f"{t.decode_ms / mine.decode_ms:.2f}"]
        cells = (f"{t.step_ms:.2f}", ratios[0], f"{t.tokens_per_s:,.0f}", f"{t.decode_ms:.2f}", ratios[1])
        shown.add_row(t.setting, t.engine, t.device, "on" if t.tf32 else "off", *cells)
    out = console()
    out.print(shown)
    out.print(f"{where['device']}; {where['machine']}", soft_wrap=True)
    return 0
