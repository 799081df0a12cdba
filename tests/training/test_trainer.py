"""The training loop: repeatable to the last bit, stopped by what is not finite, told what happens."""

import math

import numpy as np
import pytest

from minis2s.data.vocabulary import UNK
from minis2s.errors import Minis2sError
from minis2s.training.progress import better
from minis2s.training.trainer import Reporter, hide_words

from .scenes import examples, trainer_of


class Recorder(Reporter):
    def __init__(self):
        self.losses, self.records, self.events = [], [], []

    def start(self, trainer):
        self.events.append("start")

    def step(self, loss, norm, tokens):
        self.losses.append((loss, norm, tokens))

    def epoch(self, record, is_best):
        self.records.append((record, is_best))

    def end(self):
        self.events.append("end")


def run_of(**settings):
    """(losses of all steps, final parameters as bytes, records)."""
    recorder = Recorder()
    trainer = trainer_of(recorder, **settings)
    trainer.run()
    return recorder.losses, trainer.flat.values.tobytes(), recorder


def test_the_same_seed_gives_the_same_losses_and_parameters_to_the_last_bit():
    one, two = run_of(seed=3, hide_words=0.2), run_of(seed=3, hide_words=0.2)
    assert one[0] == two[0] and one[1] == two[1]
    assert len(one[0]) == 2 * math.ceil(24 / 5)


def test_another_seed_differs():
    assert run_of(seed=3)[0] != run_of(seed=4)[0]
    assert run_of(seed=3, hide_words=0.3)[0] != run_of(seed=3)[0]


def test_the_loss_falls_on_a_task_that_can_be_learned():
    _, _, recorder = run_of(epochs=60, learning_rate=0.03, n=40, batch_size=10)
    losses = [record["train_loss"] for record, _ in recorder.records]
    assert losses[0] > 1.2 and losses[-1] < 0.3


def test_parameters_gradients_and_moments_stay_float32():
    trainer = trainer_of()
    trainer.run()
    flat, optimiser = trainer.flat, trainer.optimiser
    assert {a.dtype.str for a in (flat.values, flat.gradients, *optimiser.vectors.values())} == {"<f4"}
    assert all(p.value.dtype == p.grad.dtype == np.float32 for _, p in trainer.model.named_parameters())


def test_every_example_is_seen_once_in_an_epoch_and_the_record_says_so():
    _, _, recorder = run_of(epochs=3)
    tokens = sum(len(e.target) + 1 for e in examples(24))
    assert recorder.events == ["start", "end"]
    assert [record["epoch"] for record, _ in recorder.records] == [1, 2, 3]
    assert [record["steps"] for record, _ in recorder.records] == [5, 10, 15]
    for k, (record, _) in enumerate(recorder.records):
        of_epoch = recorder.losses[5 * k : 5 * k + 5]
        assert sum(t for *_, t in of_epoch) == tokens
        assert record["train_loss"] == pytest.approx(sum(loss * t for loss, _, t in of_epoch) / tokens)
        assert record["dev_loss"] == 1.0 and record["tokens_per_s"] > 0


def test_the_gradient_is_clipped_not_the_norm_that_is_reported():
    trainer = trainer_of(clip=1e-6, epochs=1)
    before = trainer.flat.values.copy()
    trainer.run()
    assert np.abs(trainer.optimiser.vectors["m"]).max() <= 1e-6  # β-weighted means of gradients of norm 1e-6
    assert not np.array_equal(before, trainer.flat.values)


@pytest.mark.parametrize(
    "best_by, scores, best_epoch", [("loss", [3, 1, 2], 2), ("bleu", [3, 1, 5], 3), ("exact_match", [1, 1, 1], 1)]
)
def test_the_best_epoch(best_by, scores, best_epoch):
    left = iter(scores)
    recorder = Recorder()
    trainer = trainer_of(recorder, epochs=3, best_by=best_by, evaluate=lambda m: {"loss": 0.5} | {best_by: next(left)})
    trainer.run()
    assert trainer.progress.best_epoch == best_epoch
    assert max(k for k, (_, is_best) in enumerate(recorder.records, start=1) if is_best) == best_epoch


def test_patience():
    left = iter([3.0, 2.0, 2.5, 2.5, 1.0])
    trainer = trainer_of(epochs=5, patience=2, evaluate=lambda model: {"loss": next(left)})
    trainer.run()
    assert (trainer.progress.epoch, trainer.progress.best_epoch) == (4, 2)


def test_better():
    assert better("loss", 1, 2) and better("token_error_rate", 1, 2) and not better("loss", 2, 2)
    assert better("bleu", 2, 1) and not better("bleu", 1, 1)


def test_hidden_words_are_unknown_words_at_the_share_asked_for_and_sources_only():
    rng = np.random.default_rng(0)
    before = examples(500)
    hidden = hide_words(before, 0.25, rng)
    assert [e.target for e in hidden] == [e.target for e in before]
    words = [(a, b) for e, f in zip(before, hidden, strict=True) for a, b in zip(e.source, f.source, strict=True)]
    assert all(b in (a, UNK) for a, b in words)
    assert sum(b == UNK for _, b in words) / len(words) == pytest.approx(0.25, abs=0.04)
    assert hide_words(before, 0, rng) is before


# What is not finite


def test_a_nan_in_a_parameter_stops_before_the_update_and_names_step_and_parameter():
    class Planter(Recorder):
        def step(self, loss, norm, tokens):
            super().step(loss, norm, tokens)
            if len(self.losses) == 6:
                trainer.model.decoder.output.b.value[0] = np.nan

    trainer = trainer_of(Planter())
    message = r"step 7 \(epoch 2\): the loss is nan and the gradient of \S+ is not finite"
    with pytest.raises(Minis2sError, match=message) as caught:
        trainer.run()
    assert caught.value.exit_code == 1 and "--learning-rate" in str(caught.value)
    assert trainer.optimiser.t == 6 and np.isfinite(trainer.optimiser.vectors["m"]).all()


def test_one_infinite_gradient_is_found_by_name(monkeypatch):
    trainer = trainer_of()
    backward = trainer.model.backward

    def broken(cache):
        backward(cache)
        trainer.model.decoder.attention.v.grad[1] = np.inf

    trainer.model.backward = broken
    before = trainer.flat.values.copy()
    with pytest.raises(Minis2sError, match=r"step 1 \(epoch 1\).*the gradient of decoder.attention.v is not finite"):
        trainer.run()
    np.testing.assert_array_equal(trainer.flat.values, before)  # nothing was updated


def test_an_enormous_learning_rate_stops_with_a_message_and_no_warnings(recwarn):
    trainer = trainer_of(learning_rate=1e35, epochs=20)
    with pytest.raises(Minis2sError, match=r"(step|epoch) \d+.*--learning-rate"):
        trainer.run()
    assert [str(w.message) for w in recwarn] == []


def test_a_model_whose_dev_loss_is_not_finite_is_never_reported_as_an_epoch():
    """One step in an epoch, and it is fatal: the loss before it was still fine."""
    recorder = Recorder()
    losses = iter([1.0, math.nan])
    trainer = trainer_of(recorder, n=5, epochs=3, evaluate=lambda model: {"loss": next(losses)})
    with pytest.raises(Minis2sError, match=r"epoch 2 \(after step 2\): the dev loss is nan; the largest value is in \S+ \("):
        trainer.run()
    assert len(recorder.records) == 1 and trainer.progress.epoch == 1


# Stopping


def test_a_stop_that_is_requested_comes_between_two_updates():
    class Stopper(Recorder):
        def step(self, loss, norm, tokens):
            super().step(loss, norm, tokens)
            trainer.stop_requested = len(self.losses) == 3

    trainer = trainer_of(Stopper())
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert trainer.optimiser.t == trainer.progress.total_steps == trainer.progress.step == 4
    assert not trainer.updating
