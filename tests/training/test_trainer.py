"""The training loop: repeatable to the last bit, stopped by what is not finite, told what happens."""

import math
from itertools import pairwise

import numpy as np
import pytest

from minis2s.data.batching import make_batch
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


@pytest.mark.parametrize("least, epochs", [(0.0, 6), (0.15, 4)])
def test_a_small_improvement_may_not_count(least, epochs):
    """3.0, 2.0, and then a tenth less each time: it is the best, but with patience for two epochs the run ends."""
    left = iter([3.0, 2.0, 1.9, 1.9, 1.8, 1.7])
    trainer = trainer_of(epochs=6, patience=2, min_improvement=least, evaluate=lambda model: {"loss": next(left)})
    trainer.run()
    assert trainer.progress.epoch == epochs
    assert trainer.progress.best == (1.7 if least == 0 else 1.9) and trainer.progress.best_epoch == (6 if least == 0 else 3)


def test_small_improvements_that_add_up_count():
    left = iter([3.0, 2.9, 2.8, 2.7, 2.6, 2.5, 2.4])
    trainer = trainer_of(epochs=7, patience=3, min_improvement=0.15, evaluate=lambda model: {"loss": next(left)})
    trainer.run()
    assert trainer.progress.epoch == 7


@pytest.mark.parametrize(
    "patience, rates",
    [(1, [1, 1, 1, 0.5, 0.25, 0.25, 0.25, 0.125]), (2, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]), (3, [1, 1, 1, 1, 1, 1, 1, 1])],
)
def test_on_a_plateau_the_rate_falls(patience, rates):
    """Scores 5 and 4 are better, 4 and 4.5 are not, 3 is again, 3 is not."""
    left, recorder = iter([5.0, 4.0, 4.0, 4.5, 3.0, 2.0, 3.0, 3.0]), Recorder()
    settings = {"schedule": "plateau", "plateau_patience": patience, "learning_rate": 0.01}
    trainer = trainer_of(recorder, epochs=8, evaluate=lambda model: {"loss": next(left)}, **settings)
    trainer.run()
    assert [record["learning_rate"] for record, _ in recorder.records] == [0.01 * rate for rate in rates]


def test_the_rate_of_each_update(monkeypatch):
    trainer = trainer_of(schedule="linear", warmup=4, learning_rate=0.01)
    step, rates = trainer.optimiser.step, []
    monkeypatch.setattr(trainer.optimiser, "step", lambda rate, norm: (rates.append(rate), step(rate, norm)))
    trainer.run()
    expected = [0.25, 0.5, 0.75, 1, *(1 - n / 6 for n in range(6))]
    assert rates == pytest.approx([0.01 * factor for factor in expected])


# Several batches for one update


def test_the_gradient_of_many_batches_is_that_of_one():
    trainer = trainer_of(dtype=np.float64)
    some = examples(23, seed=5)
    loss, norm = trainer.gradient([make_batch(some)])
    whole = trainer.flat.gradients.copy()
    for cuts in ([11], [1, 2, 3, 15], list(range(1, 23))):
        parts = [make_batch(some[start:stop]) for start, stop in pairwise([0, *cuts, len(some)])]
        parts_loss, parts_norm = trainer.gradient(parts)
        assert parts_loss == pytest.approx(loss, rel=1e-13) and parts_norm == pytest.approx(norm, rel=1e-12)
        np.testing.assert_allclose(trainer.flat.gradients, whole, rtol=1e-10, atol=1e-15)


def test_a_run_with_small_batches_added_up_is_the_run_with_large_ones():
    values = []
    for settings in ({"batch_size": 24}, {"batch_size": 6, "accumulate": 4}, {"batch_size": 5, "accumulate": 7}):
        recorder = Recorder()
        trainer = trainer_of(recorder, dtype=np.float64, epochs=4, **settings)
        trainer.run()
        values.append((trainer.flat.values, [loss for loss, *_ in recorder.losses]))
        assert trainer.optimiser.t == 4
    for one in values[1:]:
        for a, b in zip(one, values[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)  # Adam's division makes much of tiny gradients


def test_updates_are_counted_not_batches():
    """24 examples are five batches of 5, so three updates of two batches, the last of them of one."""
    _, _, recorder = run_of(epochs=2, accumulate=2)
    assert [record["steps"] for record, _ in recorder.records] == [3, 6]
    tokens = sum(len(e.target) + 1 for e in examples(24))
    assert sum(t for *_, t in recorder.losses[:3]) == sum(t for *_, t in recorder.losses[3:]) == tokens


# Averaged weights


def test_the_averaged_weights_are_judged_and_the_others_trained_on():
    judged, history = [], []

    class Watch(Recorder):
        def step(self, loss, norm, tokens):
            super().step(loss, norm, tokens)
            history.append(trainer.flat.values.copy())

    def evaluate(model):
        judged.append(np.concatenate([p.value.reshape(-1) for _, p in model.named_parameters()]))
        return {"loss": 1.0}

    trainer = trainer_of(Watch(), average=0.7, epochs=3, evaluate=evaluate)
    trainer.run()
    for epoch, seen in enumerate(judged, start=1):
        weights = 0.7 ** np.arange(5 * epoch)[::-1]
        np.testing.assert_allclose(seen, weights / weights.sum() @ np.array(history[: 5 * epoch]), rtol=1e-4, atol=1e-6)
    now = np.concatenate([p.value.reshape(-1) for _, p in trainer.model.named_parameters()])
    np.testing.assert_array_equal(now, history[-1])
    assert trainer.flat.values.tobytes() == run_of(epochs=3)[1]  # the training itself knows nothing of it


def test_an_error_while_the_average_is_judged_leaves_the_trained_weights():
    def evaluate(model):
        raise RuntimeError("evaluation failed")

    trainer = trainer_of(average=0.7, evaluate=evaluate)
    with pytest.raises(RuntimeError):
        trainer.run()
    assert all(np.shares_memory(p.value, trainer.flat.values) for _, p in trainer.model.named_parameters())


def test_better():
    assert better("loss", 1, 2, by=0.5) and not better("loss", 1.5, 2, by=0.5) and better("bleu", 2, 1, by=0.5)
    assert not better("bleu", 2, 1, by=1) and better("character_error_rate", 1, 2) and better("word_error_rate", 1, 2)
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
        trainer.model.decoder.context.score.v.grad[1] = np.inf

    trainer.model.backward = broken
    before = trainer.flat.values.copy()
    with pytest.raises(Minis2sError, match=r"step 1 \(epoch 1\).*the gradient of decoder.context.score.v is not finite"):
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
