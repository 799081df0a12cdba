"""English forms: verbs, be and have, a or an, and the order of words around an auxiliary."""

_IRREGULAR = {
    "buy": ("bought", "bought"), "come": ("came", "come"), "draw": ("drew", "drawn"), "drink": ("drank", "drunk"),
    "drive": ("drove", "driven"), "eat": ("ate", "eaten"), "go": ("went", "gone"), "have": ("had", "had"),
    "keep": ("kept", "kept"), "know": ("knew", "known"), "lose": ("lost", "lost"), "make": ("made", "made"),
    "read": ("read", "read"), "ride": ("rode", "ridden"),
    "run": ("ran", "run"), "see": ("saw", "seen"), "sell": ("sold", "sold"), "sing": ("sang", "sung"),
    "sleep": ("slept", "slept"), "speak": ("spoke", "spoken"), "swim": ("swam", "swum"), "teach": ("taught", "taught"),
    "understand": ("understood", "understood"), "wear": ("wore", "worn"), "write": ("wrote", "written"),
}  # fmt: skip
_DOUBLING = ("run", "swim")
_BE = {"I": ("am", "was"), "he": ("is", "was"), "they": ("are", "were")}
_CONTRACTED = {"cannot": "can't", "will not": "won't", "am not": "am not"}


def be(agreement, past=False):
    """am, is, are, was or were for a subject that takes the verb forms of `agreement`: I, he or they."""
    return _BE[agreement][past]


def do(agreement, past=False):
    return "did" if past else "does" if agreement == "he" else "do"


def have(agreement):
    return "has" if agreement == "he" else "have"


def third_person(verb):
    return _first_word(verb, _third_person)


def past(verb):
    return _first_word(verb, lambda word: _IRREGULAR[word][0] if word in _IRREGULAR else _regular_past(word))


def participle(verb):
    """has ...: eaten. Who has gone somewhere and come back has been there."""
    if verb == "go to":
        return "been to"
    return _first_word(verb, lambda word: _IRREGULAR[word][1] if word in _IRREGULAR else _regular_past(word))


def progressive(verb):
    return _first_word(verb, _progressive)


def negated(auxiliary, contracted):
    """do -> do not or don't; can -> cannot or can't."""
    full = "cannot" if auxiliary == "can" else f"{auxiliary} not"
    return _CONTRACTED.get(full, f"{auxiliary}n't") if contracted else full


def article(phrase):
    """a or an, by the sound that `phrase` begins with."""
    return "an" if phrase[0] in "aeiouAEIOU" and not phrase.startswith(("useful", "university")) else "a"


def sentence(*parts):
    """The parts that are not empty, with single spaces between."""
    return " ".join(part for part in parts if part)


def _first_word(verb, change):
    """In "listen to" or "go home" the first word takes the ending."""
    first, space, rest = verb.partition(" ")
    return change(first) + space + rest


def _third_person(word):
    if word == "have":
        return "has"
    if _after_consonant(word, "y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "sh", "ch", "x", "o")) else "s")


def _regular_past(word):
    if _after_consonant(word, "y"):
        return word[:-1] + "ied"
    return word + ("d" if word.endswith("e") else "ed")


def _progressive(word):
    if word in _DOUBLING:
        return word + word[-1] + "ing"
    return (word[:-1] if word.endswith("e") and not word.endswith("ee") else word) + "ing"


def _after_consonant(word, ending):
    return word.endswith(ending) and word[-2] not in "aeiou"
