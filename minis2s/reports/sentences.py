"""The parts of a report that show sentences: samples, attention, and what the model finds hardest."""

from minis2s.data.files import Pair
from minis2s.decoding.evaluation import teacher_forced_loss
from minis2s.reports.markup import element, section
from minis2s.training.samples import LONGEST_PICTURE

N_SAMPLES, N_MAPS, N_HARDEST = 10, 4, 10
MOST_JUDGED = 2000  # dev sentences whose loss is computed
SHORT = 2  # characters that fit above a column
STRONG = 0.05  # attention weights below this are not printed


def samples(translations):
    """Sentences at equal distances through the dev set, right or wrong."""
    chosen = spread(translations, N_SAMPLES)
    right = sum(t["translation"] == t["reference"] for t in translations)
    note = f"{len(chosen)} dev sentences at equal distances, not chosen by how good they are. "
    note += f"Of all {len(translations)}, {right} are equal to their reference (✓)."
    return section("Sample translations", _list(chosen), note=note)


def attention(translator, translations):
    """Attention maps of dev sentences from short to long."""
    fits = [t for t in translations if len(translator.tokens(t["source"])) < LONGEST_PICTURE]
    chosen = spread(sorted(fits, key=lambda t: len(t["source"])), N_MAPS + 1)[1:]  # the shortest show little
    shown = [t for t in translator.translate([t["source"] for t in chosen]) if t.weights.size]
    if not shown:  # the model has none
        return None
    maps = [element("div", element("h3", t.text or "(empty)"), _map(t)) for t in shown]
    note = "Each row is a word of the translation and shows how its attention is spread over the source, in percent."
    return section("Attention", element("div", maps, class_="pair"), note=note)


def hardest(translator, translations):
    """The dev sentences whose references the model finds least probable, word for word."""
    judged = translations[:MOST_JUDGED]
    examples = translator.examples([Pair(t["source"], t["reference"]) for t in judged])
    losses = [teacher_forced_loss(translator.model, [example]) for example in examples]
    ranked = sorted(zip(losses, judged, strict=True), key=lambda pair: -pair[0])[:N_HARDEST]
    note = "The highest loss per target token (nats), given the reference word by word. Look for wrong references and rare words."
    if len(judged) < len(translations):
        note += f" Of the first {len(judged)} dev sentences."
    return section("Hardest dev sentences", _list([t for _, t in ranked], [loss for loss, _ in ranked]), note=note)


def spread(items, n):
    """n of the items, at equal distances."""
    return [items[k * len(items) // n] for k in range(n)] if len(items) > n else list(items)


def _list(translations, losses=None):
    return element("ul", [_sentence(t, losses and losses[k]) for k, t in enumerate(translations)], class_="sentences")


def _sentence(t, loss):
    right = t["translation"] == t["reference"]
    mark = element("span", "✓ " if right else "✗ ", class_="right" if right else "wrong")
    rows = [("source", t["source"]), ("model", [mark, t["translation"] or "(empty)"])]
    if not right:
        rows.append(("reference", t["reference"]))
    if t["unknown"]:
        rows.append(("unknown", ", ".join(t["unknown"])))
    if not t["complete"]:
        rows.append(("note", "cut short at the length limit"))
    if loss is not None:
        rows.append(("loss", f"{loss:.3f}"))
    return element("li", element("dl", [[element("dt", name), element("dd", value)] for name, value in rows]))


def _map(t):
    """A Translation's attention as a table: its cells are shaded, its words are text, so every script has its letters."""
    rows = [*t.tokens, "⟨end⟩"][: len(t.weights)][:LONGEST_PICTURE]
    kinds = [{"class_": "short"} if len(token) <= SHORT else {} for token in t.source_tokens]  # the others stand on end
    names = [element("th", token, scope="col", **kind) for token, kind in zip(t.source_tokens, kinds, strict=True)]
    head = element("tr", element("td"), names)
    body = []
    for token, weights in zip(rows, t.weights, strict=False):
        shades = [f"background: rgba(var(--heat), {0.75 * float(w):.2f})" for w in weights]
        numbers = [f"{100 * w:.0f}" if w >= STRONG else None for w in weights]
        cells = [element("td", n, style=shade) for n, shade in zip(numbers, shades, strict=True)]
        body.append(element("tr", element("th", token, scope="row"), cells))
    return element("div", element("table", element("thead", head), element("tbody", body), class_="map"), class_="scroll")
