"""Which models are checked whole: a few that run every line, and a table of combinations of all that a model can be made of."""

from itertools import cycle, product

from minis2s.layers.cells import CELLS
from minis2s.models.configuration import ATTENTIONS, CONSTANT

SIZES = {"embedding_size": 2, "hidden_size": 4, "attention_size": 7}
SMALL = {"embedding_size": 3, "hidden_size": 2, "attention_size": 5, "bidirectional": False}
DROPOUT = 0.25

# One model for each thing that a model can be made of. Together they run every backward line of layers and models.
MODELS = {
    "bidirectional": {"dropout": DROPOUT},
    "unidirectional": {"bidirectional": False},
    "GRU, Luong": SMALL | {"cell": "gru", "layers": 2, "residual": True, "dropout": DROPOUT, "variational": True,
                           "learned_start": True, "attention": "general", "attend": "after", "attentional": True,
                           "input_feeding": True, "bidirectional": True},
    "RNN, tied": {"cell": "rnn", "attention": "dot", "tied": True, "recurrent_init": "orthogonal"},
    "GRU with reset before": SMALL | {"cell": "gru-reset-before", "layers": 2, "attention": "query-key", "values": True,
                                      "sigmoid": True},
    "scaled dot": SMALL | {"attention": "scaled-dot", "input_feeding": True, "dropout": DROPOUT, "layers": 2},
    "cosine": SMALL | {"cell": "gru", "attention": "cosine", "attend": "after"},
    "sigmoid of an affine score": SMALL | {"cell": "rnn", "attention": "affine", "sigmoid": True},
    "location": SMALL | {"cell": "rnn", "attention": "location"},
    "recurrent attention": SMALL | {"cell": "rnn", "attention": "recurrent", "attend": "after"},
    "gate": SMALL | {"cell": "rnn", "attention": "gate"},
    "last state": SMALL | {"attention": "last-state", "encoder_size": 3, "layers": 3, "encoder_layers": 2},
    "last state of both directions": SMALL | {"cell": "rnn", "attention": "last-state", "bidirectional": True},
    "all states": SMALL | {"cell": "rnn", "attention": "all-states", "longest_source": 8, "tied": True, "attentional": True,
                           "encoder_layers": 3, "residual": True, "padding": False},
    "first state only": SMALL | {"cell": "gru", "attention": "none", "bridge": "linear", "input_feeding": True},
    "zero bridge": SMALL | {"cell": "rnn", "bridge": "zero"},
    "language model": SMALL | {"model": "language-model", "layers": 2, "learned_start": True, "dropout": DROPOUT, "tied": True,
                               "embedding_size": 2},
    "CTC": SMALL | {"model": "ctc", "cell": "gru", "dropout": DROPOUT, "learned_start": True},
    "regression": SMALL | {"model": "regression", "cell": "rnn", "real_source": True},
    "truncated": {"truncate": 2, "layers": 2, "learned_start": True, "dropout": DROPOUT},
    "truncated, input feeding": SMALL | {"cell": "gru", "truncate": 2, "attention": "recurrent", "input_feeding": True,
                                         "recompute": True},
    "recomputed": SMALL | {"recompute": True, "layers": 2, "dropout": DROPOUT, "padding": False, "attention": "location",
                           "input_feeding": True},
    "recomputed, truncated": SMALL | {"cell": "rnn", "recompute": True, "truncate": 2, "attention": "location",
                                      "attentional": True},
}  # fmt: skip


LOSSES = {"ctc": "CTC", "regression": "squared error"}  # of the others: cross-entropy
ALSO = ("input_feeding", "residual", "attentional", "tied", "values", "learned_start", "real_source")


def described(settings):
    """What stands in the table of a combination's settings."""
    default = {"model": "seq2seq", "cell": "lstm", "layers": 1, "bidirectional": True, "padding": True}
    k = default | {"attention": "additive", "attend": "before"} | settings
    source, target = k["model"] != "language-model", k["model"] != "ctc"
    also = [name.replace("_", " ") for name, value in settings.items() if value is True and name in ALSO]
    return {
        "model": k["model"],
        "loss": LOSSES.get(k["model"], "cross-entropy"),
        "cell": k["cell"],
        "layers": k["layers"],
        "directions": (2 if k["bidirectional"] else 1) if source else "-",
        "attention": k["attention"] + (", σ" if k.get("sigmoid") else "") if source and target else "-",
        "attend": k["attend"] if source and target else "-",
        "padding": "yes" if k["padding"] else "no",
        "also": ", ".join(also),
    }


def _combinations():
    """Every cell with every depth, direction and padding; every attention with both orders of the step; and, with all cells, the
    models with another loss. What else there is to choose goes round.
    """
    cells, attention = cycle(CELLS), cycle(ATTENTIONS)
    more = cycle([
        {}, {"input_feeding": True}, {"residual": True, "attentional": True}, {"tied": True}, {"values": True},
        {"attentional": True, "input_feeding": True}, {"learned_start": True, "bridge": "zero"},
    ])  # fmt: skip
    small, rows = {"longest_source": 5}, []
    for cell, layers, both, padding in product(CELLS, (1, 2), (True, False), (True, False)):
        rows.append({"cell": cell, "layers": layers, "bidirectional": both, "padding": padding, "attention": next(attention)})
    for n, (name, attend) in enumerate(product(ATTENTIONS, ("before", "after"))):
        cell = list(CELLS)[(n + n // 4) % len(CELLS)]  # so that neither order of the step always has the same cells
        rows.append({"cell": cell, "attention": name, "attend": attend, "bidirectional": n % 3 > 0, "padding": n % 5 > 0})
    rows = [row | next(more) for row in rows]
    rows = [row | ({"values": False} if row["attention"] in ("gate", *CONSTANT) else {}) for row in rows]
    rows += [{"attention": name, "sigmoid": True, "cell": next(cells)} for name in ("additive", "query-key", "location")]
    rows = [row | (small if row["attention"] == "all-states" else {}) for row in rows]
    for cell, padding in product(CELLS, (True, False)):
        many = {"cell": cell, "padding": padding, "layers": 2 if padding else 1}
        rows.append(many | {"model": "language-model", "learned_start": padding, "tied": not padding})
        rows += [many | {"model": "ctc", "bidirectional": both} for both in (True, False)]
        rows.append(many | {"model": "regression", "real_source": padding, "attention": next(attention), "longest_source": 5})
    return rows


COMBINATIONS = {f"{n}": row for n, row in enumerate(_combinations(), start=1)}
