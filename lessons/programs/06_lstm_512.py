"""D4 §4 · LSTM 512, softmax over a vocabulary of up to 1000, Adam, categorical cross-entropy, dropout.

As printed:
* there is no embedding: "input_embedding" is an Input of shape (None,), so "ValueError: Input 0 … is incompatible with the layer:
  expected ndim=3, found ndim=2" (X9). embedding_size = 256 is set and never used.
* input_sequence, output_sequence, target_sequence and epochs are not defined. Whether target_sequence is output_sequence one step
  later is left open (X14).
* encoder_outputs are computed and not used; the context is the last state, not the concatenation of all states of §3.2 (X8, X12).

Here: the embedding (D4.7), the target shifted, dropout (D4.6) on embeddings and before the softmax. All sizes are the document's.
With 512 units a minute on one processor is enough for a small task only: put up to five letters into alphabetical order.
"""

import numpy as np

import minis2s as ms
from minis2s import machine
from minis2s.cli.progress import Display
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.training.settings import TrainingConfig
from minis2s.training.trainer import Trainer

machine.set_threads(1)
vocab_size, embedding_size, lstm_units, batch_size = 1000, 256, 512, 64

train, dev, test = ([pair for pair in part if len(pair.source) <= 5] for part in ms.task("sort").generate(seed=0))
chars = ms.tokeniser("chars")
letters = ms.Vocabulary.build((chars.split(pair.source) for pair in train), max_size=vocab_size)

sizes = {"embedding_size": embedding_size, "hidden_size": lstm_units}
config = ms.ModelConfig(**sizes, bidirectional=False, attention="none", dropout=0.1)
model = ms.Seq2Seq(config, len(letters), len(letters), np.random.default_rng(1))
translator = ms.Translator(model, letters, letters, chars, chars, max_source=20)
examples, dev_examples = translator.examples(train), translator.examples(dev)
print(f"{model.n_parameters():,} parameters, softmax over {len(letters)} of at most {vocab_size} words")

settings = TrainingConfig(optimiser="adam", epochs=3, batch_size=batch_size, learning_rate=2e-3)
Trainer(model, examples, settings, lambda model: {"loss": teacher_forced_loss(model, dev_examples)}, Display()).run()

scores, translations = translation_scores(translator, test)
for each in translations[:5]:
    print(f"{each.source} → {each.text}")
print(f"{scores['exact_match']:.1f} % of {len(test)} strings with pairs of letters that training never showed")
assert scores["exact_match"] > 85
