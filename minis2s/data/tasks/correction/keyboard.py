"""Errors of fingers on a keyboard: what people who type fast do to a sentence."""

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # each lower row stands half a key to the right
NUMBER = {0: 0.1, 1: 0.35, 2: 0.35, 3: 0.2}  # errors in a text, and how often: some texts are right and must stay so
KINDS = {"neighbour": 0.3, "dropped": 0.2, "doubled": 0.15, "swapped": 0.2, "split": 0.05, "joined": 0.1}


def _neighbours():
    found = {key: set() for row in ROWS for key in row}
    for row, below in zip(ROWS, (*ROWS[1:], ""), strict=True):
        for at, key in enumerate(row):
            for other in row[at + 1 : at + 2] + below[max(at - 1, 0) : at + 1]:
                found[key].add(other)
                found[other].add(key)
    return {key: "".join(sorted(others)) for key, others in found.items()}


NEIGHBOURS = _neighbours()  # "a": "qswz" and so on, in lower case


def mistyped(text, draw, words):
    """The text with up to three errors, each in another word.

    text: in lower case. words: all that there are; an error never makes one of them, or nobody could tell that cat was to be hat.
    """
    chunks = text.split(" ")
    places = {draw.pick(range(len(chunks))) for _ in range(draw.weighted(NUMBER))}
    for at in sorted(places, reverse=True):  # from the right, for joining moves what follows
        kind = draw.weighted(KINDS)
        end = at + (2 if kind == "joined" else 1)
        wrong = "".join(chunks[at:end]) if kind == "joined" else _damaged(chunks[at], kind, draw)
        if wrong.strip("?") not in words:
            chunks[at:end] = [wrong]
    return " ".join(chunks)


def _damaged(word, kind, draw):
    """The word with an error; as it is, if it is too short for one. The first letter is seldom wrong, so it stays."""
    letters = [at for at in range(1, len(word)) if word[at] in NEIGHBOURS]
    if len(letters) < 2:
        return word
    at = draw.pick(letters)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    if kind == "neighbour":
        return before + draw.pick(NEIGHBOURS[letter]) + after
    if kind == "dropped":
        return before + after
    if kind == "doubled":
        return before + letter + letter + after
    if kind == "split":
        return f"{before} {letter}{after}"
    follows = after[:1] if after[:1] in NEIGHBOURS else ""
    return before + follows + letter + after[len(follows) :]
