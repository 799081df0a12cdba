"""Translate sentences with a trained model: those given as arguments, or else one from each line of standard input.

Each sentence gives one line. If it has words that the model has never seen, the line begins with [unknown: …]: what
follows was made without knowing them.

--json prints a list with a record for each sentence: what was found for it (translation, tokens, unknown, log_probability …), and
"hypotheses", the N best of --n-best N, best first, each a text with its score, by which the beam ranks: its log p, and what the
penalties make of it. Texts that the length limit cut short come last.
"""

import sys
from pathlib import Path

from minis2s.backend import keep_freed_memory, select
from minis2s.cli.arguments import add_backend, add_json, positive_int
from minis2s.cli.output import console, print_json
from minis2s.cli.search import add_search, penalties_of, search_of
from minis2s.decoding.beam import score
from minis2s.decoding.greedy import Hypothesis
from minis2s.decoding.search import has_weights
from minis2s.errors import UsageError
from minis2s.training.run import load
from minis2s.training.samples import draw_translation

LINES_AT_ONCE = 64


def add_arguments(parser):
    parser.add_argument("run", metavar="RUN", help="a run's directory (its best.npz is used), or a checkpoint")
    parser.add_argument("sentences", nargs="*", metavar="SENTENCE", help="default: the lines of standard input")
    parser.add_argument("--attention", metavar="PNG", help="draw the alignment of a single sentence")
    longest = "longest translation, in tokens (default: 4 × source + 40; of numbers just so many, as many as the source)"
    parser.add_argument("--max-length", type=positive_int, metavar="N", help=longest)
    parser.add_argument("--max-source", type=positive_int, metavar="N", default=200, help="most tokens of a source (%(default)s)")
    parser.add_argument("--n-best", type=positive_int, metavar="N", help="print the N best of a beam, each after its log p")
    add_search(parser)
    add_backend(parser)
    add_json(parser)


def run(args):
    if args.attention and len(args.sentences) != 1:
        raise UsageError("--attention draws one sentence: give exactly one as an argument")
    search = search_of(args)
    if args.n_best and args.n_best > (args.beam or 1):
        raise UsageError(f"--n-best {args.n_best} needs a beam of at least that width: --beam {args.n_best}")
    keep_freed_memory()
    translator = load(args.run, select(args.backend), max_source=args.max_source)
    if args.attention and not has_weights(translator.model.config):
        raise UsageError("--attention draws weights, and this model hands out none: it has no attention, or predicts numbers")
    results = []
    at_once = 1 if not args.sentences and sys.stdin.isatty() else LINES_AT_ONCE  # someone who types waits for each answer
    for chunk in _chunks(args.sentences or _standard_input(), at_once):
        found = translator.n_best(chunk, max_length=args.max_length, first=len(results) + 1, search=search)
        for best in found:
            for t in best[: args.n_best or 1]:
                if not args.json:
                    print(f"{t.log_probability:.4f}\t{t.flagged}" if args.n_best else t.flagged, flush=True)
                if not t.complete:
                    print(f"minis2s: cut short at the length limit: {t.source}", file=sys.stderr)
        results += found
    if args.json:
        print_json([_as_dict(best[: args.n_best or 1], penalties_of(args)) for best in results])
    if args.attention:
        note = draw_translation(Path(args.attention), results[0][0])
        console(stderr=True).print(note or f"attention map: {args.attention}", soft_wrap=True)
    return 0


def _standard_input():
    """Its lines, as they come; bytes that are not UTF-8 are refused with their line."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield line.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UsageError(f"standard input, line {number}: not UTF-8") from None


def _chunks(sentences, size):
    chunk = []
    for sentence in sentences:
        chunk.append(sentence)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _as_dict(best, penalties):
    t = best[0]
    return {
        "source": t.source,
        "translation": t.text,
        "source_tokens": t.source_tokens,
        "tokens": t.tokens,
        "unknown": t.unknown,
        "log_probability": t.log_probability,
        "complete": t.complete,
        "hypotheses": [{"text": each.text, "score": _score(each, penalties)} for each in best],
    }


def _score(t, penalties):
    return score(Hypothesis(t.tokens, t.weights, t.log_probability, t.complete), **penalties)
