"""A run's data: streamed or in memory, normalised alike everywhere, and everything that was left out or is odd said."""

import builtins
import json
import signal
import unicodedata
from dataclasses import replace

import pytest

from minis2s.backend import select
from minis2s.data.files import Pair
from minis2s.decoding.evaluation import translation_scores
from minis2s.errors import DataError, UsageError
from minis2s.training import session as session_module
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.data import DataConfig, RunData
from minis2s.training.run import Run, load
from minis2s.training.session import RunConfig, Session
from minis2s.training.trainer import Reporter, TrainingConfig

from .scenes import NOISY, TRAINING, lines, outcome


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch):
    """Drawing takes most of the time of so small a run."""
    monkeypatch.setattr(session_module, "training_curves", lambda path, records: path.write_bytes(b""))
    monkeypatch.setattr(session_module, "draw_translation", lambda path, *_, **__: path.write_bytes(b"") and "")


def files(folder, train, dev):
    """DataConfig's files of these lines."""
    for name, rows in (("train.tsv", train), ("dev.tsv", dev)):
        (folder / name).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return {"train": (str(folder / "train.tsv"),), "dev": (str(folder / "dev.tsv"),)}


def session(folder, resume=False, display=None, name="run", train=None, **data):
    there = files(folder, train or lines(48), lines(8, 9))
    config = RunConfig(DataConfig(**there, **data), NOISY, TrainingConfig(**TRAINING))
    return Session(config, Run(folder / name) if resume else Run.new(folder / name), select("numpy"), display, resume)


class StopAt(Reporter):
    def __init__(self, step):
        self.left = step

    def step(self, loss, norm, tokens):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


# Streaming

STREAM = {"window_pairs": 13, "max_length": 3}  # four windows, the last one short; some pairs too long


@pytest.fixture(scope="module")
def streamed(tmp_path_factory):
    """A run on a stream that was never interrupted: its outcome, its steps in an epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "training_curves", lambda path, records: path.write_bytes(b""))
        patch.setattr(session_module, "draw_translation", lambda path, *_, **__: path.write_bytes(b"") and "")
        folder = tmp_path_factory.mktemp("streamed")
        whole = session(folder, **STREAM)
        whole.train()
        return outcome(folder / "run"), whole.trainer.steps_per_epoch, whole.trainer.examples


def test_a_stream_has_the_steps_that_were_counted_ahead(streamed):
    _, steps, windows = streamed
    assert len(windows.windows) == 4 and len({window.examples for window in windows.windows}) > 1
    assert steps == sum(-(-window.examples // 5) for window in windows.windows) > -(-len(windows) // 5)


@pytest.mark.parametrize("step", range(1, 19))
def test_a_streamed_run_that_was_interrupted_goes_on_to_the_last_bit(step, streamed, tmp_path):
    """At every step of the first epoch and some of the second: in a window's middle, at its end, at the epoch's."""
    wanted, steps, _ = streamed
    assert steps == 9
    with pytest.raises(KeyboardInterrupt):
        session(tmp_path, display=StopAt(step), **STREAM).train()
    session(tmp_path, resume=True, **STREAM).train()
    assert outcome(tmp_path / "run") == wanted


def test_a_window_that_holds_everything_is_the_run_in_memory(tmp_path):
    for name, more in (("default", {}), ("exact", {"window_pairs": 48})):
        session(tmp_path, name=name, **more).train()
    default, exact = outcome(tmp_path / "default"), outcome(tmp_path / "exact")
    assert default == exact


def test_a_stream_says_so(tmp_path):
    notes = session(tmp_path, window_pairs=20).notes
    assert notes == ["48 training pairs are read again in each epoch, and shuffled 20 at a time (--window-pairs)"]


def test_data_that_change_during_the_run_are_refused_and_the_run_kept(tmp_path):
    class Change(Reporter):
        def epoch(self, record, is_best):
            files(tmp_path, lines(48, seed=3), lines(8, 9))

    with pytest.raises(UsageError, match=r"the training data have changed since they were first read \(lines 1 to 13\)"):
        session(tmp_path, display=Change(), **STREAM).train()
    assert load_checkpoint(tmp_path / "run" / "last.npz").record["progress"]["epoch"] == 1
    assert load(tmp_path / "run").translate(["a b"])


def test_what_can_be_read_only_once_is_refused_before_anything_is_written(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    config = DataConfig(train=(str(tmp_path / "pipe"),), dev=files(tmp_path, ["a\tb"], ["a\tb"])["dev"])
    with pytest.raises(DataError, match="pipe: this can be read only once"):
        RunData(config)


# Normalisation: the same everywhere



def wide(text):
    return "".join(chr(ord(character) + 0xFEE0) for character in text)


WIDE = [f"{s.upper()}\t{wide(t.replace(' ', ''))}" for s, t in (row.split("\t") for row in lines(48))]


def test_normalisation_is_the_same_in_training_dev_translation_and_evaluation_and_kept(tmp_path):
    there = files(tmp_path, WIDE, [WIDE[3].lower(), "Ｑ\tｑ"])
    options = {"source_lowercase": True, "source_width": "half", "target_width": "half", "target_tokeniser": "chars"}
    config = RunConfig(DataConfig(**there, **options), NOISY, TrainingConfig(**TRAINING))
    made = Session(config, Run.new(tmp_path / "run"), select("numpy"))
    assert sorted(made.languages.source_vocabulary.tokens) == list("abcde")
    assert sorted(made.languages.target_vocabulary.tokens) == list("abcde")
    source, target = (row for row in WIDE[3].split("\t"))
    assert made.dev[0] == Pair(source.lower(), unicodedata.normalize("NFKC", target)) and made.dev[1] == Pair("q", "q")
    made.train()
    record = load_checkpoint(tmp_path / "run" / "best.npz").record["languages"]
    assert record["source_tokeniser"] == {"name": "words", "lowercase": True, "width": "half"}
    assert record["target_tokeniser"] == {"name": "chars", "lowercase": False, "width": "half"}
    translator = load(tmp_path / "run")
    answers = translator.translate(["A b", "ａ　Ｂ", "a b"])
    assert len({t.text for t in answers}) == 1 and all(t.unknown == [] for t in answers)
    assert answers[1].source_tokens == ["a", "b"]
    examples = translator.examples([Pair("Ａ b", "ａb")])
    assert examples == translator.examples([Pair("a b", "ab")])
    right = [Pair("Ａ B", wide(answers[0].text) or "ａ")]
    assert translation_scores(translator, right)[0]["exact_match"] == 100 * bool(answers[0].text)


def test_as_is_keeps_case_and_width_apart(tmp_path):
    data = RunData(DataConfig(**files(tmp_path, ["A ａ a Ａ\tx"], ["é\ty"])))
    assert sorted(data.languages.source_vocabulary.tokens) == ["A", "a", "Ａ", "ａ"]


# Vocabularies and unknown words


def test_the_largest_vocabulary_and_the_share_of_unknown_words(tmp_path):
    rows = ["a a a b b c\tx y y", "a b d\ty z"]
    config = DataConfig(**files(tmp_path, rows, ["a c e b\tx y", "d\tw"]), max_source_vocabulary=2, max_target_vocabulary=3)
    data = RunData(config)
    assert data.languages.source_vocabulary.tokens == ["a", "b"]
    assert data.languages.target_vocabulary.tokens == ["y", "x", "z"]
    assert data.notes == ["dev data: 60.00% of the source tokens and 33.33% of the target tokens are unknown"]
    assert data.counts["dev_unknown_source"] == 0.6 and data.counts["dev_unknown_target"] == pytest.approx(1 / 3)
    rare = RunData(replace(config, min_frequency=2, max_source_vocabulary=0, max_target_vocabulary=0))
    assert rare.languages.source_vocabulary.tokens == ["a", "b"] and rare.languages.target_vocabulary.tokens == ["y"]


def test_counts_are_kept_with_the_run(tmp_path):
    train = [*lines(48), "a " * 9 + "\tb"]
    session(tmp_path, max_length=5, window_pairs=30, train=train)
    counts = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))["counts"]
    assert (counts["training_pairs"], counts["training_examples"], counts["windows"]) == (49, 48, 2)
    assert counts["dev_pairs"] == counts["dev_examples"] == 8 and counts["dev_pairs_in_training"] == 0


def test_what_the_bounded_counts_forget_is_said(tmp_path, monkeypatch):
    from minis2s.data import survey

    monkeypatch.setattr(survey.TokenCounts.__init__, "__defaults__", (4,))
    data = RunData(DataConfig(**files(tmp_path, ["a a a b c d e f\tx"], ["a\ty"])))
    what = "training data: more than 4 different source tokens; those seen at most 1 times may be left out of the vocabulary"
    assert data.notes[0] == what
    assert data.languages.source_vocabulary.tokens[0] == "a"


def test_dev_pairs_that_are_training_pairs_are_said(tmp_path):
    data = RunData(DataConfig(**files(tmp_path, ["a b\tx", "c\ty", "C\tY"], ["new\tx", "c\ty"])))
    assert data.notes[-1] == (
        "dev data: 1 of 2 pairs are training pairs, too (the first on line 2, in the training data on line 2); "
        "scores on them tell nothing about new sentences"
    )
    assert data.counts["dev_pairs_in_training"] == 1


def test_over_long_pairs_of_a_stream_are_counted_over_all_windows(tmp_path):
    rows = ["a\tb"] * 5 + ["a a a\tb"] + ["a\tb"] * 5 + ["a\tb b b b"]
    data = RunData(DataConfig(**files(tmp_path, rows, ["a\tc", "a a a\tb"]), window_pairs=4, max_length=2))
    assert data.notes[0] == (
        "training data: 2 of 12 pairs are longer than 2 tokens (the first on line 6, the longest has 4); they are left out "
        "(--max-length raises the limit)"
    )
    assert data.notes[1].startswith("dev data: 1 of 2 pairs are longer than 2 tokens (the first on line 2")
    assert len(data.training) == 10 and len(data.dev) == 1


@pytest.mark.parametrize("window_pairs", [2, 100])
def test_nothing_left_is_refused(window_pairs, tmp_path):
    there = files(tmp_path, ["a a a\tb"] * 5, ["a\tb"])
    with pytest.raises(UsageError, match="training data: no pair is left within the limit of 2 tokens"):
        RunData(DataConfig(**there, max_length=2, window_pairs=window_pairs))


# Byte pairs

BPE = {"source_tokeniser": "bpe", "target_tokeniser": "bpe", "bpe_tokens": 30}


def test_a_run_on_byte_pairs(tmp_path):
    """Learned, kept in the checkpoint, interrupted and resumed; and used without the library."""
    pytest.importorskip("tokenizers", reason="the extra 'bpe'")
    whole = session(tmp_path, name="whole", **BPE)
    whole.train()
    assert any(len(token) > 1 for token in whole.languages.source_vocabulary.tokens)
    with pytest.raises(KeyboardInterrupt):
        session(tmp_path, display=StopAt(4), **BPE).train()
    session(tmp_path, resume=True, **BPE).train()
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
    merges = load_checkpoint(tmp_path / "run" / "best.npz").record["languages"]["source_tokeniser"]["merges"]
    assert merges and all(isinstance(token, str) for pair in merges for token in pair)
    with pytest.MonkeyPatch.context() as patch:
        without_library(patch)
        translation = load(tmp_path / "run").translate(["a b c"])[0]
    assert "".join(translation.source_tokens) == "a b c" and translation.unknown == []


def test_byte_pairs_are_learned_from_no_more_than_a_window(tmp_path, monkeypatch):
    from minis2s.data.bpe import BytePairEncoding

    given = []

    def learn(texts, size):
        given.append((list(texts), size))
        return BytePairEncoding([])

    monkeypatch.setattr(BytePairEncoding, "learn", learn)
    there = files(tmp_path, [f"A{n}\tＢ{n}" for n in range(50)], ["a\tb"])
    RunData(DataConfig(**there, **BPE, window_pairs=20, source_lowercase=True, target_width="half"))
    (source, size), (target, _) = given
    assert size == 30 and len(source) == len(set(source)) == 20
    assert [text[1:] for text in source] == [text[1:] for text in target]  # the same pairs, normalised
    assert {text[0] for text in source} == {"a"} and {text[0] for text in target} == {"B"}
    assert max(int(text[1:]) for text in source) >= 20  # drawn from all


def without_library(patch):
    real = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "tokenizers":
            raise ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers")
        return real(name, *rest)

    patch.setattr(builtins, "__import__", without)


def test_without_the_library_nothing_is_begun_and_the_extra_is_named(tmp_path, monkeypatch):
    without_library(monkeypatch)
    with pytest.raises(UsageError, match=r"pip install 'minis2s\[bpe\]'"):
        session(tmp_path, **BPE)
    assert not (tmp_path / "run").exists()


# What the first pass tells


def test_reading_is_told_with_the_share_that_is_done(tmp_path):
    told = []
    there = files(tmp_path, ["a b\tc"] * 25_000, ["a\tb"])
    RunData(DataConfig(**there), tell=lambda pairs, share: told.append((pairs, share)))
    assert told == [(10_000, 0.4), (20_000, 0.8)]
