"""The safetensors format: arrays by name in one file, nothing in it that could be executed.

    8 bytes        the length n of the header, little-endian
    n bytes        JSON: {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …, "__metadata__": {text: text}}
    all the rest   the arrays' bytes, little-endian, in C order; the offsets count from here and leave no byte out

Format: https://github.com/huggingface/safetensors. It is read and written here, in a page, rather than by the package of that
name: no user needs to install one, every offset is seen to be checked, and bfloat16, which NumPy lacks, can be read.
"""

import json
import math
from pathlib import Path

import numpy as np

from minis2s.errors import DataError
from minis2s.files import replacing

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
          "U8": "<u1", "BOOL": "?"}  # fmt: skip
CODES = {np.dtype(dtype): code for code, dtype in DTYPES.items() if code != "BF16"}
METADATA = "__metadata__"


def save_safetensors(path, arrays, metadata=None):
    """Write name → host array, and texts by name, atomically. Raises KeyError for a dtype that the format does not have."""
    header, blocks, end = {METADATA: metadata} if metadata else {}, [], 0
    for name, array in arrays.items():
        code = CODES[array.dtype.newbyteorder("=")]
        blocks.append(np.asarray(array, dtype=DTYPES[code], order="C").tobytes())
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [end, end := end + len(blocks[-1])]}
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of eight
    with replacing(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(blocks)


def load_safetensors(path):
    """(name → array, name → text). bfloat16 comes as float32, which holds all its values.

    Raises DataError that says what is wrong: not there, cut short, a header that is not one, arrays that do not fit the bytes.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(path, f"the file cannot be read: {error.strerror or error}") from None
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise DataError(path, "this is no safetensors file, or it was cut short")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_without_repetition)
        metadata = _texts(header.pop(METADATA, {}))
        entries = {name: _entry(**entry) for name, entry in header.items()}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise DataError(path, f"the safetensors header is damaged ({error})") from None
    end = 0
    for name, (_, _, begin, after) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if begin != end:
            raise DataError(path, f"the safetensors header is damaged ({name} begins at byte {begin} instead of {end})")
        end = after
    data = memoryview(data)[8 + length :]
    if end != len(data):
        raise DataError(path, f"the arrays take {end:,} bytes, but there are {len(data):,}: it is damaged or was cut short")
    return {name: _array(data[begin:end], *kind) for name, (*kind, begin, end) in entries.items()}, metadata


def _entry(dtype, shape, data_offsets):
    """(dtype, shape, begin, end) of a header's entry; a ValueError, TypeError or KeyError if they do not belong together."""
    begin, end = data_offsets
    if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
        raise ValueError(f"sizes {shape} and offsets {data_offsets} must be whole numbers")
    if end - begin != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
        raise ValueError(f"{end - begin} bytes for an array {dtype} of shape {shape}")
    return dtype, tuple(shape), begin, end


def _array(data, dtype, shape):
    array = np.frombuffer(data, dtype=DTYPES[dtype]).reshape(shape)
    if dtype == "BF16":  # the upper half of a float32
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(array.dtype.newbyteorder("="))


def _texts(metadata):
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError(f"{METADATA} must hold texts by name")
    return metadata


def _without_repetition(pairs):
    """JSON's objects as dicts; a name that comes twice would be two arrays, of which one would be lost."""
    known = dict(pairs)
    if len(known) < len(pairs):
        raise ValueError("a name comes twice")
    return known
