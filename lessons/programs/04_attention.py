"""D3 §3.2, §4.3 · A two-layer LSTM with attention, decoded greedily: "I love deep learning" → "我喜欢深度学习".

As printed:
* nothing learns: the first thing that runs is encoder(input_seq), which fails with "ValueError: LSTM: Expected input to be 2D or
  3D, got 1D instead", because word numbers go into an LSTM that expects vectors of 300 features (X9). Behind it wait `hidden` and
  `optimizer`, which are never made, and F, which is not imported. §3.2 also hands its encoder a state that forward does not take.
* the "output" shown is the target that was typed in; no sentence was ever translated.
* forward of the model never calls its attention, and the encoder returns its last step alone: nothing to attend to (X12). The
  softmax is over dim=1, the queries; with one query each weight is 1 (X7).
* the decoder is given the source, not the target shifted by one (X14).

Here: words have embeddings, the encoder returns every step, the decoder reads [embedding; context]; attention by queries, keys
and values as in the document's class (D3.5), its softmax over the source. With 128 units, not 256, it trains within a minute, on
sentences of at most five words. "I love deep learning" is not among them, nor is any other with both love and deep learning.
"""

import sys

import numpy as np

import minis2s as ms
from minis2s import machine
from minis2s.data.batching import bucketed_batches
from minis2s.decoding.evaluation import translation_scores
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows escapes
machine.set_threads(1)
EPOCHS, RATE = 3, 4e-3

words, chars = ms.tokeniser("wordpunct"), ms.tokeniser("chars")
splits = ms.task("translation").generate(seed=0)
train, _, test = ([pair for pair in part if len(words.split(pair.source)) <= 5] for part in splits)
english = ms.Vocabulary.build(words.split(pair.source) for pair in train)
chinese = ms.Vocabulary.build(chars.split(pair.target) for pair in train)
assert not any("love" in pair.source and "deep learning" in pair.source for pair in train)

config = ms.ModelConfig(layers=2, bidirectional=False, attention="query-key", values=True)
model = ms.Seq2Seq(config, len(english), len(chinese), np.random.default_rng(1))
translator = ms.Translator(model, english, chinese, words, chars, max_source=20)
examples = translator.examples(train)

flat, rng = FlatParameters(model), np.random.default_rng(2)
optimizer = Adam(flat, clip=1.0)
steps = EPOCHS * len(bucketed_batches(examples, 64))
for epoch in range(EPOCHS):
    losses = []
    for rows in bucketed_batches(examples, 64, rng):
        batch = ms.make_batch([examples[row] for row in rows])
        model.zero_gradients()
        loss, cache = model.forward(batch)
        model.backward(cache)
        optimizer.step(RATE * (1 - optimizer.t / steps), flat.gradient_norm())
        losses.append(loss)
    print(f"epoch {epoch + 1}/{EPOCHS}  loss {np.mean(losses):.3f}")

scores, _ = translation_scores(translator, test)
print(f"{scores['exact_match']:.1f} % of {len(test)} sentences with combinations of words that training never showed")
found = translator.translate(["I love deep learning"])[0]
print(f"{found.source} → {found.text}")
for character, weights in zip([*found.tokens, "⟨end⟩"], found.weights, strict=True):
    print(f"  {character:6}", *(f"{word} {weight:.2f}" for word, weight in zip(found.source_tokens, weights, strict=True)))
assert np.allclose(found.weights.sum(axis=1), 1, atol=1e-5)  # each step's weights, over the source
assert found.text == "我喜欢深度学习" and scores["exact_match"] > 55
