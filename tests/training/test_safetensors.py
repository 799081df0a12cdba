"""The safetensors format: against the package of that name, and against every way in which a file can be wrong."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn

from minis2s.errors import DataError, Minis2sError
from minis2s.training.safetensors import CODES, load_safetensors, save_safetensors

ARRAYS = {
    "encoder.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "标量": np.array(3.5),
    "empty": np.zeros((2, 0, 3), np.float16),
    "transposed": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    "flags": np.array([True, False]),
}


def same(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert (value.dtype, value.shape, value.tobytes()) == (b[name].dtype, b[name].shape, b[name].tobytes()), name


@pytest.mark.parametrize("metadata", [None, {"format": "pt", "说明": "“引号”"}])
def test_what_is_written_is_read_again_and_by_the_package_too(tmp_path, metadata):
    path = tmp_path / "a.safetensors"
    save_safetensors(path, ARRAYS, metadata)
    arrays, texts = load_safetensors(path)
    same(arrays, ARRAYS)
    assert texts == (metadata or {})
    theirs = pytest.importorskip("safetensors")
    with theirs.safe_open(path, "numpy") as file:
        same({name: file.get_tensor(name) for name in file.keys()}, ARRAYS)
        assert file.metadata() == metadata


def test_what_the_package_writes_is_read(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy")
    ours = {name: np.ascontiguousarray(a) for name, a in ARRAYS.items()}
    theirs.save_file(ours, tmp_path / "a.safetensors", {"who": "them"})
    arrays, texts = load_safetensors(tmp_path / "a.safetensors")
    same(arrays, ours)
    assert texts == {"who": "them"}


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path):
    torch, theirs = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    x = torch.tensor([[1.0, -2.5e-3], [3e38, float("-inf")]], dtype=torch.bfloat16)
    theirs.save_file({"x": x}, tmp_path / "a.safetensors")
    arrays, _ = load_safetensors(tmp_path / "a.safetensors")
    same(arrays, {"x": x.float().numpy()})


ANY_ARRAY = drawn.arrays(st.sampled_from(sorted(CODES, key=str)), drawn.array_shapes(min_dims=0))


@given(st.dictionaries(st.text(max_size=5), ANY_ARRAY))
def test_any_arrays_come_back_to_the_last_bit(tmp_path_factory, arrays):
    arrays = {name: a for name, a in arrays.items() if name != "__metadata__"}
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    save_safetensors(path, arrays)
    same(load_safetensors(path)[0], arrays)


def file_of(header, data=b"\0" * 8, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(2,), data_offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(data_offsets)}


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "no safetensors file, or it was cut short"),
        (b"\0" * 7, "cut short"),
        (b"PK\3\4 this is a zip file", "no safetensors file"),
        (file_of({"a": entry()}, length=10**18), "cut short"),
        (file_of(b"{not json}"), "header is damaged"),
        (file_of(b"\xff\xfe"), "header is damaged"),
        (file_of([1, 2]), "header is damaged"),
        (file_of(b"[" * 100_000), "header is damaged"),
        (file_of({"a": 3}), "header is damaged"),
        (file_of({"a": {"dtype": "F32"}}), "header is damaged"),
        (file_of({"a": entry(dtype="C64")}), "header is damaged"),
        (file_of({"a": entry(dtype=[])}), "header is damaged"),
        (file_of({"a": entry(shape=(-2,))}), "must be whole numbers"),
        (file_of({"a": entry(shape=(2.0,))}), "must be whole numbers"),
        (file_of({"a": entry(shape=(True, 2))}), "must be whole numbers"),
        (file_of({"a": entry(shape=(10**30,))}), "8 bytes for an array F32"),
        (file_of({"a": entry(data_offsets=(0, 4))}), "4 bytes for an array F32 of shape"),
        (file_of({"a": entry(data_offsets=(8, 0))}), "-8 bytes"),
        (file_of({"a": entry(data_offsets=(0, 4, 8))}), "header is damaged"),
        (file_of({"a": entry(data_offsets=(8, 16))}, b"\0" * 16), "a begins at byte 8 instead of 0"),
        (file_of({"a": entry(), "b": entry()}), "b begins at byte 0 instead of 8"),  # both on the same bytes
        (file_of({"a": entry()}, b"\0" * 7), "the arrays take 8 bytes, but there are 7"),
        (file_of({"a": entry()}, b"\0" * 9), "the arrays take 8 bytes, but there are 9"),
        (file_of(b'{"a": %b, "a": %b}' % ((json.dumps(entry()).encode(),) * 2)), "a name comes twice"),
        (file_of({"a": entry(), "__metadata__": {"x": 1}}), "must hold texts by name"),
        (file_of({"a": entry(), "__metadata__": "x"}), "must hold texts by name"),
    ],
)
def test_a_damaged_file_is_refused_and_says_why(tmp_path, data, message):
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        load_safetensors(path)
    assert str(caught.value).startswith(str(path))


def test_every_way_to_cut_a_file_short_is_noticed(tmp_path):
    path = tmp_path / "a.safetensors"
    save_safetensors(path, ARRAYS, {"format": "pt"})
    data = path.read_bytes()
    for n in range(len(data)):
        path.write_bytes(data[:n])
        with pytest.raises(DataError):
            load_safetensors(path)


@given(st.binary(max_size=80))
def test_no_bytes_crash_it(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(DataError):
        load_safetensors(path)
        raise DataError(path, "by chance these bytes are a file")


def test_a_failed_write_leaves_what_was_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_safetensors(tmp_path / "none.safetensors")
    path = tmp_path / "a.safetensors"
    save_safetensors(path, ARRAYS)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        save_safetensors(path, {"x": np.array(["text"])})
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]
    with pytest.raises(Minis2sError, match="cannot write"):
        save_safetensors(tmp_path / "no folder" / "a.safetensors", ARRAYS)
