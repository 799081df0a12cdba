"""From text to tokens and back. A tokeniser is an object with a `name`, `split(text)` and `join(tokens)`.

Text is expected in Unicode's normal form NFC (see `normalisation`): "é" is then one code point, however it was typed.
"""

from itertools import groupby
from unicodedata import category

from minis2s.data.bpe import BytePairEncoding
from minis2s.data.normalisation import Normalisation
from minis2s.errors import unknown_name


class Words:
    """What stands between white space: the protocol of most published, already tokenised corpora."""

    name = "words"

    def split(self, text):
        return text.split()

    def join(self, tokens):
        return " ".join(tokens)


class RealNumbers(Words):
    """Steps of real numbers between white space (see `numbers.Numbers`, which then takes a vocabulary's place)."""

    name = "numbers"


class Chars:
    """Every code point, spaces included, so that nothing is lost: `join(split(text)) == text`."""

    name = "chars"

    def split(self, text):
        return list(text)

    def join(self, tokens):
        return "".join(tokens)


class WordPunct:
    """Lower-cased words, each punctuation mark or symbol apart: "Don't you?" -> don't · you · ?

    For text as people type it. Case and spacing are lost on purpose; splitting the joined text gives the same tokens.
    """

    name = "wordpunct"

    def split(self, text):
        tokens = []
        for chunk in text.lower().replace("’", "'").split():
            for in_word, characters in groupby(_marked(chunk), key=lambda pair: pair[0]):
                run = [character for _, character in characters]
                tokens += ["".join(run)] if in_word else run
        return tokens

    def join(self, tokens):
        text, glue = "", True
        for token in tokens:
            kind = category(token[0]) if len(token) == 1 else "L"
            text += token if glue or kind in _CLOSING else " " + token
            glue = kind in _OPENING
        return text


# Unicode's categories. Opening brackets and quotes lean on what follows, the other punctuation on what precedes.
_OPENING, _CLOSING = ("Ps", "Pi"), ("Pe", "Pf", "Po", "Pd", "Pc")
# Vowel signs of Indic scripts are marks (M), not letters; the joiners (U+200C, U+200D) spell words in Persian.
_JOINERS = "\u200c\u200d"


def _in_word(character):
    return category(character)[0] in "LMN" or character in _JOINERS


def _marked(chunk):
    """Pairs (belongs to a word?, character); an apostrophe belongs to a word when it stands between two of its letters."""
    inside = [_in_word(character) for character in chunk]
    for at in range(1, len(chunk) - 1):
        if chunk[at] == "'" and inside[at - 1] and inside[at + 1]:
            inside[at] = True
    return zip(inside, chunk, strict=True)


class Normalised:
    """A tokeniser that reads normalised text: what stands between a side's text and its vocabulary, and is kept with a model."""

    def __init__(self, tokeniser, normalisation=Normalisation()):  # noqa: B008, it is frozen
        self.tokeniser, self.normalisation = tokeniser, normalisation
        self.name, self.join = tokeniser.name, tokeniser.join

    def split(self, text):
        return self.tokeniser.split(self.normalisation(text))

    def as_record(self):
        """What JSON can hold and `from_record` reads."""
        learned = self.tokeniser.as_record() if self.name == BytePairEncoding.name else {}
        return {"name": self.name, **self.normalisation.as_record(), **learned}

    @classmethod
    def from_record(cls, record):
        """Raises KeyError, TypeError, ValueError or UsageError for what `as_record` has not made."""
        settings = dict(record)
        name = settings.pop("name")
        inner = BytePairEncoding(settings.pop("merges")) if name == BytePairEncoding.name else tokeniser(name)
        return cls(inner, Normalisation(**settings))


_BY_NAME = {kind.name: kind for kind in (Words, Chars, WordPunct, RealNumbers)}
TOKENISERS = tuple(_BY_NAME)
LEARNED = (BytePairEncoding.name,)  # what must be learned from data first: `BytePairEncoding.learn`


def tokeniser(name):
    """The tokeniser called `name`, one of TOKENISERS. Raises UsageError, with a suggestion, for any other name."""
    if name not in _BY_NAME:
        raise unknown_name("tokeniser", name, TOKENISERS)
    return _BY_NAME[name]()
