"""How an instructor wants labs graded: a TOML file, every key optional.

    seed = 81723            # of the hidden tests' data; keep it to yourself
    variant_seed = 5        # as given to `lab release`; without it all students have the same equations
    draws = 2               # for each rung of the ladder, in the tests that students can run themselves
    partial = true          # points in proportion to the rungs passed; false: all or none

    [hidden]
    share = 0.4             # of the points, for the same rungs on hidden data
    draws = 3
    visibility = "after_due_date"   # Gradescope's: visible, hidden, after_due_date, after_published

    [limits]
    seconds = 10            # for one call
    total_seconds = 120     # for one submission
    memory_mb = 1024

    [hints]                 # told in the graded output, late: from this time on
    stage = 1               # 0 none, 1 where, 2 what behaviour, 3 which term
    from = 2030-03-01T00:00:00Z

    [points.05_lstm_backward]
    lstm_step_backward = 6
"""

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from minis2s.errors import DataError, unknown_name
from minis2s.labs.child import Limits

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
KEYS = {  # key: its kind, and for numbers the least and the largest
    "seed": (int, 0, 2**31),
    "variant_seed": (int, 0, 2**31),
    "draws": (int, 2, 50),
    "partial": (bool,),
    "hidden.share": (float, 0, 1),
    "hidden.draws": (int, 2, 50),
    "hidden.visibility": (str,),
    "limits.seconds": (float, 0.1, 3600),
    "limits.total_seconds": (float, 1, 86400),
    "limits.memory_mb": (int, 256, 2**20),
    "hints.stage": (int, 0, 3),
    "hints.from": (datetime.datetime,),
}
SECTIONS = ("hidden", "limits", "hints")
CALLED = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", datetime.datetime: "a date with a time"}


@dataclass(frozen=True)
class Rubric:
    """The settings of one file; without a file, what `lab check` uses: no hidden tests, no hints."""

    seed: int = 0
    variant_seed: int | None = None
    draws: int = 2
    partial: bool = True
    hidden_share: float = 0.0
    hidden_draws: int = 2
    hidden_visibility: str = "after_due_date"
    limits: Limits = field(default_factory=Limits)
    hints_stage: int = 0
    hints_from: datetime.datetime | None = None
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def points_of(self, lab, task):
        """What the task is worth in this lab."""
        return float(self.points.get(lab, {}).get(task.function, task.points))

    def credit(self, rungs):
        """The share of the points for {rung: passed}."""
        if not rungs:
            return 0.0
        return sum(rungs.values()) / len(rungs) if self.partial else float(all(rungs.values()))

    def stage_now(self):
        """How many of the hints may be told now."""
        if self.hints_from is None:
            return self.hints_stage
        begin = self.hints_from if self.hints_from.tzinfo else self.hints_from.astimezone()
        return self.hints_stage if datetime.datetime.now(datetime.UTC) >= begin else 0


def read_rubric(path, labs):
    """The Rubric of a TOML file; `labs`: {name: its functions}. DataError for what it does not know or a value out of range."""
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise DataError(path, error.strerror or error) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, f"is no TOML: {error}") from None
    points = data.pop("points", {})
    _check_points(path, points, labs)
    given = {key: value for key, value in data.items() if key not in SECTIONS}
    for section in SECTIONS:
        if not isinstance(data.get(section, {}), dict):
            raise DataError(path, f"{section} is a section: write [{section}], and its keys below")
        given |= {f"{section}.{key}": value for key, value in data.get(section, {}).items()}
    for key, value in given.items():
        _check(path, key, value)
    if given.get("hidden.share") and "seed" not in given:
        raise DataError(path, "hidden tests need a seed of their own", hint="add seed = NUMBER, and keep it to yourself")
    limits = Limits(**_limits({key: given.pop(key) for key in list(given) if key.startswith("limits.")}))
    return Rubric(**{key.replace(".", "_"): value for key, value in given.items()}, limits=limits, points=points)


def _limits(given):
    """Limits count in seconds and bytes."""
    names = {"seconds": "seconds", "total_seconds": "total", "memory_mb": "memory"}
    plain = {key.removeprefix("limits."): value for key, value in given.items()}
    return {names[key]: value * 2**20 if key.endswith("_mb") else value for key, value in plain.items()}


def _check(path, key, value):
    if key not in KEYS:
        raise DataError(path, str(unknown_name("key", key, KEYS)))
    kind, *bounds = KEYS[key]
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise DataError(path, f"{key} = {value!r}: {CALLED[kind]} is expected")
    if bounds and not bounds[0] <= value <= bounds[1]:
        raise DataError(path, f"{key} = {value}: from {bounds[0]} to {bounds[1]} is possible")
    if key == "hidden.visibility" and value not in VISIBILITIES:
        raise DataError(path, str(unknown_name("visibility", value, VISIBILITIES)))


def _check_points(path, points, labs):
    for lab, values in points.items():
        if lab not in labs:
            raise DataError(path, str(unknown_name("lab", lab, labs)))
        if not isinstance(values, dict):
            raise DataError(path, f"points.{lab} is a section: write [points.{lab}], and a line for each function")
        for function, value in values.items():
            if function not in labs[lab]:
                raise DataError(path, str(unknown_name(f"task of {lab}:", function, labs[lab])))
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
                raise DataError(path, f"[points.{lab}] {function} = {value!r}: a number of points is expected")
