"""D1.4 and D2.7: mean squared error, and CTC."""

from itertools import product

import numpy as np

from minis2s.equations.ctc import collapse, ctc, ctc_backward
from minis2s.equations.losses import mean_squared_error, mean_squared_error_backward
from minis2s.equations.padding import length_mask, pad
from minis2s.equations.registry import register


def real_sequences(rng, S=3, B=4, D=2):
    """Sequences of 3, 2, 1 and 0 vectors."""
    shape = (S, B, D)
    return {"y": rng.standard_normal(shape), "targets": rng.standard_normal(shape), "mask": length_mask([3, 2, 1, 0])}


def ctc_inputs(rng, V=4):
    """Repeated labels, labels that leave a choice, ones that leave none, no label, and a row of nothing but padding."""
    a, b, c = rng.permutation([1, 2, 3])
    labels, label_mask = pad([[a, a, b], [c, b], [b, a], [], []])
    mask = length_mask([6, 4, 2, 3, 0])  # as many steps as rows would hide a confusion of the two
    return {"logits": rng.standard_normal((*mask.shape, V)), "labels": labels, "mask": mask, "label_mask": label_mask}


def sum_over_paths(rng, convert):
    """The loss as it is defined: every path of every row, one by one."""
    inputs = ctc_inputs(rng)
    loss, _ = ctc(**{name: convert(value) for name, value in inputs.items()})
    p = np.exp(inputs["logits"])
    p /= p.sum(axis=-1, keepdims=True)
    expected = 0.0
    for b in range(p.shape[1]):
        steps, labels = inputs["mask"][:, b].sum(), list(inputs["labels"][inputs["label_mask"][:, b], b])
        paths = [path for path in product(range(p.shape[2]), repeat=steps) if collapse(path) == labels]
        expected -= np.log(sum(np.prod([p[t, b, k] for t, k in enumerate(path)]) for path in paths))
    return {"loss": (loss, expected / inputs["label_mask"].sum())}


register(
    id="D1.4",
    title="Mean squared error",
    section="D1",
    printed="(worded: mean squared error loss)",
    latex=r"L = \frac{1}{N D} \sum_{n:\,\mathrm{mask}_n} \sum_{d=1}^{D} (y_{nd} - y^*_{nd})^2",
    symbols={
        "y": "(S, B, D) vectors that the model gives",
        "y*": "(S, B, D) target vectors",
        "mask": "(S, B) True where there is a vector",
        "N": "number of vectors in the whole batch",
        "L": "scalar",
    },
    forward=mean_squared_error,
    backward=mean_squared_error_backward,
    inputs=real_sequences,
    wrt=("y", "targets"),
    derivation="""\
Each entry appears in one square:
  ∂L/∂y_nd = 2 (y_nd − y*_nd) / (N D)     for a vector,     0 for padding
  ∂L/∂y*_nd = −∂L/∂y_nd""",
    source="D1 only names it",
    erratum="X11: the documents mask nothing; here padded places change neither the loss nor any gradient.",
    layer="minis2s.models.seq2seq.SequenceRegression",
    model="minis2s.models.seq2seq.SequenceRegression",
    lesson="10_losses",
)

register(
    id="D2.7",
    title="CTC loss",
    section="D2 §4.4",
    printed="(worded: CTC loss)",
    latex=r"L = -\frac{1}{N} \sum_b \log \sum_{\pi:\, \mathcal{B}(\pi) = l_b} \prod_{t} \mathrm{softmax}(z_{tb})_{\pi_t}",
    symbols={
        "z": "(T, B, V) logits; symbol 0 is the blank",
        "l": "(L, B) labels in [1, V)",
        "mask": "(T, B) True where the input has a step; label_mask: (L, B) True where there is a label",
        "π": "a path: one symbol for each step",
        "𝓑(π)": "the path's labels: repetitions merged, then blanks dropped",
        "l'": "(S, B) the labels with blanks around them, S = 2L + 1",
        "α_t(s)": "(T, S, B) probability of all beginnings that stand at l'_s after step t",
        "β_t(s)": "(S, B) probability of all endings after step t that start from l'_s",
        "N": "number of labels in the whole batch",
        "L": "scalar, nats per label",
    },
    forward=ctc,
    backward=ctc_backward,
    inputs=ctc_inputs,
    wrt=("logits",),
    verify=sum_over_paths,
    derivation="""\
The sum over paths splits at any step t by where the path is: p(l) = Σ_s α_t(s) β_t(s). Only α_t(s) holds p_t(l'_s), as a factor:
  ∂p(l)/∂p_t(k) = (1/p_t(k)) Σ_{s: l'_s = k} α_t(s) β_t(s)
and with γ_t(k) = Σ_{s: l'_s = k} α_t(s) β_t(s) / p(l), a distribution over k,
  ∂log p(l)/∂log p_t(k) = γ_t(k).
log p_t = z_t − log Σ_j exp(z_tj), hence, as Σ_k γ_t(k) = 1,
  ∂L/∂z_tk = (p_t(k) − γ_t(k)) / N     for a step,     0 for padding.
This is cross-entropy's p − q, with targets q = γ that the model works out for itself.""",
    source="Graves, Fernández, Gomez and Schmidhuber 2006, ICML, equations 3–16",
    erratum="X6: D2 says such losses are 'computed from the edit distance'; this one is a likelihood, summed over alignments.",
    layer="minis2s.models.tagger.CTCTagger",
    model="minis2s.models.tagger.CTCTagger",
    lesson="10_losses",
)
