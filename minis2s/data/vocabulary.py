"""The words of one language, numbered: four special ids, then the ordinary tokens."""

from collections import Counter

from minis2s.errors import UsageError

PAD, UNK, BOS, EOS = range(4)
SPECIALS = ("<pad>", "<unk>", "<bos>", "<eos>")


class Vocabulary:
    """A two-way table between tokens and ids.

    Ids 0 to 3 are padding, unknown, beginning and end of a sentence; the ordinary tokens follow in the order given.
    The look-up table holds ordinary tokens only, so no text, not even one that spells "<eos>", can become a special id.

    Raises UsageError if a token occurs twice: one of its ids would never be used, which means a damaged list.
    """

    def __init__(self, tokens):
        self._tokens = tuple(tokens)
        self._ids = {token: number for number, token in enumerate(self._tokens, start=len(SPECIALS))}
        if len(self._ids) != len(self._tokens):
            twice, _ = Counter(self._tokens).most_common(1)[0]
            raise UsageError(f"the vocabulary lists the token {twice!r} more than once")

    @classmethod
    def build(cls, sentences, min_frequency=1, max_size=None):
        """The vocabulary of `sentences` (lists of tokens); see `from_counts`."""
        return cls.from_counts(Counter(token for sentence in sentences for token in sentence), min_frequency, max_size)

    @classmethod
    def from_counts(cls, counts, min_frequency=1, max_size=None):
        """The vocabulary of counted tokens ({token: count}): the most frequent first, equal ones by code point.

        Tokens rarer than `min_frequency` are left out; at most `max_size` ordinary tokens are kept (None: all).
        """
        ranked = sorted((-count, token) for token, count in counts.items() if count >= min_frequency)
        return cls(token for _, token in ranked[:max_size])

    @property
    def tokens(self):
        """The ordinary tokens in the order of their ids; `Vocabulary(v.tokens) == v`."""
        return list(self._tokens)

    def as_record(self):
        """What JSON can hold: the tokens."""
        return self.tokens

    def encode(self, tokens):
        """The id of each token, UNK for one that is not known. Adds neither BOS nor EOS."""
        return [self._ids.get(token, UNK) for token in tokens]

    def decode(self, ids):
        """The tokens of `ids` up to the first EOS, without padding and BOS; an unknown one reads "<unk>".

        Raises IndexError for an id outside the vocabulary.
        """
        tokens = []
        for number in ids:
            if number == EOS:
                break
            if number not in (PAD, BOS):
                tokens.append(self._token(number))
        return tokens

    def unknown(self, tokens):
        """Those of `tokens` that are not known, in order of first occurrence, each once."""
        return [token for token in dict.fromkeys(tokens) if token not in self._ids]

    def _token(self, number):
        if not 0 <= number < len(self):
            raise IndexError(f"id {number} is outside a vocabulary of {len(self)}")
        return SPECIALS[number] if number < len(SPECIALS) else self._tokens[number - len(SPECIALS)]

    def __len__(self):
        return len(SPECIALS) + len(self._tokens)

    def __contains__(self, token):
        return token in self._ids

    def __eq__(self, other):
        return self._tokens == other._tokens if isinstance(other, Vocabulary) else NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"Vocabulary({len(self._tokens)} tokens and {len(SPECIALS)} specials)"
