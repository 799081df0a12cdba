"""The search options of `minis2s translate` and `evaluate`: beam, n-best, sampling, and what does not go together."""

import json
import math

import pytest

from minis2s.cli import main
from minis2s.decoding.search import beam_search
from minis2s.training.run import load

from .runs import assert_one_line_error, write_pairs


def test_a_beam_finds_what_greedy_finds_where_the_model_is_sure(trained, capsys):
    assert main(["translate", str(trained), "a", "b a", "--beam", "4"]) == 0
    assert capsys.readouterr().out == "甲\n乙甲\n"


def test_n_best_lists_falling_log_probabilities(trained, capsys):
    assert main(["translate", str(trained), "b a", "--beam", "3", "--n-best", "3"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 3 and rows[0][1] == "乙甲"
    values = [float(log_p) for log_p, _ in rows]
    assert values == sorted(values, reverse=True) and values[0] < 0
    assert main(["translate", str(trained), "b a", "--beam", "3", "--n-best", "3", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [each["text"] for each in found["hypotheses"]] == [text for _, text in rows]
    assert [each["score"] for each in found["hypotheses"]] == pytest.approx(values, abs=1e-4)


def test_n_best_as_json_has_a_record_for_each_sentence(trained, capsys):
    sentences, options = ["b a", "a", "x"], ["--beam", "4", "--length-penalty", "1", "--coverage-penalty", "0.2"]
    assert main(["translate", str(trained), *sentences, *options, "--n-best", "3", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [each["source"] for each in records] == sentences
    search = beam_search(4, length_penalty=1.0, coverage_penalty=0.2)
    for record, found in zip(records, load(trained).n_best(sentences, search=search), strict=True):
        first = record["hypotheses"][0]
        assert len(record["hypotheses"]) == 3 and first["text"] == record["translation"] == found[0].text
        for each, t in zip(record["hypotheses"], found, strict=False):  # Wu et al. 2016, equation 14
            covered = sum(math.log(min(share, 1.0)) for share in t.weights.sum(axis=0))
            lp = (5 + len(t.tokens) + t.complete) / 6
            assert each == {"text": t.text, "score": pytest.approx(t.log_probability / lp + 0.2 * covered)}
        scores = [each["score"] for each, t in zip(record["hypotheses"], found, strict=False) if t.complete]
        assert scores == sorted(scores, reverse=True)
    assert main(["translate", str(trained), "a", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["hypotheses"] == [{"text": "甲", "score": record["log_probability"]}]


def test_sampling_repeats_with_its_seed(trained, capsys):
    outputs = []
    for seed in ("1", "1", "2"):
        assert main(["translate", str(trained), *["b a b b a"] * 30, "--sample", "--temperature", "4", "--seed", seed]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]


def test_evaluate_with_a_beam(trained, tmp_path, capsys):
    write_pairs(tmp_path / "test.tsv", 10, 5)
    assert main(["evaluate", str(trained), str(tmp_path / "test.tsv"), "--beam", "3", "--length-penalty", "0.6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exact_match"] == 100


@pytest.mark.parametrize(
    "options, message",
    [
        (["--beam", "0"], "not at least 1"),
        (["--beam", "2", "--sample"], "not both"),
        (["--length-penalty", "1"], "--length-penalty needs --beam"),
        (["--top-k", "3"], "--top-k needs --sample"),
        (["--beam", "2", "--length-penalty", "1e9"], "--length-penalty is usually between 0 and 1"),
        (["--beam", "2", "--coverage-penalty", "nan"], "--coverage-penalty is usually between 0 and 1"),
        (["--sample", "--temperature", "0"], "temperature 0.0"),
        (["--sample", "--seed", "-1"], "not at least 0"),
        (["--sample", "--top-k", "-1"], "not at least 0"),
        (["--n-best", "3"], "--beam 3"),
        (["--beam", "2", "--n-best", "3"], "--beam 3"),
    ],
)
def test_options_that_do_not_go_together(trained, capsys, options, message):
    assert main(["translate", str(trained), "a", *options]) == 2
    assert_one_line_error(capsys.readouterr().err, message)
