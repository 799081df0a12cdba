"""How to decode, as options shared by `translate` and `evaluate`: greedy, beam, or sampling."""

import numpy as np

from minis2s.cli.arguments import natural, positive_int
from minis2s.decoding.sampling import sampler
from minis2s.decoding.search import beam_search, greedy_search, sampling_search
from minis2s.errors import UsageError

SAMPLING = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 0}
PENALTIES = {"length_penalty": 0.0, "coverage_penalty": 0.0}
LARGEST_PENALTY = 100  # far beyond, a power of it could not be computed


def add_search(parser):
    group = parser.add_argument_group("search (default: greedy)")
    group.add_argument("--beam", type=positive_int, metavar="N", help="beam search that keeps N sequences")
    group.add_argument("--length-penalty", type=float, metavar="X", help="of a beam: above 0 favours long translations")
    group.add_argument("--coverage-penalty", type=float, metavar="X", help="of a beam: against source words hardly looked at")
    group.add_argument("--sample", action="store_true", help="draw words instead of searching")
    group.add_argument("--temperature", type=float, metavar="X", help="of sampling (1): below 1 bolder, above more varied")
    group.add_argument("--top-k", type=natural, metavar="N", help="of sampling: only the N most probable words")
    group.add_argument("--top-p", type=float, metavar="X", help="of sampling: only the likeliest words that hold this share")
    group.add_argument("--seed", type=natural, metavar="N", help="of sampling (0)")


def search_of(args):
    """The `search` of a Translator that the options ask for. Raises UsageError for options that do not go together."""
    penalties, drawing = _given(args, PENALTIES), _given(args, SAMPLING)
    sample = args.sample
    if args.beam and sample:
        raise UsageError("give --beam or --sample, not both")
    if penalties and not args.beam:
        raise UsageError(f"{_option(penalties)} needs --beam N")
    for name, value in penalties.items():
        if not abs(value) <= LARGEST_PENALTY:  # nor what is no number
            raise UsageError(f"{_option([name])} is usually between 0 and 1, at most {LARGEST_PENALTY}, not {value}")
    if drawing and not sample:
        raise UsageError(f"{_option(drawing)} needs --sample")
    if args.beam:
        return beam_search(args.beam, **penalties_of(args))
    if not sample:
        return greedy_search
    values = SAMPLING | drawing
    return sampling_search(sampler(np.random.default_rng(values.pop("seed")), **values))


def penalties_of(args):
    """What the ranking of a beam depends on; nothing penalises another search."""
    return PENALTIES | _given(args, PENALTIES)


def _given(args, names):
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _option(given):
    return "--" + next(iter(given)).replace("_", "-")
