"""The same model in JAX, written the way one writes it there: `lax.scan` over time, masks, `value_and_grad`, one jitted step."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

B1, B2, EPSILON = 0.9, 0.999, 1e-8


def cell(p, x, state):
    """An LSTM step with gates in the order i, f, o, g."""
    h, c = state
    i, f, o, g = jnp.split(x + h @ p["W_h"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def encode(p, x, mask, reverse):
    """(T, B, E) → states (T, B, H), and the last (h, c). A padded step keeps the state."""
    inputs = x @ p["W_x"] + p["b"]

    def step(state, at):
        z, alive = at
        new = tuple(jnp.where(alive[:, None], n, s) for n, s in zip(cell(p, z, state), state, strict=True))
        return new, new[0]

    zeros = jnp.zeros((x.shape[1], p["W_h"].shape[0]), x.dtype)
    last, h = lax.scan(step, (zeros, zeros), (inputs, mask), reverse=reverse)
    return jnp.where(mask[..., None], h, 0), last


def attend(p, s, keys, memory, mask):
    e = jnp.tanh(s @ p["W_s"] + keys) @ p["v"]
    alpha = jax.nn.softmax(jnp.where(mask, e, -1e30), axis=0)
    return jnp.einsum("tb,tbc->bc", alpha, memory)


def start(p, source, mask):
    """(memory, keys, first state) of a source."""
    x = p["source"][source]
    outs = [encode(d, x, mask, k == 1) for k, d in enumerate(p["encoder"])]
    memory = jnp.concatenate([h for h, _ in outs], axis=-1)
    return memory, memory @ p["W_k"], tuple(jnp.concatenate(parts, axis=-1) for parts in zip(*(s for _, s in outs), strict=True))


def loss_of(p, source, mask, target_in, target_out, target_mask):
    memory, keys, state = start(p, source, mask)
    inputs = p["target"][target_in] @ p["decoder"]["W_x"] + p["decoder"]["b"]

    def step(state, z):
        c = attend(p, state[0], keys, memory, mask)
        state = cell(p["decoder"], z + c @ p["W_c"], state)
        return state, jnp.concatenate([state[0], c], axis=-1)

    _, outs = lax.scan(step, state, inputs)
    logits = outs @ p["W_o"] + p["b_o"]
    losses = jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, target_out[..., None], axis=-1)[..., 0]
    return jnp.where(target_mask, losses, 0).sum() / target_mask.sum()


class JaxEngine:
    """The JAX model with the weights of one of ours."""

    def __init__(self, model, batch, learning_rate, clip):
        self.p = jax.tree.map(jnp.asarray, _translated(model.state(), model.config))
        self.moments, self.t = (jax.tree.map(jnp.zeros_like, self.p), jax.tree.map(jnp.zeros_like, self.p)), 0
        arrays = (batch.source, batch.source_mask, batch.target_in, batch.target_out, batch.target_mask)
        self.inputs = tuple(jnp.asarray(a) for a in arrays)
        self.words = len(batch.target_in)
        self._loss = jax.jit(loss_of)

        @jax.jit
        def step(p, m, v, t, inputs):
            loss, g = jax.value_and_grad(loss_of)(p, *inputs)
            norm = jnp.sqrt(sum(jnp.vdot(x, x) for x in jax.tree.leaves(g)))
            g = jax.tree.map(lambda x: x * jnp.minimum(1.0, clip / norm), g)
            m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, g)
            v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, g)
            rate, root = learning_rate / (1 - B1**t), jnp.sqrt(1 - B2**t)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + EPSILON), p, m, v)
            return p, m, v, loss

        @jax.jit
        def decode(p, source, mask):
            memory, keys, state = start(p, source, mask)

            def step(carry, _):
                words, state = carry
                c = attend(p, state[0], keys, memory, mask)
                z = p["target"][words] @ p["decoder"]["W_x"] + p["decoder"]["b"] + c @ p["W_c"]
                state = cell(p["decoder"], z, state)
                words = jnp.argmax(jnp.concatenate([state[0], c], axis=-1) @ p["W_o"] + p["b_o"], axis=-1)
                return (words, state), words

            first = jnp.full(source.shape[1], batch.target_in[0, 0])
            return lax.scan(step, (first, state), None, length=self.words)[1]

        self._step, self._decode = step, decode

    def loss(self):
        return float(self._loss(self.p, *self.inputs))

    def step(self):
        self.t += 1
        self.p, *self.moments, loss = self._step(self.p, *self.moments, float(self.t), self.inputs)
        return float(loss)

    def decode(self):
        return np.asarray(self._decode(self.p, *self.inputs[:2]))


def _translated(state, config):
    """Our weights as a tree."""
    decoder = "decoder.stack.layers.0."
    directions = ("forwards", "backwards") if config.bidirectional else ("forwards",)
    parts = {name: state[decoder + name] for name in ("W_x", "W_h", "b")}
    encoder = [{n: state[f"encoder.stack.layers.0.{d}.cell.{n}"] for n in ("W_x", "W_h", "b")} for d in directions]
    return {
        "source": state["encoder.reader.W"],
        "target": state["decoder.reader.W"],
        "encoder": encoder,
        "decoder": parts,
        "W_c": state["decoder.W_c"],
        "W_s": state["decoder.context.score.W_s"],
        "W_k": state["decoder.context.score.W_h"],
        "v": state["decoder.context.score.v"],
        "W_o": state["decoder.output.W"],
        "b_o": state["decoder.output.b"],
    }
