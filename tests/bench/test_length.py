"""The measurement of cost by length and batch: what it counts, and the power that it fits. No seconds are judged."""

import json
import sys

import pytest

from minis2s.bench import length


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_power_of_exact_costs_is_found(power):
    sizes = (10, 30, 100, 1000)
    assert length.exponent(sizes, [7 * n**power for n in sizes]) == pytest.approx(power)


def test_memory_is_linear_in_the_length_and_recomputation_keeps_less():
    first, second, third = (length.cost(T, 8, False, 1) for T in (50, 100, 200))
    for name in ("held_mb", "peak_mb"):
        a, b, c = (getattr(each, name) for each in (first, second, third))
        assert c - b == pytest.approx(2 * (b - a), rel=0.1)  # twice as many steps more
    recomputed = length.cost(200, 8, True, 1)
    assert recomputed.held_mb < third.held_mb / 5 and recomputed.peak_mb < third.peak_mb
    assert all(c.step_ms > 0 for c in (first, second, third, recomputed))


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_each_place_and_the_powers(as_json, monkeypatch, capsys):
    for name, value in (("LENGTHS", (3, 6)), ("BATCHES", (2, 4)), ("LENGTH", 3), ("BATCH", 2)):
        monkeypatch.setattr(length, name, value)
    monkeypatch.setattr(sys, "argv", ["length", *["--json"] * as_json])
    length.main()
    out = capsys.readouterr().out
    if not as_json:
        assert [line.split()[0] for line in out.split("\n\n")[0].splitlines()[2:]] == ["T", "3", "6", "power"]
        return
    found = json.loads(out)
    assert [(c["T"], c["B"], c["recompute"]) for c in found["results"]] == [
        *((T, 2, r) for T in (3, 6) for r in (False, True)),
        *((3, B, r) for B in (2, 4) for r in (False, True)),
    ]
    assert found["exponents"].keys() == {"T", "B"} and found["exponents"]["T"]["recomputed"].keys() == {
        "step_ms", "peak_mb", "held_mb"
    }  # fmt: skip
