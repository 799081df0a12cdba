"""The grammar against translations written by hand: both sides of each pair are the oracle."""

from types import SimpleNamespace

import pytest

from minis2s.data.tasks.translation import FLAGSHIP, copulas, english, lexicon, phrases, written
from minis2s.data.tasks.translation.clauses import Clause, say
from minis2s.data.tasks.translation.compounds import because_first, but_also, joined


def named(entries, field="english"):
    return {getattr(entry, field): entry for entry in reversed(entries)}


N, A, C, P, T = (
    named(each) for each in (lexicon.NOUNS, lexicon.ADJECTIVES, lexicon.COLOURS, lexicon.PLACES, lexicon.TIMES)
)
KIN, RELATION, WORKER, MODAL = (named(each) for each in (lexicon.KIN, lexicon.RELATIONS, lexicon.WORKERS, lexicon.MODALS))
VERB = named([verb for verb in lexicon.VERBS if verb.objects])
ALONE = named([verb for verb in lexicon.VERBS if not verb.objects])
PLAY = {verb.chinese: verb for verb in lexicon.VERBS if verb.english == "play"}
WHO = SimpleNamespace(**{each.subject: phrases.pronoun(each) for each in lexicon.PRONOUNS})
OWNER = named(phrases.OWNERS)


def name(english):
    return phrases.name(english, lexicon.NAMES[english])


def some(noun):
    return phrases.kind(N[noun])


def count(numeral, noun, adjective=None):
    return phrases.counted(N[noun], numeral, {**A, **C}[adjective] if adjective else None)


def my(owner, noun, plural=False):
    return phrases.owned(OWNER[owner], N[noun], plural)


def kin(owner, person):
    return phrases.owned(OWNER[owner], KIN[person], kin=True)


def act(subject, verb, object_=None, aspect="h", **more):
    """A clause with a verb; a modal verb, a time and a place by name."""
    table = VERB if object_ is not None else ALONE
    for key, entries in (("modal", MODAL), ("time", T), ("place", P)):
        if key in more:
            more[key] = entries[more[key]]
    aspect = "m" if "modal" in more else aspect
    return say(Clause(subject, table[verb] if isinstance(verb, str) else verb, object_, aspect, **more))


I, YOU, HE, SHE, WE, THEY = WHO.I, WHO.you, WHO.he, WHO.she, WHO.we, WHO.they
TOM, MARY = name("Tom"), name("Mary")
THIS_CAR, THAT_CAR = (phrases.pointed(N["car"], word) for word in ("this", "that"))
TEACHER, STUDENTS = phrases.definite(WORKER["teacher"]), phrases.definite_plural(WORKER["student"])

GOLD = [
    (FLAGSHIP, "I love deep learning", "我喜欢深度学习"),
    (act(HE, "love", some("music")), "He loves music", "他喜欢音乐"),
    # negation: 不 for habits and states, 没 for what did not happen and for 有
    (act(HE, "like", some("coffee"), negative=True), "He does not like coffee", "他不喜欢咖啡"),
    (act(I, "like", some("dog"), negative=True, contracted=True), "I don't like dogs", "我不喜欢狗"),
    (act(TOM, "eat", some("apple"), "p", negative=True), "Tom did not eat apples", "汤姆没吃苹果"),
    (act(WE, "have", some("money"), negative=True), "We do not have money", "我们没有钱"),
    (act(SHE, "sleep", aspect="g", negative=True), "She is not sleeping", "她没在睡觉"),
    (act(I, "go to", phrases.place(P["school"]), "p", time="yesterday", negative=True),
     "I did not go to school yesterday", "我昨天没去学校"),
    # time and place move before the verb; a bare object has 了 behind it
    (act(I, "read", some("book"), "p", time="yesterday", place="school"),
     "I read books at school yesterday", "我昨天在学校看书了"),
    (act(kin("my", "father"), "work", place="Beijing"), "My father works in Beijing", "我爸爸在北京工作"),
    (act(MARY, "study", some("Chinese"), time="every day", place="the library"),
     "Mary studies Chinese in the library every day", "玛丽每天在图书馆学习中文"),
    (act(WE, "go to", phrases.place(P["Shanghai"]), modal="will", time="next week", time_first=True),
     "Next week we will go to Shanghai", "下周我们会去上海"),
    (act(I, "live in", phrases.place(P["Paris"])), "I live in Paris", "我住在巴黎"),
    (act(HE, "work", place="Japan", negative=True), "He does not work in Japan", "他不在日本工作"),
    # measure words; 两, not 二; 了 before an object that is counted or particular
    (act(I, "eat", count("three", "apple"), "p"), "I ate three apples", "我吃了三个苹果"),
    (act(SHE, "buy", count("a", "book"), "p", time="yesterday"), "She bought a book yesterday", "她昨天买了一本书"),
    (act(I, "have", count("two", "cat")), "I have two cats", "我有两只猫"),
    (act(I, "want", count("a", "tea")), "I want a cup of tea", "我想要一杯茶"),
    (act(THEY, "drink", count("two", "milk"), "p"), "They drank two glasses of milk", "他们喝了两杯牛奶"),
    (act(HE, "have", count("many", "book")), "He has many books", "他有很多书"),
    (act(THEY, "sell", my("their", "car"), "p", time="last year"), "They sold their car last year", "他们去年卖了他们的车"),
    # experience
    (act(I, "eat", some("dumpling"), "e"), "I have eaten dumplings", "我吃过饺子"),
    (act(HE, "eat", some("dumpling"), "e", negative=True), "He has never eaten dumplings", "他没吃过饺子"),
    (act(SHE, "go to", phrases.place(P["Beijing"]), "e"), "She has been to Beijing", "她去过北京"),
    (act(YOU, "watch", phrases.pointed(N["movie"], "this"), "e", whether=True),
     "Have you ever watched this movie?", "你看过这部电影吗？"),
    # going on
    (act(SHE, "cook", aspect="g", place="the kitchen"), "She is cooking in the kitchen", "她正在厨房做饭"),
    (act(TEACHER, "read", some("newspaper"), "g"), "The teacher is reading newspapers", "老师正在看报纸"),
    (act(STUDENTS, "swim", aspect="g"), "The students are swimming", "学生们正在游泳"),
    # modal verbs; a skill is 会
    (act(I, "buy", count("a", "car"), modal="want to"), "I want to buy a car", "我想买一辆车"),
    (act(HE, "come", modal="can", negative=True, time="tomorrow"), "He cannot come tomorrow", "他明天不能来"),
    (act(HE, "speak", some("English"), modal="can"), "He can speak English", "他会说英语"),
    (act(WE, "study", modal="must"), "We must study", "我们必须学习"),
    (act(SHE, "come", modal="will", negative=True, contracted=True), "She won't come", "她不会来"),
    # adverbs, 也 and 都
    (act(WE, "like", some("music"), adverb="all"), "We all like music", "我们都喜欢音乐"),
    (act(phrases.both(TOM, MARY), "like", some("cat"), adverb="both"), "Tom and Mary both like cats", "汤姆和玛丽都喜欢猫"),
    (act(HE, "like", some("tea"), adverb="also"), "He also likes tea", "他也喜欢茶"),
    (act(I, "like", some("tea"), adverb="also", negative=True), "I also do not like tea", "我也不喜欢茶"),
    (act(THEY, "learn", some("French"), modal="will", adverb="all"), "They will all learn French", "他们都会学习法语"),
    (act(HE, "drink", some("coffee"), adverb="never"), "He never drinks coffee", "他从不喝咖啡"),
    (act(SHE, "run", adverb="often", place="the park"), "She often runs in the park", "她经常在公园跑步"),
    # questions
    (act(YOU, "like", some("cat"), whether=True), "Do you like cats?", "你喜欢猫吗？"),
    (act(HE, "love", some("art"), whether=True), "Does he love art?", "他喜欢艺术吗？"),
    (act(YOU, "like", phrases.either(some("tea"), some("coffee")), whether=True),
     "Do you like tea or coffee?", "你喜欢茶还是咖啡？"),
    (act(SHE, "buy", phrases.WHAT, "p", time="yesterday"), "What did she buy yesterday?", "她昨天买了什么？"),
    (act(phrases.WHO, "like", some("history")), "Who likes history?", "谁喜欢历史？"),
    (act(YOU, "know", phrases.WHO), "Who do you know?", "你认识谁？"),
    (act(YOU, "live in", phrases.WHERE), "Where do you live?", "你住在哪里？"),
    (act(TOM, PLAY["打"], some("tennis"), where=True), "Where does Tom play tennis?", "汤姆在哪里打网球？"),
    (act(YOU, "learn", some("German"), why=True), "Why do you learn German?", "你为什么学习德语？"),
    (act(SHE, "come", aspect="p", why=True, negative=True), "Why didn't she come?", "她为什么没来？"),
    (act(YOU, "have", phrases.how_many(N["dog"])), "How many dogs do you have?", "你有几只狗？"),
    (act(HE, "buy", phrases.which(N["computer"]), "p"), "Which computer did he buy?", "他买了哪台电脑？"),
    (copulas.whose("this", N["umbrella"]), "Whose umbrella is this?", "这是谁的雨伞？"),
    (copulas.where_is(my("my", "key")), "Where is my key?", "我的钥匙在哪里？"),
    (act(HE, PLAY["踢"], some("football"), time="on Sundays"), "He plays football on Sundays", "他星期天踢足球"),
    (act(HE, PLAY["弹"], some("the piano"), modal="can"), "He can play the piano", "他会弹钢琴"),
    # qualities: 很, which goes under negation, in questions and in comparison
    (copulas.quality(SHE, A["tall"]), "She is tall", "她很高"),
    (copulas.quality(SHE, A["tall"], negative=True), "She is not tall", "她不高"),
    (copulas.quality(SHE, A["tall"], whether=True), "Is she tall?", "她高吗？"),
    (copulas.quality(THIS_CAR, A["expensive"], "too"), "This car is too expensive", "这辆车太贵了"),
    (copulas.quality(my("his", "room"), A["quiet"], "very", True), "His room is not very quiet", "他的房间不太安静"),
    (copulas.quality(kin("your", "son"), A["polite"], negative=True), "Your son is not polite", "你儿子没有礼貌"),
    (copulas.quality(I, A["busy"], time=T["yesterday"]), "I was busy yesterday", "我昨天很忙"),
    (copulas.comparison(TOM, A["tall"], I), "Tom is taller than me", "汤姆比我高"),
    (copulas.comparison(THIS_CAR, A["expensive"], THAT_CAR), "This car is more expensive than that car", "这辆车比那辆车贵"),
    (copulas.comparison(TOM, A["busy"], MARY, "same"), "Tom is as busy as Mary", "汤姆和玛丽一样忙"),
    (copulas.comparison(TOM, A["busy"], MARY, "less"), "Tom is not as busy as Mary", "汤姆没有玛丽忙"),
    (copulas.colour(THAT_CAR, C["red"]), "That car is red", "那辆车是红色的"),
    (copulas.weather("cold", "冷", "very", place=P["Beijing"]), "It is very cold in Beijing", "北京非常冷"),
    # 的 and attributes
    (act(SHE, "buy", count("a", "coat", "red"), "p"), "She bought a red coat", "她买了一件红色的大衣"),
    (act(I, "want", count("a", "phone", "new")), "I want a new phone", "我想要一部新手机"),
    (act(HE, "read", count("a", "novel", "interesting"), "p", time="last week"),
     "He read an interesting novel last week", "他上周看了一本有意思的小说"),
    (copulas.identity("this", my("my", "book")), "This is my book", "这是我的书"),
    (copulas.identity("those", my("her", "cat", True), negative=True), "Those are not her cats", "那些不是她的猫"),
    (act(I, "know", phrases.owned(phrases.owner_named("Mary", "玛丽"), KIN["mother"], kin=True)),
     "I know Mary's mother", "我认识玛丽的妈妈"),
    # 是, 在, 有
    (copulas.profession(SHE, WORKER["doctor"]), "She is a doctor", "她是医生"),
    (copulas.profession(HE, WORKER["engineer"], A["good"]), "He is a good engineer", "他是一位好工程师"),
    (copulas.located(kin("my", "mother"), "at school", "学校"), "My mother is at school", "我妈妈在学校"),
    (copulas.located(phrases.definite(N["cat"]), "under the table", "桌子下面"), "The cat is under the table", "猫在桌子下面"),
    (copulas.existence(count("a", "book"), "on the table", "桌子上"), "There is a book on the table", "桌子上有一本书"),
    (copulas.existence(some("egg"), "in the box", "盒子里", negative=True), "There are no eggs in the box", "盒子里没有鸡蛋"),
    # and, but, so, because
    (act(phrases.both(TOM, MARY), "like", phrases.both(some("apple"), some("banana"))),
     "Tom and Mary like apples and bananas", "汤姆和玛丽喜欢苹果和香蕉"),
    (joined(act(SHE, "like", some("tea")), "but", act(HE, "like", some("coffee"))),
     "She likes tea but he likes coffee", "她喜欢茶，但是他喜欢咖啡"),
    (joined(copulas.quality(I, A["tired"]), "so", act(I, "sleep", modal="want to")),
     "I am tired so I want to sleep", "我很累，所以我想睡觉"),
    (joined(act(I, "eat", modal="want to"), "because", copulas.quality(I, A["hungry"])),
     "I want to eat because I am hungry", "我想吃饭，因为我很饿"),
    (because_first(copulas.quality(HE, A["busy"]), act(HE, "come", modal="can", negative=True)),
     "Because he is busy he cannot come", "因为他很忙，所以他不能来"),
    (but_also(copulas.quality(THIS_CAR, A["beautiful"]), THIS_CAR, A["expensive"]),
     "This car is beautiful but expensive", "这辆车很漂亮，但是很贵"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "source", "target"), GOLD, ids=[source for _, source, _ in GOLD])
def test_both_sides_are_as_written_by_hand(sentence, source, target):
    assert written(sentence) == (source, target)


def test_a_full_stop_changes_nothing_but_itself():
    assert written(FLAGSHIP, full_stop=True) == ("I love deep learning.", "我喜欢深度学习")


FORMS = [  # base, he …, past, has …, is …
    ("listen to", "listens to", "listened to", "listened to", "listening to"),
    ("go home", "goes home", "went home", "gone home", "going home"),
    ("go to", "goes to", "went to", "been to", "going to"),
    ("study", "studies", "studied", "studied", "studying"),
    ("play", "plays", "played", "played", "playing"),
    ("watch", "watches", "watched", "watched", "watching"),
    ("write", "writes", "wrote", "written", "writing"),
    ("swim", "swims", "swam", "swum", "swimming"),
    ("see", "sees", "saw", "seen", "seeing"),
    ("have", "has", "had", "had", "having"),
    ("dance", "dances", "danced", "danced", "dancing"),
    ("travel", "travels", "traveled", "traveled", "traveling"),
    ("cry", "cries", "cried", "cried", "crying"),
    ("drive", "drives", "drove", "driven", "driving"),
    ("teach", "teaches", "taught", "taught", "teaching"),
]


@pytest.mark.parametrize(("base", "he", "before", "done", "doing"), FORMS, ids=[row[0] for row in FORMS])
def test_verb_forms(base, he, before, done, doing):
    forms = english.third_person(base), english.past(base), english.participle(base), english.progressive(base)
    assert forms == (he, before, done, doing)


@pytest.mark.parametrize("thing", ["a car", "an old car", "an apple", "a useful map", "an umbrella", "a university"])
def test_article(thing):
    word, rest = thing.split(" ", 1)
    assert english.article(rest) == word


@pytest.mark.parametrize(
    ("auxiliary", "plain", "short"),
    [("do", "do not", "don't"), ("can", "cannot", "can't"), ("will", "will not", "won't"), ("am", "am not", "am not")],
)
def test_negated_auxiliaries(auxiliary, plain, short):
    assert (english.negated(auxiliary, False), english.negated(auxiliary, True)) == (plain, short)


REGULAR = """borrow cook cry dance exercise hate help invite laugh learn like listen live look love miss need play plant
    remember repair rest smoke study travel trust use visit wait walk want wash watch work""".split()


def test_every_irregular_verb_of_the_lexicon_is_known():
    for verb in lexicon.VERBS:
        past = english.past(verb.english).split()[0]
        assert past.endswith("ed") == (verb.english.split()[0] in REGULAR)
