"""The same model in PyTorch, written the way one writes it there: packed sequences, nn.LSTM, nn.LSTMCell, autograd, Adam.

With torch.compile the decoder is compiled, its loop unrolled; packed sequences are not for compilers, so the encoder stays.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from minis2s import machine


class TorchSeq2Seq(nn.Module):
    """Encoder (nn.LSTM), additive attention on the previous state, decoder (nn.LSTMCell), softmax over [state; context]."""

    def __init__(self, source_words, target_words, E, H, A, bidirectional):
        super().__init__()
        self.source_embedding = nn.Embedding(source_words, E)
        self.encoder = nn.LSTM(E, H // 2 if bidirectional else H, bidirectional=bidirectional)
        self.target_embedding = nn.Embedding(target_words, E)
        self.keys = nn.Linear(H, A, bias=False)
        self.query = nn.Linear(H, A, bias=False)
        self.v = nn.Linear(A, 1, bias=False)
        self.cell = nn.LSTMCell(E + H, H)
        self.output = nn.Linear(2 * H, target_words)

    def forward(self, source, lengths, source_mask, target_in, target_out, target_mask):
        memory, state = self.encode(source, lengths)
        return self.decoder_loss(memory, state, source_mask, target_in, target_out, target_mask)

    def encode(self, source, lengths):
        packed = pack_padded_sequence(self.source_embedding(source), lengths)  # the batch is sorted by falling length
        out, state = self.encoder(packed)
        memory, _ = pad_packed_sequence(out)
        return memory, tuple(torch.cat(tuple(x), dim=-1) for x in state)

    def decoder_loss(self, memory, state, source_mask, target_in, target_out, target_mask):
        keys, y = self.keys(memory), self.target_embedding(target_in)
        outs = []
        for i in range(len(target_in)):
            out, state = self.step(y[i], state, memory, keys, source_mask)
            outs.append(out)
        logits = self.output(torch.stack(outs))
        losses = nn.functional.cross_entropy(logits.flatten(0, 1), target_out.flatten(), reduction="none")
        return (losses * target_mask.flatten()).sum() / target_mask.sum()

    def step(self, y, state, memory, keys, source_mask):
        e = self.v(torch.tanh(self.query(state[0]) + keys)).squeeze(-1)
        alpha = torch.softmax(e.masked_fill(~source_mask, float("-inf")), dim=0)
        context = torch.einsum("tb,tbc->bc", alpha, memory)
        state = self.cell(torch.cat([y, context], dim=-1), state)
        return torch.cat([state[0], context], dim=-1), state

    @torch.inference_mode()
    def decode(self, source, lengths, source_mask, first, steps):
        """Greedy, `steps` words for every sentence."""
        memory, state = self.encode(source, lengths)
        keys, words, found = self.keys(memory), first, []
        for _ in range(steps):
            out, state = self.step(self.target_embedding(words), state, memory, keys, source_mask)
            words = self.output(out).argmax(dim=-1)
            found.append(words)
        return torch.stack(found)


class TorchEngine:
    """TorchSeq2Seq with the weights of one of our models."""

    def __init__(self, model, batch, learning_rate, clip, compiled=False):
        k = model.config
        state = model.state()
        self.device = "cuda" if model.backend.name == "cupy" and torch.cuda.is_available() else "cpu"
        words = state["encoder.reader.W"].shape[0], state["decoder.reader.W"].shape[0]
        self.net = TorchSeq2Seq(*words, k.embedding_size, k.hidden_size, k.attention_size, k.bidirectional)
        self.net.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in _translated(state, k).items()})
        self.net.to(self.device)
        if compiled:
            self.net.decoder_loss = torch.compile(self.net.decoder_loss, dynamic=False)
        self.clip = clip
        torch.set_num_threads(machine.threads())  # as many as ours has
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=learning_rate)
        lengths = torch.from_numpy(batch.source_mask.sum(axis=0))
        arrays = (batch.source_mask, batch.target_in, batch.target_out, batch.target_mask)
        source, *others = (torch.from_numpy(a).to(self.device) for a in (batch.source, *arrays))
        self.inputs = (source, lengths, *others)  # packing asks for lengths on the host

    def loss(self):
        with torch.no_grad():
            return float(self.net(*self.inputs))

    def step(self, times=1):
        for _ in range(times):
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.net(*self.inputs)
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
            self.optimiser.step()
        return float(loss.detach())

    @staticmethod
    def allow_tf32(allowed):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed

    def decode(self):
        source, lengths, mask, target_in, *_ = self.inputs
        return self.net.decode(source, lengths, mask, target_in[0], len(target_in)).cpu().numpy()


def _translated(state, config):
    """Our weights under PyTorch's names: transposed, gates in the order i, f, g, o, our one bias as bias_ih."""
    out = {
        "source_embedding.weight": state["encoder.reader.W"],
        "target_embedding.weight": state["decoder.reader.W"],
        "keys.weight": state["decoder.context.score.W_h"].T,
        "query.weight": state["decoder.context.score.W_s"].T,
        "v.weight": state["decoder.context.score.v"][None, :],
        "output.weight": state["decoder.output.W"].T,
        "output.bias": state["decoder.output.b"],
    }
    for k, suffix in enumerate(("", "_reverse") if config.bidirectional else ("",)):
        ours = f"encoder.stack.layers.0.{('forwards', 'backwards')[k]}.cell."
        lstm = _gates(state[ours + "W_x"]), _gates(state[ours + "W_h"]), _gates(state[ours + "b"])
        out |= _cell("encoder.", "_l0" + suffix, *lstm)
    ours = "decoder.stack.layers.0."
    W_x = np.concatenate([state[ours + "W_x"], state["decoder.W_c"]])  # nn.LSTMCell takes the context with the input
    return out | _cell("cell.", "", _gates(W_x), _gates(state[ours + "W_h"]), _gates(state[ours + "b"]))


def _cell(prefix, suffix, W_x, W_h, b):
    weights = {"weight_ih": W_x, "weight_hh": W_h, "bias_ih": b, "bias_hh": np.zeros_like(b)}
    return {f"{prefix}{name}{suffix}": value for name, value in weights.items()}


def _gates(W):
    """(…, 4H) in the order i, f, o, g → (4H, …) in the order i, f, g, o."""
    i, f, o, g = np.split(W.T, 4)
    return np.concatenate([i, f, g, o])
