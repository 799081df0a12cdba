"""D3 §5 · Start from trained weights; epochs with AdamW and a progress bar, dev accuracy after each, test at the end.

As printed it is no sequence-to-sequence model (X10): BertForSequenceClassification(num_labels=2) sorts texts into two classes;
the target text goes no further than the tokeniser's target_lang. No labels reach the model, so outputs.loss is None, and
loss.item() an "AttributeError: 'NoneType' object has no attribute 'item'". evaluate asks for batch['labels'], which the data set
does not have; train_dataset, dev_dataset, test_dataset and device are never made.

Here: the same course with a model that translates. It learns English statements first; then it is fine-tuned on questions, once
from these weights and once from random ones, so that one sees what the trained weights are good for. The accuracy is the share of
sentences that are translated without a mistake. What `minis2s train --train … --init-from RUN --optimiser adamw` does is this.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import minis2s as ms
from minis2s.cli.progress import Display
from minis2s.decoding.evaluation import translation_scores
from minis2s.training.data import DataConfig
from minis2s.training.run import Run
from minis2s.training.session import RunConfig, Session
from minis2s.training.settings import TrainingConfig

sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows escapes

words = ms.tokeniser("wordpunct")
splits = ms.task("translation").generate(seed=0)
train, dev, test = ([pair for pair in part if len(words.split(pair.source)) <= 7] for part in splits)


def statements(pairs):
    return [pair for pair in pairs if not pair.source.endswith("?")]


def questions(pairs):
    return [pair for pair in pairs if pair.source.endswith("?")]


def trained(run, train, dev, epochs, init_from=""):
    """Trains on pairs, in the directory `run`; returns the dev accuracy after each epoch, in percent."""
    files = []
    for name, pairs in (("train", train), ("dev", dev)):
        files.append(run.with_suffix(f".{name}.tsv"))
        files[-1].write_text("".join(f"{pair.source}\t{pair.target}\n" for pair in pairs), "utf-8")
    data = DataConfig(train=(str(files[0]),), dev=(str(files[1]),), source_tokeniser="wordpunct", target_tokeniser="chars")
    rule = {"optimiser": "adamw", "learning_rate": 6e-3, "batch_size": 32}
    training = TrainingConfig(**rule, epochs=epochs, best_by="exact_match", init_from=str(init_from), threads=1)
    session = Session(RunConfig(data, ms.ModelConfig(), training), Run.new(run), ms.select("numpy"), Display())
    print(*session.notes, sep="\n", end="\n" * bool(session.notes))
    session.train()
    return [record["dev_exact_match"] for record in Run(run).metrics()]


with TemporaryDirectory() as folder:
    before, tuned, fresh = (Path(folder) / name for name in ("statements", "tuned", "fresh"))
    trained(before, statements(train)[:8000], statements(dev), epochs=2)
    of_tuned = trained(tuned, questions(train)[:5000], questions(dev), epochs=3, init_from=before)
    of_fresh = trained(fresh, questions(train)[:5000], questions(dev), epochs=3)
    print("dev accuracy on questions, in %:", " then ".join(f"{value:.1f}" for value in of_tuned), "from trained weights")
    print("                               ", " then ".join(f"{value:.1f}" for value in of_fresh), "from random weights")
    scores, translations = translation_scores(ms.load(tuned), questions(test))
    for each in translations[:5]:
        print(f"{each.source} → {each.text}")
    print(f"test accuracy {scores['exact_match']:.1f} % of {len(translations)} questions")
    assert of_tuned[0] > of_fresh[0] and scores["exact_match"] > 55
