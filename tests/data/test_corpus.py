"""Parallel data in every form, read again and again; JSON lines and what is wrong with them; samples."""

import gzip
import json
import os
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data import files
from minis2s.data.corpus import FileCorpus, pairs_of, sample
from minis2s.data.files import Pair, lines
from minis2s.data.json_lines import is_json_lines
from minis2s.errors import DataError, UsageError

PAIRS = [Pair("a cat", "一只猫"), Pair("you", "你"), Pair("é", "“是”")]


def written(folder, name, pairs=PAIRS):
    """The paths of the pairs in a form that the name tells."""
    if ".txt" in name:
        texts = {f"{k}.{name}": "\n".join(column) for k, column in zip("st", zip(*pairs, strict=True), strict=True)}
    elif is_json_lines(name):
        texts = {name: "\n".join(json.dumps(p._asdict() | {"id": 7}, ensure_ascii="ndjson" in name) for p in pairs)}
    else:
        texts = {name: "\n".join("\t".join(p) for p in pairs)}
    for file, text in texts.items():
        data = f"{text}\n".encode()
        (folder / file).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return [folder / file for file in texts]


FORMS = ("x.tsv", "x.tsv.gz", "x.jsonl", "x.ndjson", "X.JSONL.gz", "x.txt", "x.txt.gz")


@pytest.mark.parametrize("name", FORMS)
def test_the_same_pairs_in_every_form_as_often_as_they_are_asked_for(name, tmp_path):
    corpus = FileCorpus(written(tmp_path, name))
    assert list(corpus) == list(corpus) == PAIRS
    assert next(iter(corpus)) == PAIRS[0]  # and an iteration may be left


def test_the_size_in_bytes_where_it_tells_something(tmp_path):
    assert FileCorpus(written(tmp_path, "x.tsv")).bytes == sum(len("\t".join(p).encode()) + 1 for p in PAIRS)
    assert FileCorpus(written(tmp_path, "x.txt")).bytes == FileCorpus(written(tmp_path, "x.tsv")).bytes
    assert FileCorpus(written(tmp_path, "x.tsv.gz")).bytes is None


def test_names_of_json_lines():
    assert all(map(is_json_lines, ("a.jsonl", "a.b.JSONL", "a.ndjson", "a.jsonl.gz")))
    assert not any(map(is_json_lines, ("a.json", "a.tsv", "a.jsonl.tsv", "jsonl", "a.gz")))


@pytest.mark.parametrize("n", [0, 3])
def test_another_number_of_files(n):
    with pytest.raises(UsageError, match=f"not {n} files"):
        pairs_of(["a.tsv"] * n)


def test_two_files_of_json_lines_are_not_aligned_text(tmp_path):
    with pytest.raises(DataError, match=r"t\.jsonl: a file of JSON lines holds both sides"):
        pairs_of([tmp_path / "s.txt", tmp_path / "t.jsonl"])


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX")
def test_what_can_be_read_only_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"pipe: this can be read only once.*write it to a file"):
        FileCorpus([tmp_path / "pipe"])


def refused(path, data):
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        list(pairs_of([path]))
    return str(caught.value)


GOOD = b'{"source": "a", "target": "b"}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the line is empty"),
        ("a\tb", "this is not JSON: Expecting value at character 1"),
        ('{"source": "a", "target": "b"', "this is not JSON: Expecting ',' delimiter at character 30"),
        ('{"source": "a", "target": "b"} {}', "this is not JSON: Extra data at character 32"),
        ('["a", "b"]', "this is a list, not an object"),
        ("null", "this is null, not an object"),
        ("7", "this is a number, not an object"),
        ('{"source": "a"}', "the key 'target' is missing (there: 'source')"),
        ('{"src": "a", "tgt": "b"}', "the key 'source' is missing (there: 'src', 'tgt')"),
        ("{}", "the key 'source' is missing (there: none)"),
        ('{"source": "a", "target": 5}', "the target is a number, not a text"),
        ('{"source": true, "target": "b"}', "the source is true or false, not a text"),
        ('{"source": null, "target": "b"}', "the source is null, not a text"),
        ('{"source": ["a"], "target": "b"}', "the source is a list, not a text"),
        ('{"source": " \\u3000", "target": "b"}', "the source is empty"),
        ('{"source": "a", "target": "b\\nc"}', "the target has a line break in it"),
        ('{"source": "a\\u0000", "target": "b"}', "the source has a NUL in it"),
        ('{"source": "a\\ud800", "target": "b"}', "the source has half of a surrogate pair in it"),
        ("[" * 100_000, "this JSON cannot be read"),
        ('{"source": ' + "9" * 5000 + "}", "this JSON cannot be read"),
    ],
)
def test_a_bad_json_line_is_named(line, message, tmp_path):
    said = refused(tmp_path / "x.jsonl", GOOD + line.encode() + b"\n" + GOOD)
    assert said.startswith(f"{tmp_path / 'x.jsonl'}, line 2: {message}") and len(said) < 400 + len(str(tmp_path))


def test_json_lines_of_text_without_a_source(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"target": "b"}\n{"source": "a", "target": "b"}\n')
    assert list(pairs_of([path], has_source=False)) == [Pair("", "b"), Pair("a", "b")]
    assert "line 1: the key 'source' is missing (there: 'target')" in refused(path, path.read_bytes())
    path.write_text('{"target": "b"}\n{"source": " ", "target": "b"}\n')
    with pytest.raises(DataError, match="line 2: the source is empty"):
        list(pairs_of([path], has_source=False))


def test_json_lines_in_a_file_of_another_name(tmp_path):
    assert "line 1: there is no tab" in refused(tmp_path / "x.txt", GOOD)
    assert "JSON lines are read from a file named .jsonl" in refused(tmp_path / "x.txt", GOOD)


def test_escapes_are_text_and_normalised(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"target": "\\u4f60\\t", "source": "e\\u0301 \\ud83d\\ude00"}')
    assert list(pairs_of([tmp_path / "x.jsonl"])) == [Pair("é 😀", "你\t")]


TEXTS = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1), st.booleans())
def test_any_text_survives_json_lines(tmp_path_factory, pairs, ascii):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    records = (json.dumps({"source": source, "target": target}, ensure_ascii=ascii) for source, target in pairs)
    path.write_text("".join(f"{record}\n" for record in records), "utf-8", newline="")
    assert list(pairs_of([path])) == [Pair(*(unicodedata.normalize("NFC", text) for text in pair)) for pair in pairs]


def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 1 << 20)
    assert "line 2: the line has more than 1 MiB" in refused(tmp_path / "x.tsv", b"a\tb\n" + b"x" * (1 << 20) + b"\ty\n")
    (tmp_path / "x.tsv").write_bytes(b"x" * ((1 << 20) - 3) + b"\ty\n")
    assert len(list(pairs_of([tmp_path / "x.tsv"]))) == 1


def test_lines_are_read_as_they_are_needed(tmp_path):
    """A mistake is found when it is reached: the file is not held."""
    (tmp_path / "x").write_bytes(b"one\ntwo\n\xff\n")
    reading = lines(tmp_path / "x")
    assert [next(reading), next(reading)] == ["one", "two"]
    with pytest.raises(DataError, match="line 3"):
        next(reading)


@pytest.mark.parametrize("n", [0, 1, 5, 7])
def test_a_sample_of_no_more_than_there_is_is_everything(n):
    assert sample(range(n), 7, np.random.default_rng(0)) == list(range(n))


def test_a_sample_draws_each_with_the_same_chance():
    rng = np.random.default_rng(1)
    counts = np.bincount([x for _ in range(4000) for x in sample(range(20), 5, rng)], minlength=20)
    assert len(sample(range(20), 5, rng)) == 5
    assert np.abs(counts / 4000 - 0.25).max() < 6 * np.sqrt(0.25 * 0.75 / 4000)
