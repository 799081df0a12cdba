"""Dates as people write them in many languages, to ISO 8601 or to Chinese numerals.

    ISO en-US Wed, Nov 25, 1987    1987-11-25
    ISO ru 5 марта 2024 г.         2024-03-05
    中文 de 05.03.24                二〇二四年三月五日

The source says what is wanted (ISO or 中文) and in which locale the date is written, without which nobody could know whether
3/5/24 is in March or in May. Patterns and the names of months and weekdays are those of the Unicode CLDR, through babel; a
weekday must be read over. A year of two digits is one of 1969 to 2068, as POSIX reads it, and all years are drawn from these.
The data are the same on every machine with the same version of babel.

Held out are days of the year (5 March is in no training pair, in whatever language), and, in each locale, some months in one of
the patterns ("Mar 5, 2024" is held out, "March 5, 2024" and "Apr 5, 2024" are not). A pair of dev has one of dev's and none of
test's, and the reverse.
"""

import datetime
from functools import cache
from unicodedata import category

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.normalisation import normalise
from minis2s.data.tasks.combinations import Drawn, fill
from minis2s.data.tasks.task import Expected, Task, missing
from minis2s.data.tasks.translation.sampling import Draw

LOCALES = (
    "en-US", "en-GB", "de", "fr", "es", "it", "pt-BR", "nl", "sv", "pl", "ru", "uk",
    "el", "tr", "fi", "hu", "ar", "he", "hi", "th", "ja", "ko", "zh", "vi",
)  # fmt: skip
LENGTHS = ("short", "medium", "long", "full")
SKELETONS = ("yMd", "yMEd", "yMMMd", "yMMMEd")  # CLDR's names for: these fields, in the locale's own order and punctuation
DIGITS = {"ar": "٠١٢٣٤٥٦٧٨٩", "hi": "०१२३४५६७८९"}  # written beside 0 to 9
TARGETS = ("ISO", "中文")
FIRST, LAST = datetime.date(1969, 1, 1), datetime.date(2068, 12, 31)
TRAIN, DEV, TEST = 40_000, 500, 1_000
HELD_DAYS = 24  # of 366
HELD_MONTHS = 0.35  # of the months of a locale are held out in one of its patterns
TEST_SHARE = 2 / 3  # of what is held out; the rest is dev's


def generate(seed=0):
    """Splits of Pairs, the same for the same seed. Raises UsageError if babel is not installed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(rng), Draw(rng)
    days = range((LAST - FIRST).days + 1)

    def example():
        target, locale = draw.pick(TARGETS), draw.pick(LOCALES)
        pattern, date = draw.pick(patterns(locale)), FIRST + datetime.timedelta(draw.pick(days))
        text = written(date, pattern, locale)
        if locale in DIGITS and draw.chance(0.5):
            text = text.translate(str.maketrans("0123456789", DIGITS[locale]))
        pair = Pair(f"{target} {locale} {text}", date.isoformat() if target == "ISO" else in_chinese(date))
        found = frozenset([(date.month, date.day), month_in(pattern, locale, date.month)])
        return Drawn(pair, found, found)

    return fill(example, held, (TRAIN, DEV, TEST))


def held_out(rng):
    """(dev's, test's) combinations, disjoint: days (month, day), and months in a pattern, see `month_in`."""
    year = [datetime.date(2024, 1, 1) + datetime.timedelta(day) for day in range(366)]
    days = [(year[at].month, year[at].day) for at in rng.permutation(len(year))[:HELD_DAYS]]
    # One pattern for a month at most, so that its name is still learnt from another.
    months = {
        month_in(patterns(locale)[rng.integers(len(patterns(locale)))], locale, month)
        for locale in LOCALES for month in range(1, 13) if rng.random() < HELD_MONTHS
    }  # fmt: skip
    months = sorted(months)
    months = [months[at] for at in rng.permutation(len(months))]
    parts = [(part[: round(TEST_SHARE * len(part))], part[round(TEST_SHARE * len(part)) :]) for part in (days, months)]
    test, dev = (set().union(*part) for part in zip(*parts, strict=True))
    return dev, test


@cache
def patterns(locale):
    """The different CLDR patterns of a locale's dates, such as "d. MMMM y"."""
    known = _babel().Locale.parse(locale, sep="-")
    found = [known.date_formats[length].pattern for length in LENGTHS]
    return tuple(dict.fromkeys(found + [known.datetime_skeletons[name].pattern for name in SKELETONS]))


@cache
def month_in(pattern, locale, month):
    """How a month looks in a pattern: equal for two patterns that write it alike ("May 28, 2024", long or abbreviated)."""
    return f"{locale} {written(datetime.date(2024, month, 28), pattern, locale)}"


def written(date, pattern, locale):
    """The date as text: white space of all sorts as blanks, no marks that only tell a terminal the direction."""
    text = _babel().dates.format_date(date, pattern, _babel().Locale.parse(locale, sep="-"))
    return normalise("".join(" " if ch.isspace() else ch for ch in text if category(ch) != "Cf"))


def in_chinese(date):
    """二〇二四年三月五日: the year digit by digit, month and day as numbers."""
    year = "".join(_NUMERALS[int(digit)] for digit in str(date.year))
    return f"{year}年{_number(date.month)}月{_number(date.day)}日"


_NUMERALS = "〇一二三四五六七八九"


def _number(n):
    """1 to 99: 五, 十, 十二, 二十, 二十五."""
    tens, ones = divmod(n, 10)
    return (_NUMERALS[tens] if tens > 1 else "") + "十" * (tens > 0) + (_NUMERALS[ones] if ones else "")


def _babel():
    try:
        import babel.dates
    except ImportError:
        raise missing("dates", "babel", "data") from None
    return babel


TASK = Task(
    name="dates",
    description=f"Dates in {len(LOCALES)} locales, as each writes them, to ISO 8601 or Chinese",
    held_out=f"{HELD_DAYS} days of the year in whatever language (a third of them for dev), and in each locale about a third of "
    "the months in one of its patterns: Mar 5, 2024 may be held out where March 5, 2024 is not.",
    source_tokeniser="chars",
    target_tokeniser="chars",
    generate=generate,
    sizes=(TRAIN, DEV, TEST),
    example=Pair("ISO de 25. Februar 2003", "2003-02-25"),
    settings={"epochs": 2, "learning_rate": 4e-3, "best_by": "exact_match"},
    expected=Expected("exact_match", 99, 60),
    needs="data",
)
