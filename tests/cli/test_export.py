"""`tinynet export`: a run, a file or a model goes to where it is asked for, or beside its weights."""

import json

import numpy as np
import pytest

import tinynet as tn
from tinynet.storage.tensors import read_tensors


def test_a_run_goes_to_pytorch(tinynet, run, tmp_path):
    result = tinynet("export", run, "--to", "pytorch", "--out", tmp_path / "there")
    assert result.status == 0
    assert "model = load_model()" in result.out
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["model.py", "model.safetensors"]
    of_run, _ = read_tensors("test", run / "model.safetensors")
    exported, _ = read_tensors("test", tmp_path / "there" / "model.safetensors")
    assert {name: array.tobytes() for name, array in of_run.items()} == {
        name: array.tobytes() for name, array in exported.items()
    }


def test_a_file_is_exported_beside_itself(tinynet, run, tmp_path):
    (tmp_path / "net.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    assert tinynet("export", tmp_path / "net.safetensors", "--to", "pytorch").status == 0
    assert (tmp_path / "net-pytorch" / "model.py").exists()


def test_a_model_by_name_is_exported_here(tinynet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tinynet("export", "lenet5", "--to", "pytorch").status == 0
    assert "nn.Tanh()" in (tmp_path / "lenet5-pytorch" / "model.py").read_text()


def test_a_run_is_exported_into_its_folder(tinynet, run, tmp_path):
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("config.json", "model.safetensors"):
        (copy / name).write_bytes((run / name).read_bytes())
    assert tinynet("export", copy, "--to", "pytorch").status == 0
    assert (copy / "pytorch" / "model.py").exists()


def test_an_unknown_format_is_named(tinynet, run):
    result = tinynet("export", run, "--to", "keras")
    assert result.status == 2
    assert "--to" in result.err
    assert "pytorch" in result.err


def test_there_is_nothing_to_export(tinynet):
    result = tinynet("export", "no/such/run", "--to", "pytorch")
    assert (result.status, "there is no model, run folder or weights file no/such/run" in result.err) == (2, True)


def test_weights_alone_for_numpy(tinynet, run, tmp_path):
    assert tinynet("export", run, "--to", "npz", "--out", tmp_path / "weights.npz").status == 0
    of_run, _ = read_tensors("test", run / "model.safetensors")
    with np.load(tmp_path / "weights.npz") as exported:
        assert all(np.array_equal(exported[name], array) for name, array in of_run.items())


def test_a_run_goes_to_onnx(tinynet, run, tmp_path):
    onnx = pytest.importorskip("onnx")
    result = tinynet("export", run, "--to", "onnx", "--out", tmp_path / "net.onnx")
    assert result.status == 0
    assert "tn.load_onnx(path) takes it back" in result.out
    about = {entry.key: entry.value for entry in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert json.loads(about["classes"]) == json.loads((run / "config.json").read_text())["classes"]


def test_a_file_goes_to_onnx_by_its_card(tinynet, run, tmp_path):
    pytest.importorskip("onnx")
    (tmp_path / "net.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    assert tinynet("export", tmp_path / "net.safetensors", "--to", "onnx").status == 0
    x = np.zeros((2, 1, 8, 8), np.float32)
    net = tn.load(tmp_path / "net.safetensors")
    assert np.array_equal(tn.load_onnx(tmp_path / "net-model.onnx").predict(x), net.predict(x))


def test_a_model_goes_to_onnx(tinynet, tmp_path):
    pytest.importorskip("onnx")
    out = ("--to", "onnx", "--out", tmp_path / "net.onnx")
    assert tinynet("export", "lenet5", *out, "--input-shape", "1,14,14").status == 0
    assert tn.load_onnx(tmp_path / "net.onnx").predict(np.zeros((1, 1, 14, 14), np.float32)).shape == (1, 10)


def test_an_extra_that_is_missing_is_named(tinynet, run, tmp_path, monkeypatch):
    def not_there(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("tinynet.exchange.lazily.import_module", not_there)
    result = tinynet("export", run, "--to", "onnx", "--out", tmp_path / "net.onnx")
    assert result.status == 2
    assert "export_onnx: it needs onnx, which is not installed here." in result.err
    assert "pip install tinynet[onnx]" in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "net.onnx").exists()
