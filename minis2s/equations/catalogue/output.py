"""D4.4, D1.3 and D2.6: the output distribution and its cross-entropy."""

from minis2s.equations.linear import LinearGradients, linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward, softmax, softmax_backward


def output_distribution(x, W, b):
    """p = softmax(x W + b)."""
    logits, cache_linear = linear(x, W, b)
    p, cache_softmax = softmax(logits)
    return p, (cache_linear, cache_softmax)


def output_distribution_backward(d_p, cache) -> LinearGradients:
    cache_linear, cache_softmax = cache
    return linear_backward(softmax_backward(d_p, cache_softmax), cache_linear)


def distribution_inputs(rng, S=2, B=3, H=4, V=5):
    return {"x": rng.standard_normal((S, B, H)), "W": rng.standard_normal((H, V)), "b": rng.standard_normal(V)}


def loss_inputs(rng, S=3, B=3, V=5):
    """A batch with padding in two rows, one of them without any token."""
    mask = rng.permuted([[True, True, False], [True, False, False], [True, True, False]], axis=0)
    return {"logits": rng.standard_normal((S, B, V)), "targets": rng.integers(0, V, (S, B)), "mask": mask}


def unmasked_loss_inputs(rng):
    inputs = loss_inputs(rng)
    return {name: inputs[name] for name in ("logits", "targets")}


def smoothed_cross_entropy(logits, targets, mask):
    """At ε = 0.1, the usual choice."""
    return cross_entropy(logits, targets, mask, smoothing=0.1)


register(
    id="D4.4",
    title="Output distribution",
    section="D4 §3.3",
    printed="p(y_t) = Softmax(W_o h_t + b_o)",
    latex=r"p(y_t) = \mathrm{softmax}(h_t W_o + b_o)",
    symbols={
        "h_t": "(S, B, H) decoder states (with attention: [s_i; c_i])",
        "W_o": "(H, V)",
        "b_o": "(V,)",
        "p": "(S, B, V) probabilities; each row sums to one",
    },
    forward=softmax,
    backward=softmax_backward,
    checked=(output_distribution, output_distribution_backward),
    inputs=distribution_inputs,
    wrt=("x", "W", "b"),
    derivation="""\
With z = h W_o + b_o and p = softmax(z):  ∂p_k/∂z_j = p_k (δ_kj − p_j). For an upstream gradient δ = ∂L/∂p,
  ∂L/∂z_j = Σ_k δ_k p_k (δ_kj − p_j) = p_j (δ_j − Σ_k δ_k p_k)
and z is affine in h, W_o, b_o:
  ∂L/∂h = ∂L/∂z W_oᵀ     ∂L/∂W_o = hᵀ ∂L/∂z     ∂L/∂b_o = Σ_rows ∂L/∂z""",
    layer="minis2s.layers.linear.Linear",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="02_softmax_and_loss",
)

CROSS_ENTROPY = {
    "latex": r"L = -\frac{1}{N} \sum_{n:\,\mathrm{mask}_n} \log \mathrm{softmax}(z_n)_{y_n}",
    "symbols": {
        "z": "(S, B, V) logits",
        "y": "(S, B) target words",
        "mask": "(S, B) True where there is a token",
        "N": "number of tokens in the whole batch",
        "L": "scalar, nats per token",
    },
    "forward": cross_entropy,
    "backward": cross_entropy_backward,
    "inputs": loss_inputs,
    "wrt": ("logits",),
    "derivation": """\
For one token, log p_y = z_y − log Σ_k exp(z_k), and ∂(log Σ_k exp z_k)/∂z_j = p_j. Hence
  ∂L/∂z_j = (p_j − [j = y]) / N     for a token,     0 for padding.
The entries of each row sum to zero: a loss on probabilities cannot push all logits the same way.""",
    "layer": "minis2s.models.seq2seq.Seq2Seq",
    "model": "minis2s.models.seq2seq.Seq2Seq",
    "lesson": "02_softmax_and_loss",
}

register(
    id="D1.3",
    title="Cross-entropy loss, padding masked",
    section="D1",
    printed="(worded: cross-entropy loss)",
    source="the negative log-likelihood; D1 only names it",
    erratum="X11: the documents mask nothing; here padded places change neither the loss nor any gradient.",
    **CROSS_ENTROPY,
)

register(
    id="D2.6",
    title="Cross-entropy loss",
    section="D2 §4.4",
    printed="(worded: cross-entropy loss)",
    source="the negative log-likelihood; D2 only names it",
    erratum="X6: D2 §4.4 says the loss is 'computed from the edit distance', which has no gradient and is a metric (D2.8). "
    "X11: the documents mask nothing.",
    **CROSS_ENTROPY | {"inputs": unmasked_loss_inputs},
)

register(
    id="D2.6-smoothed",
    title="Cross-entropy with label smoothing",
    section="D2 §4.4",
    printed="(not in the documents: an option of D2.6)",
    checked=(smoothed_cross_entropy, cross_entropy_backward),
    source="Szegedy et al. 2016, arXiv:1512.00567, §7",
    **CROSS_ENTROPY
    | {
        "latex": r"L = -\frac{1}{N} \sum_{n:\,\mathrm{mask}_n} \sum_k q_{nk} \log \mathrm{softmax}(z_n)_k,"
        r"\quad q_{nk} = (1 - \varepsilon) [k = y_n] + \frac{\varepsilon}{V}",
        "symbols": CROSS_ENTROPY["symbols"]
        | {"ε": "how much of the target is spread over all words, 0 ≤ ε < 1", "q": "(S, B, V) target probabilities"},
        "derivation": """\
Since Σ_k q_k = 1, one token's loss is log Σ_k exp(z_k) − Σ_k q_k z_k. Hence
  ∂L/∂z_j = (p_j − q_j) / N
which is zero at p = q: a logit is no longer pushed to infinity, as it is with q = onehot(y).""",
    },
)
