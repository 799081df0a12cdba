"""Every kind of model through the commands: train, resume, translate, evaluate, report, compare."""

import json
from dataclasses import replace

import numpy as np
import pytest

from minis2s.cli import main
from minis2s.data.files import Pair
from minis2s.data.tasks import TASKS, Splits
from minis2s.decoding.evaluation import LOSSES
from minis2s.training.run import Run

from .runs import SMALL, assert_one_line_error

SIZES = [*SMALL.replace("--attention-size 8", "").split(), "--epochs", "2"]


def spelled(rng):
    """A labelled source: each label as a run of letters, silences between."""
    labels = rng.choice(list("abc"), rng.integers(1, 4)).tolist()
    return " ".join(" ".join(["_", *[x + x] * rng.integers(1, 3)]) for x in labels), " ".join(labels)


def wave(rng):
    t = rng.uniform(0, 6) + 0.4 * np.arange(12)
    return " ".join(f"{x:.3f}" for x in np.sin(t[:8])), " ".join(f"{x:.3f}" for x in np.sin(t[8:]))


def text(rng):
    return "", "".join(rng.choice(["ab", "cde", "f"], rng.integers(1, 4)))


NUMBERS = "--real-source --source-tokeniser numbers --target-tokeniser numbers"
CHARS = "--source-tokeniser chars --target-tokeniser chars"
KINDS = {
    "ctc": (spelled, "--source-tokeniser words --target-tokeniser words", "_ aa aa _ bb"),
    "regression": (wave, f"{NUMBERS} --scheduled-sampling 0.5", "0.1 0.2 0.3"),
    "language-model": (text, f"{CHARS} --scheduled-sampling 0.2 --truncate 3", "ab"),
}


@pytest.fixture(scope="module", params=[*KINDS])
def trained(request, tmp_path_factory):
    kind = request.param
    folder = tmp_path_factory.mktemp(kind)
    make, options, sentence = KINDS[kind]
    rng = np.random.default_rng(0)
    for name, n in (("train.tsv", 80), ("dev.tsv", 12)):
        rows = (make(rng) for _ in range(n))
        lines = (target if kind == "language-model" else f"{source}\t{target}" for source, target in rows)
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    files = ["--train", str(folder / "train.tsv"), "--dev", str(folder / "dev.tsv"), "--run", str(folder / "run")]
    assert main(["train", *files, "--model", kind, *options.split(), *SIZES]) == 0
    return kind, folder, sentence


def test_it_is_judged_by_what_can_be_said_of_it(trained, capsys):
    kind, folder, _ = trained
    assert main(["evaluate", str(folder / "run"), str(folder / "dev.tsv"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["sentences"] == 12 and np.isfinite(scores["loss"])
    assert ("variance_explained" in scores) == (kind == "regression") == ("exact_match" not in scores)
    assert ("teacher_forced_perplexity" in scores) == (kind == "language-model")
    assert main(["evaluate", str(folder / "run"), str(folder / "dev.tsv")]) == 0
    shown = capsys.readouterr().out
    assert ("variance explained" in shown) == (kind == "regression") and "entropy" not in shown


def test_it_answers(trained, capsys):
    kind, folder, sentence = trained
    assert main(["translate", str(folder / "run"), sentence, "--max-length", "4"]) == 0
    answer = capsys.readouterr().out.rstrip("\n")
    if kind == "regression":
        assert len([float(x) for x in answer.split()]) == 4
    beam = main(["translate", str(folder / "run"), sentence, "--beam", "3"])
    assert (beam == 2) == (kind == "regression")
    capsys.readouterr()
    assert main(["translate", str(folder / "run"), sentence, "--sample"]) == (0 if kind == "language-model" else 2)
    if kind != "language-model":
        assert_one_line_error(capsys.readouterr().err, "draw")


@pytest.mark.parametrize("options", ["--attention x.png", "--beam 2 --coverage-penalty 0.1"])
def test_there_is_no_attention_to_draw_or_to_judge_by(trained, options, capsys, tmp_path, monkeypatch):
    kind, folder, sentence = trained
    monkeypatch.chdir(tmp_path)
    assert main(["translate", str(folder / "run"), sentence, *options.split()]) == 2
    out, err = capsys.readouterr()
    assert_one_line_error(err, "numbers" if kind == "regression" else "attention")
    assert out == "" and not (tmp_path / "x.png").exists()


def test_labellings_have_no_length_penalty(trained, capsys):
    kind, folder, sentence = trained
    done = main(["translate", str(folder / "run"), sentence, "--beam", "2", "--length-penalty", "1"])
    assert done == (0 if kind == "language-model" else 2)


def test_it_is_continued_shown_and_compared(trained, capsys):
    kind, folder, _ = trained
    run = Run(folder / "run")
    config = run.config()
    config["training"]["epochs"] = 3
    run.write("config.json", json.dumps(config))
    assert main(["train", "--resume", str(folder / "run")]) == 0
    assert [r["epoch"] for r in run.metrics()] == [1, 2, 3]
    assert main(["report", str(folder / "run")]) == 0
    page = (folder / "run" / "report.html").read_text("utf-8")
    assert {unit for unit in LOSSES.values() if f">{unit}<" in page} == {LOSSES[kind]}
    assert ("RMSE" in page) == (kind == "regression") == ("BLEU" not in page)
    assert main(["inspect", str(folder / "run")]) == 0
    capsys.readouterr()
    assert main(["compare", str(folder / "run"), str(folder / "run")]) == 0
    shown = capsys.readouterr().out
    for row, of_numbers in (("root mean square error", True), ("variance explained, %", True), ("BLEU", False)):
        assert (row in shown) == (of_numbers == (kind == "regression"))
    assert main(["compare", str(folder / "run"), str(folder / "run"), "--json"]) == 0
    for each in json.loads(capsys.readouterr().out)["runs"]:
        best = run.metrics()[each["best_epoch"] - 1]
        for name in ("dev_variance_explained", "dev_root_mean_square_error", "dev_bleu"):
            assert each[name] == best.get(name) and (each[name] is None) == ((kind == "regression") == (name == "dev_bleu"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--model ctc --attention gate", "attention says nothing to a model of the kind 'ctc'"),
        ("--model regression", "the target tokeniser 'words'"),
        ("--source-tokeniser numbers", "the source tokeniser 'numbers'"),
        ("--model language-model --source-tokeniser chars", "one language"),
        (f"--model language-model {CHARS} --max-target-vocabulary 9", "max_source_vocabulary and max_target_vocabulary"),
        (f"--model language-model {CHARS} --target-lowercase", "source_lowercase and target_lowercase"),
        (f"--model language-model {CHARS} --hide-words 0.1", "hide_words"),
        (f"--model regression {NUMBERS} --best-by bleu", "no score 'bleu'"),
        ("--best-by variance_explained", "no score 'variance_explained'"),
        ("--attention all-states --max-length 101", "no room for max_length 101"),
        ("--model ctc --scheduled-sampling 0.1", "no decoder"),
        (f"--model regression {NUMBERS} --hide-words 0.1", "hide_words"),
        ("--model sequence", "unknown model 'sequence'"),
        ("--cell LSTM", "unknown cell 'LSTM'; did you mean 'lstm'"),
        ("--attention dot --encoder-size 6", "states of size 16"),
        ("--attention none --sigmoid", "has none"),
        ("--model ctc", "attention_size says nothing without an attention of additive"),
        ("--cell gru --forget-bias 2", "forget_bias says nothing without the cell lstm; leave it out"),
        ("--variational", "variational says nothing without dropout"),
        ("--residual", "residual says nothing without a second layer"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(options, message, capsys, tmp_path):
    (tmp_path / "a.tsv").write_text("1\t2\n")
    files = ["--train", str(tmp_path / "a.tsv"), "--dev", str(tmp_path / "a.tsv"), "--run", str(tmp_path / "run")]
    assert main(["train", *files, *SMALL.split(), *options.split()]) == 2
    assert_one_line_error(capsys.readouterr().err, message)
    assert not (tmp_path / "run").exists()


def test_labels_that_cannot_be_aligned_are_named_with_their_line(capsys, tmp_path):
    (tmp_path / "a.tsv").write_text("a b c\tx y\na b\tx x\n")
    files = ["--train", str(tmp_path / "a.tsv"), "--dev", str(tmp_path / "a.tsv"), "--run", str(tmp_path / "run")]
    assert main(["train", *files, "--model", "ctc", *SIZES]) == 2
    assert_one_line_error(capsys.readouterr().err, "line 2: 2 labels need 3 steps")


@pytest.mark.parametrize(("second", "message"), [("3 4\t5 x", "'x' is no number"), ("3 4\t5 6,7", "'6,7' has 2 columns")])
def test_what_is_no_number_is_named_with_its_line(second, message, capsys, tmp_path):
    (tmp_path / "a.tsv").write_text(f"1 2\t3 4\n{second}\n")
    files = ["--train", str(tmp_path / "a.tsv"), "--dev", str(tmp_path / "a.tsv"), "--run", str(tmp_path / "run")]
    assert main(["train", *files, "--model", "regression", *NUMBERS.split(), *SMALL.split()]) == 2
    assert_one_line_error(capsys.readouterr().err, f"training data, line 2: {message}")


def test_rare_labels_are_equal_neighbours_before_anything_is_trained(capsys, tmp_path):
    (tmp_path / "a.tsv").write_text("a b\tx y\n" * 2)
    (tmp_path / "b.tsv").write_text("a b\tx z\na b\tv w\n")
    for train, dev, where in (("a", "b", "dev data, line 2"), ("b", "a", "training data, 'a b'")):
        files = ["--train", str(tmp_path / f"{train}.tsv"), "--dev", str(tmp_path / f"{dev}.tsv"), "--run", str(tmp_path / "run")]
        assert main(["train", *files, "--model", "ctc", "--min-frequency", "2", *SIZES]) == 2
        assert_one_line_error(capsys.readouterr().err, f"{where}: 2 labels need 3 steps")
        assert not (tmp_path / "run").exists()


def test_a_language_model_reads_both_sides_of_a_pair_as_one_text(tmp_path, capsys):
    """Each side of the first pair is within the limit, both together are not; a prefix is cut into the same tokens."""
    pytest.importorskip("tokenizers")
    pairs = [("e f g h", "h g f e"), *[(f"ab{c}", f"ab cd {c}") for c in "xyzuvw"]]
    lines = (json.dumps({"source": source, "target": target}) for source, target in pairs)
    (tmp_path / "a.jsonl").write_text("".join(f"{line}\n" for line in lines))
    run, files = tmp_path / "run", ["--train", str(tmp_path / "a.jsonl"), "--dev", str(tmp_path / "a.jsonl")]
    bpe = "--source-tokeniser bpe --target-tokeniser bpe --bpe-tokens 20 --max-length 9".split()
    assert main(["train", *files, "--model", "language-model", *SIZES, *bpe, "--run", str(run)]) == 0
    assert "1 of 7 pairs are longer than 9 tokens" in capsys.readouterr().out
    languages = Run(run).load("best")[1]
    assert languages.source_tokeniser.split("ab") == languages.target_tokeniser.split("ab") == ["ab"]
    assert languages.source_vocabulary == languages.target_vocabulary


def test_a_model_of_another_kind_may_begin_with_a_run(trained, tmp_path, capsys):
    """What only the old kind reads is left behind: attention, real numbers, a second language, and weights of other shapes."""
    kind, folder, _ = trained
    new, rng = "ctc" if kind == "language-model" else "language-model", np.random.default_rng(3)
    rows = [KINDS[new][0](rng) for _ in range(20)]
    (tmp_path / "a.tsv").write_text("".join(f"{s}\t{t}\n" if s else f"{t}\n" for s, t in rows))
    files = ["--train", str(tmp_path / "a.tsv"), "--dev", str(tmp_path / "a.tsv"), "--epochs", "1"]
    start = ["--init-from", str(folder / "run"), "--model", new]
    assert main(["train", *files, *start, "--run", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "taken over from" in out and "newly drawn" in out
    config = Run(tmp_path / "run").config()
    assert config["model"]["model"] == new and config["model"]["hidden_size"] == 16  # the sizes are the run's
    assert config["data"]["source_tokeniser"] == config["data"]["target_tokeniser"] != "numbers"
    assert main(["train", *files, *start, "--attention", "gate", "--run", str(tmp_path / "no")]) == 2  # asked for, not inherited
    assert_one_line_error(capsys.readouterr().err, f"attention says nothing to a model of the kind {new!r}")


def test_a_language_model_begins_with_a_translator_s_decoder(tmp_path, capsys):
    """Whose attention it leaves out, whose target is its language, and whose recurrent weights it takes over whole."""
    (tmp_path / "a.tsv").write_text("a b\tbaca\nc a\tacab\n")
    (tmp_path / "a.txt").write_text("abc\nbca\n")
    pairs, texts = (["--train", str(tmp_path / name), "--dev", str(tmp_path / name)] for name in ("a.tsv", "a.txt"))
    special = "--target-tokeniser chars --attention general --sigmoid --attentional --encoder-size 6 --bridge linear".split()
    assert main(["train", *pairs, *SIZES, *special, "--run", str(tmp_path / "one")]) == 0
    start = ["--init-from", str(tmp_path / "one"), "--model", "language-model"]
    assert main(["train", *texts, *start, "--epochs", "1", "--run", str(tmp_path / "two")]) == 0
    out = capsys.readouterr().out
    config = Run(tmp_path / "two").config()
    assert config["data"]["source_tokeniser"] == config["data"]["target_tokeniser"] == "chars"
    assert config["model"]["attention"] == "additive" and not config["model"]["sigmoid"]
    assert "3 of 3 target tokens by their spelling" in out


def assert_refused(arguments, message, capsys):
    assert main([*map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)


OTHER_DATA = {
    "ctc": (("verse", "has text without a source"), ("oscillation", "has pairs of numbers")),
    "regression": (("translation", "has pairs of words"), ("verse", "has text without a source")),
    "language-model": (("translation", "has pairs of words"), ("oscillation", "has pairs of numbers")),
}


def test_a_task_for_another_kind_of_model_is_refused(trained, capsys):
    kind, folder, _ = trained
    for name, message in OTHER_DATA[kind]:
        assert_refused(["evaluate", folder / "run", "--task", name], f"a model of the kind {kind!r}, for ", capsys)
        assert main(["evaluate", str(folder / "run"), "--task", name]) == 2
        assert f"the task {name!r} {message}: choose a" in capsys.readouterr().err


def test_the_task_that_a_run_was_trained_on_fits_whatever_its_kind(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    few = Splits(*([Pair(*spelled(rng)) for _ in range(n)] for n in (20, 5, 5)))
    monkeypatch.setitem(TASKS, "translation", replace(TASKS["translation"], generate=lambda seed: few, settings={}))
    assert main(["train", "--model", "language-model", *SIZES, "--run", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "run"), "--task", "translation", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sentences"] == 5


def test_data_for_another_kind_of_model_are_refused_with_file_and_line(trained, tmp_path, capsys):
    kind, folder, _ = trained
    file, run = tmp_path / "test.tsv", folder / "run"
    if kind == "language-model":
        file.write_text("ab\tcde\nf\tab\n")
        assert_refused(["evaluate", run, file], "test.tsv: each line is a pair of columns", capsys)
        file.write_text("ab\tcde\nf\n")  # some lines with a tab are text
        assert main(["evaluate", str(run), str(file)]) == 0
        return
    good, bad, message = {
        "ctc": ("aa _ bb\ta b", "aa\ta b", "2 labels need 2 steps"),
        "regression": ("1 2\t3", "1 2\tx", "'x' is no number"),
    }[kind]
    file.write_text(f"{good}\n{bad}\n")
    assert_refused(["evaluate", run, file], f"test.tsv, line 2: {message}", capsys)
    if kind == "regression":
        file.write_text("1 2\t3\n1 2,3\t4\n")
        assert_refused(["evaluate", run, file], "test.tsv, line 2: '2,3' has 2 columns; the others have 1", capsys)
        assert_refused(["translate", run, "1", "1 x"], "sentence 2: 'x' is no number", capsys)


@pytest.mark.parametrize(("line", "message"), [("1 x\t3", "'x' is no number"), ("1 2\t3,4", "'3,4' has 2 columns")])
def test_dev_data_that_are_no_numbers_are_named_with_file_and_line(line, message, tmp_path, capsys):
    (tmp_path / "a.tsv").write_text("1 2\t3 4\n")
    (tmp_path / "b.tsv").write_text(f"1 2\t3 4\n{line}\n")
    (tmp_path / "b.src").write_text("1\n1\n")
    (tmp_path / "b.tgt").write_text(f"2\n{line.split()[-1]}x\n")
    files = ["--train", tmp_path / "a.tsv", "--run", tmp_path / "run", "--model", "regression", *NUMBERS.split(), *SIZES]
    assert_refused(["train", *files, "--dev", tmp_path / "b.tsv"], f"b.tsv: dev data, line 2: {message}", capsys)
    two = ["--dev", tmp_path / "b.src", tmp_path / "b.tgt"]
    assert_refused(["train", *files, *two], f"b.src and {tmp_path / 'b.tgt'}: dev data, line 2: ", capsys)
    assert not (tmp_path / "run").exists()


def test_labels_for_a_source_of_numbers_are_checked_likewise(tmp_path, capsys):
    (tmp_path / "a.tsv").write_text("1 2 3\ta b\n")
    (tmp_path / "b.tsv").write_text("1 2 3\ta\n1,2 3\ta\n")
    files = ["--train", tmp_path / "a.tsv", "--dev", tmp_path / "b.tsv", "--run", tmp_path / "run"]
    kind = ["--model", "ctc", "--real-source", "--source-tokeniser", "numbers", *SIZES]
    assert_refused(["train", *files, *kind], "b.tsv: dev data, line 2: '1,2' has 2 columns; the others have 1", capsys)


def test_a_language_model_reads_json_lines_without_a_source(tmp_path, capsys):
    file, run = tmp_path / "a.jsonl", tmp_path / "run"
    file.write_text('{"target": "abc"}\n{"source": "ab", "target": "ca"}\n{"target": "b", "id": 3}\n')
    arguments = ["train", "--model", "language-model", "--train", str(file), "--dev", str(file), *CHARS.split(), *SIZES]
    assert main([*arguments, "--run", str(run)]) == 0
    assert main(["evaluate", str(run), str(file)]) == 0
    capsys.readouterr()
    file.write_text('{"target": "abc"}\n{"text": "abc"}\n')
    assert_refused([*arguments, "--run", tmp_path / "no"], "a.jsonl, line 2: the key 'target' is missing (there: 'text')", capsys)
    file.write_text('{"target": "abc"}\n')
    assert_refused([*arguments, "--model", "seq2seq", "--run", tmp_path / "no"], "the key 'source' is missing", capsys)
