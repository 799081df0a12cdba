"""One spelling for what looks the same: Unicode's NFC always, lower case and half-width forms if they are asked for."""

from dataclasses import asdict, dataclass
from unicodedata import decomposition, normalize

from minis2s.errors import UsageError, unknown_name

WIDTHS = ("as-is", "half")

# Characters whose compatibility decomposition is <wide>: the ideographic space, full-width ASCII (Ａ, １, ，, ！), ￥ …
_TO_HALF = {
    code: chr(int(decomposition(chr(code)).removeprefix("<wide> "), 16))
    for code in (0x3000, *range(0xFF00, 0xFFF0))
    if decomposition(chr(code)).startswith("<wide> ")
}


def normalise(text):
    """`text` in the normal form NFC, in which all text of this package is: one spelling for what looks the same."""
    return normalize("NFC", text)


@dataclass(frozen=True)
class Normalisation:
    """What is done to a side's text before it is split, in training, dev, translation and evaluation alike.

    lowercase: Unicode's lower case. width: "half" writes full-width forms in half width, as NFKC does, and leaves all else that
    NFKC would change (ﬁ, ², ①) alone; "as-is" keeps both. The result is NFC, and normalising it again changes nothing.
    """

    lowercase: bool = False
    width: str = "as-is"

    def __post_init__(self):
        if not isinstance(self.lowercase, bool):
            raise UsageError(f"lowercase is true or false, not {self.lowercase!r}")
        if self.width not in WIDTHS:
            raise unknown_name("width", self.width, WIDTHS)

    def __call__(self, text):
        text = normalise(text)
        if self.width == "half":
            text = text.translate(_TO_HALF)
        if self.lowercase:
            text = text.lower()
        return normalise(text)

    def as_record(self):
        return asdict(self)
