"""The masters of labs 4 and 5 for another cell: patches of their text, examples included.

Where the blocks only move, an example's inputs move with them and its numbers stay; another activation and coupled gates change
the numbers.
"""

from minis2s.labs.faults.cells import reordered

# Numbers of the examples: of the engine's cell, with softsign, with coupled gates.
FORWARD = (
    ("[0.5   , 0.7311, 0.2689, 0.964 ]", "[0.5   , 0.7311, 0.2689, 0.6667]", "[0.2689, 0.7311, 0.2689, 0.964 ]"),
    ("(-0.0443, -0.0565)", "(-0.1332, -0.1712)", "(-0.0761, -0.0972)"),
    ("[0.1131, 0.3296]", "[0.0855, 0.2287]", "[0.0973, 0.2568]"),
    ("[0.1995, 0.5151]", "[0.15  , 0.3478]", "[0.171 , 0.3917]"),
)
BACKWARD = (
    ("(1.2462, 0.2397, 1.8948)", "(0.7409, -0.0129, 1.8948)", "(1.5326, 0.3745, 1.8948)"),
    ("[0.365, 0.243]), 0.5193, 0.1773", "[0.3164, 0.2305]), 0.4933, 0.1767", "[0.3915, 0.2378]), 0.5315, 0.1772"),
)


def _moved(cell, *texts):
    """Patches that put what stands in the order i, f, o, g in the cell's order; (text, what precedes it, what follows it)."""
    if cell.order == "ifog":
        return []
    return [(before + text + after, before + reordered(text, cell.order) + after) for text, before, after in texts]


def _numbers(cell, examples):
    column = 1 if cell.softsign else 2 if "i" not in cell.order else 0
    return [(row[0], row[column]) for row in examples if column]


def _said(cell):
    """What the head of the text says of the cell, once its order stands there."""
    order = f"side by side in the order {', '.join(cell.order)}"
    more = ", and the candidate's activation is the softsign" if cell.softsign else ""
    more += ", and the gates are coupled, i = 1 − f" if "i" not in cell.order else ""
    return [(order, order + more)] if more else []


def forward(cell):
    """Patches of 04_lstm_forward."""
    patches = _moved(
        cell,
        ("i, f, o, g", "order ", ""),
        ("a_i, a_f, a_o, a_g", "", " = np"),
        ("0.0, 1.0, -1.0, 2.0", "[", "]"),
        ("0.1, 0.2, 0.3, 0.4", "[", "]"),
        ("1.0, -1.0, 2.0, 0.5", "[", "]"),
    )
    if cell.softsign:
        patches += [("np.tanh(a_g)", "a_g / (1 + np.abs(a_g))"), ("g = tanh(a_g)", "g = a_g / (1 + |a_g|) (softsign)")]
    if "i" not in cell.order:
        patches += [("i = sigmoid(a_i)", "i = 1 - sigmoid(a_f)"), ("i = σ(a_i), f", "i = 1 − f (coupled gates), f"), ("4H", "3H")]
        patches += [("np.split(a, 4", "np.split(a, 3"), ("np.zeros(4)", "np.zeros(3)"), ("all four blocks", "all three blocks")]
    return tuple(patches + _said(cell) + _numbers(cell, FORWARD))


def backward(cell):
    """Patches of 05_lstm_backward."""
    slopes = "0.25, 0.09, 0.21, 0.84"
    patches = [(slopes, slopes := "0.25, 0.09, 0.21, 0.36")] if cell.softsign else []
    patches += _moved(
        cell,
        ("i, f, o, g", "order ", ""),
        ("d_a_i, d_a_f, d_a_o, d_a_g", "[", "]"),
        ("1.0, 0.0, 2.0, 0.0", "[", "]"),
        ("1.0, -1.0, 2.0, 0.5", "[", "]"),
        (slopes, "[", "]"),
    )
    if cell.softsign:
        patches += [("(1 - g * g)", "(1 - np.abs(g)) ** 2"), ("(1 - g[t] * g[t])", "(1 - np.abs(g[t])) ** 2")]
        patches += [("g = tanh(a_g)", "g = a_g / (1 + |a_g|) (softsign)")]
    if "i" not in cell.order:
        patches += [("i, f, o = σ(a_i), σ(a_f), σ(a_o)", "f, o = σ(a_f), σ(a_o), i = 1 − f (coupled gates)"), ("4H", "3H")]
        patches += [("d_a_i = d_i * i * (1 - i)\n    d_a_f = d_f * f", "d_a_f = (d_f - d_i) * f")]
        patches += [("d_a_i = d * g * i * (1 - i)\n    d_a_f = d * c_prev * f", "d_a_f = (d * c_prev - d * g) * f")]
        old = "d_a_i = d * g[t] * i[t] * (1 - i[t])\n        d_a_f = d * c_prev * f"
        patches += [(old, "d_a_f = (d * c_prev - d * g[t]) * f")]
        patches += [("np.ones((1, 4))", "np.ones((1, 3))"), ("[0.09, 0.21", "[0.  , 0.21")]
        patches += [("(array([[3.]]), array([[5.]]))", "(array([[2.]]), array([[4.]]))")]
    return tuple(patches + _said(cell) + _numbers(cell, BACKWARD))
