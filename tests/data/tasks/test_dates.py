"""Dates: read back independently, and days and months-in-a-pattern that training never shows."""

import datetime
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from minis2s.data.normalisation import normalise
from minis2s.data.tasks import dates
from minis2s.data.tasks.dates import TASK
from minis2s.errors import UsageError

NUMBERS = """
    一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九 二十
    二十一 二十二 二十三 二十四 二十五 二十六 二十七 二十八 二十九 三十 三十一
""".split()


@pytest.fixture(scope="module")
def splits():
    return TASK.generate(0)


def meant(pair):
    """The date of a target, read without the task's own code."""
    if pair.source.startswith("ISO "):
        return datetime.date.fromisoformat(pair.target)
    year, month, day = re.fullmatch("(.{4})年(.+)月(.+)日", pair.target).groups()
    digits = int("".join(str("〇一二三四五六七八九".index(digit)) for digit in year))
    return datetime.date(digits, NUMBERS.index(month) + 1, NUMBERS.index(day) + 1)


def day(pair):
    return meant(pair).month, meant(pair).day


def shape(pair):
    """Locale, month and how they are written, the numbers made alike: 0# with a leading zero, # without, #### a year."""
    _, locale, text = pair.source.split(" ", 2)
    text = text.translate(str.maketrans({digit: str(at) for digits in dates.DIGITS.values() for at, digit in enumerate(digits)}))
    text = re.sub(r"\d+", lambda found: "####" if len(found[0]) > 2 else "0#" if found[0][0] == "0" else "#", text)
    return locale, meant(pair).month, text


def test_sizes_and_example(splits):
    assert tuple(map(len, splits)) == TASK.sizes
    assert TASK.example in splits.test


def test_english_dates_as_python_reads_them(splits):
    forms = {
        "en-US": ("%m/%d/%y", "%m/%d/%Y", "%b %d, %Y", "%B %d, %Y", "%A, %B %d, %Y", "%a, %b %d, %Y", "%a, %m/%d/%Y"),
        "en-GB": ("%d/%m/%Y", "%d %b %Y", "%d %B %Y", "%A, %d %B %Y", "%a, %d %b %Y", "%a, %d/%m/%Y"),
    }
    read = 0
    for pair in splits.test + splits.train[:5000]:
        _, locale, text = pair.source.split(" ", 2)
        for form in forms.get(locale, ()):
            try:
                found = datetime.datetime.strptime(text.replace("Sept ", "Sep "), form).date()
            except ValueError:
                continue
            assert found == meant(pair), pair
            read += 1
            break
        else:
            assert locale not in forms, pair
    assert read > 300


def test_numeric_dates_follow_the_locale(splits):
    """Day before month where the locale says so: read by hand from the numbers, whatever stands between them."""
    for pair in splits.test + splits.dev:
        _, locale, text = pair.source.split(" ", 2)
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        if len(numbers) != 3 or locale in ("en-US", "vi") or (locale == "sv" and numbers[0] > 31):
            continue
        first = locale in ("ja", "zh", "ko", "hu", "sv")
        date = meant(pair)
        expected = [date.year, date.month, date.day] if first else [date.day, date.month, date.year]
        assert [number % 100 for number in numbers] == [number % 100 for number in expected], pair


def test_chinese_numerals():
    assert dates.in_chinese(datetime.date(2024, 3, 5)) == "二〇二四年三月五日"
    assert dates.in_chinese(datetime.date(2010, 10, 20)) == "二〇一〇年十月二十日"
    assert dates.in_chinese(datetime.date(1999, 12, 31)) == "一九九九年十二月三十一日"
    written = [dates.in_chinese(datetime.date(2024, 1, day)).split("月")[1] for day in range(1, 32)]
    assert written == [f"{number}日" for number in NUMBERS]


def test_dev_and_test_are_days_or_months_in_a_pattern_that_training_never_shows(splits):
    days, shapes = set(map(day, splits.train)), set(map(shape, splits.train))
    new = []
    for part in (splits.dev, splits.test):
        new.append(({day(pair) for pair in part} - days, {shape(pair) for pair in part} - shapes))
        assert len(new[-1][0]) >= 7
        for pair in part:
            assert day(pair) not in days or shape(pair) not in shapes, pair
    assert not new[0][0] & new[1][0]
    assert sum(day(pair) in days for pair in splits.test) > 300  # so both kinds of combinations are tested
    assert sum(shape(pair) in shapes for pair in splits.test) > 300


def test_held_out_sets_are_disjoint_and_leave_each_month_another_pattern():
    dev, test = dates.held_out(np.random.default_rng(3))
    assert not dev & test
    days = [found for found in dev | test if isinstance(found, tuple)]
    assert len(days) == dates.HELD_DAYS and all(1 <= day <= 31 for _, day in days)
    months = Counter()
    for locale in dates.LOCALES:
        for month in range(1, 13):
            samples = {dates.month_in(pattern, locale, month) for pattern in dates.patterns(locale)}
            assert len(samples & (dev | test)) <= 1 < len(samples)
            months.update(samples & (dev | test))
    assert set(months) == {found for found in dev | test if isinstance(found, str)}


def test_every_word_to_be_read_is_learnt(splits):
    def words(pair):
        locale = pair.source.split(" ")[1]
        return {(locale, word) for word in re.findall(r"[^\W\d_]+", pair.source)}

    shown = Counter(word for pair in splits.train for word in words(pair))
    assert all(shown[word] >= 5 for pair in splits.dev + splits.test for word in words(pair))


def test_many_scripts_and_what_is_asked(splits):
    text = "".join(pair.source for pair in splits.train)
    for first, last in ("az", "ая", "αω", "את", "اي", "अह", "กฮ", "가힣", "一龥", "٠٩", "०९"):
        assert any(first <= character <= last for character in text), (first, last)
    assert {pair.source.split(" ")[0] for pair in splits.test} == set(dates.TARGETS)
    assert {pair.source.split(" ")[1] for pair in splits.test} == set(dates.LOCALES)
    for pair in splits.train + splits.test:
        assert pair.source == normalise(pair.source) and re.fullmatch(r"[^\u00a0\u200e\u200f\u202f]+", pair.source)
        assert dates.FIRST <= meant(pair) <= dates.LAST


def test_a_source_has_one_answer(splits):
    """Two digits are one year, and a locale writes no two dates alike."""
    answers = {}
    for pair in (pair for part in splits for pair in part):
        assert answers.setdefault(pair.source, pair.target) == pair.target


def test_without_babel_it_says_what_to_install(monkeypatch):
    dates.patterns.cache_clear()
    dates.month_in.cache_clear()
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(UsageError, match=r"'dates' needs babel, which is not installed: pip install \"minis2s\[data\]\""):
        TASK.generate(0)


def test_the_list_of_tasks_needs_no_babel():
    code = "import sys; from minis2s.data.tasks import TASKS; assert 'dates' in TASKS; print('babel' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
