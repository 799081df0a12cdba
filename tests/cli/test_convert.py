"""`minis2s convert`: a run's weights to PyTorch's names and back, files of others, and what is refused."""

import json

import numpy as np
import pytest

from minis2s.cli import main
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.safetensors import load_safetensors, save_safetensors


def run(*arguments):
    return main(["convert", *map(str, arguments)])


@pytest.fixture(params=[".safetensors", ".npz"])
def converted(request, trained, tmp_path):
    """A trained run's weights under PyTorch's names."""
    path = tmp_path / f"weights{request.param}"
    assert run(trained, path) == 0
    return path


def arrays_of(path):
    if path.suffix == ".safetensors":
        return load_safetensors(path)[0]
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "__metadata__"}


def test_a_round_trip_is_the_same_checkpoint_and_translates_alike(converted, trained, tmp_path, capsys):
    back = tmp_path / "back.npz"
    assert run(converted, back) == 0
    before, after = load_checkpoint(trained / "best.npz"), load_checkpoint(back)
    ours = {name: a for name, a in before.arrays.items() if name.startswith("model/")}
    assert after.arrays.keys() == ours.keys()
    for name, a in ours.items():
        b = after.arrays[name]
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    assert all(before.record[key] == after.record[key] for key in ("model", "languages"))
    capsys.readouterr()
    texts = []
    for path in (trained, back):
        assert main(["translate", str(path), "a b c", "e d"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] and "甲乙丙" in texts[0]


def test_torch_reads_the_file_and_its_lstm_takes_the_weights(trained, tmp_path):
    torch, theirs = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    assert run(trained, tmp_path / "a.safetensors") == 0
    arrays = theirs.load_file(tmp_path / "a.safetensors")
    lstm = torch.nn.LSTM(8, 8, bidirectional=True)
    lstm.load_state_dict({k.removeprefix("encoder.stack."): v for k, v in arrays.items() if k.startswith("encoder.stack.")})
    torch.nn.Embedding(9, 8).load_state_dict({"weight": arrays["encoder.reader.weight"]})


def test_a_file_of_another_program_needs_like(converted, trained, tmp_path, capsys):
    arrays = {name: np.asarray(a + 0.5, dtype=np.float64) for name, a in arrays_of(converted).items()}
    foreign = tmp_path / f"foreign{converted.suffix}"
    if converted.suffix == ".npz":
        np.savez(foreign, **arrays)
    else:
        save_safetensors(foreign, arrays)
    assert run(foreign, tmp_path / "out.npz") == 2
    assert "does not tell what the model is: name a run or checkpoint of the same model with --like" in capsys.readouterr().err
    assert run(foreign, tmp_path / "out.npz", "--like", trained, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["names"] == "minis2s" and found["arrays"] == len(arrays)
    after = load_checkpoint(tmp_path / "out.npz").arrays
    assert after["model/decoder.output.b"].dtype == np.float32
    np.testing.assert_array_equal(after["model/decoder.output.b"], arrays["decoder.output.bias"].astype(np.float32))


def test_what_it_says(trained, tmp_path, capsys):
    out = tmp_path / "a.npz"
    assert run(trained, out, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    n = sum(a.size for name, a in load_checkpoint(trained / "best.npz").arrays.items() if name.startswith("model/"))
    assert found == {"from": str(trained), "to": str(out), "names": "torch", "arrays": len(arrays_of(out)), "parameters": n}
    assert run(trained / "last.npz", tmp_path / "b.safetensors") == 0
    assert f"b.safetensors: weights under PyTorch's names, {found['arrays']} arrays, {n:,} parameters" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("run", "out.pt"), "weights are written as .safetensors or .npz"),
        (("run", "there.npz"), "is there already; choose another name, or give --overwrite"),
        (("run", "out.npz", "--like", "run"), "tells itself what the model is; leave out --like"),
        (("weights.safetensors", "out.safetensors"), "a checkpoint is written as .npz"),
        (("nothing", "out.npz"), "there is no such run directory"),
        (("nothing.safetensors", "out.npz"), "cannot be read"),
        (("there.npz", "out.npz"), "not a minis2s checkpoint"),
        (("cut.npz", "out.npz"), "damaged or cut short"),
        (("cut.safetensors", "out.npz"), "damaged or was cut short"),
        (("strange.safetensors", "out.npz"), "what it says of the model is damaged"),
        (("emptied.safetensors", "out.npz"), "it lacks decoder.context.score.W_h"),
        (("other.safetensors", "out.npz"), "does not describe a model of this program"),
    ],
)
def test_what_cannot_be_converted_is_refused(trained, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.npz").write_bytes(b"something")
    assert run(trained, "weights.safetensors") == 0
    assert run(trained, "weights.npz") == 0
    for kind in ("npz", "safetensors"):
        data = (tmp_path / f"weights.{kind}").read_bytes()
        (tmp_path / f"cut.{kind}").write_bytes(data[: len(data) - 100])
    arrays, texts = load_safetensors("weights.safetensors")
    save_safetensors("strange.safetensors", arrays, {"record.json": '{"model": 3'})
    save_safetensors("emptied.safetensors", {}, texts)
    save_safetensors("other.safetensors", arrays, {"record.json": '{"model": {"size": 3}, "languages": {}}'})
    before = sorted(p.name for p in tmp_path.iterdir())
    arguments = [trained if a == "run" else a for a in arguments]
    capsys.readouterr()
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_overwriting_is_said(trained, tmp_path):
    out = tmp_path / "a.npz"
    out.write_bytes(b"something")
    assert run(trained, out, "--overwrite") == 0 and arrays_of(out)
