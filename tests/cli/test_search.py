"""The search options of `minis2s translate` and `evaluate`: beam, n-best, sampling, and what does not go together."""

import json

import pytest

from minis2s.cli import main

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
    assert [t["translation"] for t in json.loads(capsys.readouterr().out)] == [text for _, text in rows]


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
