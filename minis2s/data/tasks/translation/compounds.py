"""Two clauses in one sentence: but, so, because."""

from minis2s.data.tasks.translation.clauses import Sentence

_CONJUNCTIONS = {"but": "但是", "so": "所以", "because": "因为"}


def joined(first, conjunction, second, combinations=frozenset()):
    """He is tired so he wants to sleep: 他很累，所以他想睡觉. `conjunction`: but, so or because."""
    english = f"{first.english} {conjunction} {second.english}"
    chinese = f"{first.chinese}，{_CONJUNCTIONS[conjunction]}{second.chinese}"
    return Sentence(english, chinese, conjunction, combinations | first.combinations | second.combinations)


def because_first(reason, result):
    """Because he is tired he wants to sleep: 因为他很累，所以他想睡觉. Chinese says both 因为 and 所以."""
    english = f"because {reason.english} {result.english}"
    chinese = f"因为{reason.chinese}，所以{result.chinese}"
    return Sentence(english, chinese, "because", reason.combinations | result.combinations)


def but_also(first, subject, adjective):
    """This car is beautiful but expensive: 这辆车很漂亮，但是很贵. `first` says it is beautiful; 很 comes again."""
    found = {("adjective-noun", adjective.chinese, head) for head in subject.heads}
    english, chinese = f"{first.english} but {adjective.english}", f"{first.chinese}，但是很{adjective.chinese}"
    return Sentence(english, chinese, "but", first.combinations | found)
