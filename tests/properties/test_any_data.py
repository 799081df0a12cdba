"""Anything at all as data: thousands of files, texts, vocabularies and options; a clear error or the right result."""

import gzip
import json
import zlib
from collections import Counter
from unicodedata import is_normalized, normalize

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from minis2s.data.bpe import BytePairEncoding
from minis2s.data.corpus import FileCorpus, pairs_of
from minis2s.data.files import Pair
from minis2s.data.normalisation import WIDTHS, Normalisation
from minis2s.data.tokenisers import TOKENISERS, Normalised, tokeniser
from minis2s.data.vocabulary import SPECIALS, UNK, Vocabulary
from minis2s.errors import DataError, UsageError
from minis2s.training.data import DataConfig, RunData
from minis2s.training.run import Languages

pytestmark = pytest.mark.slow
MANY = {"deadline": None, "suppress_health_check": list(HealthCheck)}

CHARACTER = st.characters(exclude_categories=["Cs"])
SHORT = st.text(st.one_of(CHARACTER, st.sampled_from("ab \t\r\u2028\x0b\x85\u3000\ufeff\0é\u0301中")), max_size=8)
SIDE = st.text("ab é\u0301中，\r\u2028", min_size=1, max_size=6).filter(str.strip)
GOOD_ROW = st.tuples(SIDE, SIDE).map("\t".join)
GOOD_JSON = st.fixed_dictionaries({"source": SIDE, "target": SIDE}, optional={"x": st.integers()}).map(json.dumps)
JSON_VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), SHORT), lambda x: st.lists(x, max_size=2), max_leaves=3
)
JSON_ROW = st.one_of(
    st.fixed_dictionaries({"source": SHORT, "target": SHORT}).map(json.dumps),
    st.dictionaries(st.sampled_from(["source", "target", "Source", "x"]), JSON_VALUE, max_size=3).map(json.dumps),
    JSON_VALUE.map(json.dumps),
    st.text('{}[]":,\\u0 sourcetag', max_size=20),
    st.just('{"source": "a", "target": "\\ud800"}'),
)
NOISE = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=2)


@st.composite
def any_file(draw, good, row):
    """Bytes, good ones half of the time. The others: rows of any kind, with line ends of both kinds or none, a mark in front now
    and then, and then a byte or two changed, or some cut off."""
    if draw(st.booleans()):
        rows = draw(st.lists(good, min_size=1, max_size=8))
        return draw(st.sampled_from(["\n", "\r\n"])).join([*rows, ""]).encode()
    rows = draw(st.lists(st.one_of(good, row), max_size=6))
    text = "".join(r + draw(st.sampled_from(["\n", "\n", "\n", "\r\n", ""])) for r in rows)
    data = bytearray(draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe"])) + text.encode("utf-8", "replace"))
    for place, value in draw(NOISE) if draw(st.booleans()) else []:
        if data:
            data[place % len(data)] = value
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 4)) == 0 else data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


def read(*paths):
    """The pairs, or None if they are refused as they should be: one line of text that begins with a file's name."""
    try:
        pairs = list(pairs_of(paths))
        event("read")  # pytest --hypothesis-show-statistics
        return pairs
    except DataError as error:
        event("refused")
        assert any(str(error).startswith(f"{path}") for path in paths)
        assert "\n" not in str(error) and len(str(error)) < 600
        return None


def lines_by_definition(data):
    """What a file's lines are, from its whole content; None if it is not acceptable text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text or not text.removeprefix("\ufeff"):
        return None
    text = text.removeprefix("\ufeff")
    rows = text.removesuffix("\n").split("\n")
    return [normalize("NFC", row.removesuffix("\r")) for row in rows]


def columns_by_definition(rows):
    good = rows is not None and all(len(row) == 2 and row[0].strip() and row[1].strip() for row in rows)
    return [Pair(*row) for row in rows] if good else None


def write(path, data):
    path.write_bytes(data)
    return path


@settings(max_examples=1000, **MANY)
@given(data=any_file(GOOD_ROW, SHORT))
def test_any_tab_separated_file(folder, data):
    rows = lines_by_definition(data)
    wanted = columns_by_definition(rows and [row.split("\t") for row in rows])
    assert read(write(folder / "a.tsv", data)) == wanted


@settings(max_examples=600, **MANY)
@given(sources=any_file(SIDE, st.text("ab \u3000", max_size=3)), targets=any_file(SIDE, SHORT), matching=st.booleans())
def test_any_aligned_files(folder, sources, targets, matching):
    targets = sources[::-1].strip() if matching else targets
    columns = [lines_by_definition(data) for data in (sources, targets)]
    whole = None not in columns and len(columns[0]) == len(columns[1])
    wanted = columns_by_definition(list(zip(*columns, strict=True))) if whole else None
    assert read(write(folder / "s.txt", sources), write(folder / "t.txt", targets)) == wanted


@settings(max_examples=1200, **MANY)
@given(data=any_file(GOOD_JSON, JSON_ROW))
def test_any_json_lines(folder, data):
    def columns(row):
        try:
            record = json.loads(row)
        except ValueError:
            return None
        sides = [record.get(side) for side in ("source", "target")] if isinstance(record, dict) else [None]
        clean = all(isinstance(x, str) and not set(x) & {"\n", "\0"} and x.encode("utf-8", "ignore").decode() == x for x in sides)
        return [normalize("NFC", side) for side in sides] if clean else None

    rows = lines_by_definition(data)
    rows = rows and [columns(row) for row in rows]
    assert read(write(folder / "a.jsonl", data)) == columns_by_definition(None if rows is None or None in rows else rows)


@settings(max_examples=800, **MANY)
@given(
    rows=st.lists(GOOD_ROW, min_size=1, max_size=8),
    level=st.integers(0, 9),
    members=st.integers(1, 3),
    flips=NOISE,
    cut=st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_any_packed_file(folder, rows, level, members, flips, cut):
    """Damaged anywhere or cut anywhere: what is read is what was packed, or what the library itself unpacks, or refused."""
    text = "".join(f"{row}\n" for row in rows)
    packed = bytearray(b"".join(gzip.compress(text.encode(), level, mtime=0) for _ in range(members)))
    for place, value in flips:
        packed[place % len(packed)] ^= value
    packed = bytes(packed[: cut % (len(packed) + 1)] if cut is not None else packed)
    found = read(write(folder / "a.tsv.gz", packed))
    try:
        data = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    except (OSError, EOFError, zlib.error):
        data = None
    unpacked = data and lines_by_definition(data)
    assert found == (columns_by_definition([row.split("\t") for row in unpacked]) if unpacked else None)


TEXT = st.text(st.one_of(CHARACTER, st.sampled_from(" 'ab’‘(«」.-\u200d\u0301ＡΣİ低的学习▁\t\n")), max_size=40)
TOKEN = st.text("ab学习 ", min_size=1, max_size=3)
ANY_TOKENISER = st.one_of(
    st.sampled_from(TOKENISERS).map(tokeniser), st.lists(st.tuples(TOKEN, TOKEN), max_size=12, unique=True).map(BytePairEncoding)
)
NORMALISATION = st.builds(Normalisation, st.booleans(), st.sampled_from(WIDTHS))


@settings(max_examples=1500, **MANY)
@given(inner=ANY_TOKENISER, normalisation=NORMALISATION, text=TEXT)
def test_any_text_in_any_tokeniser(inner, normalisation, text):
    made = Normalised(inner, normalisation)
    tokens = made.split(text)
    assert all(isinstance(token, str) and token for token in tokens)
    joined = made.join(tokens)
    if inner.name in ("chars", "bpe"):  # nothing is lost
        assert joined == normalisation(text)
    if inner.name != "wordpunct":  # what a model writes is read again as it stands
        assert made.split(joined) == tokens or not is_normalized("NFC", joined)
    assert bool(tokens) == bool(text.strip()) or inner.name in ("chars", "bpe")
    again = Normalised.from_record(json.loads(json.dumps(made.as_record())))
    assert again.split(text) == tokens and again.as_record() == made.as_record()
    vocabulary = Vocabulary.build([tokens])
    assert vocabulary.decode(vocabulary.encode(tokens)) == tokens and vocabulary.unknown(tokens) == []


SENTENCES = st.lists(st.lists(st.one_of(st.text(max_size=3), st.sampled_from(["a", "b", *SPECIALS])), max_size=8), max_size=8)


@settings(max_examples=800, **MANY)
@given(sentences=SENTENCES, min_frequency=st.integers(1, 4), max_size=st.one_of(st.none(), st.integers(0, 6)), new=SENTENCES)
def test_any_vocabulary(sentences, min_frequency, max_size, new):
    vocabulary = Vocabulary.build(sentences, min_frequency, max_size)
    counts = Counter(token for sentence in sentences for token in sentence)
    frequent = [token for token, n in counts.items() if n >= min_frequency]
    assert len(vocabulary.tokens) == min(len(frequent), len(frequent) if max_size is None else max_size)
    left_out = set(frequent) - set(vocabulary.tokens)
    assert all(counts[kept] >= counts[out] for kept in vocabulary.tokens for out in left_out)
    for sentence in new:
        ids = vocabulary.encode(sentence)
        assert [token for token, n in zip(sentence, ids, strict=True) if n == UNK] == [t for t in sentence if t not in vocabulary]
        assert vocabulary.decode(ids) == [token if token in vocabulary else "<unk>" for token in sentence]
        assert all(n == UNK or n >= len(SPECIALS) for n in ids)
    assert Vocabulary(json.loads(json.dumps(vocabulary.tokens))) == vocabulary


KEYS = ["source_vocabulary", "target_vocabulary", "source_tokeniser", "target_tokeniser"]
RECORD_VALUE = st.one_of(
    JSON_VALUE,
    st.lists(SHORT, max_size=4),
    st.fixed_dictionaries(
        {"name": st.sampled_from([*TOKENISERS, "bpe", "x", None, 3])},
        optional={
            "lowercase": st.one_of(st.booleans(), JSON_VALUE),
            "width": st.sampled_from([*WIDTHS, "x", 1, None]),
            "merges": st.one_of(JSON_VALUE, st.lists(st.lists(TOKEN, min_size=2, max_size=2), max_size=3)),
        },
    ),
)
GOOD_RECORD = {
    "source_vocabulary": ["a"],
    "target_vocabulary": ["b"],
    "source_tokeniser": {"name": "words"},
    "target_tokeniser": {"name": "chars"},
}
CHANGES = st.dictionaries(st.sampled_from(KEYS), RECORD_VALUE, max_size=4)


@settings(max_examples=800, **MANY)
@given(changes=CHANGES, text=TEXT)
def test_any_record_of_languages(changes, text):
    """What a checkpoint may hold: languages that work, or one of the errors that loading turns into a message."""
    try:
        languages = Languages.from_record(json.loads(json.dumps(GOOD_RECORD | changes)))
    except (KeyError, TypeError, ValueError, UsageError):
        event("refused")
        return
    event("read")
    for side in (0, 1):
        languages[side].encode(languages[2 + side].split(text))
    assert Languages.from_record(languages.as_record()).as_record() == languages.as_record()


OPTIONS = st.fixed_dictionaries({}, optional={
    "source_tokeniser": st.sampled_from([*TOKENISERS, *TOKENISERS, "wrds"]), "target_tokeniser": st.sampled_from(TOKENISERS),
    "source_lowercase": st.booleans(), "target_width": st.sampled_from(WIDTHS), "min_frequency": st.integers(1, 3),
    "max_source_vocabulary": st.sampled_from([0, 1, 2, 4, 9, -1]), "max_target_vocabulary": st.integers(0, 4),
    "max_length": st.integers(2, 8), "window_pairs": st.integers(0, 9),
})  # fmt: skip


@settings(max_examples=600, **MANY)
@given(train=any_file(GOOD_ROW, SHORT), dev=any_file(GOOD_ROW, SHORT), options=OPTIONS, batch_size=st.integers(1, 5))
def test_any_data_with_any_options(folder, train, dev, options, batch_size):
    """From files to batches: refused in a sentence, or every pair within the limit exactly once in each epoch."""
    paths = write(folder / "train.tsv", train), write(folder / "dev.tsv", dev)
    try:
        config = DataConfig(train=(str(paths[0]),), dev=(str(paths[1]),), **options)
        data = RunData(config)
    except UsageError as error:
        event("refused")
        assert "\n" not in str(error)
        return
    event("read")
    source, target = data.languages.source_tokeniser, data.languages.target_tokeniser
    split = [(source.split(s), target.split(t)) for s, t in FileCorpus(paths[:1])]
    fits = [pair for pair in split if max(map(len, pair)) <= config.max_length]
    wanted = Counter((tuple(data.languages[0].encode(s)), tuple(data.languages[1].encode(t))) for s, t in fits)
    for epoch in range(2):
        batches = list(data.training.batches(batch_size, 1, epoch))
        assert Counter((tuple(e.source), tuple(e.target)) for batch in batches for e in batch) == wanted
        assert len(batches) == data.training.steps(batch_size)
        assert list(data.training.batches(batch_size, 1, epoch, first=len(batches) // 2)) == batches[len(batches) // 2 :]
    assert 1 <= len(data.dev) == len(data.dev_examples) and all(isinstance(note, str) for note in data.notes)
    for limit, vocabulary in zip((config.max_source_vocabulary, config.max_target_vocabulary), data.languages[:2], strict=True):
        assert not limit or len(vocabulary.tokens) <= limit
