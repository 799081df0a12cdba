"""Code, synthetic: an English instruction, and the Python expression that carries it out.

    Add up the squares of the numbers above 3  →  sum([x**2 for x in xs if x > 3])
    Take n, add 5 and square it                →  (n + 5)**2

Many expressions are right, so the judge compares values, not spelling: both expressions are evaluated on a number of inputs,
by `evaluator`, which does not let Python run them. Held out are combinations of two parts of an instruction (what to do, with
what of each item, with which items; one step and the next) and of a part and the number in it.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.code.evaluator import ExpressionError, evaluate, same
from minis2s.data.tasks.code.instructions import FAMILIES, instruction
from minis2s.data.tasks.combinations import fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 24_000, 500, 1_000
INPUTS = 20  # on which an expression is tried
_WORDS = ("tea Sister no iron rain Orange stone to entertain noon art insert restaurants Ate on tennis Oasis transformations "
          "it sea rosters TIN inn x notation resonating contaminates").split()  # fmt: skip


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: instruction(draw), held, SIZES)


def inputs():
    """INPUTS dicts of what the names of an expression stand for, always the same ones."""
    rng = np.random.default_rng(0)
    for n in range(INPUTS):
        xs = rng.integers(-6, 40, size=n)
        words = [_WORDS[at] for at in rng.integers(len(_WORDS), size=n)]
        yield {"xs": xs.tolist(), "words": words, "n": int(rng.integers(-20, 60)), "s": " ".join(words[:2])}


def judge(pairs, outputs):
    """{"evaluates_equal": percent of the outputs that have, on all `inputs`, the values of the pairs' targets}."""
    tried = list(inputs())
    right = sum(output == pair.target or equal(pair.target, output, tried) for pair, output in zip(pairs, outputs, strict=True))
    return {"evaluates_equal": 100 * right / len(pairs)}


def equal(target, output, tried):
    """Whether two expressions have the same values on all of the inputs `tried`. Raises ExpressionError if `target` has none."""
    for variables in tried:
        value = evaluate(target, variables)
        try:
            if not same(evaluate(output, variables), value):
                return False
        except ExpressionError:
            return False
    return True


TASK = Task(
    name="code",
    description="English instructions to Python expressions, synthetic, judged by evaluating them",
    held_out="8 % of the combinations of two parts of an instruction, and of a part and its number: training never has them. "
    "Each test instruction has one.",
    source_tokeniser="wordpunct",
    target_tokeniser="chars",
    generate=generate,
    sizes=SIZES,
    example=Pair("Take n, take the absolute value, multiply it by 6 and subtract 7", "abs(n) * 6 - 7"),
    settings={"epochs": 5, "learning_rate": 6e-3, "dropout": 0.1, "best_by": "exact_match"},
    expected=Expected("evaluates_equal", 99, 150),
    judge=judge,
)
