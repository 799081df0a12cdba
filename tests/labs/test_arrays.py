"""Bytes that a stranger sent: plain arrays come through, all else is refused."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from minis2s.labs.arrays import Garbled, read

RECORD = np.frombuffer(json.dumps({"status": "ok"}).encode(), "u1")


def packed(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


TYPES = st.sampled_from([bool, "i4", "u1", "f4", "f8", ">f8", "c16"])


@given(nps.arrays(TYPES, nps.array_shapes(min_dims=0, max_dims=5, min_side=0)))
def test_arrays_of_numbers_come_through(array):
    record, arrays = read(packed(record=RECORD, a0=array))
    assert record == {"status": "ok"}
    assert arrays["a0"].shape == array.shape and arrays["a0"].dtype == array.dtype
    assert np.ascontiguousarray(arrays["a0"]).tobytes() == np.ascontiguousarray(array).tobytes()


def test_fortran_order_comes_through():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert np.array_equal(read(packed(record=RECORD, a0=array))[1]["a0"], array)


def member(header, data=b""):
    """An .npz with one member whose header is what we please."""
    file, record = io.BytesIO(), RECORD.tobytes()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("record.npy", _npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(record)},)}}", record))
        archive.writestr("a0.npy", _npy(header, data))
    return file.getvalue()


def _npy(header, data):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(descr="'<f8'", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


HOSTILE = {
    "pickle": packed(record=RECORD, a0=np.array([{}], dtype=object)),
    "bare pickle": pickle.dumps({"record": 1}),
    "compressed": packed(np.savez_compressed, record=RECORD, a0=np.zeros(10**6)),
    "text": packed(record=RECORD, a0=np.array(["σ"])),
    "dates": packed(record=RECORD, a0=np.array(["2020-01-01"], dtype="M8[D]")),
    "fields": packed(record=RECORD, a0=np.zeros(2, dtype=[("x", "f8")])),
    "no record": packed(a0=np.zeros(2)),
    "record is no JSON": packed(record=np.zeros(3, "u1")),
    "record is a list": packed(record=np.frombuffer(b"[1]", "u1")),
    "promises more than there is": member(header(shape="(1000000000000,)"), bytes(16)),
    "overflows": member(header(shape="(4294967296, 4294967296)"), b""),
    "negative": member(header(shape="(-2,)"), bytes(16)),
    "too many axes": member(header(shape="(1, 1, 1, 1, 1, 1, 1, 1, 2)"), bytes(16)),
    "shape of text": member(header(shape="('a',)"), bytes(16)),
    "type by call": member(header(descr="__import__('os').system('true')"), bytes(16)),
    "object type": member(header(descr="'|O'"), bytes(16)),
    "long header": member(header(shape="(" + "1," * 20000 + ")"), bytes(8)),
    "deep header": member("(" * 3000 + ")" * 3000, b""),
    "empty": b"",
    "half": packed(record=RECORD, a0=np.zeros(100))[:300],
    "zip of nothing": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_all_else_is_refused(name):
    with pytest.raises(Garbled):
        read(HOSTILE[name])


@given(st.binary(max_size=400), st.integers(0, 2**31))
def test_damaged_bytes_give_arrays_or_a_refusal_and_nothing_else(noise, place):
    data = bytearray(packed(record=RECORD, a0=np.arange(6.0)))
    at = place % len(data)
    data[at : at + len(noise)] = noise
    try:
        read(bytes(data))
    except Garbled:
        pass
