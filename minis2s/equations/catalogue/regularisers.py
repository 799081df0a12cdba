"""D4.6: dropout and weight decay."""

from minis2s.equations.registry import register
from minis2s.equations.regularisers import dropout, dropout_backward, dropout_mask, weight_penalty, weight_penalty_backward

RATE, DECAY = 0.4, 0.3


def dropped(x, keep):
    return dropout(x, keep, RATE)


def decaying(theta):
    return weight_penalty(theta, DECAY)


def dropout_inputs(rng, T=3, B=3, H=4):
    return {"x": rng.standard_normal((T, B, H)), "keep": dropout_mask(rng, (T, B, H), RATE)}


def penalty_inputs(rng):
    return {"theta": rng.standard_normal((4, 3))}


register(
    id="D4.6",
    title="Dropout",
    section="D4 §6",
    printed="(worded: dropout)",
    latex=r"y = \frac{k \odot x}{1 - p},\quad k \sim \mathrm{Bernoulli}(1 - p)",
    symbols={
        "x, y": "any one shape",
        "k": "of the same shape: 1 where an entry is kept; drawn on the host before, so that it can be used again",
        "p": "rate: the probability that an entry is dropped",
    },
    forward=dropout,
    backward=dropout_backward,
    checked=(dropped, dropout_backward),
    inputs=dropout_inputs,
    wrt=("x",),
    derivation="""\
Given the mask, y is linear in x, with a diagonal matrix:
  ∂L/∂x = k ⊙ ∂L/∂y / (1 − p)
E[k] = 1 − p, so E[y] = x: in evaluation nothing is dropped and nothing is scaled.""",
    source="Srivastava et al. 2014, JMLR 15; the scaling in training ('inverted') instead of in evaluation is common practice",
    layer="minis2s.layers.dropout.Dropout",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="11_optimisers",
)

register(
    id="D4.6-weight-decay",
    title="Weight decay",
    section="D4 §6",
    printed="(worded: weight decay)",
    latex=r"R = \tfrac{1}{2} \lambda \lVert \theta \rVert^2",
    symbols={"θ": "parameters, any shape", "λ": "how strongly they decay", "R": "scalar, added to the loss"},
    forward=weight_penalty,
    backward=weight_penalty_backward,
    checked=(decaying, weight_penalty_backward),
    inputs=penalty_inputs,
    wrt=("theta",),
    derivation="""\
  ∂R/∂θ = λ θ
Added to the gradient ('coupled', minis2s.equations.optimisers.coupled_decay), gradient descent gives θ ← (1 − ηλ) θ − η g: the
weights decay. Adam would divide λθ by √v̂ along with g; AdamW (D3.10) therefore multiplies by 1 − ηλ itself ('decoupled').""",
    source="Krogh and Hertz 1991, NIPS 4",
    lesson="11_optimisers",
)
