"""The whole model's gradient: every parameter against the complex step, with the pure relative error ‖a − n‖ / max(‖a‖, ‖n‖).

Nothing here leans on the scale S by which the package's own check judges cancelling gradients.
"""

import numpy as np
import pytest

from minis2s.gradcheck import check_projection
from minis2s.models.check import using
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq

from .small import CONFIG, SCENES, SOURCE_WORDS, TARGET_WORDS, batch_of, loss_and_gradients, model_of, random_batch, train

H = 1e-30
TOLERANCE = 1e-10


def complex_step(model, batch):
    """name → ∂loss/∂parameter, entry by entry."""
    values = model.state()
    out = {}
    for name, value in values.items():
        moved = value.astype(np.complex128)
        out[name] = np.empty(value.shape)
        with using(model, {k: moved if k == name else v.astype(np.complex128) for k, v in values.items()}):
            for place in np.ndindex(*value.shape):
                moved[place] += 1j * H
                out[name][place] = model.forward(batch)[0].imag / H
                moved[place] = value[place]
    return out


def relative_errors(model, batch):
    _, ours = loss_and_gradients(model, batch)
    numerical = complex_step(model, batch)
    assert ours.keys() == numerical.keys()
    errors = {}
    for name, a in ours.items():
        n = numerical[name]
        size = max(np.linalg.norm(a), np.linalg.norm(n))
        errors[name] = np.linalg.norm(a - n) / size if size else 0.0  # both exactly zero
    return errors


@pytest.mark.parametrize("scene", SCENES)
def test_at_larger_random_weights(scene):
    errors = relative_errors(model_of(1, scale=0.7), batch_of(SCENES[scene]))
    assert max(errors.values()) <= TOLERANCE, errors


def test_with_one_direction():
    config = ModelConfig(embedding_size=3, hidden_size=5, attention_size=4, bidirectional=False)
    errors = relative_errors(model_of(2, config, scale=0.7), batch_of(SCENES["padding"]))
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize("scene", ["padding", "repeated words", "one sentence"])
def test_at_trained_weights(scene):
    model, batch = model_of(3), batch_of(SCENES[scene])
    assert train(model, batch, 60) < 0.5  # from about log 8 = 2.1: far from the initial weights
    errors = relative_errors(model, batch)
    assert max(errors.values()) <= TOLERANCE, errors


def test_gradients_that_are_zero_by_nature_are_exactly_zero():
    """With one source word the weight is 1 whatever the score: attention cannot learn from it. And a word that is not there."""
    _, gradients = loss_and_gradients(model_of(4, scale=0.7), batch_of(SCENES["one word each"]))
    for name in ("W_s", "W_h", "v"):
        assert (gradients[f"decoder.context.score.{name}"] == 0).all()
    assert np.flatnonzero(gradients["encoder.reader.W"].any(axis=1)).tolist() == [4]
    assert np.flatnonzero(gradients["decoder.reader.W"].any(axis=1)).tolist() == [2]  # BOS
    nonzero = {name for name, g in gradients.items() if g.any()}
    attention = {f"decoder.context.score.{name}" for name in ("W_s", "W_h", "v")}
    # The encoder starts from zero and stops after one step, so its recurrent weights are never used either.
    recurrent = {f"encoder.stack.layers.0.{direction}.cell.W_h" for direction in ("forwards", "backwards")}
    assert nonzero == gradients.keys() - attention - recurrent


def test_a_larger_model_by_random_projection():
    config = ModelConfig(embedding_size=24, hidden_size=48, attention_size=32)
    rng = np.random.default_rng(5)
    model = Seq2Seq(config, SOURCE_WORDS, TARGET_WORDS, rng, dtype=np.float64)
    batch = random_batch(rng, B=12, longest=9)
    _, gradients = loss_and_gradients(model, batch)

    def loss(values):
        with using(model, values):
            return model.forward(batch)[0]

    results = check_projection("model", loss, model.state(), gradients, rng)
    assert len(results) == 3 and all(r.passed for r in results), results
    gradients["decoder.W_c"] = gradients["decoder.W_c"] * (1 + 1e-8)  # and it notices
    assert not any(r.passed for r in check_projection("model", loss, model.state(), gradients, rng))


@pytest.mark.parametrize("bidirectional", [True, False])
def test_loss_and_every_gradient_equal_torch_autograd(bidirectional):
    """An independent model, differentiated by someone else's program: float64, to 1e-10."""
    torch = pytest.importorskip("torch")
    from minis2s.bench.torch_peer import TorchEngine, TorchSeq2Seq, _translated

    config = ModelConfig(embedding_size=6, hidden_size=10, attention_size=7, bidirectional=bidirectional)
    rng = np.random.default_rng(6)
    model, batch = model_of(7, config, scale=0.4), random_batch(rng, B=7, longest=6)
    engine = TorchEngine(model, batch, 1e-3, 1.0)  # its net is float32; ours below has the same weights in float64
    net = TorchSeq2Seq(SOURCE_WORDS, TARGET_WORDS, 6, 10, 7, bidirectional).double()
    state = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in _translated(model.state(), config).items()}
    net.load_state_dict(state)
    their_loss = net(*engine.inputs)
    their_loss.backward()
    loss, gradients = loss_and_gradients(model, batch)
    assert abs(loss - float(their_loss.detach())) <= 1e-12 * loss
    ours = _translated(gradients, config)  # transposing and reordering is linear: gradients go the way of the weights
    for name, p in net.named_parameters():
        if name.endswith(("bias_hh", "bias_hh_l0", "bias_hh_l0_reverse")):
            continue  # PyTorch has a second bias; its gradient is that of the first
        theirs = p.grad.numpy()
        assert np.linalg.norm(ours[name] - theirs) <= 1e-10 * np.linalg.norm(theirs), name
    assert {name for name, _ in net.named_parameters()} == ours.keys()
    assert all(p.grad.norm() > 1e-6 for p in net.parameters())  # nothing agrees by being zero


def test_the_check_sees_a_planted_mistake(monkeypatch):
    from minis2s.models import decoder

    right = decoder.linear_backward_input
    monkeypatch.setattr(decoder, "linear_backward_input", lambda d_y, W: right(d_y, W) * (1 + 1e-7))
    errors = relative_errors(model_of(1, CONFIG, scale=0.7), batch_of(SCENES["padding"]))
    assert max(errors.values()) > TOLERANCE
