"""Weights to and from PyTorch: a run's or checkpoint's under the names of nn.LSTM, nn.GRU, nn.RNN, nn.Linear and nn.Embedding, as
safetensors or .npz; and a file of such weights as a checkpoint.

  minis2s convert runs/zh zh.safetensors

  minis2s convert zh.safetensors zh.npz

A file that this command wrote tells what the model is. For one from elsewhere --like names a run or checkpoint of the same model
and vocabularies; names and shapes have to be those that the first form writes for that run. Cells of both libraries agree, gates
are brought into the order that the other has, and what has no counterpart in PyTorch keeps its name."""

from pathlib import Path

from minis2s.cli.arguments import add_json
from minis2s.cli.output import print_json
from minis2s.errors import UsageError

SUFFIXES = (".safetensors", ".npz")


def add_arguments(parser):
    parser.add_argument("source", metavar="FROM", type=Path, help="a run's directory, a checkpoint, or a file of weights")
    parser.add_argument("out", metavar="OUT", type=Path, help="weights: FILE.safetensors or FILE.npz; a checkpoint: FILE.npz")
    parser.add_argument("--like", metavar="RUN", type=Path, help="a run or checkpoint of the model that the weights are for")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is there")
    add_json(parser)


def run(args):
    from minis2s.training.conversion import export_weights, import_weights, is_trained

    to_torch = is_trained(args.source)
    _refuse(args, to_torch)
    if to_torch:
        model, arrays = export_weights(args.source, args.out)
    else:
        model, arrays = import_weights(args.source, args.out, args.like)
    found = {"from": str(args.source), "to": str(args.out), "names": "torch" if to_torch else "minis2s"}
    found |= {"arrays": arrays, "parameters": model.n_parameters()}
    if args.json:
        print_json(found)
    else:
        what = f"weights under PyTorch's names, {arrays} arrays" if to_torch else "checkpoint"
        print(f"{args.out}: {what}, {found['parameters']:,} parameters")
    return 0


def _refuse(args, to_torch):
    allowed = SUFFIXES if to_torch else SUFFIXES[1:]
    if args.out.suffix not in allowed:
        what = "weights are written as" if to_torch else "a checkpoint is written as"
        raise UsageError(f"{args.out}: {what} {' or '.join(allowed)}; give it such an ending")
    if args.out.exists() and not args.overwrite:
        raise UsageError(f"{args.out} is there already; choose another name, or give --overwrite")
    if to_torch and args.like:
        raise UsageError(f"{args.source} tells itself what the model is; leave out --like")
