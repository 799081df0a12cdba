"""D0 §4 · An LSTM reads a sequence, hands its state to another LSTM, and that one writes the answer.

As printed, class Seq2Seq(input_dim, output_dim, hidden_dim, n_layers):
* it runs only if output_dim = hidden_dim (X9). The decoder, whose states are output_dim wide, is handed the encoder's, which are
  hidden_dim wide: "RuntimeError: Expected hidden[0] size (1, 2, 20), got [1, 2, 128]".
* it returns the decoder's states o ⊙ tanh(c), numbers between -1 and 1: nothing turns them into words, nothing is trained.
* the decoder is given the target that it should write; shifted by one or not is left open (X14). Padding is not masked (X11).

Here: a linear map brings the last h and c (X15: both) to the decoder's size, whatever it is; the embedded previous letter goes
in, a softmax over letters comes out. Task: write up to eight letters backwards. There is no attention: all that the decoder
knows of the string is that one state.
"""

import numpy as np

import minis2s as ms
from minis2s import machine
from minis2s.data.batching import bucketed_batches
from minis2s.decoding.evaluation import translation_scores
from minis2s.layers.bridge import Affine
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

machine.set_threads(1)
EPOCHS, RATE = 8, 6e-3

train, _, test = ([pair for pair in part if len(pair.source) <= 8] for part in ms.task("reverse").generate(seed=0))
chars = ms.tokeniser("chars")
letters = ms.Vocabulary.build(chars.split(pair.source) for pair in train)


def seq2seq(input_dim, output_dim, hidden_dim, n_layers, rng):
    """The document's arguments. input_dim: of a letter's vector; hidden_dim: of the encoder; output_dim: of the decoder."""
    sizes = {"embedding_size": input_dim, "encoder_size": hidden_dim, "hidden_size": output_dim, "layers": n_layers}
    config = ms.ModelConfig(**sizes, bidirectional=False, attention="none")
    return ms.Seq2Seq(config, len(letters), len(letters), rng)


rng = np.random.default_rng(1)
model = seq2seq(input_dim=64, output_dim=160, hidden_dim=128, n_layers=1, rng=rng)
translator = ms.Translator(model, letters, letters, chars, chars, max_source=20)
examples = translator.examples(train)
assert isinstance(model.bridge, Affine)  # 128 → 160, for h and for c

flat = FlatParameters(model)
optimiser = Adam(flat, clip=1.0)
steps = EPOCHS * len(bucketed_batches(examples, 64))
for epoch in range(EPOCHS):
    losses = []
    for rows in bucketed_batches(examples, 64, rng):
        batch = ms.make_batch([examples[row] for row in rows])  # target_in is target_out, one step later
        model.zero_gradients()
        loss, cache = model.forward(batch)
        model.backward(cache)
        optimiser.step(RATE * (1 - optimiser.t / steps), flat.gradient_norm())
        losses.append(loss)
    print(f"epoch {epoch + 1}/{EPOCHS}  loss {np.mean(losses):.3f}")

scores, translations = translation_scores(translator, test)
for each in translations[:5]:
    print(f"{each.source} → {each.text}")
print(f"{scores['exact_match']:.1f} % of {len(test)} strings with pairs of letters that training never showed")
assert scores["exact_match"] > 85
