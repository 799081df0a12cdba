"""D4.7: word embedding."""

from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.equations.registry import register


def lookup_inputs(rng, V=6, T=4, B=3, E=2):
    """Fewer words than places, so that some word stands in several of them."""
    return {"ids": rng.integers(0, V, (T, B)), "W": rng.standard_normal((V, E))}


register(
    id="D4.7",
    title="Word embedding",
    section="D4 §3.2",
    printed="(worded: each word is mapped to a vector by word embedding)",
    latex=r"x_t = W_{\mathrm{emb}}[w_t] = \mathrm{onehot}(w_t)\, W_{\mathrm{emb}}",
    symbols={
        "w_t": "(T, B) word numbers in [0, V)",
        "W_emb": "(V, E) one row for each word",
        "x_t": "(T, B, E) word vectors",
    },
    forward=embedding,
    backward=embedding_backward,
    inputs=lookup_inputs,
    wrt=("W",),
    derivation="""\
Row k of W appears wherever word k stands, so its gradient is the sum over those places:
  ∂L/∂W[k] = Σ_{t: w_t = k} ∂L/∂x_t
In matrix form x = P W with the one-hot matrix P, hence ∂L/∂W = Pᵀ ∂L/∂x, a scatter-add. Words that do not occur get zero.""",
    source="Bengio et al. 2003, JMLR 3",
    layer="minis2s.layers.embedding.Embedding",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="02_softmax_and_loss",
)
