"""What a model is made of: every choice by name, refused at once where it does not fit."""

from dataclasses import asdict, dataclass, fields

from minis2s.errors import UsageError, unknown_name
from minis2s.layers.base import RECURRENT
from minis2s.layers.bridge import BRIDGES
from minis2s.layers.cells import CELLS
from minis2s.layers.location import LOCATIONS
from minis2s.layers.scores import SCORES

KINDS = ("seq2seq", "language-model", "ctc", "regression")
CONSTANT = ("last-state", "all-states", "none")  # contexts that do not look at the decoder's state
ATTENTIONS = (*SCORES, *LOCATIONS, "gate", *CONSTANT)
NAMES = {
    "model": KINDS,
    "cell": tuple(CELLS),
    "attention": ATTENTIONS,
    "attend": ("before", "after"),
    "bridge": BRIDGES,
    "recurrent_init": RECURRENT,
}
# How a decoder follows an encoder:
OF_BOTH_SIDES = ("attention", "sigmoid", "values", "attend", "bridge", "encoder_layers", "encoder_size", "longest_source")
OF_TARGET = ("attentional", "input_feeding", "tied")
IDLE = {  # kind of model: the settings that it does not read
    "ctc": (*OF_BOTH_SIDES, *OF_TARGET),
    "language-model": (*OF_BOTH_SIDES, "real_source"),
    "regression": ("tied",),
}
ATTENDING = ("seq2seq", "regression")
HIDDEN = ("additive", "query-key", "affine", *LOCATIONS)  # attentions with a layer of attention_size
READ_WITH = {  # setting: what else a model must have to read it, and whether one of these settings has that
    "attention_size": (f"an attention of {', '.join(HIDDEN)}", lambda k: k["model"] in ATTENDING and k["attention"] in HIDDEN),
    "longest_source": ("the attention all-states", lambda k: k["attention"] == "all-states"),
    "sigmoid": ("an attention made of scores", lambda k: k["attention"] not in ("gate", *CONSTANT)),
    "values": ("an attention made of scores", lambda k: k["attention"] not in ("gate", *CONSTANT)),
    "attend": ("an attention", lambda k: k["attention"] != "none"),
    "bidirectional": ("an encoder", lambda k: k["model"] != "language-model"),
    "forget_bias": ("the cell lstm", lambda k: k["cell"] == "lstm"),
    "residual": ("a second layer", lambda k: max(k["layers"], k["encoder_layers"]) > 1),
    "variational": ("dropout", lambda k: k["dropout"] > 0),
}


def idle(settings):
    """{name: reason} of what a model with these settings, some of a ModelConfig's by name, does not read, given or not.

    A ModelConfig refuses what its kind cannot read; the rest does no harm in it, and is refused where somebody asks for it.
    """
    k = {field.name: field.default for field in fields(ModelConfig)} | settings
    reasons = {name: f"without {what}" for name, (what, has) in READ_WITH.items() if not has(k)}
    return reasons | {name: f"to a model of the kind {k['model']!r}" for name in IDLE.get(k["model"], ())}


@dataclass(frozen=True)
class ModelConfig:
    """model: "seq2seq"; "language-model", which has no source; "ctc", which labels an unsegmented source; "regression", whose
    targets are real vectors. real_source: the source consists of real vectors, not of words.

    embedding_size, hidden_size (of the decoder's state, and of the encoder's, both directions together, unless encoder_size says
    otherwise), attention_size. cell, layers (encoder_layers, if not as many), bidirectional (the encoder), residual (between the
    layers), learned_start (states before the first token are learned, not zeros), recurrent_init, forget_bias.

    attention: how the decoder sees the source: a score, "location" or "recurrent" (D2.9), "gate" (D3.2), "last-state" (D1),
    "all-states" (D4.2, for sources up to longest_source), "none" (through its first state alone). sigmoid: σ instead of softmax;
    values: a linear map of the encoder's states is summed, as in D3.5. attend: with the state before a step (Bahdanau) or after
    it (Luong). attentional: tanh of state and context before the output; input_feeding: the last output vector enters the next
    step. bridge: from the encoder's last states to the decoder's first. tied: output weights are the word vectors.

    dropout: of the embeddings, between layers and of what the output reads, while training; variational: the same units at every
    step of a sentence.

    For long sequences (layers/unrolling.py): truncate cuts back-propagation through time every so many steps, 0 never; recompute
    makes the caches of the recurrences anew in the backward pass instead of keeping them, with the same gradients.
    """

    model: str = "seq2seq"
    real_source: bool = False
    embedding_size: int = 64
    hidden_size: int = 128
    attention_size: int = 64
    cell: str = "lstm"
    layers: int = 1
    encoder_layers: int = 0
    encoder_size: int = 0
    bidirectional: bool = True
    residual: bool = False
    attention: str = "additive"
    sigmoid: bool = False
    values: bool = False
    attend: str = "before"
    attentional: bool = False
    input_feeding: bool = False
    bridge: str = "auto"
    learned_start: bool = False
    tied: bool = False
    recurrent_init: str = "xavier"
    forget_bias: float = 1.0
    longest_source: int = 100
    dropout: float = 0.0
    variational: bool = False
    truncate: int = 0
    recompute: bool = False

    def __post_init__(self):
        for name, value in asdict(self).items():
            least = 0 if name in ("encoder_size", "encoder_layers") else 1
            if name.endswith(("_size", "layers", "longest_source")) and value < least:
                raise UsageError(f"{name} must be at least {least}, not {value}")
        for name, known in NAMES.items():
            if getattr(self, name) not in known:
                raise unknown_name(name.replace("_", " "), getattr(self, name), known)
        if self.truncate < 0:
            raise UsageError(f"truncate is a number of steps, or 0 for none; not {self.truncate}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout is a share in [0, 1), not {self.dropout}")
        if self.bidirectional and self.source_size % 2 and self.model != "language-model":
            what = "encoder_size" if self.encoder_size else "hidden_size"
            raise UsageError(f"{what} must be even for a bidirectional encoder, not {self.source_size}")
        for name in ("sigmoid", "values"):
            if getattr(self, name) and self.attention in ("gate", *CONSTANT):
                raise UsageError(f"{name} goes with weights made of scores; the attention {self.attention!r} has none")
        if self.attention in ("dot", "scaled-dot", "cosine") and self.hidden_size != self.source_size:
            raise UsageError(
                f"the attention {self.attention!r} multiplies decoder states of size {self.hidden_size} with encoder states of "
                f"size {self.source_size}: make them equal, or choose general, query-key or additive"
            )
        for name in IDLE.get(self.model, ()):  # a setting that was changed but that nothing reads was a slip
            if getattr(self, name) != getattr(ModelConfig, name):
                raise UsageError(f"{name} says nothing to a model of the kind {self.model!r}; leave it out")

    @property
    def source_size(self):
        """Width of the encoder's states, both directions together."""
        return self.encoder_size or self.hidden_size

    @property
    def source_layers(self):
        return self.encoder_layers or self.layers
