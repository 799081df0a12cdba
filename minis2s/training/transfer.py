"""Fine-tuning: the weights of a trained model as the beginning of another run, whose vocabularies may differ.

A parameter of the same name and shape is taken over whole. Of those that have a row (or a column) for each word, the words that
both vocabularies know are taken over; new words keep the values that they were drawn with. Between models of one kind another
shape was a slip and is refused; between two kinds (a translator's decoder sees a context, a language model's none) it is not.
"""

from typing import NamedTuple

import numpy as np

from minis2s.backend import to_host
from minis2s.data.vocabulary import SPECIALS, Vocabulary
from minis2s.errors import UsageError
from minis2s.training.run import Run

# Parameters that know words: the beginning of their names, whose words, and which axis numbers them.
BY_WORD = (
    *(("encoder.reader.", "source", 0), ("decoder.reader.", "target", 0)),
    *(("decoder.output.narrow.", None, None), ("decoder.output.", "target", -1), ("output.", "target", -1)),
)


class Taken(NamedTuple):
    """What was taken over. whole: names; words: side → (words taken over, words of the new run); fresh, unused: names."""

    whole: list
    words: dict
    fresh: list
    unused: list

    def __str__(self):
        """For people, one line."""
        words = ", ".join(f"{known:,} of {of:,} {side} tokens by their spelling" for side, (known, of) in self.words.items())
        parts = [f"{len(self.whole)} parameters whole", *([words] if words else [])]
        parts += [f"newly drawn: {', '.join(self.fresh)}"] if self.fresh else []
        parts += [f"not used: {', '.join(self.unused)}"] if self.unused else []
        return "; ".join(parts)


def begin_from(path, model, languages):
    """Give `model` what the run or checkpoint at `path` has learned, and say what was Taken."""
    old_model, old_languages, _ = Run(path).load("best")
    return f"taken over from {path}: {take_over(model, languages, old_model, old_languages, path)}"


def take_over(model, languages, old_model, old_languages, where):
    """Give `model` (of `languages`) what `old_model` (of `old_languages`) has learned; returns what was Taken.

    where: the old model's place, for messages. Raises UsageError, before anything is changed, if both are of one kind
    and a parameter has another size.
    """
    old, new = old_model.state(), dict(model.named_parameters())
    sides = {
        "source": (languages.source_vocabulary, old_languages.source_vocabulary),
        "target": (languages.target_vocabulary, old_languages.target_vocabulary),
    }
    ids = {side: _common_ids(*both) for side, both in sides.items() if all(isinstance(each, Vocabulary) for each in both)}
    values = {}
    for name in [name for name in new if name in old]:
        side, axis = _words_of(name, ids)
        values[name] = _combined(to_host(new[name].value), old[name], axis, ids.get(side))
        if values[name] is None and model.config.model == old_model.config.model:
            raise UsageError(_misfit(name, new[name].value.shape, old[name].shape, where, model.config, old_model.config))
    values = {name: value for name, value in values.items() if value is not None}
    for name, value in values.items():
        new[name].value[...] = model.backend.asarray(value)
    whole = [name for name in new if name in values and _words_of(name, ids) == (None, None)]
    words = {side: (len(ids[side][0]) - len(SPECIALS), len(sides[side][0]) - len(SPECIALS)) for side in ids}
    return Taken(whole, words, [n for n in new if n not in values], [n for n in old if n not in values])


def _words_of(name, ids):
    """(side, axis) of a parameter that knows words, (None, None) of another. ids: holds the sides that have words."""
    side, axis = next(((side, axis) for prefix, side, axis in BY_WORD if name.startswith(prefix)), (None, None))
    return (side, axis) if side in ids else (None, None)


def _common_ids(new, old):
    """(ids in the new vocabulary, ids in the old one) of the tokens that both know, the special ones first."""
    tokens = [token for token in new.tokens if token in old]
    specials = list(range(len(SPECIALS)))
    return specials + new.encode(tokens), specials + old.encode(tokens)


def _combined(new, old, axis, ids):
    """The new array with the old one's values; None if they do not fit."""
    if axis is None:
        return old if new.shape == old.shape else None
    new, old = np.moveaxis(new.copy(), axis, 0), np.moveaxis(old, axis, 0)
    if new.shape[1:] != old.shape[1:]:
        return None
    to, here = ids
    new[to] = old[here]
    return np.moveaxis(new, 0, axis)


def _misfit(name, shape, old_shape, where, config, old_config):
    """The settings that differ, if that is why."""
    mine, theirs = vars(config), vars(old_config)
    different = [f"{k} is {theirs[k]} there and {mine[k]} here" for k in mine if k in theirs and mine[k] != theirs[k]]
    reason = ", ".join(different) or "the sizes differ"
    return f"{where}: {name} has the shape {old_shape} there and {shape} here; {reason}"
