"""Findings: each is named where its situation is planted, in records and in real training, and nothing is found in good runs."""

import json

import numpy as np
import pytest

from minis2s.layers.cells import LSTMCell
from minis2s.training import samples as samples_module
from minis2s.training import session as session_module
from minis2s.training.health import LOOK_EVERY, carried_per_step, findings, look_at_gradients
from minis2s.training.run import Run

from .scenes import session_of, trainer_of

ENCODER, DECODER = "encoder.stack.layers.0", "decoder.stack.layers.0"
LAYERS = [f"{ENCODER}.forwards.cell", f"{ENCODER}.backwards.cell", DECODER]
GATES = LSTMCell.blocks


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr(session_module, "training_curves", lambda path, records: None)
    monkeypatch.setattr(samples_module, "attention_map", lambda path, *_: "")


def names(found):
    return [finding.name for finding in found]


def metrics(train, dev, exact=None, **more):
    """Records of epochs with these losses."""
    exact = exact or range(1, len(train) + 1)
    losses = zip(train, dev, exact, strict=True)
    return [
        {"epoch": k, "train_loss": t, "dev_loss": d, "dev_exact_match": e, "exploding_steps": 0.0} | more
        for k, (t, d, e) in enumerate(losses, start=1)
    ]


def units(still=0, **counts):
    none = {gate: 0 for gate in "ifo"}
    seen = {"units": 8, "still": still, "shut": none | counts.get("shut", {}), "open": none | counts.get("open", {})}
    return [{"epoch": 1, "step": 6, "units": {"decoder": seen}}]


def carried(*norms):
    return [{"epoch": 1, "step": 1, "gradients": {"decoder": {"carried": list(norms)}}}]


GOOD = metrics([4, 3, 2, 1], [4, 3.2, 2.5, 2.4])


# Records


def test_a_good_run_has_no_findings():
    healthy = units(still=1, shut={"f": 2}, open={"f": 1}) + carried(*(0.8**k for k in range(12)))
    assert findings(GOOD, healthy, 1.0, "loss") == []
    assert findings([], [], 1.0, "loss") == findings(GOOD, [], 1.0, "loss") == []


@pytest.mark.parametrize(
    "train, dev, expected",
    [
        ([4, 4, 3.99, 3.98], [4, 4, 4, 4], ["no improvement"]),
        ([4, 5, 6, 9], [4, 5, 6, 9], ["no improvement"]),
        ([4, 2, 1, 0.2], [3, 2, 3, 4], ["over-fitting"]),
        ([4, 2, 1, 0.2], [3, 2, 2.1, 2.2], []),  # a little is normal
        ([4, 2, 1, 0.2], [3, 2, 9, 2.0], []),  # one bad epoch is no trend
        ([4, 2, 1], [1, 2, 9], []),  # nor are three
        ([4, 2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4], [3, 2, 2.1, 2.1, 2.1, 2.1, 2.1, 2.1], ["no improvement"]),
        ([4, 2, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4], [3, 2.2, 2.1, 2.1, 2.1, 2.0, 2.1, 2.1], []),
    ],
)
def test_trends(train, dev, expected):
    assert names(findings(metrics(train, dev), [], 1.0, "loss")) == expected


def test_a_perfect_score_need_not_become_better_and_a_score_of_nothing_must():
    losses = [4, 3, 2.5, 2, 1.5, 1.2, 1.1, 1.0]
    for exact, expected in ((100, []), (0, ["no improvement"])):
        assert names(findings(metrics(losses, losses, [exact] * 8), [], 1.0, "exact_match")) == expected


def test_exploding_is_named_with_its_numbers():
    numbers = {"exploding_steps": 0.75, "gradient_norm": 50.0, "gradient_norm_max": 80.0}
    found = findings(metrics([4], [4], **numbers), [], 1.0, "loss")
    assert names(found) == ["exploding gradients"]
    assert "75% of the steps" in found[0].what and "clip 1, norm 50 on average, 80 at most" in found[0].what
    assert "--learning-rate" in str(found[0])
    assert findings(metrics([4], [4], **numbers | {"exploding_steps": 0.25}), [], 1.0, "loss") == []


def test_vanishing_is_named_with_layer_and_rate():
    found = findings(GOOD, carried(*(3 * 0.25**k for k in range(11))), 1.0, "loss")
    assert names(found) == ["vanishing gradients"]
    short = carried(1.0, 0.1)
    assert findings(GOOD, carried(*(3 * 0.25**k for k in range(11))) + short, 1.0, "loss") == found  # says nothing about it
    assert findings(GOOD, carried(*(3 * 0.25**k for k in range(11))) + carried(1, 0.9, 0.8, 0.7), 1.0, "loss") == []
    assert "decoder hands on 0.25" in found[0].what and "9.5e-07 is left 10 steps back" in found[0].what


@pytest.mark.parametrize(
    "norms, rate",
    [
        ([2.0, 1.0, 0.5, 0.25], 0.5),
        ([0.9**k for k in range(11)] + [0.0], 0.9),  # what is further back does not count
        ([1.0, 0.1, 0.01], None),  # too short
        ([0.0, 0.0, 0.0, 0.0], None),
        ([1.0, None, None, None], None),  # not finite
        ([None, 1.0, 1.0, 1.0], None),
        ([1.0, 0.0, 0.0, 0.0], 0.0),
    ],
)
def test_the_rate_at_which_a_gradient_is_carried(norms, rate):
    assert carried_per_step(norms) == (rate if rate is None else pytest.approx(rate))


def test_dead_units_and_saturated_gates():
    assert names(findings(GOOD, units(still=3), 1.0, "loss")) == ["dead units"]
    found = findings(GOOD, units(shut={"i": 3}, open={"o": 8}), 1.0, "loss")
    assert names(found) == ["saturated gates"] * 2
    assert "gate i is shut at every step in 3 of 8 units of decoder" in found[0].what and "gate o is open" in found[1].what


# Real training


def plant(session, gate, bias):
    """Set the bias of a gate of every LSTM."""
    for name, layer in session.model.named_layers():
        if name in LAYERS:
            H = layer.hidden_size
            layer.b.value[GATES.index(gate) * H : (GATES.index(gate) + 1) * H] = bias


def test_an_ordinary_run_has_none(tmp_path):
    session = session_of(tmp_path, epochs=5, n=60)
    session.train()
    assert session.findings() == [] and session.notes == []


def test_a_forget_gate_that_is_shut_is_vanishing_and_saturated(tmp_path):
    for name in ("train.tsv", "dev.tsv"):
        (tmp_path / name).write_text("a b c d e a b c\tc b a e d c b a\n" * 10)
    session = session_of(tmp_path, epochs=1)
    plant(session, "f", -8)
    session.train()
    found = session.findings()
    assert [f.what.split()[0] for f in found if f.name == "vanishing gradients"] == LAYERS
    assert len([f for f in found if f.name == "saturated gates" and "gate f is shut" in f.what]) == 3
    assert session.notes[-len(found) :] == [str(f) for f in found]


def test_output_gates_that_are_shut_are_dead_units(tmp_path):
    session = session_of(tmp_path, epochs=1)
    plant(session, "o", -50)
    session.train()
    assert [f.what.split(" of ")[-1] for f in session.findings() if f.name == "dead units"] == [
        f"{layer} does not vary over the dev sentences" for layer in LAYERS
    ]


def test_a_tiny_clip_is_exploding(tmp_path):
    session = session_of(tmp_path, epochs=1, clip=1e-4)
    session.train()
    assert names(session.findings()) == ["exploding gradients"]


def test_a_learning_rate_of_almost_nothing_is_no_improvement(tmp_path):
    session = session_of(tmp_path, epochs=4, learning_rate=1e-9, hide_words=0.0)
    session.train()
    assert names(session.findings()) == ["no improvement"]


def test_random_targets_are_learned_by_heart(tmp_path):
    rng = np.random.default_rng(0)
    for name, n in (("train.tsv", 30), ("dev.tsv", 20)):
        draw = lambda: " ".join(rng.choice(list("abcdefgh"), 4))  # noqa: E731
        (tmp_path / name).write_text("".join(f"{draw()}\t{draw()}\n" for _ in range(n)))
    session = session_of(tmp_path, epochs=40, learning_rate=0.05, hide_words=0.0)
    session.train()
    assert names(session.findings()) == ["over-fitting"]


# What is recorded


def test_metrics_hold_the_norms_of_the_epochs_own_steps(tmp_path):
    seen = []

    class Recorder(session_module.Reporter):
        def step(self, loss, norm, tokens):
            seen.append(norm)

    session = session_of(tmp_path, Recorder(), clip=0.05)
    session.train()
    records = Run(tmp_path / "run").metrics()
    for record, norms in zip(records, np.reshape(seen, (2, 6)), strict=True):
        assert record["gradient_norm"] == pytest.approx(norms.mean()) and record["gradient_norm_max"] == norms.max()
        assert record["exploding_steps"] == pytest.approx((norms > 0.5).mean())
    assert 0 < sum(record["exploding_steps"] for record in records)


def test_health_has_a_look_at_the_gradients_and_the_units_of_every_epoch(tmp_path):
    session_of(tmp_path).train()
    records = Run(tmp_path / "run").health()
    assert [(r["epoch"], r["step"], "gradients" in r, "units" in r) for r in records] == [
        (1, 1, True, False), (1, 6, False, True), (2, 7, True, False), (2, 12, False, True)
    ]  # fmt: skip
    for look in (records[0]["gradients"], records[2]["gradients"]):
        assert list(look) == LAYERS
        for layer in look.values():
            assert list(layer["gates"]) == list(layer["steps"]) == list(GATES)
            assert {len(norms) for norms in layer["steps"].values()} == {len(layer["carried"])}
    assert [record["units"][DECODER]["units"] for record in records if "units" in record] == [8, 8]


def test_looks_come_at_the_first_step_of_an_epoch_and_then_every_hundred(monkeypatch):
    looks = []

    class Recorder(session_module.Reporter):
        def health(self, record):
            looks.append((record["epoch"], record["step"]))

    monkeypatch.setattr("minis2s.training.trainer.LOOK_EVERY", 3)
    trainer_of(Recorder(), n=25, epochs=2).run()
    assert looks == [(1, 1), (1, 4), (2, 6), (2, 9)] and LOOK_EVERY == 100


def test_looking_does_not_change_the_run(tmp_path, monkeypatch):
    values = []
    for every in (1, 100):
        monkeypatch.setattr("minis2s.training.trainer.LOOK_EVERY", every)
        trainer = trainer_of()
        trainer.run()
        values.append(trainer.flat.values.tobytes())
    assert values[0] == values[1]


def test_what_is_not_finite_is_null_not_nan():
    trainer = trainer_of()
    trainer.model.decoder.output.W.value[:] = np.inf
    from minis2s.data.batching import make_batch

    from .scenes import examples

    with np.errstate(all="ignore"):
        look = look_at_gradients(trainer.model, make_batch(examples(5)))
    text = json.dumps(look, allow_nan=False)
    assert "null" in text
