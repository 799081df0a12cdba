"""Runs side by side: the settings in which they differ, the best epoch's scores, speed, sizes and findings."""

from pathlib import Path

from minis2s.cli.arguments import add_json
from minis2s.cli.output import console, print_json, printable, table
from minis2s.errors import UsageError
from minis2s.reports.comparison import compare

ROWS = {  # label: key of the summary and format of its numbers
    "epochs": ("epochs", "d"),
    "best epoch": ("best_epoch", "d"),
    "… chosen by": ("best_by", "s"),
    "dev loss": ("dev_loss", ".4f"),
    "exact match, %": ("dev_exact_match", ".1f"),
    "BLEU": ("dev_bleu", ".1f"),
    "chrF": ("dev_chrf", ".1f"),
    "token errors, %": ("dev_token_error_rate", ".1f"),
    "variance explained, %": ("dev_variance_explained", ".1f"),
    "root mean square error": ("dev_root_mean_square_error", ".4g"),
    "training loss": ("train_loss", ".4f"),
    "seconds": ("seconds", ",.1f"),
    "target tokens/s": ("tokens_per_s", ",.0f"),
    "parameters": ("parameters", ",d"),
    "checkpoint, bytes": ("bytes", ",d"),
}


def add_arguments(parser):
    parser.add_argument("runs", nargs="+", metavar="RUN", help="directories of two or more runs")
    add_json(parser)


def run(args):
    if len(args.runs) < 2:
        raise UsageError("give two or more runs to compare")
    found = compare(args.runs)
    if args.json:
        print_json(found)
        return 0
    names = _short([each["run"] for each in found["runs"]])
    rows = table("", *names, right=names)
    for label, (key, form) in ROWS.items():
        values = [each[key] for each in found["runs"]]
        if values != [None] * len(values):  # words have scores that numbers have not, and the other way round
            rows.add_row(label, *("–" if value is None else format(value, form) for value in values))
    rows.add_row("findings", *(", ".join(dict.fromkeys(each["findings"])) or "none" for each in found["runs"]))
    out = console()
    out.print(rows)
    out.print()
    if not found["differences"]:
        out.print("no setting differs")
        return 0
    rows = table("settings that differ", *names)
    for name, values in found["differences"].items():
        rows.add_row(name, *map(_text, values))
    out.print(rows)
    return 0


def _short(paths):
    """The last parts of the paths, as many as it takes to tell them apart; numbered where nothing does."""
    for n in range(1, max(len(Path(path).parts) for path in paths) + 1):
        names = ["/".join(Path(path).parts[-n:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({k})" for k, name in enumerate(names, start=1)]


def _text(value):
    if isinstance(value, (list, tuple)):
        return printable(", ".join(map(str, value))) or "–"
    return "–" if value is None else printable(str(value))
