"""The settings of a run as command-line options: one for each field of the configuration's parts, by its name.

What is not given comes from the built-in task's own settings, then from the defaults of the configuration.
"""

from argparse import BooleanOptionalAction
from dataclasses import fields

from minis2s.cli.arguments import whole_number
from minis2s.data.tokenisers import LEARNED, TOKENISERS
from minis2s.models.seq2seq import Seq2SeqConfig
from minis2s.training.schedules import SCHEDULES
from minis2s.training.session import DataConfig
from minis2s.training.trainer import SCORES, TrainingConfig

HELP = {
    DataConfig: {
        "source_tokeniser": f"one of {', '.join((*TOKENISERS, *LEARNED))}",
        "target_tokeniser": "likewise",
        "source_lowercase": "read it in lower case",
        "target_lowercase": "likewise",
        "source_width": "of full-width forms (Ａ，１): as-is, or half: read them in half width",
        "target_width": "likewise",
        "bpe_tokens": "how many tokens the tokeniser bpe learns, about",
        "min_frequency": "rarer words are unknown words",
        "max_source_vocabulary": "words beyond the so many most frequent are unknown words; 0: none",
        "max_target_vocabulary": "likewise",
        "max_length": "longest sentence, in tokens; what is longer is left out and counted",
        "window_pairs": "pairs held in memory and shuffled; of more data, so many at a time",
    },
    Seq2SeqConfig: {
        "embedding_size": "width of a word's vector",
        "hidden_size": "width of the decoder's state and of the encoder's memory",
        "attention_size": "width of the attention's hidden layer",
        "bidirectional": "an encoder that reads both ways",
        "dropout": "share dropped while training",
    },
    TrainingConfig: {
        "epochs": "passes over the training data",
        "batch_size": "sentences in a batch",
        "learning_rate": "Adam's, at the start",
        "schedule": f"its course: {', '.join(SCHEDULES)}",
        "clip": "largest norm of the whole gradient",
        "hide_words": "share of the source words shown as unknown words",
        "patience": "stop after so many epochs without a better score; 0: never",
        "best_by": f"dev score that decides: {', '.join(SCORES)}",
        "threads": "of matrix products; 0: one for a small model, else all",
        "save_every": "steps between checkpoints within an epoch; 0: about a minute",
        "seed": "of everything that is drawn",
        "init_from": "a run or checkpoint whose weights to begin with, words matched by spelling; brings its sizes, too",
    },
}
KINDS = {"data": DataConfig, "model": Seq2SeqConfig, "training": TrainingConfig}  # the tables of a configuration file


def add_settings(parser, kind):
    """Options for the fields of the dataclass `kind`; each is None if it is not given."""
    group = parser.add_argument_group(next(title for title in KINDS if KINDS[title] is kind))
    for field in fields(kind):
        if field.name not in HELP[kind]:
            continue
        default = "none" if field.default == "" else field.default
        option, text = f"--{field.name.replace('_', '-')}", f"{HELP[kind][field.name]} (default: {default})"
        if isinstance(field.default, bool):
            group.add_argument(option, action=BooleanOptionalAction, help=text)
        else:
            metavar = {int: "N", float: "X", str: "NAME"}[type(field.default)]
            kind_of_value = whole_number if isinstance(field.default, int) else type(field.default)
            group.add_argument(option, type=kind_of_value, metavar=metavar, help=text)
    return group


def given_settings(args, kind):
    """Those fields of the dataclass `kind` that the command line sets."""
    return {name: getattr(args, name) for name in HELP[kind] if getattr(args, name) is not None}
