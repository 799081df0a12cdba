"""Our stacks against nn.LSTM, nn.GRU and nn.RNN with the same weights: outputs, final states, gradients; float64, to 1e-10."""

from itertools import product

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.layers.base import Initialiser
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Stack
from minis2s.models.check import mask_of
from minis2s.training.conversion import from_torch, to_torch

torch = pytest.importorskip("torch")

E, H = 3, 4  # H of each direction
THEIRS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
LENGTHS = {"padding": (3, 6, 1, 3, 4), "no padding": (4, 4, 4), "one token": (1,), "one long": (9, 1)}
TABLE = [*product(THEIRS, (1, 2, 3), (False, True), LENGTHS)]


def close(ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours - theirs) <= 1e-10 * np.linalg.norm(theirs)


@pytest.mark.parametrize("name, layers, bidirectional, lengths", TABLE)
def test_a_torch_state_dict_gives_the_same_outputs_and_gradients(name, layers, bidirectional, lengths):
    """Packed sequences; given initial states; cotangents for all outputs and all final states at once."""
    torch.manual_seed(0)
    theirs = THEIRS[name](E, H, num_layers=layers, bidirectional=bidirectional).double()
    for p in theirs.parameters():
        torch.nn.init.normal_(p, std=0.6)
    rng, n = np.random.default_rng(1), 1 + bidirectional
    init = Initialiser(rng, select("numpy"), np.float64)
    ours = Stack(name, layers, E, n * H, init, bidirectional, learned_start=True)
    starts = {key: rng.standard_normal(p.value.shape) for key, p in ours.named_parameters() if ".start." in key}
    weights = {key: value.detach().numpy() for key, value in theirs.state_dict().items()}
    ours.assign(from_torch(ours, weights | starts))

    mask = mask_of(LENGTHS[lengths])
    T, B = mask.shape
    x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, n * H))
    d_finals = [layer.State(*rng.standard_normal((len(layer.State._fields), B, n * H))) for layer in ours.layers]
    (h, finals), cache = ours.forward(x, Packing(mask))
    ours.zero_gradients()
    d_x = ours.backward(d_h, d_finals, cache)

    def per_direction(parts):
        """Each layer's joined (B, n·H) or (n·H,), as PyTorch has it: (layers · n, B, H)."""
        return np.concatenate([np.stack(np.split(np.broadcast_to(part, (B, n * H)), n, axis=-1)) for part in parts])

    fields = range(len(ours.layers[0].State._fields))
    before = [per_direction([starts[f"layers.{k}.start.{j}"] for k in range(layers)]) for j in fields]
    inputs = [torch.from_numpy(np.array(a)).requires_grad_() for a in (x, *before)]
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs[0], torch.tensor(LENGTHS[lengths]), enforce_sorted=False)
    out, after = theirs(packed, tuple(inputs[1:]) if name == "lstm" else inputs[1])
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    after = after if name == "lstm" else (after,)
    d_after = [per_direction([d[j] for d in d_finals]) for j in fields]
    sum((y * torch.from_numpy(d)).sum() for y, d in zip((out, *after), (d_h, *d_after), strict=True)).backward()

    close(h, out)
    for j in fields:
        close(per_direction([final[j] for final in finals]), after[j])
    close(d_x, inputs[0].grad)
    gradients = to_torch(ours, {key: p.grad for key, p in ours.named_parameters()})
    for j in fields:  # our start is shared by the sentences: its gradient is the sum of theirs
        for k in range(layers):
            theirs_of_layer = inputs[1 + j].grad[k * n : (k + 1) * n].sum(dim=1).reshape(-1)
            close(gradients.pop(f"layers.{k}.start.{j}"), theirs_of_layer)
    compared = dict(theirs.named_parameters())
    assert gradients.keys() == compared.keys()
    for key, p in compared.items():
        if key.startswith("bias_hh") and name != "gru":
            key = key.replace("_hh_", "_ih_")  # our one bias stands for both, so each has its gradient
        close(gradients[key], p.grad)
        assert p.grad.norm() > 1e-6 or lengths == "one token"  # nothing agrees by being zero
