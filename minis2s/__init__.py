"""minis2s: a sequence-to-sequence engine written from scratch, to be understood equation by equation.

    import minis2s as ms

    translator = ms.load("runs/translation-1")
    translator.translate(["I love deep learning"])[0].text
    ms.equation("D0.4").check(rng)
"""

import importlib
import os

__version__ = "0.1.0"

# After a product OpenBLAS's threads wait busily for the next one, by default for 2²⁶ cycles, and take their processors from what
# NumPy computes on threads in between (pieces.py). A millisecond lasts from product to product. Read when NumPy is imported.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "22")

# Name → module. Loaded at first use, so that `import minis2s` costs nothing and no plotting library is loaded to compute.
_PUBLIC = {
    "Seq2Seq": "minis2s.models.seq2seq",
    "ModelConfig": "minis2s.models.configuration",
    "Translator": "minis2s.decoding.translator",
    "load": "minis2s.training.run",
    "Vocabulary": "minis2s.data.vocabulary",
    "tokeniser": "minis2s.data.tokenisers",
    "read_pairs": "minis2s.data.files",
    "make_batch": "minis2s.data.batching",
    "task": "minis2s.data.tasks",
    "equation": "minis2s.equations.registry",
    "check_pair": "minis2s.gradcheck",
    "select": "minis2s.backend",
    "Minis2sError": "minis2s.errors",
}
__all__ = [*_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'minis2s' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__():
    return [*globals(), *__all__]
