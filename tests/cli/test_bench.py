"""`minis2s bench`: the same model for every engine, times in turn, JSON. Times themselves are not judged here."""

import json
import os
import sys

import numpy as np
import pytest

from minis2s.bench import bound, engines, measure, settings, worker
from minis2s.bench.settings import Setting, generator
from minis2s.cli import main
from minis2s.errors import Minis2sError, UsageError
from minis2s.models.seq2seq import Seq2Seq

from .runs import assert_one_line_error

TINY = Setting("tiny", V=12, E=4, H=6, A=3, B=5, S=6, T=4)


@pytest.fixture(autouse=True)
def tiny_settings(monkeypatch):
    monkeypatch.setattr(settings, "SETTINGS", {"tiny": TINY})


def copy_of(model, setting):
    new = Seq2Seq(setting.config, setting.V, setting.V, generator())
    new.assign(model.state())
    return new


def run_json(arguments, capsys):
    assert main(["bench", *arguments.split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json(capsys):
    document = run_json("--settings tiny --seconds 0.01", capsys)
    assert {"machine", "blas", "threads", "results"} <= document.keys()
    (result,) = document["results"]
    assert (result["setting"], result["engine"]) == ("tiny", "minis2s")
    assert result["step_ms"] > 0 and result["tokens_per_s"] == pytest.approx(5 * 4 / (result["step_ms"] / 1e3))


def test_beside_torch_with_the_same_loss(capsys):
    pytest.importorskip("torch")
    document = run_json("--settings tiny --against torch --seconds 0.01", capsys)
    ours, theirs = document["results"]
    assert (ours["engine"], theirs["engine"]) == ("minis2s", "torch")
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert main("bench --settings tiny --against torch --seconds 0.01".split()) == 0
    table = capsys.readouterr().out
    assert "torch" in table and "ratio" in table


@pytest.mark.parametrize("bidirectional", [False, True])
def test_both_engines_take_the_same_steps(bidirectional):
    """Not only the first loss: forward, backward, clipping and Adam, ten times in float32.

    PyTorch's cells have two biases where one is enough, which makes their sum learn twice as fast; here the second one rests.
    """
    pytest.importorskip("torch")
    setting = Setting("tiny", V=12, E=4, H=6, A=3, B=5, S=6, T=4, bidirectional=bidirectional)
    rng = generator()
    batch = setting.batch(rng)
    model = Seq2Seq(setting.config, 12, 12, rng)
    ours, theirs = (engines.engine(name)(copy_of(model, setting), batch) for name in ("minis2s", "torch"))
    for name, p in theirs.net.named_parameters():
        p.requires_grad_("bias_hh" not in name)
    losses = np.array([(ours.step(), theirs.step()) for _ in range(10)])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=2e-5)
    assert losses[-1, 0] < losses[0, 0] - 0.01  # they did learn


def test_engines_that_disagree_are_not_timed():
    words = np.arange(40).reshape(8, 5)
    measure.agreed(TINY, {"minis2s": 2.5, "other": 2.50001}, {"minis2s": words, "other": np.where(words == 7, 0, words)})
    with pytest.raises(Minis2sError, match="tiny: the engines disagree about the loss of the same weights"):
        measure.agreed(TINY, {"minis2s": 2.5, "other": 2.501}, {"minis2s": words, "other": words})
    with pytest.raises(Minis2sError, match="tiny: other decodes other words than minis2s: 75% are the same"):
        measure.agreed(TINY, {"minis2s": 2.5, "other": 2.5}, {"minis2s": words, "other": np.where(words < 10, -1, words)})


def test_every_question_has_an_answer_and_the_same_weights_each_time():
    first, second = (worker.answers("minis2s", TINY) for _ in range(2))
    assert first["loss"]() == second["loss"]() and first["words"]() == second["words"]()
    assert 20 < first["peak"]() < 5000
    assert first["loss"]() < second["loss"](), "the peak is that of training steps"
    for question in ("step", "decode", "bound", "decode bound"):
        assert 0 < first[question]() < 60


def test_a_process_that_refuses_and_one_that_ends_are_told():
    refusing, ending = worker.Worker("nobody", TINY, 1), worker.Worker("minis2s", TINY, 1)
    try:
        with pytest.raises(UsageError, match="unknown engine 'nobody'"):
            refusing.ask("loss")
        ending.ask("loss")
        with pytest.raises(Minis2sError, match=r"the process of minis2s has ended: (.|\n)*KeyError: 'lost'"):
            ending.ask("lost")
        with pytest.raises(Minis2sError, match="the process of minis2s has ended"):
            ending.ask("loss")
    finally:
        refusing.close()
        ending.close()


def test_the_batch_is_as_the_setting_says():
    batch = TINY.batch(generator())
    lengths = batch.source_mask.sum(axis=0)
    assert batch.source.shape == (6, 5) and lengths.max() == 6 and lengths.min() >= 3
    assert batch.target_mask.all() and batch.target_in.shape == (4, 5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("--settings tinny", "unknown setting 'tinny'; did you mean 'tiny'?"),
        ("--settings tiny --against pytorch", "unknown engine 'pytorch'; did you mean 'torch'?"),
        ("--settings tiny --seconds 0", "--seconds must be greater than zero and finite, not 0.0"),
        ("--settings tiny --seconds nan", "--seconds must be greater than zero and finite, not nan"),
        ("--settings tiny --seconds inf", "--seconds must be greater than zero and finite, not inf"),
        ("--settings tiny --seconds soon", "--seconds"),
        ("--setings tiny", "unknown option '--setings'; did you mean '--settings'?"),
    ],
)
def test_bad_requests(arguments, message, capsys):
    assert main(["bench", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)


def test_torch_that_is_not_installed_is_named(monkeypatch, tmp_path, capsys):
    (tmp_path / "torch.py").write_text("raise ImportError('nowhere to be found')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    assert main("bench --settings tiny --against torch --seconds 0.01".split()) == 2
    assert_one_line_error(capsys.readouterr().err, "--against torch needs PyTorch (nowhere to be found)")


def test_matrix_products_are_recorded_with_their_shapes_and_nothing_is_changed():
    rng = generator()
    model = Seq2Seq(TINY.config, 12, 12, rng)
    ours = engines.engine("minis2s")(model, TINY.batch(rng))
    before = ours.loss()
    products = bound.matrix_products(ours)
    assert ours.loss() == before and all(type(p.value) is np.ndarray for _, p in model.named_parameters())
    shapes = [tuple(shape for shape, _, _ in factors) for factors in products]
    N, H = 5 * 4, 6
    assert ((N, 2 * H), (2 * H, 12)) in shapes, "the output, forwards"
    assert ((N, 12), (12, 2 * H)) in shapes and ((2 * H, N), (N, 12)) in shapes, "the output, backwards"
    assert shapes.count(((H, N), (N, 4 * H))) == 2, "the gradients of W_h and W_c, whose rows are concatenated"
    assert bound.flops([(((3, 4), None, None), ((4, 5), None, None))]) == 2 * 3 * 4 * 5
    bound.Products(products, rng).run()


def test_jax_takes_the_same_steps_and_decodes_the_same_words():
    pytest.importorskip("jax")
    rng = generator()
    batch = TINY.batch(rng)
    model = Seq2Seq(TINY.config, 12, 12, rng)
    ours, theirs = (engines.engine(name)(copy_of(model, TINY), batch) for name in ("minis2s", "jax"))
    np.testing.assert_array_equal(theirs.decode(), ours.decode())
    losses = [(ours.step(), theirs.step()) for _ in range(10)]
    np.testing.assert_allclose(*np.array(losses).T, rtol=2e-5)


def test_torch_decodes_the_same_words():
    pytest.importorskip("torch")
    rng = generator()
    batch = TINY.batch(rng)
    model = Seq2Seq(TINY.config, 12, 12, rng)
    ours, theirs = (engines.engine(name)(copy_of(model, TINY), batch).decode() for name in ("minis2s", "torch"))
    np.testing.assert_array_equal(theirs, ours)


def test_a_profile_tells_every_function_of_a_step_and_adds_up(capsys):
    assert main("bench --settings tiny --profile --json".split()) == 0
    shares = json.loads(capsys.readouterr().out)["profiles"]["tiny"]
    by_name = {share["function"]: share for share in shares}
    assert by_name["equations/lstm: lstm_pointwise"]["calls"] == TINY.S + TINY.T  # one direction, no sequence is longer
    assert by_name["equations/softmax: cross_entropy"]["calls"] == 1
    assert [share["ms"] for share in shares] == sorted((share["ms"] for share in shares), reverse=True)
    assert main("bench --settings tiny --profile".split()) == 0
    assert "lstm_pointwise" in capsys.readouterr().out


def test_the_products_of_decoding_are_those_of_its_words():
    rng = generator()
    ours = engines.engine("minis2s")(Seq2Seq(TINY.config, 12, 12, rng), TINY.batch(rng))
    products = bound.matrix_products(ours, type(ours).decode)
    shapes = [tuple(shape for shape, _, _ in factors) for factors in products]
    assert shapes.count(((5, 12), (12, 12))) == TINY.T, "the output, once for each word of 5 sentences"
