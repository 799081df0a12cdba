"""Lab 12, decoding: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.search import beam, greedy
from minis2s.labs.faults.drawing import COUNTED, normal
from minis2s.labs.spec import Fault, Lab, Output, Task

START, END, V = 0, 1, 5
STEPS = {"one": 1, "two": 2, "many": 9}
LADDER = tuple(STEPS)


def _table(rng, rung, variant, end=(-0.5, 1.5)):
    """Distributions in which the end becomes likelier, or not, so that sentences have different lengths."""
    S = STEPS[rung]
    scores = 1.5 * normal(rng, (S, V, V))
    scores[:, :, END] += np.linspace(*end, S)[:, None]
    return {"table": scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))}


def _step(table):
    """The model as the package's search sees it: its state is the number of words."""
    return lambda n, token: (table[n, token], n + 1)


def _filled(tokens, S):
    return list(tokens) + [END] * (S - len(tokens))


def _greedy(q, variant):
    S = len(q["table"])
    found = greedy(_step(q["table"]), 0, START, END, S)
    return {"tokens": np.array(_filled(found.tokens, S)), "total": found.log_p}


def _lengths(rng, rung, variant):
    K = {"one": 1, "rows": 5}[rung]
    return {"log_p": -10 * rng.random(K) - 0.5, "n": rng.integers(1, 12, K), "penalty": float(rng.uniform(0.3, 1.2))}


def _length_score(q, variant):
    return {"scores": q["log_p"] / ((5 + q["n"]) / 6) ** q["penalty"]}


def _beam_inputs(rng, rung, variant):
    """On the last rung a problem in which the penalty changes the order of what was found."""
    while True:
        q = _table(rng, rung, variant, (0.5, 0.5)) | {"width": int(rng.integers(3, 6)), "penalty": float(rng.uniform(2, 4))}
        found = _search(q)
        if rung != "many" or found != _ranked(found, q["penalty"]):
            return q


def _search(q):
    return beam(_step(q["table"]), 0, START, END, len(q["table"]), q["width"])


def _score(hypothesis, penalty):
    return hypothesis.log_p / ((5 + len(hypothesis.tokens)) / 6) ** penalty


def _ranked(found, penalty):
    return sorted(found, key=lambda hypothesis: -_score(hypothesis, penalty))


def _beam(q, variant):
    ranked = _ranked(_search(q), q["penalty"])
    tokens = np.array([_filled(hypothesis.tokens, len(q["table"])) for hypothesis in ranked])
    return {"tokens": tokens, "scores": np.array([_score(hypothesis, q["penalty"]) for hypothesis in ranked])}


GREEDY = Task(
    "greedy", "D1.5", 15, (Output("tokens", "time"), Output("total", "", "Σ log p")), _table, _greedy, LADDER,
    faults=(
        Fault("least-likely", "np.argmax(log_p)", "np.argmin(log_p)", "the least likely word is taken", "“the likeliest word”"),
        Fault("end-not-heeded", "if token == END:", "if False:", "the search goes on after the end", "until END"),
        Fault("end-not-counted", "total += log_p[token]\n    if token == END:",
              "if token != END:\n        total += log_p[token]\n    if token == END:",
              "the end's own log probability is not counted: it is a word like others", "“the sum of their log probabilities”"),
        Fault("first-step-only", "next_log_p(table, tokens)", "next_log_p(table, tokens[:0])",
              "every step asks for the first word's distribution", "“j words before”"),
        Fault("start-always", "next_log_p(table, tokens)", "table[len(tokens), START]",
              "every step asks as if the last word were the start", "“the last of them w”"),
        Fault("never-the-end", "np.argmax(log_p)", "np.argmax(np.where(np.arange(len(log_p)) == END, -np.inf, log_p))",
              "the end is never chosen", "until END"),
        Fault("probabilities", "total += log_p[token]", "total += np.exp(log_p[token])",
              "probabilities are added instead of their logarithms", "Σ log p"),
        Fault("filled-with-start", "[END] * (S - len(tokens))", "[START] * (S - len(tokens))",
              "what is left is filled with the start", "filled up with END"),
        Fault("last-only", "total += log_p[token]", "total = log_p[token]",
              "only the last word's log probability is returned, not the sum", "Σ log p"),
    ),
    hints=(
        "Look at the first word, then at the second: on what does its distribution depend?",
        "The search ends with END, or when S words are there; what follows END is not asked for.",
        "The next word's distribution depends on how many words there are and on the last of them.",
    ),
)  # fmt: skip

LENGTH = Task(
    "length_score", "", 5, (Output("scores", "sentence", "score"),), _lengths, _length_score, ("one", "rows"),
    faults=(
        Fault("by-length", "((5 + n) / 6) ** penalty", "n**penalty",
              "divided by a power of the length itself: short sentences are judged differently", "(5 + n) / 6"),
        Fault("multiplied", "log_p / lp", "log_p * lp", "multiplied by lp: a long sentence is punished twice", "log p / lp"),
        Fault("no-penalty", "((5 + n) / 6) ** penalty", "(5 + n) / 6 + 0 * penalty", "the exponent is missing", "^penalty"),
        Fault("times-penalty", "((5 + n) / 6) ** penalty", "((5 + n) / 6) * penalty",
              "multiplied by the penalty: it is an exponent", "^penalty"),
        Fault("not-divided-by-six", "((5 + n) / 6) ** penalty", "(5 + n) ** penalty",
              "lp is not one for one word: the division by 6 is missing", "/ 6"),
        Fault("numerator-only", "((5 + n) / 6) ** penalty", "(5 + n) ** penalty / 6",
              "the exponent is on the numerator only", "((5 + n) / 6)^penalty"),
        Fault("added", "log_p / lp", "log_p + lp", "lp is added instead of dividing by it", "log p / lp"),
        Fault("five-outside", "((5 + n) / 6) ** penalty", "(5 + n / 6) ** penalty",
              "5 + n/6 stands for (5 + n)/6", "(5 + n) / 6"),
    ),
    tolerance=COUNTED,
    hints=(
        "Look at one word: lp is 1 there.",
        "With penalty 0 the score is log p; otherwise long sentences gain.",
        "A base that is 1 for n = 1, to the power of the penalty, divides log p.",
    ),
)  # fmt: skip

BEAM = Task(
    "beam", "D1.5", 30, (Output("tokens", "sentence place"), Output("scores", "sentence", "score")), _beam_inputs, _beam, LADDER,
    faults=(
        Fault("ended-continued", "if tokens[-1:] == [END]:", "if False:",
              "sentences that have ended are continued", "“let those that have ended compete as they are”"),
        Fault("ended-dropped", "candidates.append((tokens, total))\n            continue", "continue",
              "sentences that have ended are dropped in the next step instead of competing",
              "“let those that have ended compete as they are”"),
        Fault("ended-always-kept", "beams = candidates[:width]",
              "ended = [c for c in candidates if c[0][-1:] == [END]]\n"
              "    beams = ended + [c for c in candidates if c[0][-1:] != [END]][:width]",
              "ended sentences are kept beside the `width` others, however unlikely: they must compete", "“compete as they are”"),
        Fault("no-length-penalty", "lp = ((5 + len(tokens)) / 6) ** penalty", "lp = 1.0",
              "the length penalty is forgotten: sentences are ranked by log p", "log p / lp"),
        Fault("length-without-end", "lp = ((5 + len(tokens)) / 6)", "lp = ((5 + len([t for t in tokens if t != END])) / 6)",
              "END is not counted in the length", "n counts END too"),
        Fault("filled-length", "lp = ((5 + len(tokens)) / 6)", "lp = ((5 + S) / 6)",
              "every sentence counts as S words long", "n"),
        Fault("multiplied", "total / lp", "total * lp", "the score is multiplied by lp", "log p / lp"),
        Fault("pruned-by-score", "candidates.sort(key=lambda candidate: -candidate[1])",
              "candidates.sort(key=lambda candidate: -candidate[1] / ((5 + len(candidate[0])) / 6) ** penalty)",
              "the penalty is used inside the search too: there log p alone decides", "“keep the `width` likeliest”"),
        Fault("width-one", "candidates[:width]", "candidates[:1]",
              "only the best is kept: that is greedy search", "“the `width` likeliest”"),
        Fault("all-kept", "candidates[:width]", "candidates[: width + 1]", "one too many is kept", "“the `width` likeliest”"),
        Fault("worst-kept", "-candidate[1])", "candidate[1])", "the least likely are kept", "likeliest"),
        Fault("not-ranked", "ranked.sort(key=lambda candidate: -candidate[0])\n", "",
              "the result is in the order of the search, not ranked by the score", "“rank them”"),
        Fault("last-word-only", "total + log_p[k]", "log_p[k]",
              "candidates are compared by their last word's log probability, not by the sum", "Σ log p"),
        Fault("start-always", "next_log_p(table, tokens)", "table[len(tokens), START]",
              "every step asks as if the last word were the start", "“the last of them w”"),
    ),
    hints=(
        "Look at one step, then at two; then at sentences of different lengths.",
        "At every step `width` sentences are kept, ended ones among them, by log p alone; in the end the score ranks them.",
        "lp is used once, at the end, with each sentence's own length, END counted.",
    ),
)  # fmt: skip

LAB = Lab("Greedy and beam search", (GREEDY, LENGTH, BEAM))
