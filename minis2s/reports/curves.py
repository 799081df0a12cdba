"""The parts of a report that show numbers: curves over epochs, the table of epochs, gradients by gate and by step, units."""

import math

from minis2s.decoding.evaluation import LOSSES
from minis2s.models.configuration import ModelConfig
from minis2s.models.observe import OPEN, SHUT
from minis2s.reports.charts import chart
from minis2s.reports.markup import element, section, table
from minis2s.training.health import carried_per_step

BLOCK_NAMES = {
    **{"i": "input gate i", "f": "forget gate f", "o": "output gate o", "g": "candidate g"},
    **{"r": "reset gate r", "z": "update gate z", "n": "candidate n", "h": "state h"},
}
SCORES = {
    **{"dev_exact_match": "exact match", "dev_bleu": "BLEU", "dev_chrf": "chrF", "dev_token_error_rate": "token error rate"},
    "dev_variance_explained": "variance explained",
}

COLUMNS = {  # of the table of epochs: name and format of the number in metrics.jsonl
    "loss": ("train_loss", ".4f"),
    "dev loss": ("dev_loss", ".4f"),
    "exact": ("dev_exact_match", ".1f"),
    "BLEU": ("dev_bleu", ".1f"),
    "chrF": ("dev_chrf", ".1f"),
    "token errors": ("dev_token_error_rate", ".1f"),
    "variance": ("dev_variance_explained", ".1f"),
    "RMSE": ("dev_root_mean_square_error", ".4g"),
    "‖g‖ mean": ("gradient_norm", ".3g"),
    "‖g‖ max": ("gradient_norm_max", ".3g"),
    "tokens/s": ("tokens_per_s", ",.0f"),
    "seconds": ("seconds", ".1f"),
}
BACK, NORM = "steps before the last one", "norm at the pre-activations"


def curves(record):
    """Losses, dev scores and gradient norms over the epochs."""
    over = lambda name: [(r["epoch"], r.get(name)) for r in record.metrics]  # noqa: E731
    epochs, kind = [r["epoch"] for r in record.metrics], record.settings["model"].get("model", ModelConfig.model)
    losses = {"training": over("train_loss"), "dev": over("dev_loss")}
    scores = {label: over(name) for name, label in SCORES.items() if any(name in r for r in record.metrics)}
    norms = {"mean of the epoch": over("gradient_norm"), "largest": over("gradient_norm_max")}
    if clip := record.settings["training"].get("clip"):
        norms["clip"] = [(epoch, clip) for epoch in (epochs[0], epochs[-1])]
    charts = [
        chart("Loss", losses, "epoch", LOSSES[kind], log=True),
        chart("Dev scores" if kind == "regression" else "Dev scores, greedy", scores, "epoch", "percent", lowest=0, highest=100),
        chart("Gradient norm, before clipping", norms, "epoch", "‖g‖", log=True),
    ]
    note = (
        "The dev loss should fall with the training loss. Where it turns upwards while the training loss goes on falling, the "
        "model begins to learn the training data by heart."
    )
    return section("Curves", element("div", charts, class_="charts"), note=note)


def epochs(record):
    """Every epoch in a row; the best one is marked."""
    best = record.best["epoch"]
    rows = []
    columns = {label: each for label, each in COLUMNS.items() if any(r.get(each[0]) is not None for r in record.metrics)}
    for r in record.metrics:
        numbers = [format(r[name], form) if r.get(name) is not None else "" for name, form in columns.values()]
        rows.append([r["epoch"], *numbers, "best" if r["epoch"] == best else ""])
    return section("Epochs", table(["epoch", *columns, ""], rows, numbers=["epoch", *columns]))


def gradients(record):
    """Gradient norms of each cell's gates over the run, by distance from the last step, and how far a gradient is carried."""
    looks = [r for r in record.health if "gradients" in r]
    if not looks:
        return None
    parts = []
    for layer in looks[-1]["gradients"]:
        latest = looks[-1]["gradients"][layer]
        blocks = {BLOCK_NAMES[block]: block for block in latest["gates"]}
        over = {name: [(r["step"], r["gradients"][layer]["gates"][block]) for r in looks] for name, block in blocks.items()}
        back = {name: list(enumerate(latest["steps"][block])) for name, block in blocks.items()}
        carried = {f"step {r['step']}": _relative(r["gradients"][layer]["carried"]) for r in (looks[0], looks[-1])}
        rate = carried_per_step(latest["carried"])
        charts = [
            chart("Over the training", over, "training step", NORM, log=True),
            chart("By step, latest look", back, BACK, NORM, log=True),
            chart("Carried by the recurrence alone", carried, BACK, "share", log=True),
        ]
        known = f"From each step to the one before, the recurrence multiplies a gradient by about {rate:.2g}." if rate else None
        parts += [element("h3", readable_name(layer)), element("p", known, class_="note") if known else None]
        parts.append(element("div", charts, class_="charts"))
    note = (
        "‖d_z‖ of each gate's pre-activations, root mean square over the sentences of a batch; steps count back from the one "
        "that the cell computes last. The third chart follows a random gradient that enters at that step alone, as its share "
        "of the norm there: a steep fall is a vanishing gradient, which attention hides from the other two."
    )
    return section("Gradients by gate and by step", parts, note=note)


def units(record):
    """Still units and saturated gates of each layer, after the latest epoch."""
    looks = [r for r in record.health if "units" in r]
    if not looks:
        return None
    latest = looks[-1]["units"]
    gates = dict.fromkeys(gate for seen in latest.values() for gate in seen["shut"])  # a vanilla cell has none
    kinds = [(gate, state) for gate in gates for state in ("shut", "open")]
    columns = ["layer", "units", "still", *(f"{gate} {state}" for gate, state in kinds)]
    rows = []
    for layer, seen in latest.items():
        rows.append([readable_name(layer), seen["units"], seen["still"], *(seen[state].get(gate, "") for gate, state in kinds)])
    epoch = looks[-1]["epoch"]
    note = f"How many units have an output that does not vary (still), or a gate that is below {SHUT} (shut) or above {OPEN} "
    note += f"(open) at every step of all dev sentences, after epoch {epoch}."
    return section("Units", table(columns, rows, numbers=columns[1:]), note=note)


def _relative(norms):
    first = norms[0]
    return [(k, norm / first) for k, norm in enumerate(norms) if first and norm is not None and math.isfinite(norm)]


def readable_name(cell):
    """ "encoder.stack.layers.0.backwards.cell" → "encoder, layer 1, backwards"."""
    side, *parts = cell.split(".")
    number = next((f", layer {int(part) + 1}" for part in parts if part.isdigit()), "")
    direction = next((f", {part}" for part in parts if part in ("forwards", "backwards")), "")
    return f"{side}{number}{direction}"
