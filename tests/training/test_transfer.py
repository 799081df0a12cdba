"""Fine-tuning from another run: words by their spelling, everything else whole, sizes that do not fit refused with both named."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from minis2s import models
from minis2s.backend import select
from minis2s.cli import main
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import SPECIALS, Vocabulary
from minis2s.errors import UsageError
from minis2s.models.seq2seq import Seq2Seq
from minis2s.training.run import Languages, Run
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.trainer import TrainingConfig
from minis2s.training.transfer import BY_WORD, take_over

from .scenes import NOISY, SIZES, TRAINING, outcome, session_of, write_pairs

OLD, NEW = ("abcd", "wxyz"), ("dbe", "zvyu")  # vocabularies, source and target


def languages(tokens):
    return Languages(*map(Vocabulary, tokens), tokeniser("words"), tokeniser("words"))


def model_of(tokens, seed, config=SIZES):
    return Seq2Seq(config, *(len(SPECIALS) + len(t) for t in tokens), np.random.default_rng(seed))


@pytest.fixture
def moved():
    """(old, new as drawn, new after the transfer, Taken); every parameter of `old` has values of its own, biases, too."""
    old, new = model_of(OLD, 1), model_of(NEW, 2)
    for _, p in old.named_parameters():
        p.value += np.random.default_rng(3).standard_normal(p.value.shape).astype(np.float32)
    drawn = new.state()
    return old.state(), drawn, new, take_over(new, languages(NEW), old, languages(OLD), "there")


def test_rows_of_words_that_both_know_are_taken_over_and_new_words_keep_their_fresh_values(moved):
    old, drawn, new, _ = moved
    for name, (of, to), axis in (
        ("encoder.reader.W", (OLD[0], NEW[0]), 0),
        ("decoder.reader.W", (OLD[1], NEW[1]), 0),
        ("decoder.output.W", (OLD[1], NEW[1]), 1),
        ("decoder.output.b", (OLD[1], NEW[1]), 0),
    ):
        before, fresh, after = (np.moveaxis(a, axis, 0) for a in (old[name], drawn[name], new.state()[name]))
        for place, token in enumerate([*SPECIALS, *to]):
            known = [*SPECIALS, *of]
            expected = before[known.index(token)] if token in known else fresh[place]
            np.testing.assert_array_equal(after[place], expected, err_msg=f"{name} {token}")


def test_what_knows_no_words_is_taken_over_whole(moved):
    old, _, new, taken = moved
    state = new.state()
    assert sorted(taken.whole) == sorted(set(state) - {n for n in state if n.startswith(tuple(p for p, *_ in BY_WORD))})
    for name in taken.whole:
        np.testing.assert_array_equal(state[name], old[name])
    assert {a.dtype.str for a in state.values()} == {"<f4"}


def test_what_was_taken_over_is_said(moved):
    taken = moved[-1]
    assert taken.words == {"source": (2, 3), "target": (2, 4)} and taken.fresh == taken.unused == []
    words = "2 of 3 source tokens by their spelling, 2 of 4 target tokens by their spelling"
    assert str(taken) == f"{len(taken.whole)} parameters whole; {words}"


def test_the_same_vocabularies_give_the_same_model():
    old, new = model_of(OLD, 1), model_of(OLD, 2)
    take_over(new, languages(OLD), old, languages(OLD), "there")
    for name, value in old.state().items():
        np.testing.assert_array_equal(new.state()[name], value)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_table_of_parameters_that_know_words_is_complete(bidirectional):
    """Those whose shape follows a vocabulary, and no others; along the axis that the table says."""
    config = replace(SIZES, bidirectional=bidirectional)
    small, source, target = (
        {n: p.value.shape for n, p in Seq2Seq(config, *words, np.random.default_rng(0)).named_parameters()}
        for words in ((50, 60), (51, 60), (50, 61))
    )
    for name, shape in small.items():
        side, axis = next(((side, axis) for prefix, side, axis in BY_WORD if name.startswith(prefix)), (None, None))
        expected = list(shape)
        for which, larger in (("source", source), ("target", target)):
            expected = list(shape)
            if side == which:
                expected[axis] += 1
            assert larger[name] == tuple(expected), name


@pytest.mark.parametrize(
    "change, message",
    [
        ({"hidden_size": 16}, "hidden_size is 8 there and 16 here"),
        ({"embedding_size": 5}, "embedding_size is 6 there and 5 here"),
        ({"attention_size": 3}, "attention_size is 4 there and 3 here"),
        ({"bidirectional": False}, "bidirectional is True there and False here"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_and_nothing_is_changed(change, message):
    new = model_of(NEW, 2, replace(SIZES, **change))
    before = new.state()
    with pytest.raises(UsageError, match=rf"^there: \S+ has the shape \(.*\) there and \(.*\) here; {message}$"):
        take_over(new, languages(NEW), model_of(OLD, 1), languages(OLD), "there")
    for name, value in before.items():
        np.testing.assert_array_equal(new.state()[name], value)


def test_parameters_that_only_one_side_has_are_named(moved):
    old, new = model_of(OLD, 1), model_of(NEW, 2)
    old.more, new.other = old.encoder.dropout, None
    del new.decoder.stack.layers[0].b  # as a model of another kind would lack it
    taken = take_over(new, languages(NEW), old, languages(OLD), "there")
    assert taken.unused == ["decoder.stack.layers.0.b"] and "not used: decoder.stack.layers.0.b" in str(taken)


def test_between_kinds_another_shape_is_drawn_anew():
    """A language model's decoder is fed no context, and predicts from its state alone."""
    old, words = model_of(OLD, 1), len(SPECIALS) + len(NEW[1])
    new = models.model_of(replace(SIZES, model="language-model"), words, words, np.random.default_rng(2))
    before = new.state()
    taken = take_over(new, languages(NEW), old, languages(OLD), "there")
    assert "decoder.output.W" in taken.fresh and "decoder.output.W" in taken.unused
    np.testing.assert_array_equal(new.state()["decoder.output.W"], before["decoder.output.W"])
    np.testing.assert_array_equal(new.state()["decoder.stack.layers.0.W_h"], old.state()["decoder.stack.layers.0.W_h"])


# Whole runs


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on the letters a to e."""
    folder = tmp_path_factory.mktemp("trained")
    session_of(folder, epochs=4, learning_rate=0.03).train()
    return folder / "run"


def fine_tuned(trained, folder, resume=False, **settings):
    """A session on the letters c to g that begins with the trained run."""
    for name, n, seed in (("train.tsv", 30, 5), ("dev.tsv", 8, 6)):
        if not (folder / name).exists():
            write_pairs(folder / name, n, seed, letters="cdefg")
    data = DataConfig(train=(str(folder / "train.tsv"),), dev=(str(folder / "dev.tsv"),))
    config = RunConfig(data, NOISY, TrainingConfig(**TRAINING, init_from=str(trained), **settings))
    return Session(config, Run(folder / "run") if resume else Run.new(folder / "run"), select("numpy"), resume=resume)


def test_a_run_begins_with_another_and_says_so(trained, tmp_path):
    session = fine_tuned(trained, tmp_path)
    old, old_languages, _ = Run(trained).load("best")
    new, before = session.model.state(), old.state()
    np.testing.assert_array_equal(new["decoder.W_c"], before["decoder.W_c"])
    for letter in "cde":
        rows = (session.languages.source_vocabulary, old_languages.source_vocabulary)
        now, then = (v.encode([letter])[0] for v in rows)
        np.testing.assert_array_equal(new["encoder.reader.W"][now], before["encoder.reader.W"][then])
    (note,) = [n for n in session.notes if "taken over" in n]
    assert f"taken over from {trained}: " in note and "3 of 5 source tokens by their spelling" in note
    session.train()


def test_it_goes_on_without_the_run_that_it_began_with(trained, tmp_path):
    """Its own checkpoints have everything."""
    for name in ("whole", "interrupted"):
        (tmp_path / name).mkdir()
        shutil.copytree(trained, tmp_path / name / "old")
    fine_tuned(tmp_path / "whole" / "old", tmp_path / "whole").train()
    session = fine_tuned(tmp_path / "interrupted" / "old", tmp_path / "interrupted")
    step = session.step

    def interrupted(*arguments):
        step(*arguments)
        session.trainer.stop_requested = session.trainer.progress.total_steps == 4

    session.step = interrupted
    with pytest.raises(KeyboardInterrupt):
        session.train()
    shutil.rmtree(tmp_path / "interrupted" / "old")
    fine_tuned(tmp_path / "interrupted" / "old", tmp_path / "interrupted", resume=True).train()
    assert outcome(tmp_path / "interrupted" / "run") == outcome(tmp_path / "whole" / "run")


def test_the_command_line_takes_sizes_and_tokenisers_from_the_run(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, n, seed in (("train.tsv", 30, 5), ("dev.tsv", 8, 6)):
        write_pairs(tmp_path / name, n, seed, letters="cdefg")
    data = "--train train.tsv --dev dev.tsv --epochs 1".split()
    assert main(["train", *data, "--init-from", str(trained), "--run", "one"]) == 0
    out = capsys.readouterr().out
    assert "taken over from" in out
    config = Run("one").config()
    assert config["model"]["hidden_size"] == 8 and config["training"]["init_from"] == str(trained)
    assert main(["train", *data, "--init-from", str(trained / "last.npz"), "--run", "two"]) == 0
    assert main(["train", *data, "--init-from", "one", "--run", "three", "--hidden-size", "10"]) == 2
    assert "hidden_size is 8 there and 10 here" in capsys.readouterr().err
    assert main(["train", *data, "--init-from", "nowhere"]) == 2
    assert "there is no such run directory" in capsys.readouterr().err
    assert not (tmp_path / "three").exists()
