"""What the model does as a whole: padding, order and splitting change nothing, float32 stays, the context matters."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.vocabulary import BOS, PAD
from minis2s.errors import UsageError
from minis2s.layers.packing import Packing
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq

from .small import CONFIG, SCENES, SOURCE_WORDS, TARGET_WORDS, batch_of, loss_and_gradients, model_of, random_batch, train

SEEDS = st.integers(0, 2**32 - 1)


def assert_same(a, b, tolerance=0.0):
    (loss_a, gradients_a), (loss_b, gradients_b) = a, b
    assert abs(loss_a - loss_b) <= tolerance * abs(loss_b)
    for name, g in gradients_a.items():
        assert np.linalg.norm(g - gradients_b[name]) <= tolerance * np.linalg.norm(gradients_b[name]), name


def padded(batch, rows, columns):
    """The batch with more steps of padding on both sides, and more columns that are padding throughout."""

    def more(a):
        return np.pad(a, ((0, rows), (0, columns)))  # PAD is 0, as False is

    arrays = ("source", "source_mask", "target_in", "target_out", "target_mask")
    return replace(batch, **{name: more(getattr(batch, name)) for name in arrays})


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(0, 3), st.integers(0, 2))
def test_more_padding_changes_neither_loss_nor_gradients(seed, rows, columns):
    model, batch = model_of(1, scale=0.5), random_batch(np.random.default_rng(seed))
    assert_same(loss_and_gradients(model, padded(batch, rows, columns)), loss_and_gradients(model, batch), 1e-12)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_what_stands_at_padding_changes_nothing_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    model, batch = model_of(1, scale=0.5), random_batch(rng)
    arrays = {}
    for name, mask, words in (
        ("source", batch.source_mask, SOURCE_WORDS),
        ("target_in", batch.target_mask, TARGET_WORDS),
        ("target_out", batch.target_mask, TARGET_WORDS),
    ):
        arrays[name] = np.where(mask, getattr(batch, name), rng.integers(0, words, mask.shape))
    assert_same(loss_and_gradients(model, replace(batch, **arrays)), loss_and_gradients(model, batch))


def test_the_padding_word_and_words_that_are_absent_have_no_gradient():
    _, gradients = loss_and_gradients(model_of(1, scale=0.5), batch_of(SCENES["padding"]))
    for side, words in (("encoder", {4, 5, 6, 7, 8}), ("decoder", {BOS, 4, 5, 6, 7})):
        rows = gradients[f"{side}.reader.W"].any(axis=1)
        assert set(np.flatnonzero(rows).tolist()) == words and PAD not in words


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_order_of_the_sentences_changes_nothing_else(seed):
    rng = np.random.default_rng(seed)
    model, batch = model_of(2, scale=0.5), random_batch(rng, B=5)
    order = rng.permutation(5)
    arrays = ("source", "source_mask", "target_in", "target_out", "target_mask")
    shuffled = replace(batch, **{name: getattr(batch, name)[:, order] for name in arrays}, index=batch.index[order])
    assert_same(loss_and_gradients(model, shuffled), loss_and_gradients(model, batch), 1e-12)
    weights, weights_shuffled = (model.forward(b)[1][-1] for b in (batch, shuffled))
    np.testing.assert_allclose(weights_shuffled, weights[:, :, order], rtol=0, atol=1e-14)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 4))
def test_a_batch_in_two_parts_gives_the_gradient_of_the_whole(seed, cut):
    rng = np.random.default_rng(seed)
    model, batch = model_of(3, scale=0.5), random_batch(rng, B=5)
    arrays = ("source", "source_mask", "target_in", "target_out", "target_mask", "index")
    parts = [replace(batch, **{name: getattr(batch, name)[..., part] for name in arrays}) for part in (slice(cut), slice(cut, 5))]
    whole = loss_and_gradients(model, batch)
    model.zero_gradients()
    loss = 0.0
    for part in parts:
        part_loss, cache = model.forward(part, total=batch.n_target_tokens)
        model.backward(cache)
        loss += part_loss
    assert_same((loss, {name: p.grad for name, p in model.named_parameters()}), whole, 1e-12)


def test_attention_weights_are_a_distribution_over_the_real_source_words():
    batch = batch_of(SCENES["padding"])
    weights = model_of(4, scale=0.5).forward(batch)[1][-1]
    assert weights.shape == (batch.target_in.shape[0], *batch.source.shape)
    steps, columns = np.nonzero(batch.target_mask)
    np.testing.assert_allclose(weights.sum(axis=1)[steps, columns], 1, rtol=0, atol=1e-14)
    assert (weights.sum(axis=1)[~batch.target_mask] == 0).all()
    assert (weights[:, ~batch.source_mask] == 0).all() and (weights >= 0).all()


# Precision


def arrays_in(x, path="cache"):
    """(path, array) of all arrays that a cache holds, however deep."""
    if isinstance(x, np.ndarray | np.generic):
        yield path, x
    elif isinstance(x, tuple | list):
        for k, part in enumerate(x):
            yield from arrays_in(part, f"{path}[{k}]")
    elif hasattr(x, "__dict__"):
        for name, part in vars(x).items():
            if name not in ("layer", "xp"):
                yield from arrays_in(part, f"{path}.{name}")


@pytest.mark.parametrize("bidirectional, dropout", [(True, 0.0), (False, 0.0), (True, 0.3)])
@pytest.mark.parametrize("scene", ["padding", "no padding"])
def test_float32_stays_float32_everywhere(scene, bidirectional, dropout):
    model = model_of(5, replace(CONFIG, bidirectional=bidirectional, dropout=dropout), dtype=np.float32)
    batch = batch_of(SCENES[scene])
    model.zero_gradients()
    loss, cache = model.forward(batch, rng=np.random.default_rng(0))
    model.backward(cache)
    assert loss.dtype == np.float32
    seen = [(path, a) for path, a in arrays_in(cache) if a.dtype.kind == "f"]
    assert len(seen) > 20  # the search does find the arrays
    assert [path for path, a in seen if a.dtype != np.float32] == []
    for name, p in model.named_parameters():
        assert p.value.dtype == p.grad.dtype == np.float32, name
    model.zero_gradients()
    model.backward(cache, np.float32(0.5))
    assert all(p.grad.dtype == np.float32 for _, p in model.named_parameters())
    state = model.start(batch.source, batch.source_mask)
    logits, state, weights = model.step(np.full(batch.source.shape[1], BOS), state)
    assert {a.dtype.str for a in (logits, weights, *state.cells[0])} == {"<f4"}


def test_float32_is_near_float64():
    model, batch = model_of(6, scale=0.5), batch_of(SCENES["padding"])
    loss, gradients = loss_and_gradients(model, batch)
    model.assign({name: a.astype(np.float32) for name, a in model.state().items()})
    loss32, gradients32 = loss_and_gradients(model, batch)
    assert abs(loss - loss32) <= 1e-6 * loss
    for name, g in gradients.items():
        assert np.linalg.norm(gradients32[name] - g) <= 1e-5 * np.linalg.norm(g), name


# What the errata of the documents are about


def test_the_gradient_reaches_every_encoder_step_through_the_context():
    """X12: the context must enter the decoder. The path by the final state is left out of account: d_memory has none of it."""
    model, batch = model_of(7, scale=0.5), batch_of(SCENES["padding"])
    d_memory, gradients = memory_gradient(model, batch)
    reached = np.linalg.norm(d_memory, axis=-1)
    assert (reached[batch.source_mask] > 1e-8).all()
    assert (reached[~batch.source_mask] == 0).all()
    assert all(np.linalg.norm(gradients[f"decoder.context.score.{name}"]) > 1e-8 for name in ("W_s", "W_h", "v"))


def test_without_the_context_nothing_reaches_the_encoder_through_it():
    """The mistake itself, made on purpose: a decoder that computes the context and does not use it."""
    model, batch = model_of(7, scale=0.5), batch_of(SCENES["padding"])
    model.decoder.W_c.value[:] = 0
    model.decoder.output.W.value[CONFIG.hidden_size :] = 0
    d_memory, gradients = memory_gradient(model, batch)
    assert (d_memory == 0).all()
    assert all((gradients[f"decoder.context.score.{name}"] == 0).all() for name in ("W_s", "W_h", "v"))


def memory_gradient(model, batch):
    """d_memory (T, B, C) as the decoder gives it to the encoder, and all gradients."""
    given = {}
    encoder_backward = model.encoder.backward

    def spy(d_memory, d_final, cache):
        given["memory"] = d_memory.copy()
        encoder_backward(d_memory, d_final, cache)

    model.encoder.backward = spy
    _, gradients = loss_and_gradients(model, batch)
    del model.encoder.backward
    return given["memory"], gradients


def test_an_unshifted_target_lets_the_model_copy_its_input():
    """X14: fed the word that it must answer, a decoder learns targets that nothing predicts, and new ones as well.

    The targets are random, so that with the shift no model can do better than guess: log 4 = 1.39 nats for each of the words.
    """
    rng = np.random.default_rng(8)
    config = ModelConfig(embedding_size=8, hidden_size=16, attention_size=4)

    def noise(B):
        pairs = [([4], rng.integers(4, TARGET_WORDS, 4).tolist()) for _ in range(B)]
        batch = batch_of(pairs)
        return replace(batch, target_mask=batch.target_out > 3)  # EOS is not noise: left out

    def unshifted(batch):
        return replace(batch, target_in=batch.target_out)

    losses = {}
    for name, feed in (("shifted", lambda b: b), ("unshifted", unshifted)):
        model = Seq2Seq(config, SOURCE_WORDS, TARGET_WORDS, np.random.default_rng(9), dtype=np.float32)
        train(model, feed(noise(96)), 80, 0.03)
        losses[name] = float(model.forward(feed(noise(256)))[0])
    assert losses["unshifted"] < 0.1 < 1.2 < losses["shifted"], losses


def test_targets_are_fed_shifted_by_one():
    batch = batch_of([([4, 5], [6, 7])])
    assert batch.target_in[:, 0].tolist() == [BOS, 6, 7]
    assert batch.target_out[:, 0].tolist() == [6, 7, 3]


def test_dropout_is_for_training_only_and_follows_its_generator():
    model, batch = model_of(11, replace(CONFIG, dropout=0.5)), batch_of(SCENES["padding"])
    losses = [float(model.forward(batch, rng=np.random.default_rng(seed))[0]) for seed in (1, 1, 2)]
    plain = [float(model.forward(batch)[0]) for _ in range(2)]
    assert losses[0] == losses[1] != losses[2] and plain[0] == plain[1] not in losses
    assert plain[0] == float(model_of(11, CONFIG).forward(batch)[0])


# Translating is the same model


def test_step_by_step_equals_teacher_forcing():
    model, batch = model_of(10, scale=0.5), batch_of(SCENES["padding"])
    target = Packing(batch.target_mask)
    (memory, state), _ = model.encoder.forward(batch.source, Packing(batch.source_mask))
    (logits, weights), _ = model.decoder.forward(batch.target_in, target, memory, batch.source_mask, state)
    logits = target.unpack(logits)
    decoder_state = model.start(batch.source, batch.source_mask)
    for i in range(batch.target_in.shape[0]):
        step_logits, decoder_state, alpha = model.step(batch.target_in[i], decoder_state)
        alive = batch.target_mask[i]
        np.testing.assert_allclose(step_logits[alive], logits[i, alive], rtol=0, atol=1e-13)
        np.testing.assert_allclose(alpha[:, alive], weights[i][:, alive], rtol=0, atol=1e-14)


def test_rows_of_a_decoder_state_can_be_chosen():
    model, batch = model_of(10, scale=0.5), batch_of(SCENES["padding"])
    words, rows = np.array([4, 5, 6, 7]), np.array([2, 0])
    whole, *_ = model.step(words, model.start(batch.source, batch.source_mask))
    part, *_ = model.step(words[rows], model.start(batch.source, batch.source_mask).select(rows))
    np.testing.assert_allclose(part, whole[rows], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "sizes, message",
    [
        ({"hidden_size": 5}, "hidden_size must be even for a bidirectional encoder, not 5"),
        ({"embedding_size": 0}, "embedding_size must be at least 1, not 0"),
        ({"attention_size": -1}, "attention_size must be at least 1, not -1"),
        ({"dropout": 1.0}, "dropout is a share"),
        ({"dropout": -0.1}, "dropout is a share"),
        ({"dropout": float("nan")}, "dropout is a share"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(UsageError, match=message):
        ModelConfig(**sizes)
