"""The page: all parts, nothing from elsewhere, words as they are; findings where there are some."""

import re
from html.parser import HTMLParser

import pytest

from minis2s.cli import main
from minis2s.errors import DataError
from minis2s.reports import sentences
from minis2s.reports.markup import VOID
from minis2s.reports.report import report
from minis2s.training.run import load

PARTS = [
    *("Health", "Curves", "Epochs", "Sample translations", "Attention", "Hardest dev sentences"),
    *("Gradients by gate and by step", "Units", "Settings and environment"),
]


class Reader(HTMLParser):
    """Checks that elements are closed in order; collects names, attributes, headings and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts, self.headings = [], [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


@pytest.fixture(scope="module")
def page(runs):
    return report(runs / "well")


def test_the_page_has_all_parts_in_order(page):
    reader = Reader(page)
    assert reader.headings == ["well", *PARTS]
    assert reader.tags.count("svg") > 3 + 3 * 3 and reader.tags.count("style") == 1
    text = " ".join(reader.texts)
    for word in ("exact match", "parameters", "forget gate f", "learning_rate", "0.02", "numpy", "✓", "⟨end⟩", "no findings"):
        assert word in text


def test_the_page_needs_nothing_from_elsewhere(page):
    reader = Reader(page)
    names = {name for name, _ in reader.attributes}
    assert not names & {"src", "href", "xlink:href", "srcset", "action", "data", "onload", "onclick"}
    assert not set(reader.tags) & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert "http" not in page and "url(" not in page and "@import" not in page


def test_words_that_look_like_markup_are_words(page):
    assert "<script" not in page and "<b>丙" not in page
    text = "".join(Reader(page).texts)
    assert "<script>alert(1)</script>" in text and "&amp;" in text and "&lt;丁" in text and "<b>丙</b>" in text


def test_attention_is_the_models(runs, page):
    """Rows of a map add up to 100 percent, but for what is not printed; words are text beside them."""
    for drawn in re.findall(r'<table>(?=<thead><tr><td>).*?</table>', page):
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", drawn):
            shares = [float(x) for x in re.findall(r"rgba\(var\(--heat\), ([\d.]+)\)", row)]
            assert sum(shares) == pytest.approx(0.75, abs=0.01 * len(shares))
    assert page.count('class="map"') == sentences.N_MAPS


def test_the_hardest_sentences_have_the_highest_losses(runs, page):
    losses = [float(x) for x in re.findall(r"<dt>loss</dt><dd>([\d.]+)</dd>", page)]
    assert len(losses) == sentences.N_HARDEST and losses == sorted(losses, reverse=True)
    translator = load(runs / "well")
    from minis2s.data.files import read_pairs
    from minis2s.decoding.evaluation import teacher_forced_loss

    every = [teacher_forced_loss(translator.model, [e]) for e in translator.examples(read_pairs(runs / "dev.tsv"))]
    assert losses[0] == pytest.approx(max(every), abs=1e-3) and losses[-1] == pytest.approx(sorted(every)[-10], abs=1e-3)


def test_findings_are_named_with_their_hint(runs):
    text = " ".join(Reader(report(runs / "unwell")).texts)
    assert "exploding gradients" in text and "Hint: try a smaller --learning-rate" in text and "no findings" not in text


def test_runs_that_lack_something_still_have_a_page(runs, tmp_path):
    """Without the dev sentences, or what health.jsonl holds; as a run of an older version."""
    for path in (runs / "well").iterdir():
        if path.is_file() and path.name not in ("translations.jsonl", "health.jsonl"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert Reader(report(tmp_path)).headings[1:] == ["Health", "Curves", "Epochs", "Settings and environment"]
    (tmp_path / "translations.jsonl").write_text("")
    report(tmp_path)
    (tmp_path / "metrics.jsonl").unlink()
    assert Reader(report(tmp_path)).headings[1:] == ["Health", "Settings and environment"]
    for damaged in (b"{", b"[]\n", b'{"source": "a"}\n', b"\xff", b'{"colour": 1}\n'):
        (tmp_path / "translations.jsonl").write_bytes(damaged)
        with pytest.raises(DataError, match=r"translations\.jsonl: the file is damaged"):
            report(tmp_path)


def test_spread_is_even_and_in_order():
    assert sentences.spread(list(range(100)), 4) == [0, 25, 50, 75] and sentences.spread([1, 2], 5) == [1, 2]
    assert sentences.spread([], 3) == []


# The command


def test_the_command_writes_the_page(runs, tmp_path, capsys, page):
    output = tmp_path / "页 1.html"
    assert main(["report", str(runs / "well"), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"report     {output}\n"
    assert output.read_text("utf-8") == page


def test_it_writes_beside_the_run_and_overwriting_the_run_removes_it(runs, tmp_path, capsys):
    import shutil

    shutil.copytree(runs / "well", tmp_path / "run")
    assert main(["report", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "report.html").exists()
    from minis2s.training.run import Run

    run = Run.new(tmp_path / "run", overwrite=True)
    run.begin({})
    run.release()
    assert not (tmp_path / "run" / "report.html").exists() and not list((tmp_path / "run").glob("attention/*"))


@pytest.mark.parametrize("make", ["nothing", "empty", "unfinished", "damaged checkpoint"])
def test_what_is_no_run_is_one_line(make, runs, tmp_path, capsys):
    path, message = tmp_path / "run", "there is no such run directory"
    if make != "nothing":
        path.mkdir()
        message = "this is not a run directory"
    if make in ("unfinished", "damaged checkpoint"):
        (path / "config.json").write_bytes((runs / "well" / "config.json").read_bytes())
        message = "there is no such checkpoint yet"
    if make == "damaged checkpoint":
        content = bytearray((runs / "well" / "best.npz").read_bytes())
        content[len(content) // 2] ^= 1
        (path / "best.npz").write_bytes(content)
        message = "the checkpoint is damaged"
    assert main(["report", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err
    assert not (path / "report.html").exists()
