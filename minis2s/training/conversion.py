"""Weights under PyTorch's names, and back.

    here                                             in PyTorch
    Linear       W (in, out), b                      X.weight (out, in), X.bias
    Embedding    W (V, E)                            X.weight (V, E)
    a stack      layers.0….W_x, W_h, b               X.weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, …_reverse: those of
                                                     nn.LSTM, nn.GRU, nn.RNN; the gates in their order there
    a decoder    also W_c                            below W_x in weight_ih_l0: the cells' input is [word; context; fed]
    all others   …                                   the same name, the same shape (in, out)

Where PyTorch has two biases and a cell here has one, it becomes bias_ih, and bias_hh is zero; on the way back it is their sum. A
GRU has two here as well. The GRU with its reset before the product is not in PyTorch, so its weights are among "all others".
"""

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minis2s.errors import DataError, UsageError
from minis2s.files import replacing
from minis2s.layers.cells import GRUCell, LSTMCell, RNNCell
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.recurrent import Stack
from minis2s.layers.stepping import SteppedStack
from minis2s.training.checkpoint import RECORD, save_checkpoint
from minis2s.training.run import Run, described
from minis2s.training.safetensors import METADATA, load_safetensors, save_safetensors

BLOCKS = {LSTMCell: "ifgo", GRUCell: "rzn", RNNCell: "h"}  # PyTorch's order of each cell's blocks
OF_MODEL = ("model", "languages")  # what a checkpoint's record says of the model


class Row(NamedTuple):
    """The parameters `ours`, of which `there` makes the arrays called `theirs`; `back` makes them of those."""

    theirs: tuple
    ours: tuple
    there: Callable
    back: Callable


def table(model):
    """A Row for each parameter of `model`, or for some that belong together; `model` may be a single Stack, too."""
    rows = []
    for name, layer in [("", model), *model.named_layers()]:
        at = f"{name}." if name else ""
        if isinstance(layer, Linear):
            rows += [Row((f"{at}weight",), (f"{at}W",), _transposed, _transposed), Row((f"{at}bias",), (f"{at}b",), _same, _same)]
        elif isinstance(layer, Embedding):
            rows.append(Row((f"{at}weight",), (f"{at}W",), _same, _same))
        elif isinstance(layer, Stack):
            for k, level in enumerate(layer.layers):
                for direction, suffix in (("forwards", ""), ("backwards", "_reverse")):
                    if recurrent := getattr(level, direction):
                        rows += _cell(recurrent.cell, at, f"{at}layers.{k}.{direction}.cell.", f"_l{k}{suffix}")
        elif isinstance(layer, SteppedStack):
            for k, cell in enumerate(layer.layers):
                rows += _cell(cell, at, f"{at}layers.{k}.", f"_l{k}", _fed(model, at) if k == 0 else ())
    done = {name for row in rows for name in row.ours}
    return rows + [Row((name,), (name,), _same, _same) for name, _ in model.named_parameters() if name not in done]


def _fed(model, at):
    """The name of the weights that bring context and fed output into a decoder's lowest cell, if there are any."""
    name = f"{at.removesuffix('stack.')}W_c"
    return (name,) if name in dict(model.named_parameters()) else ()


def _cell(cell, at, ours, suffix, fed=()):
    """The rows of one cell. fed: names of the weights that stand below W_x in PyTorch."""
    if type(cell) not in BLOCKS:
        return []
    own_bias_of_h = hasattr(cell, "b_h")
    order = [cell.blocks.index(block) for block in BLOCKS[type(cell)]]
    inverse = [order.index(k) for k in range(len(order))]
    input_size = cell.W_x.value.shape[0]

    def one_below_the_other(*weights):
        return (_moved(np.concatenate(weights), order).T,)

    def apart(weight):
        return np.split(_moved(weight.T, inverse), [input_size])[: 1 + len(fed)]

    def square(weight):
        return (_moved(weight.T, inverse),)

    def two_biases(b, b_h=None):
        return _moved(b, order), np.zeros_like(b) if b_h is None else _moved(b_h, order)

    def our_biases(b_ih, b_hh):
        if own_bias_of_h:
            return _moved(b_ih, inverse), _moved(b_hh, inverse)
        return (_moved(b_ih + b_hh if b_hh.any() else b_ih, inverse),)  # −0.0 + 0.0 would not be the same bits

    biases = (f"{ours}b", f"{ours}b_h") if own_bias_of_h else (f"{ours}b",)
    return [
        Row((f"{at}weight_ih{suffix}",), (f"{ours}W_x", *fed), one_below_the_other, apart),
        Row((f"{at}weight_hh{suffix}",), (f"{ours}W_h",), one_below_the_other, square),
        Row((f"{at}bias_ih{suffix}", f"{at}bias_hh{suffix}"), biases, two_biases, our_biases),
    ]


def _moved(a, order):
    """(…, kH) with its k blocks in another order."""
    blocks = np.split(a, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


def _same(a):
    return (a,)


def _transposed(a):
    return (a.T,)


def to_torch(model, values=None):
    """PyTorch's name → array. values: name → array of our parameters, by default the model's own weights; gradients will do."""
    values = model.state() if values is None else values
    return {
        name: np.ascontiguousarray(array)
        for row in table(model)
        for name, array in zip(row.theirs, row.there(*(values[name] for name in row.ours)), strict=True)
    }


def from_torch(model, arrays, where="the weights"):
    """Our name → array, in the precision of `model`, of arrays under PyTorch's names.

    Raises DataError, before anything is made of them, if names or shapes are not those of `model`. where: their file.
    """
    wanted = to_torch(model)
    missing, unknown = (sorted(a.keys() - b.keys()) for a, b in ((wanted, arrays), (arrays, wanted)))
    if missing or unknown:
        what = [f"{each} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
                for each, names in (("it lacks", missing), ("the model has no", unknown)) if names]  # fmt: skip
        raise DataError(where, f"these are the weights of another model: {'; '.join(what)}")
    for name, like in wanted.items():
        if arrays[name].shape != like.shape or arrays[name].dtype.kind != "f":
            found = f"{arrays[name].dtype} {arrays[name].shape}"
            raise DataError(where, f"{name} is {found} there; the model has real numbers of the shape {like.shape}")
    ours = {}
    for row in table(model):
        values = row.back(*(arrays[name].astype(wanted[name].dtype) for name in row.theirs))
        ours |= {name: np.ascontiguousarray(value) for name, value in zip(row.ours, values, strict=True)}
    return ours


def is_trained(path):
    """Whether `path` is, by its looks, a run or a checkpoint of this program and no file of weights alone."""
    names = [] if path.is_dir() else _names(path)
    return path.suffix != ".safetensors" and (RECORD in names or not names)


def export_weights(source, path):
    """Write the weights of a run or checkpoint to `path` (.safetensors or .npz) under PyTorch's names, and what the model is.

    Returns (model, number of arrays).
    """
    model, _, (_, record) = Run(source).load("best")
    arrays = to_torch(model)
    texts = {"format": "pt", RECORD: json.dumps({key: record[key] for key in OF_MODEL}, ensure_ascii=False)}
    if path.suffix == ".safetensors":
        save_safetensors(path, arrays, texts)
    else:
        with replacing(path) as file:
            np.savez(file, **arrays, **{METADATA: np.frombuffer(json.dumps(texts, ensure_ascii=False).encode(), np.uint8)})
    return model, len(arrays)


def import_weights(source, path, like=None):
    """Write a checkpoint to `path` with the weights of the file `source`, which are under PyTorch's names.

    like: the run or checkpoint whose model and vocabularies it shall have; by default those that the file tells, as one does
    that `export_weights` wrote. Returns (model, number of arrays). Raises DataError if the weights are those of another model.
    """
    arrays, texts = load_safetensors(source) if source.suffix == ".safetensors" else _load_npz(source)
    if like is not None:
        record = Run(like).load("best")[2].record
    elif RECORD in texts:
        record = _record(texts[RECORD], source)
    else:
        raise UsageError(f"{source} does not tell what the model is: name a run or checkpoint of the same model with --like")
    model, _ = described(record, source if like is None else like)
    values = from_torch(model, arrays, source)
    save_checkpoint(path, {f"model/{name}": value for name, value in values.items()}, {key: record[key] for key in OF_MODEL})
    return model, len(arrays)


def _names(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            return getattr(file, "files", [])
    except Exception:  # of damaged bytes NumPy raises almost every kind; whoever reads the file says what is wrong
        return []


def _load_npz(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, dict(json.loads(arrays.pop(METADATA).tobytes())) if METADATA in arrays else {}
    except Exception as error:
        raise DataError(path, f"the file is damaged or cut short ({error})") from None


def _record(text, path):
    try:
        record = json.loads(text)
        return {key: record[key] for key in OF_MODEL}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(path, f"what it says of the model is damaged ({error})") from None
