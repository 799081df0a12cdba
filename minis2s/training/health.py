"""Is a run well? What is recorded of its gradients and units, and findings with a hint at what to change."""

import math
from typing import NamedTuple

import numpy as np

from minis2s.models.observe import gradient_flow

LOOK_EVERY = 100  # steps between two looks at the gradients; the first step of an epoch always has one
FAR = 10  # × clip: a gradient so large is not merely clipped now and then
MOST = 0.5
STEPS_BACK = 10  # over so many steps (or as many as there are) …
VANISHING = 0.4  # … a gradient that keeps less than this at each has vanished: 0.4¹⁰ = 10⁻⁴
TOO_SHORT = 3  # steps; over fewer nothing can be said
MANY_UNITS = 0.25
OVER_FITTING = 1.2  # × the lowest dev loss
FLAT = 0.98  # × the first epoch's training loss
SMALLER_IS_BETTER = (  # of the dev scores
    *("loss", "token_error_rate", "word_error_rate", "character_error_rate", "root_mean_square_error"),
)
TREND = 4  # epochs before a trend is one


class Finding(NamedTuple):
    """name: one word; what was seen, in numbers; hint: what to change."""

    name: str
    what: str
    hint: str

    def __str__(self):
        return f"{self.name}: {self.what}; {self.hint}"


def look_at_gradients(model, batch):
    """What health.jsonl holds of the gradients at one step: {cell: {"gates", "steps", "carried"}}.

    gates: each block's norm over all steps; steps: each at 0, 1, 2, … steps before the last; carried: see `gradient_flow`.
    """
    looks = {}
    for layer, (blocks, gradient, carried) in gradient_flow(model, batch).items():
        looks[layer] = {
            "gates": dict(zip(blocks, _numbers(np.sqrt(np.square(gradient).mean(axis=0))), strict=True)),
            "steps": dict(zip(blocks, map(_numbers, gradient.T), strict=True)),
            "carried": _numbers(np.linalg.norm(carried, axis=1)),
        }
    return looks


def findings(metrics, health, clip, best_by):
    """What is wrong with a run, as a list of Finding, from the records of metrics.jsonl and health.jsonl."""
    if not metrics:
        return []
    gradients = [record for record in health if "gradients" in record]
    units = [record for record in health if "units" in record]
    found = _exploding(metrics[-1], clip)
    found += _vanishing(gradients)
    if units:
        found += _units(units[-1])
    return found + _trends(metrics, best_by)


def _exploding(record, clip):
    share = record.get("exploding_steps", 0)
    if share < MOST:
        return []
    mean, largest = record["gradient_norm"], record["gradient_norm_max"]
    what = f"in epoch {record['epoch']}, {share:.0%} of the steps had a gradient norm above {FAR} × clip "
    what += f"(clip {clip:g}, norm {mean:.3g} on average, {largest:.3g} at most)"
    return [Finding("exploding gradients", what, "try a smaller --learning-rate; if the loss falls well, a larger --clip")]


def carried_per_step(carried):
    """The share of the gradient that a step of the recurrence hands on to the step before, on average; None if not known."""
    steps = min(STEPS_BACK, len(carried) - 1)
    if steps < TOO_SHORT or not carried[0] or carried[steps] is None:
        return None
    return (carried[steps] / carried[0]) ** (1 / steps)


def _vanishing(records):
    """By the latest look at sentences that are long enough."""
    latest = {}
    for record in records:
        for layer, look in record["gradients"].items():
            if (rate := carried_per_step(look["carried"])) is not None:
                latest[layer] = rate, min(STEPS_BACK, len(look["carried"]) - 1)
    found = []
    for layer, (rate, steps) in latest.items():
        if rate < VANISHING:
            what = f"{layer} hands on {rate:.2g} of the gradient from step to step: {rate**steps:.1e} is left {steps} steps back"
            hint = "its forget gates are nearly shut: try a smaller --learning-rate, or begin with a larger forget bias"
            found.append(Finding("vanishing gradients", what, hint))
    return found


def _units(record):
    found = []
    for layer, seen in record["units"].items():
        n, still = seen["units"], seen["still"]
        if still > MANY_UNITS * n:
            what = f"the output of {still} of {n} units of {layer} does not vary over the dev sentences"
            found.append(Finding("dead units", what, "try a smaller --learning-rate, or a smaller --hidden-size"))
        for state in ("shut", "open"):
            for gate, count in seen[state].items():
                if count > MANY_UNITS * n:
                    what = f"gate {gate} is {state} at every step in {count} of {n} units of {layer}"
                    hint = "gates so far out hardly learn: try a smaller --learning-rate or --clip"
                    found.append(Finding("saturated gates", what, hint))
    return found


def _trends(metrics, best_by):
    """At most one: that training does not learn, that it learns by heart, or that it no longer helps."""
    if len(metrics) < TREND:
        return []
    scores = [record[f"dev_{best_by}"] for record in metrics]
    smaller = best_by in SMALLER_IS_BETTER
    best = (min if smaller else max)(range(len(metrics)), key=scores.__getitem__)
    if scores[best] == (0 if smaller else 100):
        return []
    first, last = metrics[0], metrics[-1]
    if last["train_loss"] > FLAT * first["train_loss"]:
        what = f"the training loss was {first['train_loss']:.4g} in the first epoch and is {last['train_loss']:.4g} in the last"
        hint = "try another --learning-rate, and look whether the two sides of the data belong together"
        return [Finding("no improvement", what, hint)]
    lowest = min(metrics, key=lambda record: record["dev_loss"])
    since = [record["dev_loss"] for record in metrics if record["epoch"] > lowest["epoch"]]
    rose = len(since) > 1 and min(since[-2:]) > OVER_FITTING * lowest["dev_loss"]  # one bad epoch is no trend
    if rose and last["train_loss"] < lowest["train_loss"]:
        what = f"the dev loss rose from {lowest['dev_loss']:.4g} (epoch {lowest['epoch']}) to {last['dev_loss']:.4g}, "
        what += f"while the training loss fell to {last['train_loss']:.4g}"
        hint = "try more data, --dropout, a smaller --hidden-size, or --patience to stop earlier"
        return [Finding("over-fitting", what, hint)]
    waited = len(metrics) - 1 - best
    if waited >= max(TREND, len(metrics) / 2):
        what = f"the dev {best_by} has not become better since epoch {metrics[best]['epoch']}, {waited} epochs ago"
        return [Finding("no improvement", what, "try a smaller --learning-rate, or --patience to stop earlier")]
    return []


def _numbers(array):
    """Four digits, and null for what JSON has no word for."""
    return [float(f"{x:.4g}") if math.isfinite(x) else None for x in array.tolist()]
