"""One spelling for what looks the same; doing it twice changes nothing."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minis2s.data.normalisation import WIDTHS, Normalisation
from minis2s.errors import UsageError

TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("ＡａＺ１！，　。ｶ\u0301\u0307İΣςéﬁ²①")))
ALL = st.builds(Normalisation, st.booleans(), st.sampled_from(WIDTHS))


@pytest.mark.parametrize(
    ("settings", "text", "wanted"),
    [
        ({}, "Ａe\u0301", "Ａé"),
        ({"lowercase": True}, "ÀΣ Straße İ", "àς straße i\u0307"),
        ({"width": "half"}, "ＡＢ１２，！　￥", "AB12,! ¥"),
        ({"width": "half"}, "ｶﾅ ﬁ ² ① 。、“", "ｶﾅ ﬁ ² ① 。、“"),  # all else is left alone
        ({"width": "half", "lowercase": True}, "ＧＰＵ你好", "gpu你好"),
    ],
)
def test_examples(settings, text, wanted):
    assert Normalisation(**settings)(text) == wanted


@given(ALL, TEXT)
@example(Normalisation(True, "half"), "Ｅ\u0301")
def test_it_is_nfc_and_twice_is_once(normalisation, text):
    once = normalisation(text)
    assert unicodedata.is_normalized("NFC", once)
    assert normalisation(once) == once


@given(ALL, TEXT)
def test_how_a_letter_was_typed_does_not_matter(normalisation, text):
    assert normalisation(unicodedata.normalize("NFD", text)) == normalisation(unicodedata.normalize("NFC", text))


@pytest.mark.slow
@pytest.mark.parametrize("normalisation", [Normalisation(low, width) for low in (False, True) for width in WIDTHS], ids=str)
def test_every_character_once(normalisation):
    """All of Unicode: stable; and half width is a narrow character that NFKC takes for the same, and touches nothing else."""
    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        character = chr(code)
        once = normalisation(character)
        assert normalisation(once) == once
        if normalisation != Normalisation(width="half"):
            continue
        if unicodedata.decomposition(character).startswith("<wide>"):
            assert unicodedata.east_asian_width(once) not in "WF" and len(once) == 1
            assert unicodedata.normalize("NFKC", once) == unicodedata.normalize("NFKC", character)
        else:
            assert once == unicodedata.normalize("NFC", character)


@given(ALL)
def test_it_survives_its_record(normalisation):
    assert Normalisation(**normalisation.as_record()) == normalisation


def test_what_it_cannot_be():
    with pytest.raises(UsageError, match="unknown width 'haf'; did you mean 'half'"):
        Normalisation(width="haf")
    with pytest.raises(UsageError, match="lowercase is true or false"):
        Normalisation(lowercase="no")
