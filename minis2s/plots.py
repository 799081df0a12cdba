"""Pictures: training curves and attention maps. Labels in any script, as far as a font with the glyphs is installed."""

from functools import lru_cache

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from minis2s.files import replacing

LARGEST = 100  # inches on a side of a picture: beyond some 500 the library gives up
DEFAULT_FONT = "DejaVu Sans"
# Tried first, in this order; then whatever else is installed.
PREFERRED_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Arial Unicode MS",
)
FONT_HINT = "install one, for instance Debian's package fonts-noto-cjk for Chinese"


def fonts_for(text):
    """(font families that together have every glyph of `text`, the characters for which there is none)."""
    needed = {ch for ch in text if not ch.isspace()}
    families = [DEFAULT_FONT]
    missing = needed - _glyphs(font_manager.findfont(DEFAULT_FONT))
    if missing:
        for family, path in _installed_fonts():
            if missing & _glyphs(path):
                families.append(family)
                missing -= _glyphs(path)
            if not missing:
                break
    return families, "".join(sorted(missing))


def attention_map(path, source_tokens, target_tokens, weights, title="", small=False):
    """Draw attention weights as a heat map into a PNG: one column for each source token, one row for each target token.

    weights: (len(target_tokens), len(source_tokens)). small: at a lower resolution and without a scale, drawn faster.

    Returns a note for the user if tokens had to be labelled by number because no font has their glyphs, else "".
    """
    families, missing = fonts_for("".join(source_tokens) + "".join(target_tokens) + title)
    note = ""
    if missing:
        note = f"no installed font has {missing[:10]!r}: tokens are labelled by number; {FONT_HINT}"
        source_tokens, target_tokens = ([str(k + 1) for k in range(len(tokens))] for tokens in (source_tokens, target_tokens))
        title = ""
    # parse_math: a token "$x$" is no formula.
    with matplotlib.rc_context({"font.family": families, "axes.unicode_minus": False, "text.parse_math": False}):
        size = (1.8 + 0.45 * len(source_tokens), 1.4 + 0.4 * len(target_tokens))
        figure = Figure(figsize=np.minimum(size, LARGEST), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(source_tokens)), source_tokens, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(target_tokens)), target_tokens)
        axes.set_xlabel("source")
        axes.set_ylabel("translation")
        if title:
            axes.set_title(title, fontsize="medium")
        if not small:
            figure.colorbar(image, label="attention weight")
        _save(figure, path, dpi=60 if small else 120)
    return note


def training_curves(path, records):
    """Draw the losses and the dev scores over the epochs into a PNG. records: the lines of metrics.jsonl."""
    epochs = [r["epoch"] for r in records]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    losses.plot(epochs, [r["train_loss"] for r in records], "o-", ms=3, label="training")
    losses.plot(epochs, [r["dev_loss"] for r in records], "s-", ms=3, label="dev")
    explained = [r["dev_variance_explained"] for r in records if "dev_variance_explained" in r]  # of a model of numbers
    losses.set_ylabel("loss (mean squared error)" if explained else "loss (nats per target token)")
    losses.set_yscale("log")
    losses.yaxis.set_major_formatter("{x:g}")
    losses.yaxis.set_minor_formatter("{x:.3g}")
    names = {"dev_exact_match": "exact match", "dev_bleu": "BLEU", "dev_chrf": "chrF", "dev_token_error_rate": "token error rate"}
    names["dev_variance_explained"] = "variance explained"
    for (name, label), marker in zip(names.items(), "osv^D", strict=True):
        if all(name in r for r in records):
            scores.plot(epochs, [r[name] for r in records], marker + "-", ms=3, label=label)
    scores.set_ylabel("dev, percent" if explained else "dev, percent (greedy)")
    scores.set_ylim(max(-100, min([0, *explained])) - 2, max([102, *(r.get("dev_token_error_rate", 0) for r in records)]))
    for axes in (losses, scores):
        axes.set_xlabel("epoch")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
    _save(figure, path)


def _save(figure, path, dpi=120):
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=dpi)


@lru_cache(maxsize=64)
def _glyphs(path):
    """The characters that a font file can draw."""
    try:
        return {chr(code) for code in FT2Font(path).get_charmap()}
    except (OSError, RuntimeError):
        return set()


@lru_cache(maxsize=1)
def _installed_fonts():
    """(family, path) of every font, preferred ones first. Asks the system, since matplotlib's own list may be older."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError):
                continue  # a damaged font file is not our affair
    by_family = {}
    for entry in font_manager.fontManager.ttflist:
        by_family.setdefault(entry.name, entry.fname)
    order = {name: k for k, name in enumerate(PREFERRED_FONTS)}
    return sorted(by_family.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
