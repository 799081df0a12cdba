"""D1.5, D2.8 and D3.6: search, edit distance and padding. They have no gradient; each is verified against an oracle."""

from itertools import product

import numpy as np

from minis2s.equations.edit_distance import edit_alignment, edit_distance, token_error_rate
from minis2s.equations.padding import length_mask, pad, truncate
from minis2s.equations.registry import register
from minis2s.equations.search import beam, greedy

START, END, LONGEST, WORDS = -1, 0, 3, 4


def random_model(rng):
    """A step function whose probabilities depend on all the tokens before: the state is the tokens."""
    table = {}

    def step(state, token):
        state = (*state, token)
        if state not in table:
            p = rng.random(WORDS) + 0.01
            table[state] = np.log(p / p.sum())
        return table[state], state

    return step


def every_sequence(step):
    """All (tokens, log probability of each token) that end, or have the greatest length."""
    found = []
    for length in range(1, LONGEST + 1):
        for tokens in product(range(WORDS), repeat=length):
            if END not in tokens[:-1] and (tokens[-1] == END or length == LONGEST):
                words = (START, *tokens)
                found.append((tokens, [step(words[:j], words[j])[0][words[j + 1]] for j in range(length)]))
    return found


def verify_greedy(rng, convert):
    """Greedy's is the sequence whose log probabilities, read as a list, come last in alphabetical order."""
    step = random_model(rng)
    tokens, log_p = max(every_sequence(step), key=lambda found: found[1])
    hypothesis = greedy(step, (), START, END, LONGEST)
    return {"tokens": (np.array(hypothesis.tokens), np.array(tokens)), "log_p": (np.array(hypothesis.log_p), sum(log_p))}


def verify_beam(rng, convert):
    """A beam as wide as there are sequences finds all of them, in order; one of width 1 is greedy search."""
    step = random_model(rng)
    ranked = sorted(every_sequence(step), key=lambda found: -sum(found[1]))
    hypotheses = beam(step, (), START, END, LONGEST, width=len(ranked))
    narrow, first = beam(step, (), START, END, LONGEST, width=1)[0], greedy(step, (), START, END, LONGEST)
    tokens = [[token for h in hypotheses for token in h.tokens], [token for found in ranked for token in found[0]]]
    return {
        "tokens": (np.array(tokens[0]), np.array(tokens[1])),
        "log_p": (np.array([h.log_p for h in hypotheses]), np.array([sum(found[1]) for found in ranked])),
        "width 1": (np.array(narrow.tokens), np.array(first.tokens)),
    }


def recursive_distance(reference, hypothesis):
    """The definition, without a table: every way to edit the last tokens."""
    if not reference or not hypothesis:
        return len(reference) + len(hypothesis)
    return min(
        recursive_distance(reference[:-1], hypothesis[:-1]) + (reference[-1] != hypothesis[-1]),
        recursive_distance(reference[:-1], hypothesis) + 1,
        recursive_distance(reference, hypothesis[:-1]) + 1,
    )


def random_sequences(rng, n=6, longest=5):
    return [rng.integers(0, 3, rng.integers(0, longest + 1)).tolist() for _ in range(n)]


def verify_edit_distance(rng, convert):
    # The first pair is one sequence, shifted: few edits, though it differs at every place.
    references, hypotheses = [[0, 1, 2, 0], *random_sequences(rng)], [[1, 2, 0, 1], *random_sequences(rng)]
    pairs = list(zip(references, hypotheses, strict=True))
    alignments = [edit_alignment(r, h) for r, h in pairs]
    distances = np.array([recursive_distance(r, h) for r, h in pairs])
    rate = 100 * distances.sum() / sum(map(len, references))
    written = [edit.hypothesis for edits in alignments for edit in edits if edit.name != "delete"]
    return {
        "distance": (np.array([edit_distance(r, h) for r, h in pairs]), distances),
        "edits": (np.array([sum(edit.name != "keep" for edit in edits) for edits in alignments]), distances),
        "tokens that the edits write": (np.array(written), np.array([token for _, h in pairs for token in h])),
        "token error rate": (np.array(token_error_rate(references, hypotheses)), rate),
    }


def verify_padding(rng, convert):
    sequences = [truncate(sequence, 4) for sequence in random_sequences(rng)] + [[7]]
    tokens, mask = pad(sequences, padding=-1, T=5)
    expected = np.array([[s[t] if t < len(s) else -1 for s in sequences] for t in range(5)])
    lengths = [len(s) for s in sequences]
    return {
        "tokens": (tokens, expected),
        "mask": (mask.astype(float), (expected >= 0).astype(float)),
        "length mask": (length_mask(lengths, 5).astype(float), (expected >= 0).astype(float)),
    }


SEARCH = {
    "y_j": "token j of the output",
    "p(y_j | …)": "(V,) what the model's step gives",
    "x": "the source",
}

register(
    id="D1.5",
    kind="method",
    title="Greedy search",
    section="D1",
    printed="(worded: greedy or beam search)",
    latex=r"y_j = \arg\max_{y} \log p(y \mid y_1, \dots, y_{j-1}, x)",
    symbols=SEARCH,
    forward=greedy,
    verify=verify_greedy,
    source="common practice",
    layer="minis2s.decoding.greedy.greedy",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="12_decoding",
)

register(
    id="D1.5-beam",
    kind="method",
    title="Beam search",
    section="D1",
    printed="(worded: greedy or beam search)",
    latex=r"\mathcal{H}_j = \mathrm{top}_k \left\{ (h, y) : h \in \mathcal{H}_{j-1},\, y \in V \right\} "
    r"\text{ by } \sum_{i \le j} \log p(y_i \mid y_1, \dots, y_{i-1}, x)",
    symbols=SEARCH | {"H_j": "the k best beginnings of j tokens; those that have ended stay as they are", "k": "the width"},
    forward=beam,
    verify=verify_beam,
    source="Lowerre 1976; for translation Sutskever, Vinyals and Le 2014, arXiv:1409.3215, §3.2",
    layer="minis2s.decoding.beam.beam",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="12_decoding",
)

register(
    id="D2.8",
    kind="method",
    title="Edit distance",
    section="D2 §4.4",
    printed="(worded: edit distance, from which 'the loss is computed')",
    latex=r"D_{ij} = \min\left( D_{i-1,j-1} + [r_i \ne h_j],\; D_{i-1,j} + 1,\; D_{i,j-1} + 1 \right),\quad "
    r"D_{i0} = i,\; D_{0j} = j",
    symbols={
        "r, h": "reference and hypothesis, sequences of tokens",
        "D_ij": "edits that turn the first i tokens of r into the first j of h",
    },
    forward=edit_distance,
    verify=verify_edit_distance,
    source="Levenshtein 1966; Wagner and Fischer 1974",
    erratum="X6: D2 says that the loss is computed from the edit distance. It is a minimum over integers: a small change of the "
    "parameters does not change it, so its gradient is zero or does not exist. It is a metric; the losses are D2.6 and D2.7.",
    layer="minis2s.metrics.corpus_scores",
    lesson="10_losses",
)

register(
    id="D3.6",
    kind="method",
    title="Sequences of unequal length: truncation, padding, masks",
    section="D3 §2.1, §5.2, Q3",
    printed="(worded: truncation, padding, 'length normalisation'; code: an attention mask)",
    latex=r"\mathrm{tokens}_{tb} = \begin{cases} w_{tb} & t < n_b \\ \mathrm{PAD} & \text{else} \end{cases},\quad "
    r"\mathrm{mask}_{tb} = [t < n_b]",
    symbols={"w_b": "sequence b, of n_b tokens", "tokens": "(T, B) integers", "mask": "(T, B) True where there is a token"},
    forward=pad,
    verify=verify_padding,
    source="common practice",
    erratum="X11: D3 pads, but its recurrences and its loss do not know where; here every one takes the mask.",
    lesson="13_long_sequences",
)
