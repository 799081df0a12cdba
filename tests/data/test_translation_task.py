"""The built-in data as a whole: what is held out, what is shown, and that it is a function."""

import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from minis2s.data.files import normalise
from minis2s.data.tasks import TASKS, Task, task, translation
from minis2s.data.tasks.translation import holdout, lexicon
from minis2s.data.tasks.translation.grammar import PATTERNS, sentences
from minis2s.data.tasks.translation.sampling import Draw
from minis2s.data.tokenisers import tokeniser
from minis2s.errors import UsageError

WORDS = tokeniser("wordpunct")


@pytest.fixture(scope="module")
def sentences_and_held():
    return translation.generate_sentences(0)


@pytest.fixture(scope="module")
def splits(sentences_and_held):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translation, "generate_sentences", lambda seed: sentences_and_held)  # once for all tests
        return translation.generate(0)


@pytest.fixture(scope="module")
def parts(sentences_and_held):
    return sentences_and_held[0]


@pytest.fixture(scope="module")
def held(sentences_and_held):
    return sentences_and_held[1]


def tokens(pair):
    return WORDS.split(pair.source)


def test_the_task_is_registered_and_says_that_it_is_synthetic():
    built_in = task("translation")
    assert isinstance(built_in, Task) and TASKS["translation"] is built_in
    assert "synthetic" in built_in.description and "synthetic" in translation.__doc__
    assert (built_in.source_tokeniser, built_in.target_tokeniser) == ("wordpunct", "chars")
    with pytest.raises(UsageError, match="unknown task 'translate'; did you mean 'translation'"):
        task("translate")


def test_sizes(splits):
    assert [len(part) for part in splits] == [translation.TRAIN, translation.DEV, translation.TEST]


def test_sentences_are_short(splits):
    assert np.mean([len(tokens(pair)) for pair in splits.test]) < 8
    assert np.mean([len(pair.target) for pair in splits.train]) < 12
    assert max(pair.source.count(" ") for part in splits for pair in part) < 10


def test_no_sentence_occurs_twice(splits):
    sources = [pair.source.lower().removesuffix(".") for part in splits for pair in part]
    assert len(set(sources)) == len(sources)


@pytest.fixture
def fewer(monkeypatch):
    monkeypatch.setattr(translation, "_DRAWN", 3000)
    return translation


def test_the_same_seed_gives_the_same_data_and_another_seed_others(fewer):
    first, again, other = (fewer.generate(seed) for seed in (0, 0, 7))
    assert first == again
    assert len(set(other.train) & set(first.train)) < len(first.train) / 2
    assert other.test[0] == first.test[0]


def test_data_do_not_depend_on_python_s_hash_seed(fewer):
    code = "from minis2s.data.tasks import translation as t; t._DRAWN = 3000; print(ascii(t.generate(0)))"
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "123"},
                         capture_output=True, text=True, check=True)  # fmt: skip
    assert run.stdout.strip() == ascii(fewer.generate(0))


def test_each_english_sentence_has_one_translation():
    """On the raw draws: the data keep the first of equal English sentences, which would hide a second translation."""
    draw, chinese, repeated = Draw(np.random.default_rng(3)), {}, 0
    for _ in range(25_000):
        sentence = draw.weighted(PATTERNS)(draw)
        if sentence is not None:
            english = (*WORDS.split(sentence.english), sentence.question)
            repeated += english in chinese
            assert chinese.setdefault(english, sentence.chinese) == sentence.chinese
    assert repeated > 1000  # that many chances to disagree


def test_a_question_mark_is_all_that_tells_no_question(parts):
    """Without its last mark an English sentence still has one translation, so the mark of the Chinese follows from it."""
    asked = {}
    for sentence in (sentence for part in parts for sentence in part):
        assert asked.setdefault(sentence.english.lower(), sentence.question) == sentence.question


def test_marks_at_the_end(splits):
    for pair in (pair for part in splits for pair in part):
        assert pair.source.endswith("?") == pair.target.endswith("？")
        assert pair.source[0].isupper() and not pair.target.endswith(("。", ".", "!"))
        assert re.fullmatch(r"[A-Za-z' ]+[?.]?", pair.source) and "  " not in pair.source
        assert re.fullmatch(r"[\u4e00-\u9fff，]+？?", pair.target)
        assert pair == (normalise(pair.source), normalise(pair.target))
    stops = sum(pair.source.endswith(".") for pair in splits.train)
    assert 0.15 < stops / len(splits.train) < 0.4


def test_training_never_shows_what_dev_and_test_ask(parts, held):
    dev, test = held
    assert dev.isdisjoint(test)
    for sentence in parts.train:
        assert not sentence.combinations & (dev | test), sentence
    for part, its, other in ((parts.dev, dev, test), (parts.test, test, dev)):
        for sentence in part:
            assert sentence.combinations & its, f"nothing new in {sentence.english}"
            assert not sentence.combinations & other, f"{sentence.english} tells dev about test, or the reverse"


def test_many_families_of_combinations_are_held_out(parts, held):
    new = Counter(found[0] for each in parts.test for found in each.combinations & held[1])
    for family in ("verb-object", "subject-time", "verb-place", "adjective-noun", "numeral-noun", "owner-noun"):
        assert new[family] >= 20, new


def test_about_the_stated_share_is_held_out():
    drawn = sentences(np.random.default_rng(1), 8000)
    dev, test = holdout.held_out(drawn, np.random.default_rng(2))
    everything = {found for each in drawn for found in each.combinations}
    assert dev.isdisjoint(test) and (dev | test) <= everything
    for family in ("verb-object", "subject-time", "adjective-noun"):
        all_, held = (sum(found[0] == family for found in group) for group in (everything, dev | test))
        assert 0.5 * holdout.SHARE < held / all_ <= 1.1 * holdout.SHARE


def test_combinations_are_what_the_texts_say(parts):
    """The leak test above trusts `combinations`; here the texts themselves are searched for words side by side."""
    pairs = {found for part in parts for each in part for found in each.combinations if found[0] == "verb-object"}
    by_verb = {}
    for _, verb, thing in sorted(pairs):
        by_verb.setdefault(verb, []).append(thing)
    for sentence in parts.train[:4000]:
        for verb in ("喜欢", "吃", "买"):
            for thing in by_verb[verb]:
                if re.search(f"{verb}[了过]?{thing}(?![\u4e00-\u9fff])", sentence.chinese):
                    longer = any(other.startswith(thing) and other != thing and verb + other in sentence.chinese
                                 for other in by_verb[verb])  # fmt: skip
                    assert longer or ("verb-object", verb, thing) in sentence.combinations, sentence


def test_i_love_deep_learning(splits):
    assert splits.test[0] == ("I love deep learning", "我喜欢深度学习")
    assert not any("喜欢深度学习" in pair.target for pair in splits.train + splits.dev)
    train = [tokens(pair) for pair in splits.train if re.search("love|deep", pair.source)]
    love = [words for words in train if {"love", "loves"} & set(words)]
    deep = [words for words in train if "deep" in words]
    assert len(love) > 150 and len(deep) > 30
    assert not any("deep" in words for words in love)
    assert not any(re.search(r"(love|like)s? (\w+ (and|or) )?deep", " ".join(words)) for words in deep)


def test_every_word_to_be_translated_is_learnt(splits):
    english = Counter(token for pair in splits.train for token in tokens(pair))
    chinese = Counter(character for pair in splits.train for character in pair.target)
    for pair in splits.dev + splits.test:
        assert min(english[token] for token in tokens(pair)) >= 10, pair
        assert min(chinese[character] for character in pair.target) >= 10, pair


def test_every_word_of_the_lexicon_is_used(splits):
    english = {token for pair in splits.train[:20_000] for token in tokens(pair)}
    chinese = "\n".join(pair.target for pair in splits.train)
    entries = [*lexicon.NOUNS, *lexicon.VERBS, *lexicon.ADJECTIVES, *lexicon.COLOURS, *lexicon.PLACES, *lexicon.TIMES,
               *lexicon.KIN, *lexicon.RELATIONS, *lexicon.WORKERS, *lexicon.MODALS]  # fmt: skip
    for entry in entries:
        assert entry.chinese in chinese, entry
        assert set(WORDS.split(entry.english)) <= english or entry.english in ("go to", "live in"), entry
    words = {entry.chinese for entry in [*entries, *lexicon.PRONOUNS]} | {noun.measure for noun in lexicon.NOUNS if noun.measure}
    words = words.union(*(table.values() for table in (lexicon.NAMES, lexicon.ADVERBS, lexicon.NUMERALS, lexicon.WEATHER)))
    assert len(words) >= 300
    assert len({word for word in english if word.isalpha()}) >= 300


PHENOMENA = {  # what the English shows, and what the Chinese must then show; both as they were agreed on
    "negation of habits": (r"do(es)? not|do(es)?n't", "不|没有|没"),
    "negation of the past": (r"did not|didn't", "没"),
    "never done": (r"(has|have) never", "没.*过"),
    "done before": (r"(has|have) (?!never)\w+ .*before", "以前.*过"),
    "yes-no question": (r"^(do|does|is|are) .*(?<! or \w{3})(?<! or)$", "吗？|还是"),
    "what": (r"^what ", "什么"),
    "who": (r"^who ", "谁"),
    "where": (r"^where ", "哪里"),
    "why": (r"^why ", "为什么"),
    "how many": (r"^how many ", "几"),
    "place before the verb": (r" (works?|studied|sleeps?) (at|in) (?!the (morning|afternoon|evening))", "在.*(工作|学习|睡觉)"),
    "time before the verb": (r"\b(ate|bought|read) .*yesterday$", "昨天.*[吃买看]"),
    "two": (r"\btwo\b", "两"),
    "measure words": (r"\b(two|three|four|five|six) (\w+ )?(books|novels|magazines)\b", "[两三四五六]本"),
    "a cup of": (r"\ba (cup|glass) of", "一杯"),
    "perfective before something counted": (r"\b(bought|ate|drew) (a|an|two|three)\b", "了[一两三]"),
    "progressive": (r"\b(is|are|am) (eat|read|watch|learn|cook)ing\b", "正在"),
    "very": (r"\bvery\b", "非常|不太"),
    "too": (r"\btoo\b", "太.*了"),
    "comparison": (r"\bthan\b", "比"),
    "as ... as": (r"(is|are|am) as \w+ as", "和.*一样"),
    "of": (r"\btheir (\w+ )?(book|novel|cat|dog|car)s?\b", "他们的"),
    "family": (r"\bmy (mother|father)\b", "我[妈爸]"),
    "colour": (r"\b(is|are) (red|black)$", "是(红|黑)色的"),
    "attribute": (r"\b(an?|two|many|some) (new|big|interesting|expensive)\b", "新|大|有意思的|很贵的"),
    "and between nouns": (r"^(?!.*\band i\b)\w+ and \w+ (like|love|are)\b", "和"),
    "but": (r"\bbut\b", "，但是"),
    "so": (r"\bso\b", "，所以"),
    "because": (r"\bbecause\b", "因为"),
    "can, a skill": (r"\bcan (swim|speak|drive|dance|sing|cook|play|ride)\b", "会"),
    "can": (r"\bcan (buy|come|help|read|write|learn)\b", "能"),
    "must": (r"\bmust\b", "必须"),
    "want to": (r"\bwants? to\b", "想"),
    "should": (r"\bshould\b", "应该"),
    "will": (r"\bwill\b", "会"),
    "also": (r"\balso\b", "也"),
    "all": (r"\ball\b", "都"),
    "both": (r" and \w+( \w+)? (are )?both\b", "和.*都"),
    "there is": (r"^there (is|are) (?!no)", "有"),
    "where it is": (r"\b(is|are) (on|under) the (table|bed|chair)$", "在(桌子|床|椅子)[上下]"),
    "profession": (r"^(he|she) is an? (teacher|\w+er|\w+or|nurse|\w+ist|soldier|chef)$", "^[他她]是[^的]+$"),
    "or": (r"\bor\b", "还是"),
    "whose": (r"^whose", "谁的"),
    "weather": (r"^it (is|was) ", "[冷热和快]"),
    "always shown idioms": (r"\bplay(s|ed)? football", "踢"),
}  # fmt: skip


@pytest.mark.parametrize("name", PHENOMENA)
def test_each_phenomenon_occurs_and_is_said_as_it_should_be(parts, name):
    english, chinese = PHENOMENA[name]
    pattern = re.compile(english)
    found = [each for each in parts.train[:20_000] if pattern.search(each.english.lower())]
    assert len(found) >= 10
    for sentence in found:
        written = sentence.chinese + "？" * sentence.question
        assert re.search(chinese, written), sentence


FORBIDDEN = {
    "二": "before a measure word two is 两",
    "没.*了$": "没 leaves no 了",
    "不(正在|了|过)": "不 does not deny aspect",
    "不有": "有 is denied with 没",
    "[很非常]+[不没]": "很 goes under negation",
    "比(?!赛)[^，]*(很|非常)": "comparison has no 很",
    "在[^，]*在在": "one 在 is enough",
    "(?<!为)了.*过|(?<!难)过.*了$": "one aspect is enough",
    "吗.*吗|(什么|谁|哪里|几|还是)[^，]*吗$": "one question is enough",
    "。": "statements end without a mark",
}


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=FORBIDDEN.get)
def test_what_chinese_never_says(parts, pattern):
    forbidden = re.compile(pattern)
    assert [each for part in parts for each in part if forbidden.search(each.chinese)][:3] == []
