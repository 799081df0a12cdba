"""Reading arrays that a stranger sent: an .npz in memory, of which nothing is believed."""

import io
import json
import math
import zipfile

import numpy as np
from numpy.lib import format as npy

MOST_AXES = 8


class Garbled(Exception):
    """These bytes are not what the runner writes."""


def read(data):
    """(record, {name: array}) of the bytes of a frame. Raises Garbled for all that is not plain, uncompressed arrays of numbers.

    No pickle, no compression (a small file that unpacks to a large one), no header that promises more than there is.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arrays = {member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()}
        record = json.loads(arrays.pop("record").tobytes())
    except Exception:  # whatever goes wrong while a stranger's bytes are read is their doing
        raise Garbled("the answer is no .npz of numbers") from None
    if not isinstance(record, dict):
        raise Garbled("the answer's record is none")
    return record, arrays


def _array(archive, member):
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > member.compress_size:
        raise ValueError("compressed")
    data = io.BytesIO(archive.read(member))
    version = npy.read_magic(data)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = header(data)
    rest = data.read()
    if dtype.kind not in "biufc" or len(shape) > MOST_AXES or any(n < 0 for n in shape):
        raise ValueError("not numbers")
    if math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError("not as long as its header says")
    return np.frombuffer(rest, dtype).reshape(shape, order="F" if fortran else "C")
