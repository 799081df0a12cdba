"""The settings of a run as command-line options: one for each field of the configuration's parts, by its name.

What is not given comes from the built-in task's own settings, then from the defaults of the configuration.
"""

from argparse import BooleanOptionalAction
from dataclasses import fields
from typing import get_args, get_type_hints

from minis2s.cli.arguments import whole_number
from minis2s.data.tokenisers import LEARNED, TOKENISERS
from minis2s.models.configuration import NAMES, ModelConfig
from minis2s.training.optimisers import OPTIMISERS
from minis2s.training.schedules import SCHEDULES
from minis2s.training.session import DataConfig
from minis2s.training.settings import SCORES, TrainingConfig

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
    ModelConfig: {
        "model": f"one of {', '.join(NAMES['model'])}",
        "real_source": "the source consists of real vectors (tokeniser numbers), not of words",
        "embedding_size": "width of a word's vector",
        "hidden_size": "width of the decoder's state, and of the encoder's, its directions together",
        "attention_size": "width of the attention's hidden layer",
        "cell": f"recurrent cell: {', '.join(NAMES['cell'])}",
        "layers": "recurrent layers on top of each other",
        "encoder_layers": "of the encoder; 0: as many as the decoder has",
        "encoder_size": "width of the encoder's state; 0: as the decoder's",
        "bidirectional": "an encoder that reads both ways",
        "residual": "add to each layer's output its input, from the second layer on",
        "attention": f"how the decoder sees the source: {', '.join(NAMES['attention'])}",
        "sigmoid": "each attention weight is a σ instead of a share of one",
        "values": "attention sums a linear map of the encoder's states",
        "attend": "with the decoder's state before a step (Bahdanau) or after it (Luong)",
        "attentional": "a tanh layer of state and context before the output",
        "input_feeding": "the output's input is given to the next step as well",
        "bridge": f"from the encoder's last state to the decoder's first: {', '.join(NAMES['bridge'])} (auto: copied if it fits)",
        "learned_start": "states before the first token are learned, not zeros",
        "tied": "the output's weights are the target words' vectors",
        "recurrent_init": f"first weights from state to state: {', '.join(NAMES['recurrent_init'])}",
        "forget_bias": "of an LSTM's forget gate at first",
        "longest_source": "of the attention all-states: tokens that it has room for",
        "dropout": "share dropped while training",
        "variational": "drop the same units at every step of a sentence",
        "truncate": "for long sequences: cut back-propagation through time every so many steps; 0: never",
        "recompute": "for long sequences: less memory and more time, by computing every state twice; same gradients",
    },
    TrainingConfig: {
        "epochs": "passes over the training data",
        "batch_size": "sentences in a batch",
        "accumulate": "batches whose gradients are added up for one update, as if they were one batch",
        "optimiser": f"one of {', '.join(OPTIMISERS)}",
        "learning_rate": "at its highest; this suits adam and adamw, try 0.05 for adagrad, 0.5 for momentum, 4 for sgd",
        "momentum": "of the optimiser momentum: how much of its velocity is kept",
        "beta1": "of adam and adamw: how slowly the average of the gradients forgets",
        "beta2": "likewise, of their squares",
        "weight_decay": "of all but biases; adamw's own, else a part of the gradient (default: 0.01 for adamw, else 0)",
        "clip": "largest norm of the whole gradient",
        "schedule": f"the learning rate's course: {', '.join(SCHEDULES)} (falls when the dev score does not become better)",
        "warmup": "updates in which the learning rate rises to its highest; below 1: a share of the run",
        "plateau_patience": "of the schedule plateau: epochs without a better score before the rate falls",
        "plateau_factor": "likewise: what it is multiplied by then",
        "average": "judge and keep as best an average of the weights with this decay, as 0.999; 0: none",
        "hide_words": "share of the source words shown as unknown words",
        "scheduled_sampling": "share of the decoder's own words that it is fed at the end of the run, growing from none",
        "patience": "stop after so many epochs without a better score; 0: never",
        "min_improvement": "how much better it must be, for patience and plateau",
        "best_by": f"dev score that decides: {', '.join(SCORES)}",
        "threads": "of matrix products; 0: one for a small model, else all",
        "save_every": "updates between checkpoints within an epoch; 0: about a minute",
        "seed": "of everything that is drawn",
        "init_from": "a run or checkpoint whose weights to begin with, words matched by spelling; brings its sizes, too",
    },
}
KINDS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}  # the tables of a configuration file


def add_settings(parser, kind):
    """Options for the fields of the dataclass `kind`; each is None if it is not given."""
    group = parser.add_argument_group(next(title for title in KINDS if KINDS[title] is kind))
    for field in fields(kind):
        if field.name not in HELP[kind]:
            continue
        option, text = f"--{field.name.replace('_', '-')}", HELP[kind][field.name]
        if field.default is not None:  # else the text says what happens
            text += f" (default: {'none' if field.default == '' else field.default})"
        hint = get_type_hints(kind)[field.name]
        type_of_value = next(iter(get_args(hint)), hint)  # float, of float | None
        if type_of_value is bool:
            group.add_argument(option, action=BooleanOptionalAction, help=text)
        else:
            metavar = {int: "N", float: "X", str: "NAME"}[type_of_value]
            parse = whole_number if type_of_value is int else type_of_value
            group.add_argument(option, type=parse, metavar=metavar, help=text)
    return group


def given_settings(args, kind):
    """Those fields of the dataclass `kind` that the command line sets."""
    return {name: getattr(args, name) for name in HELP[kind] if getattr(args, name) is not None}
