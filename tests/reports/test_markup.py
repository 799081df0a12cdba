"""Text stays text wherever it is put; charts place points where the numbers say."""

import re

import pytest

from minis2s.reports.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, _log_ticks, _ticks, chart
from minis2s.reports.markup import Markup, element, page, section, table, together, visible

NASTY = "<script>alert('x')</script> & \"y\""


@pytest.mark.parametrize(
    "markup",
    [
        element("p", NASTY),
        element("p", title=NASTY),
        element("p", ["a", [NASTY, None]]),
        together(NASTY),
        table([NASTY], [[NASTY]], numbers=[NASTY]),
        section(NASTY, element("i", NASTY), note=NASTY),
        page(NASTY, NASTY),
        chart(NASTY, {NASTY: [(1, 1), (2, 2)], "b": [(1, 1)]}, NASTY, NASTY),
    ],
)
def test_text_is_escaped_everywhere(markup):
    assert "<script" not in markup and "alert('" not in markup and '"y"' not in markup
    assert "&lt;script&gt;" in markup


def test_markup_is_not_escaped_twice():
    inner = element("b", "<")
    assert element("p", inner, [inner]) == "<p><b>&lt;</b><b>&lt;</b></p>" and isinstance(inner, Markup)
    assert element("p", 3, None, class_="x", text_anchor="end") == '<p class="x" text-anchor="end">3</p>'
    assert element("br") == "<br>" and element("path", d="M0 0") == '<path d="M0 0"/>'


def test_characters_that_cannot_be_seen_are_spelled():
    assert visible("a\x1b[1m\x00\u202e") == "a\\x1b[1m\\x00\\u202e"
    assert visible("\u3000汉\t\n") == "\u3000汉\t\n"


def test_ticks_are_round_and_enclose_the_data():
    assert _ticks(0, 10) == [0, 2, 4, 6, 8, 10] and _ticks(0.13, 0.97) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert _log_ticks(0.2, 5) == [0.2, 0.5, 1, 2, 5] and _log_ticks(1e-7, 1.0) == [10.0**k for k in range(-7, 1)]
    for low, high in ((1e-12, 1e9), (3, 3.1), (0.9, 11)):
        ticks = _log_ticks(low, high)
        assert ticks[0] <= low * (1 + 1e-9) and ticks[-1] >= high * (1 - 1e-9) and len(ticks) < 12


@pytest.mark.parametrize("log", [False, True])
def test_an_axis_is_linear_in_its_numbers_or_their_logarithms(log):
    axis = Axis(1, 100, 200, 0, log)
    middle = 10 if log else (axis.low + axis.high) / 2
    assert axis.place(middle) == pytest.approx(100) and axis.place(axis.low) == 200 and axis.place(axis.high) == 0


def places(figure):
    drawn = "".join(re.findall(r' d="([^"]*)"', figure))
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn)]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("ys", [[1, 2, 3], [5], [0.001, 1000, 3], [7, 7, 7], [1e-30, 1e-29, 1e-28], [1e-8] * 40])
def test_points_lie_inside_the_plot_in_order(ys, log):
    drawn = places(chart("t", {"a": list(enumerate(ys))}, "x", "y", log=log))
    assert len(drawn) == len(ys)
    assert all(LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1 and TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1 for x, y in drawn)
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    for (_, y1), (_, y2), one, two in zip(drawn, drawn[1:], ys, ys[1:], strict=False):
        assert (y1 > y2) == (one < two) and (y1 == y2) == (one == two)


def test_what_cannot_be_drawn_is_left_out():
    figure = chart("t", {"a": [(0, None), (1, 2.0), (2, 0.0), (3, 4.0)]}, "x", "y", log=True)
    assert len(places(figure)) == 2
    assert "nothing recorded yet" in chart("t", {"a": [(0, None)]}, "x", "y") and "nothing" in chart("t", {}, "x", "y")
    beyond = places(chart("t", {"a": [(0, 120), (1, 50)]}, "x", "y", lowest=0, highest=100))  # error rates may be above 100
    assert beyond[0][1] >= TOP - 0.1 and beyond[0][1] < beyond[1][1]
    half = chart("t", {"a": [(0, 50)]}, "x", "y", lowest=0, highest=100)
    assert places(half)[0][1] == pytest.approx((TOP + HEIGHT - BOTTOM) / 2)
