import gzip
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data import files
from minis2s.data.files import Pair, read_aligned, read_lines, read_pairs
from minis2s.errors import DataError

PAIRS = [Pair("a cat", "一只猫"), Pair("you", "你")]
TSV = "a cat\t一只猫\nyou\t你\n".encode()


@pytest.fixture
def write(tmp_path):
    def write(data, name="pairs.tsv"):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    "data",
    [
        TSV,
        TSV.removesuffix(b"\n"),
        TSV.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TSV,
        gzip.compress(TSV),
        gzip.compress(TSV[:8]) + gzip.compress(TSV[8:]),  # gzip files may be put one behind the other
    ],
    ids=["plain", "no last line end", "CR LF", "byte-order mark", "gzip", "gzip in two members"],
)
@pytest.mark.parametrize("name", ["pairs.tsv", "pairs.tsv.gz"])  # the content decides, not the name
def test_the_same_pairs_however_they_are_stored(write, data, name):
    assert read_pairs(write(data, name)) == PAIRS


def test_text_is_normalised_and_otherwise_left_alone(write):
    decomposed = unicodedata.normalize("NFD", "é")
    assert len(decomposed) == 2
    assert read_pairs(write(f" {decomposed}  x \tz ".encode())) == [Pair(" é  x ", "z ")]


LINE = st.text(st.characters(exclude_characters="\n\r\t\0", exclude_categories=["Cs"]))


@given(st.lists(LINE, min_size=1).filter(lambda lines: lines[-1] and not lines[0].startswith("\ufeff")))
def test_lines_end_only_where_they_end(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    path.write_bytes("\n".join(lines).encode())
    assert read_lines(path) == [unicodedata.normalize("NFC", line) for line in lines]


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\r"])
def test_what_splitlines_would_split_stays_whole(write, separator):
    assert read_lines(write(f"a{separator}b\nc\n".encode())) == [f"a{separator}b", "c"]


def refused(read, *arguments):
    with pytest.raises(DataError) as caught:
        read(*arguments)
    assert str(caught.value).startswith(str(caught.value.path))
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"a\tb\nonly one\nc\td\n", 2, "there is no tab in 'only one'"),
        (b"a\tb\n\nc\td\n", 2, "the line is empty"),
        (b"a\tb\tc\td\n", 1, "3 tabs where one belongs"),
        (b"a\tb\n\td\n", 2, "the source is empty"),
        (b"a\tb\nc\t\n", 2, "the target is empty"),
        (b"a\tb\nc\t \r\n", 2, "the target is empty"),
        (b"a\tb\nc\t\xe4\xbd\n", 2, "byte 3 of the line (0xe4) is not UTF-8"),
        (b"a\tb\nc\xff\td\n", 2, "byte 2 of the line (0xff) is not UTF-8"),
        (b"a\tb\nc\0\td\n", 2, "byte 2 of the line is NUL"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_bad_line_is_named(write, data, line, message, pack):
    error = refused(read_pairs, write(pack(data)))
    assert error.line == line
    assert f"pairs.tsv, line {line}: {message}" in str(error)


def test_a_long_bad_line_is_shortened(write):
    assert len(str(refused(read_pairs, write(b"x" * 100_000)))) < 400


def test_utf16_is_recognised(write):
    assert "looks like UTF-16" in str(refused(read_pairs, write("a\tb\n".encode("utf-16"))))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", gzip.compress(b"")], ids=["nothing", "only a mark", "gzip"])
def test_an_empty_file(write, data):
    assert "the file is empty" in str(refused(read_pairs, write(data)))


def test_a_missing_file(tmp_path):
    assert "there is no such file" in str(refused(read_pairs, tmp_path / "none.tsv"))
    assert "there is no such file" in str(refused(read_pairs, str(tmp_path / "no" / "none.tsv")))


def test_a_directory(tmp_path):
    assert "a directory" in str(refused(read_pairs, tmp_path))


def test_a_file_that_may_not_be_read(write, monkeypatch):
    def denied(path, mode):
        raise PermissionError(13, "Permission denied", os.fspath(path))

    path = write(TSV)
    monkeypatch.setattr(files, "open", denied, raising=False)  # a test may run as root, whom no mode stops
    assert "cannot be read: Permission denied" in str(refused(read_pairs, path))


@pytest.mark.parametrize("kept", [2, 9, 12, -1, -8, -9])
def test_a_gzip_file_that_is_cut_off(write, kept):
    assert "end too early" in str(refused(read_pairs, write(gzip.compress(TSV)[:kept])))


@pytest.mark.parametrize("place", [2, 14, 20, -5, -1])
def test_a_gzip_file_that_is_damaged(write, place):
    data = bytearray(gzip.compress(TSV * 20))
    data[place] ^= 0xFF
    assert "gzip data" in str(refused(read_pairs, write(bytes(data))))


def test_aligned_files(write):
    source, target = write(b"a cat\nyou\n", "s.txt"), write("一只猫\n你".encode(), "t.txt")
    assert read_aligned(source, target) == PAIRS


def test_aligned_files_of_different_length(write):
    source, target = write(b"a\nb\nc\n", "s.txt"), write(b"x\ny\n", "t.txt")
    assert "t.txt: 2 lines, but" in str(refused(read_aligned, source, target))
    assert "s.txt has 3" in str(refused(read_aligned, source, target))


@pytest.mark.parametrize(("source", "target", "said"), [("a\n\n", "x\ny\n", "s.txt, line 2: the source is empty"),
                                                        ("a\nb\n", "x\n \n", "t.txt, line 2: the target is empty")])  # fmt: skip
def test_aligned_files_with_an_empty_line(write, source, target, said):
    paths = write(source.encode(), "s.txt"), write(target.encode(), "t.txt")
    assert said in str(refused(read_aligned, *paths))
