"""What a run shows of its dev sentences: samples as text, all of them as JSON lines, and attention as pictures."""

import json

import numpy as np

from minis2s.plots import attention_map

N_SAMPLES = 20
LONGEST_PICTURE = 24  # tokens on a side of an attention map


def samples(translations, pairs, epoch):
    """A few dev sentences as text: every one of a fixed choice, right or wrong."""
    chosen = np.random.default_rng(0).permutation(len(pairs))[:N_SAMPLES]
    blocks = [f"dev sentences after epoch {epoch} (* right)\n"]
    for k in sorted(chosen):
        translation, reference = translations[k], pairs[k].target
        mark = "*" if translation.text == reference else " "
        shown = (f"{mark} source     {translation.source}", f"model      {translation.flagged}", f"wanted     {reference}")
        blocks.append("\n  ".join(shown) + "\n")
    return "\n".join(blocks)


def as_lines(translations, pairs):
    """All dev sentences, one JSON object on a line: what a report needs of the data."""
    records = (
        {"source": t.source, "reference": pair.target, "translation": t.text, "unknown": t.unknown, "complete": t.complete}
        for pair, t in zip(pairs, translations, strict=True)
    )
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def readable(translations):
    """The longest one that still gives a readable picture."""
    fits = [t for t in translations if max(len(t.source_tokens), len(t.tokens)) < LONGEST_PICTURE]
    return max(fits or translations[:1], key=lambda t: (t.complete, len(t.tokens)))


def one_to_follow(examples):
    """The position of the longest example that gives a readable picture, or of the shortest one if none does."""
    lengths = [max(map(len, example)) for example in examples]
    fits = [k for k, n in enumerate(lengths) if n < LONGEST_PICTURE]
    return max(fits, key=lengths.__getitem__) if fits else min(range(len(lengths)), key=lengths.__getitem__)


def draw_translation(path, translation, small=False):
    """The attention map of a Translation as a PNG; returns a note if there was no font for it, else "".

    small: fewer points, and no more tokens than can be read in it. Without attention nothing is drawn.
    """
    if not translation.weights.size:
        return ""
    t, most = translation, LONGEST_PICTURE if small else None
    rows = [*t.tokens, "⟨end⟩"][: len(t.weights)][:most]
    return attention_map(path, t.source_tokens[:most], rows, t.weights[:most, :most], t.text[:most], small)
