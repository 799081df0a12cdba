"""All models once more, in PyTorch: one sentence at a time, one step after the other, differentiated by autograd.

Slow, short, and with nothing in common with the package but the parameters' names. No dropout.
"""

import torch
from torch.nn.functional import cosine_similarity, cross_entropy, ctc_loss, log_softmax, mse_loss

GATES = {"lstm": 4, "gru": 3, "gru-reset-before": 3, "rnn": 1}


class Oracle:
    """`loss(batch)` of a model with the weights of `model`; after it, `gradients()` by our names."""

    def __init__(self, model):
        self.k = model.config
        self.p = {name: torch.from_numpy(value).requires_grad_() for name, value in model.state().items()}

    def loss(self, batch):
        columns = range(batch.target_mask.shape[1])
        total = sum(self._sentence(batch, b) for b in columns) / batch.n_target_tokens
        total.backward()
        return float(total.detach())

    def gradients(self):
        return {name: (torch.zeros_like(p) if p.grad is None else p.grad).numpy() for name, p in self.p.items()}

    def _sentence(self, batch, b):
        """The sum over the sentence's target tokens."""
        source = torch.from_numpy(batch.source[: batch.source_mask[:, b].sum(), b])
        if self.k.model == "ctc":
            h, _ = self.encode(source)
            log_p = log_softmax(self.linear("output", h), dim=-1)
            labels = torch.from_numpy(batch.labels[: batch.label_mask[:, b].sum(), b])
            return ctc_loss(log_p[:, None], labels[None], (len(log_p),), (len(labels),), reduction="sum")
        n = batch.target_mask[:, b].sum()
        before, wanted = (torch.from_numpy(a[:n, b]) for a in (batch.target_in, batch.target_out))
        h, finals = (None, None) if self.k.model == "language-model" else self.encode(source)
        predicted = self.decode(before, h, self.bridge(finals))
        if self.k.model == "regression":
            return mse_loss(predicted, wanted, reduction="sum") / predicted.shape[1]
        return cross_entropy(predicted, wanted, reduction="sum")

    # Parts

    def linear(self, name, x):
        return x @ self.p[f"{name}.W"] + self.p[f"{name}.b"]

    def read(self, name, x):
        return self.linear(name, x) if x.is_floating_point() else self.p[f"{name}.W"][x]

    def zeros(self, kind, size):
        return tuple(torch.zeros(size, dtype=torch.float64) for _ in range(2 if kind == "lstm" else 1))

    def cell(self, at, x, state, more=0):
        """One step: the new (h, …). more: what enters beside x W_x + b."""
        h, z = state[0], x @ self.p[f"{at}.W_x"] + self.p[f"{at}.b"] + more
        W = self.p[f"{at}.W_h"]
        if self.k.cell == "rnn":
            return (torch.tanh(z + h @ W),)
        if self.k.cell == "lstm":
            i, f, o, g = (z + h @ W).chunk(4)
            c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c
        (x_r, x_z, x_n), (W_r, W_z, W_n) = z.chunk(3), W.chunk(3, dim=1)
        b_r, b_z, b_n = self.p[f"{at}.b_h"].chunk(3) if self.k.cell == "gru" else (0, 0, 0)
        r, u = torch.sigmoid(x_r + h @ W_r + b_r), torch.sigmoid(x_z + h @ W_z + b_z)
        n = torch.tanh(x_n + (r * (h @ W_n + b_n) if self.k.cell == "gru" else (r * h) @ W_n))
        return ((1 - u) * n + u * h,)

    def encode(self, source):
        """(h (T, C), each layer's final state)."""
        x, finals = self.read("encoder.reader", source), []
        for k in range(self.k.encoder_layers or self.k.layers):
            directions = [("forwards", 1), ("backwards", -1)][: 1 + self.k.bidirectional]
            size = (self.k.encoder_size or self.k.hidden_size) // len(directions)
            outs, states = [], []
            for d, (direction, sign) in enumerate(directions):
                state = self.zeros(self.k.cell, size)
                if self.k.learned_start:
                    at = f"encoder.stack.layers.{k}.start"
                    state = tuple(self.p[f"{at}.{j}"].split(size)[d] for j in range(len(state)))
                h = [None] * len(x)
                for t in range(len(x))[::sign]:
                    state = self.cell(f"encoder.stack.layers.{k}.{direction}.cell", x[t], state)
                    h[t] = state[0]
                outs.append(torch.stack(h))
                states.append(state)
            h = torch.cat(outs, dim=1)
            x = x + h if self.k.residual and k else h
            finals.append(tuple(torch.cat(parts) for parts in zip(*states, strict=True)))
        return x, finals

    def bridge(self, finals):
        """The decoder's states before its first step."""
        zeros = self.zeros(self.k.cell, self.k.hidden_size)
        states = [[zero for zero in zeros] for _ in range(self.k.layers)]
        has_parts = any(name.startswith("bridge.parts.") for name in self.p)
        for j in range(self.k.layers * len(zeros)):
            layer, part = divmod(j, len(zeros))
            if finals is None or self.k.bridge == "zero":
                if has_parts:
                    states[layer][part] = self.p[f"bridge.parts.{j}"]
            else:
                final = finals[min(layer, len(finals) - 1)][part]
                states[layer][part] = self.linear(f"bridge.parts.{j}", final) if has_parts else final
        return [tuple(state) for state in states]

    def decode(self, before, h, states):
        y, predicted, memory = self.read("decoder.reader", before), [], {}
        width = self.k.hidden_size if self.k.attentional else self.k.hidden_size + self.context_size(h)
        fed = torch.zeros(width, dtype=torch.float64)
        for y_i in y:
            given = []
            if self.k.attend == "before":
                c = self.context(states[-1][0], h, memory)
                given.append(c)
            if self.k.input_feeding:
                given.append(fed)
            given = torch.cat(given) if given else torch.zeros(0, dtype=torch.float64)
            x, new = y_i, []
            for k, state in enumerate(states):
                more = given @ self.p["decoder.W_c"] if k == 0 and len(given) else 0
                new.append(self.cell(f"decoder.stack.layers.{k}", x, state, more))
                x = x + new[-1][0] if self.k.residual and k else new[-1][0]
            states = new
            if self.k.attend == "after":
                c = self.context(x, h, memory)
            out = torch.cat([x, c])
            out = torch.tanh(self.linear("decoder.combine", out)) if self.k.attentional else out
            fed = out
            predicted.append(out)
        return self.predict(torch.stack(predicted))

    def predict(self, out):
        if not self.k.tied:
            return self.linear("decoder.output", out)
        out = self.linear("decoder.output.narrow", out) if "decoder.output.narrow.W" in self.p else out
        return out @ self.p["decoder.reader.W"].T + self.p["decoder.output.b"]

    def context_size(self, h):
        return 0 if h is None or self.k.attention == "none" else h.shape[1]

    def context(self, s, h, memory):
        """c of a decoder state s over encoder states h; `memory` keeps what location attention knows of the step before."""
        name, p = self.k.attention, {n.removeprefix("decoder.context."): v for n, v in self.p.items()}
        if h is None or name == "none":
            return torch.zeros(0, dtype=torch.float64)
        if name == "last-state":  # what each direction has read last
            half = h.shape[1] // 2 if self.k.bidirectional else h.shape[1]
            return torch.cat([h[-1, :half], h[0, half:]])
        if name == "all-states":
            padding = torch.zeros(self.k.longest_source * h.shape[1] - h.numel(), dtype=torch.float64)
            return torch.cat([h.reshape(-1), padding]) @ p["join.W"] + p["join.b"]
        if name == "gate":
            return (torch.sigmoid(s @ p["W_z"] + p["b"] + h @ p["W_h"]) * h).sum(dim=0)
        e = self.scores(name, s, h, p, memory)
        alpha = memory["alpha"] = torch.sigmoid(e) if self.k.sigmoid else torch.softmax(e, dim=0)
        return alpha @ (h @ p["values.W"] + p["values.b"] if self.k.values else h)

    def scores(self, name, s, h, p, memory):
        if name in ("dot", "scaled-dot"):
            return h @ s / (len(s) ** 0.5 if name == "scaled-dot" else 1)
        if name == "cosine":
            return cosine_similarity(h, s[None], dim=1)
        if name == "general":
            return h @ (s @ p["score.W"])
        if name == "query-key":
            return (h @ p["score.k.W"] + p["score.k.b"]) @ (s @ p["score.q.W"] + p["score.q.b"])
        u = h @ p["score.W_h"] + s @ p["score.W_s"]
        if name == "affine":
            return u @ p["score.v"]
        if name in ("location", "recurrent"):
            alpha = memory.get("alpha", torch.zeros(len(h), dtype=torch.float64))
            kernel = p["location.F"].T[:, None]  # (K, 1, width): what the windows times F are, as a convolution
            f = torch.nn.functional.conv1d(alpha[None, None], kernel, padding=kernel.shape[-1] // 2)[0].T
            if name == "recurrent":
                d = memory.get("d", torch.zeros_like(f))
                f = memory["d"] = torch.tanh(f + d @ p["location.W_d"] + p["location.b"])
            u = u + f @ p["location.U"]
        return torch.tanh(u) @ p["score.v"]
