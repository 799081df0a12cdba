"""Models of drawn sizes on drawn batches, and text of any kind: what must hold for all of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.batching import Example, make_batch
from minis2s.data.tokenisers import TOKENISERS, tokeniser
from minis2s.data.vocabulary import Vocabulary
from minis2s.decoding.translator import Translator
from minis2s.errors import UsageError
from minis2s.models.check import using
from minis2s.models.configuration import CONSTANT, NAMES, ModelConfig
from minis2s.models.seq2seq import Seq2Seq

WORDS, LONGEST = 7, 8
SIZE = st.integers(1, 5)
SENTENCE = st.lists(st.integers(1, WORDS - 1), max_size=4)
PAIRS = st.lists(st.tuples(SENTENCE.filter(bool), SENTENCE), min_size=1, max_size=4)


@st.composite
def models(draw):
    """A translator of drawn sizes and make, out of all that a ModelConfig can name."""
    names = {name: draw(st.sampled_from(NAMES[name])) for name in ("cell", "attention", "attend", "bridge", "recurrent_init")}
    flags = ("bidirectional", "residual", "attentional", "input_feeding", "learned_start", "tied")
    options = {name: draw(st.booleans()) for name in flags}
    sigmoid, values = (draw(st.booleans()) and names["attention"] not in ("gate", *CONSTANT) for _ in range(2))
    sizes = {"embedding_size": draw(SIZE), "attention_size": draw(SIZE), "layers": draw(st.integers(1, 3))}
    sizes["hidden_size"] = draw(SIZE) * (1 + options["bidirectional"])
    if names["attention"] not in ("dot", "scaled-dot", "cosine") and draw(st.booleans()):
        sizes |= {"encoder_size": draw(SIZE) * 2, "encoder_layers": draw(st.integers(1, 3))}
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    config = ModelConfig(**names, **options, **sizes, sigmoid=sigmoid, values=values, longest_source=LONGEST)
    model = Seq2Seq(config, WORDS, WORDS, rng, dtype=np.float64)
    scale = draw(st.sampled_from([0.1, 0.5, 1.0]))
    model.assign({name: scale * rng.standard_normal(a.shape) for name, a in model.state().items()})
    return model


@settings(max_examples=60, deadline=None)
@given(models(), PAIRS, st.integers(0, 2**32 - 1))
def test_the_gradient_in_a_random_direction(model, pairs, seed):
    """⟨gradient, u⟩ against the complex step along u, relative to the sizes of the gradient and of u alone."""
    batch = make_batch([Example(*pair) for pair in pairs])
    model.zero_gradients()
    loss, cache = model.forward(batch)
    model.backward(cache)
    rng = np.random.default_rng(seed)
    u = {name: rng.standard_normal(p.value.shape) for name, p in model.named_parameters()}
    along = sum(float((p.grad * u[name]).sum()) for name, p in model.named_parameters())
    with using(model, {name: a + 1e-30j * u[name] for name, a in model.state().items()}):
        moved, _ = model.forward(batch)
    assert abs(moved.real - loss) <= 1e-14 * loss
    size = sum(float(np.linalg.norm(p.grad * u[name])) for name, p in model.named_parameters())
    assert abs(along - moved.imag / 1e-30) <= 1e-12 * size


@settings(max_examples=60, deadline=None)
@given(models(), PAIRS)
def test_the_loss_is_a_positive_mean_over_tokens(model, pairs):
    examples = [Example(*pair) for pair in pairs]
    loss = float(model.forward(make_batch(examples))[0])
    each = [float(model.forward(make_batch([e]))[0]) * (len(e.target) + 1) for e in examples]
    assert loss > 0 and np.isclose(loss, sum(each) / sum(len(e.target) + 1 for e in examples), rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(models(), st.sampled_from(TOKENISERS), st.lists(st.text(max_size=12), max_size=3))
def test_text_of_any_kind_is_translated_or_refused(model, name, sentences):
    """Never a crash; and nothing that was not in the vocabulary goes unflagged."""
    vocabulary = Vocabulary(["a", "b", "。"])
    translator = Translator(model, vocabulary, vocabulary, tokeniser(name), tokeniser("chars"), max_source=LONGEST)
    try:
        results = translator.translate(sentences)
    except UsageError as error:
        assert "is empty" in str(error) or "the limit is 8" in str(error)
        return
    for sentence, t in zip(sentences, results, strict=True):
        assert t.source == sentence and 0 < len(t.source_tokens) <= 8
        assert set(t.source_tokens) <= {"a", "b", "。", *t.unknown}
        assert bool(t.unknown) == t.flagged.startswith("[unknown: ")
        assert np.isfinite(t.log_probability) and t.log_probability <= 0
