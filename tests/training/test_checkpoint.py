"""Checkpoints: what was saved comes back, and whatever else the file holds is refused: never a wrong model, never a traceback."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.errors import DataError
from minis2s.training.checkpoint import load_checkpoint, save_checkpoint

ARRAYS = {
    "model/a.W": np.arange(12, dtype=np.float32).reshape(3, 4) / 7,
    "model/b": np.array([1e-300, -0.0, np.inf, np.nan]),
    "optimiser/m": np.zeros((0, 2), dtype=np.float32),
    "scalar": np.array(5, dtype=np.int64),
}
RECORD = {"languages": {"words": ["I", "爱", "\u2028", "é"]}, "epoch": 3, "best": 0.1, "nothing": None}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "last.npz"
    save_checkpoint(path, ARRAYS, RECORD)
    return path.read_bytes()


def is_the_original(checkpoint):
    arrays, record = checkpoint
    same = arrays.keys() == ARRAYS.keys() and {k: v for k, v in record.items() if k not in ("format", "version")} == RECORD
    return same and all(
        (a.dtype, a.shape, a.tobytes()) == (ARRAYS[name].dtype, ARRAYS[name].shape, ARRAYS[name].tobytes())
        for name, a in arrays.items()
    )


def load_bytes(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "broken.npz"
    path.write_bytes(data)
    return load_checkpoint(path)


def test_round_trip(saved, tmp_path_factory):
    checkpoint = load_bytes(tmp_path_factory, saved)
    assert is_the_original(checkpoint)
    assert checkpoint.record["format"] == "minis2s-checkpoint" and checkpoint.record["version"] == 1


def test_arrays_in_other_orders_come_back_as_the_values_that_they_are(tmp_path):
    """Fortran order, views, the other byte order."""
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    save_checkpoint(tmp_path / "x.npz", {"a": a, "t": a.T[::2], "big": a.astype(">f8")}, {})
    arrays = load_checkpoint(tmp_path / "x.npz").arrays
    for name, expected in (("a", a), ("t", a.T[::2]), ("big", a)):
        np.testing.assert_array_equal(arrays[name], expected)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_cut_short_anywhere(saved, tmp_path_factory, data):
    end = data.draw(st.integers(0, len(saved) - 1))
    with pytest.raises(DataError, match=r"broken\.npz: (the checkpoint is damaged|this is not a minis2s checkpoint)"):
        load_bytes(tmp_path_factory, saved[:end])


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_few_bytes_changed_anywhere(saved, tmp_path_factory, data):
    """Either it is refused or nothing that matters has changed (zip files hold dates and such)."""
    places = data.draw(st.lists(st.integers(0, len(saved) - 1), min_size=1, max_size=3))
    broken = bytearray(saved)
    for place in places:
        broken[place] = data.draw(st.integers(0, 255))
    try:
        checkpoint = load_bytes(tmp_path_factory, bytes(broken))
    except DataError:
        return
    assert is_the_original(checkpoint)


def test_each_byte_of_headers_and_directory_in_turn(saved, tmp_path_factory):
    """The places where a flip meets zipfile's, a decompressor's or NumPy's own errors: names, methods, flags, sizes."""
    directory = saved.index(b"PK\x01\x02")
    refused = 0
    for place in [*range(0, 140), *range(directory, len(saved))]:
        broken = bytearray(saved)
        broken[place] ^= 0x09 if place % 2 else 0x08
        try:
            assert is_the_original(load_bytes(tmp_path_factory, bytes(broken))), place
        except DataError:
            refused += 1
    assert refused > 100


def test_content_that_was_changed_with_all_of_zips_checksums_right(tmp_path):
    """Someone, or a faulty memory, changed a weight before the zip was written: our own checksum covers that."""
    path = tmp_path / "a.npz"
    save_checkpoint(path, ARRAYS, RECORD)
    with np.load(path, allow_pickle=False) as file:
        content = {name: file[name] for name in file.files}
    content["model/a.W"] = content["model/a.W"].copy()
    content["model/a.W"][1, 1] += 1e-6
    np.savez(path, **content)
    with pytest.raises(DataError, match="damaged"):
        load_checkpoint(path)
    del content["model/a.W"]
    np.savez(path, **content)
    with pytest.raises(DataError, match="damaged"):
        load_checkpoint(path)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(a, **settings):
    file = io.BytesIO()
    np.save(file, a, **settings)
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def record_of(x):
    return np.frombuffer(json.dumps(x).encode(), dtype=np.uint8)


FOREIGN = {
    "empty": b"",
    "text": b"to be or not to be\n",
    "another program's npz": npz(weights=np.ones(3)),
    "npz of nothing": npz(),
    "npy": npy(np.ones(3)),
    "npy with pickled objects": npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
    "pickle": pickle.dumps({"model": [1, 2, 3]}),
    "zip of other things": zipped(**{"word/document.xml": b"<w/>"}),
    "record that is no array": zipped(**{"record.json": b"{}"}),
    "record that is not JSON": npz(**{"record.json": np.frombuffer(b"{", dtype=np.uint8)}),
    "record that is a list": npz(**{"record.json": record_of([1])}),
    "record of pickled objects": npz(**{"record.json": np.ones(1)}),
    "another format": npz(**{"record.json": record_of({"format": "other", "version": 1})}),
    "random bytes": np.random.default_rng(0).bytes(1000),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_are_refused(name, tmp_path):
    path = tmp_path / "best.npz"
    path.write_bytes(FOREIGN[name])
    with pytest.raises(DataError, match=r"best\.npz: (this is not a minis2s checkpoint|the checkpoint is damaged)") as caught:
        load_checkpoint(path)
    assert caught.value.exit_code == 2


def test_nothing_is_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was executed",))

    for data in (npz_of_objects(Bomb()), pickle.dumps(Bomb()), npy(np.array([Bomb()], dtype=object), allow_pickle=True)):
        (tmp_path / "bomb.npz").write_bytes(data)
        with pytest.raises(DataError):
            load_checkpoint(tmp_path / "bomb.npz")


def npz_of_objects(x):
    record = record_of({"format": "minis2s-checkpoint", "version": 1, "checksum": ""})
    return npz(**{"record.json": record, "model/a": np.array([x], dtype=object)})


def test_another_version_says_which(tmp_path):
    record = record_of({"format": "minis2s-checkpoint", "version": 99})
    (tmp_path / "new.npz").write_bytes(npz(**{"record.json": record}))
    with pytest.raises(DataError, match="checkpoint version 99; this program reads version 1"):
        load_checkpoint(tmp_path / "new.npz")


def test_missing_and_directory(tmp_path):
    with pytest.raises(DataError, match="cannot read the checkpoint: No such file"):
        load_checkpoint(tmp_path / "none.npz")
    with pytest.raises(DataError, match="cannot read the checkpoint: Is a directory"):
        load_checkpoint(tmp_path)
