"""Measure a trained model on a file of pairs: exact match, BLEU and chrF (sacrebleu), error rates, loss and perplexity.

Teacher-forced, a model predicts each word after the reference's words before it; free-running, after its own words. The second
perplexity says how sure it is of what it writes, and not whether that is right. Entropy of the alignment: how widely attention
looks around, from none (one source word) to all that is possible (all source words alike).

Of a model of numbers: variance explained and root mean square error, in their own units; its loss is the mean squared error
of columns brought to variance 1.
"""

from minis2s.backend import keep_freed_memory, select
from minis2s.cli.arguments import add_backend, add_json, positive_int
from minis2s.cli.output import console, print_json, table
from minis2s.cli.search import add_search, search_of
from minis2s.data.corpus import pairs_of
from minis2s.data.tasks import TASKS, task
from minis2s.data.tokenisers import RealNumbers
from minis2s.decoding.evaluation import LOSSES, teacher_forced_loss, translation_scores
from minis2s.errors import UsageError
from minis2s.metrics import perplexity
from minis2s.training.run import Run, load
from minis2s.training.session import RunConfig

LABELS = {
    "exact_match": "exact match",
    "any_reference_match": "exact match, any reference of the same source",
    "bleu": "BLEU",
    "chrf": "chrF",
    "token_error_rate": "token error rate",
    "word_error_rate": "word error rate (between white space)",
    "character_error_rate": "character error rate",
    "variance_explained": "variance explained",
    "root_mean_square_error": "root mean square error",
}
MORE = (  # name, label, format, unit: what not every model has
    ("loss", "loss, {}", ".4f", ""),
    ("teacher_forced_perplexity", "perplexity, teacher-forced", ",.4f", ""),
    ("free_running_perplexity", "perplexity, free-running", ",.4f", ""),
    ("alignment_entropy", "entropy of the alignment, nats per target token", ".4f", ""),
    ("alignment_entropy_share", "… of the largest possible", ".2f", " %"),
    ("sentences", "sentences", ",", ""),
    ("distinct_sources", "distinct sources", ",", ""),
    ("sentences_with_unknown_words", "sentences with unknown words", ",", ""),
)
PERCENT = ("match", "rate", "variance")


def add_arguments(parser):
    parser.add_argument("run", metavar="RUN", help="a run's directory (its best.npz is used), or a checkpoint")
    parser.add_argument("files", nargs="*", metavar="FILE", help="one file, tab-separated or JSON lines (.jsonl), or two aligned")
    parser.add_argument("--task", metavar="NAME", help=f"the held-out test part of built-in data instead: {', '.join(TASKS)}")
    parser.add_argument("--max-source", type=positive_int, metavar="N", default=200, help="most tokens of a source (%(default)s)")
    add_search(parser)
    add_backend(parser)
    add_json(parser)


def run(args):
    if bool(args.task) == bool(args.files) or len(args.files) > 2:
        raise UsageError("give one tab-separated file, or two aligned ones, or --task NAME")
    search = search_of(args)
    keep_freed_memory()
    translator = load(args.run, select(args.backend), max_source=args.max_source)
    chosen = task(args.task) if args.task else None
    if chosen:
        _refuse_other_data(translator, chosen, args.run)
    pairs = chosen.generate(seed=0).test if chosen else list(pairs_of(args.files, translator.kind != "language-model"))
    where = f"the test part of {chosen.name}" if chosen else " and ".join(args.files)
    if translator.kind == "language-model" and len(args.files) == 1:
        _refuse_columns(translator, pairs, where)
    examples = translator.examples(pairs, where)
    scores, translations = translation_scores(translator, pairs, search=search)
    scores["loss"] = teacher_forced_loss(translator.model, examples)
    judged = chosen.judge(pairs, [each.text for each in translations]) if chosen and chosen.judge else {}
    if translator.kind in ("seq2seq", "language-model"):  # which predict one word after the other
        scores["teacher_forced_perplexity"] = perplexity(scores["loss"])
    if args.json:
        print_json(scores | judged)
        return 0
    shown = table("score", "value", right=("value",))
    for name, label in LABELS.items():
        if name in scores:
            shown.add_row(label, f"{scores[name]:.2f}" + (" %" if any(word in name for word in PERCENT) else ""))
    for name, value in judged.items():
        shown.add_row(name.replace("_", " "), f"{value:.2f} %")
    for name, label, form, unit in MORE:
        if scores.get(name) is not None:
            shown.add_row(label.format(LOSSES[translator.kind]), format(scores[name], form) + unit)
    out = console()
    out.print(shown)
    if "signature" in scores:
        out.print(f"BLEU {scores['signature']}\nchrF {scores['chrf_signature']}", soft_wrap=True)
    return 0


def _refuse_other_data(translator, chosen, path):
    """A model of text alone says nothing sensible of pairs, one of words nothing of numbers, nor the other way round.

    Unless it was trained on that very task, as what it is.
    """
    reads = _what_is_read(translator.kind, translator.source_tokeniser.name, translator.target_tokeniser.name)
    there = _what_is_read(chosen.model, chosen.source_tokeniser, chosen.target_tokeniser)
    if reads != there and not _trained_on(Run(path), chosen.name):
        raise UsageError(
            f"this run is a model of the kind {translator.kind!r}, for {reads}; the task {chosen.name!r} has {there}: choose a "
            f"task of that kind, or evaluate a run of the kind {chosen.model!r} (minis2s train --task {chosen.name})"
        )


def _what_is_read(kind, source_tokeniser, target_tokeniser):
    if kind == "language-model":
        return "text without a source"
    source, target = ("numbers" if name == RealNumbers.name else "words" for name in (source_tokeniser, target_tokeniser))
    return f"pairs of {source}" + (f" and {target}" if target != source else "")


def _trained_on(run, name):
    return run.path.is_dir() and RunConfig.from_dict(run.config(), run.path / "config.json").data.task == name


def _refuse_columns(translator, pairs, where):
    if all(pair.target.count("\t") == 1 for pair in pairs) and "\t" not in translator.target_vocabulary:
        raise UsageError(
            f"{where}: each line is a pair of columns, but this run is a language model, for text without a source: give the "
            "text alone, or evaluate a run of another kind"
        )
