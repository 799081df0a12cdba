"""The records of the benchmark (docs/speed/*.json, what `minis2s bench --json`, with --profile or not, has written) as tables."""

import json
from pathlib import Path

from generate.text import code, escaped, table
from minis2s.bench.length import BATCHES, LENGTHS

DOCS = Path(__file__).parent.parent
HEAD = ["setting", "engine", "ms/step", "ratio", "tokens/s", "products", "decode ms", "ratio", "products", "peak MB"]
PROFILED = 14  # functions that a table shows


def pages():
    text = (DOCS / "speed.md").read_text("utf-8")
    for path in sorted((DOCS / "speed").glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        mark = f"<!-- {path.stem} -->"
        if mark not in text:
            raise SystemExit(f"docs/speed.md does not say where the tables of {path.name} are to stand: {mark}")
        kind = next((kind for kind in KINDS if kind in record), "results")
        text = text.replace(mark, KINDS[kind](record))
    return {"speed.md": text}


def comparison(record):
    ours = {r["setting"]: r for r in record["results"] if r["engine"] == "minis2s"}
    rows = [row(r, ours[r["setting"]]) for r in record["results"]]
    return f"{where(record)}\n\n{table(HEAD, rows, 2)}"


def row(r, mine):
    step, decode = r["step_ms"], r["decode_ms"]
    ratios = ["", ""] if r is mine else [f"{step / mine['step_ms']:.2f}", f"{decode / mine['decode_ms']:.2f}"]
    shares = [f"{r[key] / ms:.0%}" if r[key] else "" for key, ms in (("bound_ms", step), ("decode_bound_ms", decode))]
    peak = f"{r['peak_mb']:,.0f}" if r["peak_mb"] else ""
    first = [r["setting"], r["engine"], f"{step:,.1f}", ratios[0], f"{r['tokens_per_s']:,.0f}", shares[0]]
    return [*first, f"{decode:,.1f}", ratios[1], shares[1], peak]


def profiles(record):
    parts = [where(record)]
    for name, shares in record["profiles"].items():
        total = sum(share["ms"] for share in shares)
        rows = [
            [code(s["function"]), f"{s['calls']:.0f}", f"{s['ms']:.1f}", f"{s['ms'] / total:.1%}"] for s in shares[:PROFILED]
        ]
        parts.append(table([f"{name}, {total:,.1f} ms/step", "calls", "ms", "share"], rows, 1))
    return "\n\n".join(parts)


def where(record):
    return f"*{escaped(record['machine'])}; {escaped(record['blas'])}; threads {record['threads']}*"


def lengths(record):
    """Of bench.length: a table by the length of the source, then one by the batch."""
    names = ("step_ms", "peak_mb", "held_mb")
    parts, results = [where(record)], iter(record["results"])
    for axis, sizes in (("T", LENGTHS), ("B", BATCHES)):
        pairs = [(next(results), next(results)) for _ in sizes]  # ordinary, recomputed
        rows = [[f"{pair[0][axis]:,}", *(f"{cost[name]:,.1f}" for cost in pair for name in names)] for pair in pairs]
        powers = record["exponents"][axis]
        rows.append(["power", *(f"{powers[way][name]:.2f}" for way in ("ordinary", "recomputed") for name in names)])
        parts.append(table([axis, "ms", "peak MB", "held MB", "recomputed: ms", "peak MB", "held MB"], rows, 1))
    return "\n\n".join(parts)


KINDS = {"profiles": profiles, "exponents": lengths, "results": comparison}  # by what only such a record has
