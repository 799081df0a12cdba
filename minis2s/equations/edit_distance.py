"""Edit distance, D2.8: how many tokens must change to turn one sequence into another (Levenshtein 1966).

    D(i, 0) = i,  D(0, j) = j
    D(i, j) = min( D(i−1, j−1) + [r_i ≠ h_j],      keep or substitute
                   D(i−1, j) + 1,                  delete r_i
                   D(i, j−1) + 1 )                 insert h_j            (Wagner and Fischer 1974)

A minimum over integers has no gradient (erratum X6): this is a metric, and no loss can be "computed from" it.
"""

from typing import NamedTuple

from minis2s.errors import UsageError


class Edit(NamedTuple):
    """One step of an alignment. `name`: keep, substitute, delete or insert; the tokens are None where there is none."""

    name: str
    reference: object
    hypothesis: object


def edit_distance(reference, hypothesis):
    """D: the least number of substitutions, deletions and insertions that turn `reference` into `hypothesis`.

    Both: sequences of anything that can be compared (words, token numbers, the characters of a string).
    """
    return _distances(reference, hypothesis)[-1][-1]


def edit_alignment(reference, hypothesis):
    """A list of Edit from left to right, with as many that are not "keep" as the distance says.

    Of several shortest alignments it is the one that, read from the end, prefers to keep or substitute, then to delete.
    """
    table = _distances(reference, hypothesis)
    i, j, edits = len(reference), len(hypothesis), []
    while i or j:  # walk back from the last entry, at each place to a neighbour that its minimum came from
        r, h = reference[i - 1] if i else None, hypothesis[j - 1] if j else None
        if i and j and table[i][j] == table[i - 1][j - 1] + (r != h):
            i, j = i - 1, j - 1
            edits.append(Edit("substitute" if r != h else "keep", r, h))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            edits.append(Edit("delete", r, None))
        else:
            j -= 1
            edits.append(Edit("insert", None, h))
    return edits[::-1]


def token_error_rate(references, hypotheses):
    """100 · Σ distance / Σ reference length, in percent, over a whole corpus; above 100 where much is inserted.

    references, hypotheses: lists of equally many sequences. Called word error rate if the tokens are words. Raises UsageError
    if the lists differ in length or there is no reference token to divide by.
    """
    if len(references) != len(hypotheses):
        raise UsageError(f"{len(references)} references but {len(hypotheses)} hypotheses: there must be as many of each")
    tokens = sum(len(reference) for reference in references)
    if tokens == 0:
        raise UsageError("a token error rate needs at least one reference token")
    return 100 * sum(edit_distance(r, h) for r, h in zip(references, hypotheses, strict=True)) / tokens


def _distances(reference, hypothesis):
    """The whole table D(i, j), row by row."""
    table = [list(range(len(hypothesis) + 1))]
    for i, r in enumerate(reference, 1):
        above, row = table[-1], [i]
        for j, h in enumerate(hypothesis, 1):
            row.append(min(above[j - 1] + (r != h), above[j] + 1, row[j - 1] + 1))
        table.append(row)
    return table
