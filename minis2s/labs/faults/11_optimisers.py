"""Lab 11, clipping and the optimisers: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.optimisers import adam, adamw, clip_factor
from minis2s.labs.faults.drawing import E, H, normal
from minis2s.labs.spec import Fault, Lab, Output, Task

STEPS = {"one": 1, "two": 2, "many": 40, "extreme": 3}
ADAM = Output("parameter", "row column", "θ"), Output("m", "row column", "m"), Output("v", "row column", "v")


def _gradients(rng, rung, variant):
    d_W, d_b = normal(rng, (E, H), (H,))
    scale = {"one": 0.01, "rows": 1.0, "extreme": 100.0}[rung]  # below the limit, near it, far above
    return {"d_W": scale * d_W, "d_b": scale * d_b, "limit": float(rng.uniform(0.5, 1.5))}


def _clip(q, variant):
    norm = np.linalg.norm(np.concatenate([q["d_W"].reshape(-1), q["d_b"]]))
    factor = clip_factor(norm, q["limit"])
    return {"d_W": factor * q["d_W"], "d_b": factor * q["d_b"]}


def _adam(rng, rung, variant):
    parameter, gradient, m, v = normal(rng, *[(E, H)] * 4)
    first = rung == "one"  # m and v are zero before the first step
    m, v = (0 * m, 0 * v) if first else (m, v * v)
    q = {"parameter": parameter, "gradient": gradient, "m": m, "v": v, "t": STEPS[rung]}
    q |= {"rate": float(rng.uniform(0.05, 0.2)), "beta1": 0.8, "beta2": 0.95, "epsilon": 0.1}
    return q | ({"gradient": 1e-3 * gradient, "m": 1e-3 * m, "v": 1e-6 * v, "epsilon": 1e-3} if rung == "extreme" else {})


def _adamw(rng, rung, variant):
    return _adam(rng, rung, variant) | {"decay": float(rng.uniform(0.3, 0.6))}


def _right_adam(q, variant):
    return adam(*(q[n] for n in ("parameter", "gradient", "m", "v", "t", "rate", "beta1", "beta2", "epsilon")))._asdict()


def _right_adamw(q, variant):
    names = ("parameter", "gradient", "m", "v", "t", "rate", "decay", "beta1", "beta2", "epsilon")
    return adamw(*(q[name] for name in names))._asdict()


CLIP = Task(
    "clip", "", 10, (Output("d_W", "in out", "d_W"), Output("d_b", "out", "d_b")), _gradients, _clip, ("one", "rows", "extreme"),
    faults=(
        Fault("each-by-itself", "return d_W * factor, d_b * factor",
              "return tuple(d * min(1.0, limit / np.sqrt((d**2).sum())) for d in (d_W, d_b))",
              "each array is clipped by its own norm: the direction changes", "“the norm of all together”"),
        Fault("always-scaled", "if norm > limit:", "if True:", "small gradients are scaled up to the limit", "min(1, …)"),
        Fault("by-entries", "return d_W * factor, d_b * factor",
              "return np.clip(d_W, -limit, limit), np.clip(d_b, -limit, limit)",
              "each entry is cut off by itself: the direction changes", "‖g‖"),
        Fault("never", "factor = limit / norm", "factor = 1.0", "nothing is clipped", "limit / ‖g‖"),
        Fault("squared-norm", "np.sqrt((d_W**2).sum() + (d_b**2).sum())", "(d_W**2).sum() + (d_b**2).sum()",
              "the root of the norm is missing", "√"),
        Fault("inverted", "limit / norm", "norm / limit", "the factor is upside down: large gradients grow", "limit / ‖g‖"),
        Fault("d_b-not-in-norm", " + (d_b**2).sum()", "", "the norm is that of d_W alone", "Σ d_W² + Σ d_b²"),
        Fault("d_b-not-scaled", "d_b * factor", "d_b", "only d_W is scaled", "“all gradients”"),
        Fault("divided-by-norm", "limit / norm", "1 / norm", "scaled to length one instead of to the limit", "limit / ‖g‖"),
        Fault("sum-of-norms", "np.sqrt((d_W**2).sum() + (d_b**2).sum())", "np.sqrt((d_W**2).sum()) + np.sqrt((d_b**2).sum())",
              "the norms are added; it is their squares that add", "√(Σ + Σ)"),
    ),
    hints=(
        "Look at small gradients, then at large ones.",
        "Small gradients stay as they are; large ones keep their direction and get the length `limit`, all together.",
        "One norm over all entries of both arrays, one factor for both.",
    ),
)  # fmt: skip

MOMENTS = (
    Fault("no-correction-m", "m_hat = m / (1 - beta1**t)", "m_hat = m",
          "the first mean is not corrected: it starts at zero, so early steps are too small", "m̂"),
    Fault("no-correction-v", "v_hat = v / (1 - beta2**t)", "v_hat = v",
          "the second mean is not corrected: early steps are too large", "v̂"),
    Fault("correction-without-t", "m_hat = m / (1 - beta1**t)", "m_hat = m / (1 - beta1)",
          "the correction is that of the first step for ever", "β₁ᵗ"),
    Fault("correction-without-t-v", "v_hat = v / (1 - beta2**t)", "v_hat = v / (1 - beta2)",
          "the second mean's correction is that of the first step for ever", "β₂ᵗ"),
    Fault("t-off-by-one", "v_hat = v / (1 - beta2**t)", "v_hat = v / (1 - beta2 ** (t + 1))",
          "t is one too large in the second mean's correction", "t = 1, 2, …"),
    Fault("t-off-by-one-m", "m_hat = m / (1 - beta1**t)", "m_hat = m / (1 - beta1 ** (t + 1))",
          "t is one too large in the first mean's correction", "t = 1, 2, …"),
    Fault("epsilon-inside", "(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat + epsilon)",
          "ε stands inside the root: where gradients are small it is much larger there", "√v̂ + ε"),
    Fault("no-epsilon", "(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat)",
          "ε is missing: where gradients are small the step is too large", "√v̂ + ε"),
    Fault("no-root", "(np.sqrt(v_hat) + epsilon)", "(v_hat + epsilon)", "the root of the second mean is missing", "√v̂"),
    Fault("not-squared", "gradient**2", "np.abs(gradient)", "the second mean is of |g|, not of g²", "g²"),
    Fault("m-not-weighted", "m = beta1 * m + (1 - beta1) * gradient", "m = beta1 * m + gradient",
          "the new gradient is not weighted: that is momentum, not a mean", "(1 − β₁) g"),
    Fault("v-not-weighted", "v = beta2 * v + (1 - beta2) * gradient**2", "v = beta2 * v + gradient**2",
          "the new square is not weighted", "(1 − β₂) g²"),
    Fault("betas-exchanged", "m = beta1 * m + (1 - beta1) * gradient", "m = beta2 * m + (1 - beta2) * gradient",
          "the first mean uses β₂", "β₁"),
    Fault("weights-exchanged", "m = beta1 * m + (1 - beta1) * gradient", "m = (1 - beta1) * m + beta1 * gradient",
          "the first mean's weights are exchanged: it forgets at once", "β₁ m + (1 − β₁) g"),
    Fault("ascent", "parameter - rate * step", "parameter + rate * step", "the step goes uphill", "θ −"),
    Fault("gradient-for-mean", "m_hat / (np.sqrt", "gradient / (np.sqrt", "the step uses the gradient, not its mean", "m̂"),
    Fault("corrected-m-kept", "return parameter, m, v", "return parameter, m_hat, v",
          "the corrected mean is handed on: it is corrected again in the next step", "m"),
    Fault("corrected-v-kept", "return parameter, m, v", "return parameter, m, v_hat",
          "the corrected second mean is handed on", "v"),
)  # fmt: skip
LADDER = ("one", "two", "many", "extreme")

ADAM_TASK = Task(
    "adam", "D4.5", 20, ADAM, _adam, _right_adam, LADDER, faults=MOMENTS,
    hints=(
        "Look at m and v first, then at the parameter; and at the first step before later ones.",
        "In the first step m̂ = g and v̂ = g², whatever β₁ and β₂ are: every entry moves by about the rate.",
        "Means with weights β and 1 − β; corrections with βᵗ, which are not kept; ε outside the root.",
    ),
)  # fmt: skip

DECAY = "parameter = (1 - rate * decay) * parameter\n"
ADAMW_TASK = Task(
    "adamw", "D3.10", 20, ADAM, _adamw, _right_adamw, LADDER,
    faults=(
        *MOMENTS,
        Fault("decay-through-gradient", DECAY, "gradient = gradient + decay * parameter\n",
              "the decay goes through the gradient: that is Adam with L2, and √v̂ undoes it where gradients are large",
              "(1 − η λ) θ"),
        Fault("no-decay", DECAY, "", "there is no decay: this is Adam", "(1 − η λ) θ"),
        Fault("decay-without-rate", "(1 - rate * decay)", "(1 - decay)", "the decay is not multiplied by the rate", "η λ"),
        Fault("decay-divided", DECAY, "root = np.sqrt((beta2 * v + (1 - beta2) * gradient**2) / (1 - beta2**t))\n"
              "parameter = parameter - rate * decay * parameter / (root + epsilon)\n",
              "the decay is divided by √v̂, like the gradient", "θ ← (1 − η λ) θ"),
        Fault("growth", "(1 - rate * decay)", "(1 + rate * decay)", "the parameter grows instead of decaying", "1 − η λ"),
        Fault("decay-after", "rate * step", "(1 - rate * decay) * rate * step",
              "the decay also acts on this step's move: it comes first", "(1 − η λ) θ, then Adam's step"),
    ),
    hints=(
        "m and v must be Adam's, to the last digit; then look at the parameter.",
        "Without a gradient's history (m = v = 0, g = 0) the parameter shrinks by the factor 1 − η λ.",
        "The decay is a factor in front of the old parameter; it does not touch g, m and v.",
    ),
)  # fmt: skip

LAB = Lab("Clipping, Adam and AdamW", (CLIP, ADAM_TASK, ADAMW_TASK))
