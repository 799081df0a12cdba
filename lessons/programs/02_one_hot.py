"""D1 · The Keras program: one-hot words, LSTM encoder → its last states → LSTM decoder, teacher forcing, softmax.

As printed the layers are right, but it stops before it learns: num_encoder_tokens, num_decoder_tokens and latent_dim are not set
("NameError: name 'num_encoder_tokens' is not defined"), there are no data, no loss and no fit. One model answers only where it
is given the target; how to write without one (D1.5, greedy) is not said, and padding is not masked (X11).

Here: data, training, and the greedy loop. There is no embedding, as in the document, and it is shown that none is missing: the
product of a one-hot vector and a matrix is a row of the matrix (D4.7), so W_x of the LSTM is an embedding that is 4H wide.
Task: English to Chinese, sentences of at most five words.
"""

import sys

import numpy as np

import minis2s as ms
from minis2s import machine
from minis2s.cli.progress import Display
from minis2s.data.vocabulary import BOS, EOS
from minis2s.decoding.evaluation import teacher_forced_loss
from minis2s.equations.embedding import embedding
from minis2s.equations.linear import linear
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.bridge import Copy
from minis2s.layers.contexts import NoContext
from minis2s.layers.linear import Linear
from minis2s.layers.recurrent import Stack
from minis2s.layers.stepping import SteppedStack
from minis2s.models.decoder import Decoder
from minis2s.models.encoder import Encoder
from minis2s.training.settings import TrainingConfig
from minis2s.training.trainer import Trainer

sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese shows escapes
machine.set_threads(1)

words, chars = ms.tokeniser("wordpunct"), ms.tokeniser("chars")
splits = ms.task("translation").generate(seed=0)
train, dev, test = ([pair for pair in part if len(words.split(pair.source)) <= 5] for part in splits)
english = ms.Vocabulary.build(words.split(pair.source) for pair in train)
chinese = ms.Vocabulary.build(chars.split(pair.target) for pair in train)


class OneHot(Layer):
    """Word numbers (…) → vectors (…, n_words) with a single 1. Nothing is learned here."""

    def __init__(self, n_words):
        self.rows = np.eye(n_words, dtype=np.float32)

    def forward(self, ids):
        return self.rows[ids], None

    def backward(self, d_x, cache):
        pass


class Model(ms.Seq2Seq):
    def __init__(self, num_encoder_tokens, num_decoder_tokens, latent_dim, rng):
        self.config, self.backend = ms.ModelConfig(attention="none"), ms.select("numpy")
        init = Initialiser(rng, self.backend)
        self.encoder = Encoder(OneHot(num_encoder_tokens), Stack("lstm", 1, num_encoder_tokens, latent_dim, init))
        decoder_lstm = SteppedStack("lstm", 1, num_decoder_tokens, latent_dim, init)
        decoder_dense = lambda width: Linear(width, num_decoder_tokens, init)  # noqa: E731, named as in the document
        self.decoder = Decoder(OneHot(num_decoder_tokens), decoder_lstm, NoContext(), decoder_dense, init)
        self.bridge = Copy()  # initial_state=[state_h, state_c]


model = Model(len(english), len(chinese), 128, np.random.default_rng(1))
translator = ms.Translator(model, english, chinese, words, chars, max_source=20)
examples, dev_examples = translator.examples(train), translator.examples(dev)

# D4.7: a one-hot vector times W_x picks a row of W_x.
cell = model.encoder.stack.layers[0].forwards.cell
ids = np.array(english.encode(words.split("I love deep learning")))
rows, _ = embedding(ids, cell.W_x.value)
assert np.allclose(cell.project(model.encoder.reader.forward(ids)[0])[0], rows + cell.b.value)
assert np.array_equal(linear(model.encoder.reader.rows[ids], cell.W_x.value, 0 * cell.b.value)[0], rows)

settings = TrainingConfig(epochs=3, batch_size=32, learning_rate=6e-3)
Trainer(model, examples, settings, lambda model: {"loss": teacher_forced_loss(model, dev_examples)}, Display()).run()


def decode_sequence(sentence):
    """Greedy: the most probable word is what the next step is given. At most 30 characters."""
    source = np.array([english.encode(words.split(sentence))]).T  # (T, 1)
    state, word, found = model.start(source, np.ones(source.shape, dtype=bool)), BOS, []
    while word != EOS and len(found) < 30:
        logits, state, _ = model.step(np.array([word]), state)
        word = int(logits.argmax())  # of the softmax, too
        found.append(word)
    return chars.join(chinese.decode(found))


found = [decode_sequence(pair.source) for pair in test]
for pair, text in zip(test[:6], found, strict=False):
    print(f"{pair.source} → {text}" + ("" if text == pair.target else f"   (wanted {pair.target})"))
exact = 100 * np.mean([text == pair.target for pair, text in zip(test, found, strict=True)])
print(f"{exact:.1f} % of {len(test)} sentences with combinations of words that training never showed")
assert exact > 65
