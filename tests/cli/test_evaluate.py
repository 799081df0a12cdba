"""`minis2s evaluate`: scores of a file of pairs."""

import gzip
import json
import math
from dataclasses import replace

import pytest
import sacrebleu

from minis2s.cli import main
from minis2s.data.batching import make_batch
from minis2s.data.files import Pair
from minis2s.data.tasks import TASKS, Splits
from minis2s.training.run import load

from .runs import assert_one_line_error, child, pairs, write_pairs


@pytest.fixture
def test_file(tmp_path):
    return write_pairs(tmp_path / "test.tsv", 30, 7)


def scores_of(arguments, capsys):
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def test_json_holds_what_sacrebleu_says_of_the_translations(trained, test_file, capsys):
    scores = scores_of([trained, test_file], capsys)
    sources, references = zip(*pairs(30, 7), strict=True)
    answers = [t.text for t in load(trained).translate(list(sources))]
    assert scores["exact_match"] == pytest.approx(100 * sum(a == r for a, r in zip(answers, references, strict=True)) / 30)
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(answers, [references], tokenize="zh").score)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(answers, [references]).score)
    assert scores["sentences"] == 30 and "tok:zh" in scores["signature"]
    assert 0 < scores["loss"] < 2 and 0 <= scores["token_error_rate"] < 50


def test_error_rates_perplexities_and_entropy(trained, tmp_path, capsys):
    """The perplexities from the model's losses, one sentence at a time: of the references, and of its own words fed to it."""
    data = [Pair(source, target[::-1] if k % 3 else target) for k, (source, target) in enumerate(pairs(30, 7))]
    (tmp_path / "test.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in data), encoding="utf-8")
    scores = scores_of([trained, tmp_path / "test.tsv"], capsys)
    translator = load(trained)
    references = translator.examples(data)
    found = translator.translate([pair.source for pair in data])
    own = [e._replace(target=translator.target_vocabulary.encode(t.tokens)) for e, t in zip(references, found, strict=True)]
    for name, examples in (("teacher_forced", references), ("free_running", own)):
        nats = sum(float(translator.model.forward(make_batch([e]))[0]) * (len(e.target) + 1) for e in examples)
        expected = math.exp(nats / sum(len(e.target) + 1 for e in examples))
        assert scores[f"{name}_perplexity"] == pytest.approx(expected, rel=1e-4)
    assert 1 < scores["free_running_perplexity"] < 1.5 < scores["teacher_forced_perplexity"] == math.exp(scores["loss"])
    assert scores["character_error_rate"] == scores["token_error_rate"] > 0  # the target's tokens are characters
    assert scores["word_error_rate"] == pytest.approx(100 - scores["exact_match"]) and scores["word_error_rate"] > 0  # no spaces
    assert 0 < scores["alignment_entropy"] < math.log(4) and 0 < scores["alignment_entropy_share"] < 100


def test_aligned_files_and_gzip_give_the_same(trained, test_file, tmp_path, capsys):
    expected = scores_of([trained, test_file], capsys)
    (tmp_path / "test.gz").write_bytes(gzip.compress(test_file.read_bytes()))
    assert scores_of([trained, tmp_path / "test.gz"], capsys) == expected
    for k, name in enumerate(("test.src", "test.zh")):
        (tmp_path / name).write_text("".join(f"{pair[k]}\n" for pair in pairs(30, 7)), encoding="utf-8")
    assert scores_of([trained, tmp_path / "test.src", tmp_path / "test.zh"], capsys) == expected


def test_the_table_for_people(trained, test_file):
    code, out, err = child("evaluate", trained, test_file, cwd=test_file.parent)
    assert (code, err) == (0, "")
    labels = ("exact match", "BLEU", "chrF", "token error rate", "loss, nats per target token", "sentences", "unknown words")
    labels += ("word error rate", "character error rate", "perplexity, teacher-forced", "perplexity, free-running")
    labels += ("entropy of the alignment", "of the largest possible")
    assert all(label in out for label in labels)
    assert "tok:zh" in out and "version:" in out


def test_sources_with_several_references(trained, tmp_path, capsys):
    (tmp_path / "two.tsv").write_text("a\t甲\na\t乙\nb\t乙\n", encoding="utf-8")
    scores = scores_of([trained, tmp_path / "two.tsv"], capsys)
    assert scores["any_reference_match"] == 100 and scores["distinct_sources"] == 2
    assert scores["exact_match"] == pytest.approx(100 * 2 / 3)


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "test.tsv: there is no such file"),
        (b"", "test.tsv: the file is empty"),
        (b"a\tb\nno tab\n", "test.tsv, line 2: there is no tab in 'no tab'"),
        (b"a\t\xff\n", "test.tsv, line 1: byte 3 of the line (0xff) is not UTF-8"),
        (b"a\tb\n\tb\n", "test.tsv, line 2: the source is empty"),
        (b"a\tb\n" + b"a " * 201 + b"\tb\n", "sentence 2 has 201 tokens; the limit is 200"),
    ],
)
def test_bad_files(trained, content, message, tmp_path, capsys):
    if content is not None:
        (tmp_path / "test.tsv").write_bytes(content)
    assert main(["evaluate", str(trained), str(tmp_path / "test.tsv")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["RUN"], "give one tab-separated file, or two aligned ones, or --task NAME"),
        (["RUN", "a", "b", "c"], "give one tab-separated file"),
        (["RUN", "a", "--task", "translation"], "give one tab-separated file"),
        (["RUN", "--task", "translaton"], "unknown task 'translaton'; did you mean 'translation'?"),
        (["nowhere", "a.tsv"], "nowhere: there is no such run directory"),
        (["RUN", "a.tsv", "--max-source", "0"], "argument --max-source: 0 is not at least 1"),
        (["RUN", "a.tsv", "--jsno"], "unknown option '--jsno'; did you mean '--json'?"),
    ],
)
def test_bad_requests(trained, arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *(str(trained) if a == "RUN" else a for a in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)


def test_a_file_in_which_every_word_is_unknown(trained, tmp_path, capsys):
    (tmp_path / "test.tsv").write_text("x y\t子丑\n", encoding="utf-8")
    scores = scores_of([trained, tmp_path / "test.tsv"], capsys)
    assert scores["sentences_with_unknown_words"] == 1 and scores["exact_match"] == 0


def test_a_task_s_own_judge_is_asked(trained, capsys, monkeypatch):
    few = Splits([], [], [Pair(source, target) for source, target in pairs(30, 7)])

    def judge(asked, outputs):
        assert asked == few.test and len(outputs) == len(asked)
        return {"right_first_letter": 100 * sum(o[:1] == p.target[:1] for o, p in zip(outputs, asked, strict=True)) / len(asked)}

    known = TASKS["translation"]
    monkeypatch.setitem(TASKS, known.name, replace(known, generate=lambda seed: few, judge=judge))
    scores = scores_of([trained, "--task", known.name], capsys)
    assert 100 >= scores["right_first_letter"] >= scores["exact_match"] > 0
    assert main(["evaluate", str(trained), "--task", known.name]) == 0
    line = next(line for line in capsys.readouterr().out.split("\n") if "right first letter" in line)
    assert line.split()[-2:] == [f"{scores['right_first_letter']:.2f}", "%"]
