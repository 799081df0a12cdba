"""Line charts as inline SVG: they scale with the page, follow its colours, and need no font of their own."""

import math

from minis2s.reports.markup import element

WIDTH, HEIGHT = 420, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 28, 40  # around the plot, for the labels
MOST_MARKS = 25


def chart(title, series, x_label, y_label, log=False, lowest=None, highest=None):
    """A figure with up to four lines.

    series: name → list of (x, y); a point whose y is None (or, with `log`, not positive) is left out. lowest, highest: what
    the y axis reaches at least.
    """
    drawn = {name: [(x, y) for x, y in points if y is not None and (y > 0 or not log)] for name, points in series.items()}
    points = [point for line in drawn.values() for point in line]
    if not points:
        return element("figure", element("p", "nothing recorded yet", class_="note"), _caption(title, series))
    xs, ys = zip(*points, strict=True)
    x_axis = Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    ends = [y for y in (*ys, lowest, highest) if y is not None]
    y_axis = Axis(min(ends), max(ends), HEIGHT - BOTTOM, TOP, log)
    parts = [_grid(x_axis, y_axis, x_label, y_label)]
    for k, (name, line) in enumerate(drawn.items()):
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in line]
        path = "".join(f"{'L' if n else 'M'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(places))
        parts.append(element("path", class_=f"s s{k}", d=path) if line else None)
        if len(line) <= MOST_MARKS:
            for (x, y), (px, py) in zip(line, places, strict=True):
                tip = element("title", f"{name}: {y:.4g} at {x:g}")
                parts.append(element("g", tip, element("circle", class_=f"s{k}", cx=f"{px:.1f}", cy=f"{py:.1f}", r=2.5)))
    picture = element("svg", parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title)
    return element("figure", _caption(title, series), picture)


class Axis:
    """From numbers to places on the picture, and the numbers to print along it."""

    def __init__(self, low, high, start, end, log=False):
        self.log, self.start, self.end = log, start, end
        if log:
            low, high = (low / 1.3, high * 1.3) if high / low < 1.2 else (low, high)
            self.ticks = _log_ticks(low, high)
        else:
            if high - low <= 1e-9 * abs(high):  # all the same
                low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
            self.ticks = _ticks(low, high)
        self.low, self.high = min(low, *self.ticks), max(high, *self.ticks)
        if not log and start < end:  # across: the data fill the width
            self.low, self.high = low, high
        self.ticks = [tick for tick in self.ticks if self.low <= tick <= self.high]

    def place(self, value):
        low, high, value = map(math.log, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (self.end - self.start) * (value - low) / (high - low)


def _ticks(low, high, about=5):
    """Round numbers, about so many, from just below `low` to just above `high`."""
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [float(f"{k * step:.9g}") for k in range(first, last + 1)]


def _log_ticks(low, high):
    """Powers of ten, with 2 and 5 between them where there are few."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    stride = max(1, (last - first) // 6)
    if last - first <= 2:
        fine = [k * 10.0**power for power in range(first, last + 1) for k in (1, 2, 5)]
        below, above = [t for t in fine if t <= low], [t for t in fine if t >= high]
        return [t for t in fine if below[-1] <= t <= above[0]]
    return [10.0**power for power in range(first, last + stride, stride)]


def _grid(x_axis, y_axis, x_label, y_label):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in y_axis.ticks:
        y = f"{y_axis.place(tick):.1f}"
        parts.append(element("line", class_="axis", x1=LEFT, x2=right, y1=y, y2=y))
        parts.append(element("text", f"{tick:g}", x=LEFT - 6, y=f"{float(y) + 4:.1f}", text_anchor="end"))
    for tick in x_axis.ticks:
        parts.append(element("text", f"{tick:g}", x=f"{x_axis.place(tick):.1f}", y=bottom + 16, text_anchor="middle"))
    parts.append(element("text", x_label, x=(LEFT + right) / 2, y=HEIGHT - 6, text_anchor="middle"))
    parts.append(element("text", y_label, x=4, y=12))
    return parts


def _caption(title, series):
    legend = None
    if len(series) > 1:
        lines = [element("line", class_=f"s s{k}", x1=0, x2=26, y1=4, y2=4) for k in range(len(series))]
        keys = [element("span", element("svg", line, viewBox="0 0 26 8"), name) for line, name in zip(lines, series, strict=True)]
        legend = element("div", keys, class_="legend")
    return element("figcaption", element("b", title), legend)
