"""D2 §5 · Classes Encoder, Decoder and Seq2Seq: embedding, LSTM, Dense.

As printed (X9):
* call(inp, tar) of Seq2Seq calls self.encoder(inp), but the encoder's call wants `hidden` as well: a TypeError.
* LSTM(return_state=True) returns three things, the output and the states h and c; `output, state = …` takes two: "ValueError:
  too many values to unpack (expected 2)".
* tf.reshape makes a state of three axes of one of two; an LSTM wants a pair of (B, H).
* the decoder's LSTM returns three things too, and all go into Dense, which "expects 1 input(s), but it received 3 input tensors";
  the state that the decoder returns is the one that it was given.
* the decoder ignores enc_output: the attention that §4.3 prints is nowhere (X12).

Here: the same classes, the states a pair, enc_output read through attention (D2.3–D2.5), and the way back of the gradient. Task:
Chinese to English, sentences of at most seven characters.
"""

import sys

import numpy as np

import minis2s as ms
from minis2s import machine
from minis2s.data.batching import bucketed_batches
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward
from minis2s.layers.attention import Attention
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Stack
from minis2s.layers.stepping import SteppedStack
from minis2s.models import decoder
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows escapes
machine.set_threads(1)
EPOCHS, RATE = 3, 6e-3

task = ms.task("translation-zh-en")
chars, words = ms.tokeniser(task.source_tokeniser), ms.tokeniser(task.target_tokeniser)
train, dev, test = ([pair for pair in part if len(pair.source) <= 7] for part in task.generate(seed=0))
chinese = ms.Vocabulary.build(chars.split(pair.source) for pair in train)
english = ms.Vocabulary.build(words.split(pair.target) for pair in train)


class Encoder(Layer):
    def __init__(self, vocab_size, embedding_dim, enc_units, init):
        self.embedding = Embedding(vocab_size, embedding_dim, init)
        self.lstm = Stack("lstm", 1, embedding_dim, enc_units, init)

    def forward(self, x, packing):
        """x: (T, B) words. Returns ((output (T, B, H), [the pair (h, c) after the last word]), cache)."""
        x, cache_x = self.embedding.forward(x)
        (output, states), cache_lstm = self.lstm.forward(x, packing)
        return (output, states), (cache_x, cache_lstm)

    def backward(self, d_output, d_states, cache):
        cache_x, cache_lstm = cache
        self.embedding.backward(self.lstm.backward(d_output, d_states, cache_lstm), cache_x)


class Decoder(decoder.Decoder):
    """At each step: attention over enc_output, the LSTM on [embedded word; context], Dense on [state; context]."""

    def __init__(self, vocab_size, embedding_dim, dec_units, enc_units, init):
        lstm = SteppedStack("lstm", 1, embedding_dim, dec_units, init)
        attention = Attention("additive", dec_units, enc_units, dec_units, init)
        super().__init__(Embedding(vocab_size, embedding_dim, init), lstm, attention, lambda n: Linear(n, vocab_size, init), init)


class Seq2Seq(Layer):
    def __init__(self, enc_vocab_size, dec_vocab_size, embedding_dim, units, rng):
        self.config = ms.ModelConfig(bidirectional=False)  # for the translator: words in, words out
        init = Initialiser(rng, ms.select("numpy"))
        self.encoder = Encoder(enc_vocab_size, embedding_dim, units, init)
        self.decoder = Decoder(dec_vocab_size, embedding_dim, units, units, init)

    def forward(self, batch, total=None, rng=None):
        source, target = Packing(batch.source_mask, np), Packing(batch.target_mask, np)
        (enc_output, hidden), cache_encoder = self.encoder.forward(batch.source, source)
        (logits, _), cache_decoder = self.decoder.forward(batch.target_in, target, enc_output, batch.source_mask, hidden)
        loss, cache_loss = cross_entropy(logits, target.pack(batch.target_out), total=total or batch.n_target_tokens)
        return loss, (cache_encoder, cache_decoder, cache_loss)

    def backward(self, cache):
        cache_encoder, cache_decoder, cache_loss = cache
        d_enc_output, d_hidden = self.decoder.backward(cross_entropy_backward(1.0, cache_loss), cache_decoder)
        self.encoder.backward(d_enc_output, d_hidden, cache_encoder)  # by both ways: the context, and the states

    # What a search needs: begin with a source, answer one word, and the word that is fed first.
    def start(self, source, source_mask):
        (enc_output, hidden), _ = self.encoder.forward(source, Packing(source_mask, np))
        return self.decoder.start(enc_output, source_mask, hidden)

    def step(self, previous, state):
        return self.decoder.step(previous, state)

    def first(self, source, source_mask, beginning):
        return np.full(source.shape[1], beginning)


model = Seq2Seq(len(chinese), len(english), 64, 128, np.random.default_rng(1))
translator = ms.Translator(model, chinese, english, chars, words, max_source=20)
examples, dev_examples = translator.examples(train), translator.examples(dev)

# X12: with attention the loss hears of every source position, not only of the last one.
batch = ms.make_batch(examples[:1])
model.zero_gradients()
_, (_, cache_decoder, cache_loss) = model.forward(batch)
d_enc_output, _ = model.decoder.backward(cross_entropy_backward(1.0, cache_loss), cache_decoder)
assert (np.abs(d_enc_output).max(axis=(1, 2)) > 0).all()

flat, rng = FlatParameters(model), np.random.default_rng(2)
optimiser = Adam(flat, clip=1.0)
steps = EPOCHS * len(bucketed_batches(examples, 32))
for epoch in range(EPOCHS):
    for rows in bucketed_batches(examples, 32, rng):
        model.zero_gradients()
        _, cache = model.forward(ms.make_batch([examples[row] for row in rows]))
        model.backward(cache)
        optimiser.step(RATE * (1 - optimiser.t / steps), flat.gradient_norm())
    print(f"epoch {epoch + 1}/{EPOCHS}  dev loss {teacher_forced_loss(model, dev_examples):.3f}")

scores, translations = translation_scores(translator, test)
for each in translations[:6]:
    print(f"{each.source} → {each.text}")
print(f"{scores['exact_match']:.1f} % of {len(test)} sentences with combinations of words that training never showed")
assert scores["exact_match"] > 85
