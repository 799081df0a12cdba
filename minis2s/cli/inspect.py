"""Show what is in a run or a checkpoint, after verifying every byte of the checkpoint.

Of a run's directory the best checkpoint is shown, or the last one if there is no best one yet; name another one as a file.
"""

from minis2s.cli.arguments import add_json
from minis2s.cli.output import console, print_json, printable, table
from minis2s.reports.inspection import inspect


def add_arguments(parser):
    parser.add_argument("path", metavar="RUN", help="a run's directory, or a checkpoint")
    add_json(parser)


def run(args):
    found = inspect(args.path)
    if args.json:
        print_json(found)
        return 0
    out = console()
    if found["run"]:
        _show_run(out, found["run"])
    if found["checkpoint"]:
        _show_checkpoint(out, found["checkpoint"])
    else:
        out.print("there is no checkpoint yet")
    return 0


def _show_run(out, run):
    score = "none yet"
    if run["best_epoch"]:
        score = f"{run['best_by']} {run['best_score']:.4g} on dev, after epoch {run['best_epoch']}"
    facts = {"epochs": run["epochs"], "best score": score, "training time": f"{run['seconds']:,.1f} s"}
    if run["tokens_per_s"]:
        facts["speed"] = f"{run['tokens_per_s']:,.0f} target tokens/s"
    facts |= {f"finding {k}": f"{f['name']}: {f['what']}; {f['hint']}" for k, f in enumerate(run["findings"], start=1)}
    _show(out, "run", facts)
    for title in ("data", "training"):
        _show(out, f"settings: {title}", run["settings"][title])
    _show(out, "counts of the data", run["counts"])
    _show(out, "environment", run["environment"])
    _show(out, "files", _sizes(run["files"]))


def _show_checkpoint(out, found):
    facts = {
        "file": f"{found['path']}, {found['bytes']:,} bytes",
        "format": f"{found['format']}, version {found['version']}, checksum verified",
        "epoch": found["epoch"],
        "trainable": "yes, with the optimiser's moments" if found["trainable"] else "no, it can only translate",
    }
    for side, vocabulary in found["vocabularies"].items():
        facts[f"{side} tokens"] = _described(vocabulary)
        facts[f"{side} tokeniser"] = found["tokenisers"][side]
    _show(out, "checkpoint", facts)
    _show(out, "settings: model", found["model"])
    for title in ("scores", "progress"):
        _show(out, title, found[title] or {})
    rows = table("parameter", "shape", "norm", right=("norm",))
    for p in found["parameters"]:
        rows.add_row(p["name"], " × ".join(map(str, p["shape"])), "not finite" if p["norm"] is None else f"{p['norm']:.4g}")
    out.print(rows)
    out.print(f"{found['n_parameters']:,} parameters", soft_wrap=True)


def _sizes(files):
    """Name → size; the files of a folder are one line."""
    by_name = {}
    for file in files:
        folder, slash, _ = file["name"].rpartition("/")
        by_name.setdefault(folder + slash or file["name"], []).append(file["bytes"])
    return {name: f"{sum(n):,} bytes" + (f" in {len(n)} files" if name.endswith("/") else "") for name, n in by_name.items()}


def _show(out, title, values):
    rows = table(title, "")
    for name, value in values.items():
        if value is not None and value != []:
            rows.add_row(printable(name), f"{value:.6g}" if isinstance(value, float) else _text(value))
    if rows.row_count:
        out.print(rows)
        out.print()


def _text(value):
    return printable(", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))


def _described(vocabulary):
    if "columns" in vocabulary:
        pairs = zip(vocabulary["mean"], vocabulary["scale"], strict=True)
        columns = ", ".join(f"{mean:.4g} ± {scale:.4g}" for mean, scale in pairs)
        return f"real vectors of {vocabulary['columns']:,}: {columns}"
    return f"{vocabulary['tokens']:,}: {' '.join(map(repr, vocabulary['first']))} …"
