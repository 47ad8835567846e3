"""What PyTorch's two exporters write becomes nets of layers, which give the same and learn the same."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import loaded
from tinynet.layers import Embedding, LearnedPosition, MultiHeadAttention
from tinynet.losses import mean_squared_error
from tinynet.net import Concat, Graph, Residual
from tinynet.optimizers import SGD

onnx = pytest.importorskip("onnx")

RECORDINGS = Path(__file__).parents[2] / "recordings" / "onnx.zip"
NAMES = sorted(name.removesuffix(".onnx") for name in zipfile.ZipFile(RECORDINGS).namelist() if name.endswith(".onnx"))
#: Exporters merge batch norm into convolutions, and one leaves out biases that are zero: there is less to train.
LEFT_OUT = ("encoder_pre_norm.dynamo", "encoder_post_norm.dynamo", "vit.dynamo")
MERGED = ("resnet18", "mobilenet", "unet", "unet_interpolating", "normed_mlp")


def recorded(name, folder):
    """The path of a recorded file, and the input, output and losses that belong to it."""
    with zipfile.ZipFile(RECORDINGS) as archive:
        (folder / f"{name}.onnx").write_bytes(archive.read(f"{name}.onnx"))
        values = np.load(io.BytesIO(archive.read(f"{name.partition('.')[0]}.npz")))
        return folder / f"{name}.onnx", values["x"], values["y"], values["losses"]


def kinds(net):
    return [type(layer) for _, layer in net.layers_inside()]


@pytest.mark.parametrize("name", NAMES)
def test_what_pytorch_writes(name, tmp_path):
    path, x, y, losses = recorded(name, tmp_path)
    net = loaded(path)
    assert np.abs(net.predict(x) - y).max() < 1e-4
    assert np.abs(net.predict(x[:1]) - y[:1]).max() < 1e-4
    optimizer = SGD(lr=0.1)
    found = []
    for _ in range(2):
        predicted = net.forward(x)
        loss, gradient = mean_squared_error(predicted, np.zeros_like(predicted))
        found.append(loss)
        net.backward(gradient)
        net.update(optimizer)
    assert found[1] < found[0]
    if name not in LEFT_OUT and (name.partition(".")[0] not in MERGED or name.endswith("unmerged")):
        assert np.abs(np.array(found) - losses).max() < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_what_was_read_is_saved_and_exported(name, tmp_path):
    path, x, _, _ = recorded(name, tmp_path)
    net = loaded(path)
    tn.save(net, tmp_path / "net.safetensors")
    assert np.array_equal(tn.load(tmp_path / "net.safetensors").predict(x), net.predict(x))
    tn.export_onnx(net, tmp_path / "again.onnx", x)
    again = tn.load_onnx(tmp_path / "again.onnx")
    assert np.array_equal(again.predict(x), net.predict(x))
    assert repr(again) == repr(net)


@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", {Residual: 8}),
        ("mobilenet", {Residual: 2, tn.layers.ReLU6: 7}),
        ("unet", {Concat: 2}),
        ("unet_interpolating", {Concat: 2}),
        ("gpt", {Residual: 4, MultiHeadAttention: 2, LearnedPosition: 1, Embedding: 1}),
        ("encoder_pre_norm", {Residual: 4, MultiHeadAttention: 2}),
        ("encoder_post_norm", {Residual: 4, MultiHeadAttention: 2}),
        ("lstm", {tn.layers.LSTM: 1}),
        ("gru_deep", {tn.layers.GRU: 2}),
    ],
)
def test_structure_is_found(name, exporter, expected, tmp_path):
    net = loaded(recorded(f"{name}.{exporter}", tmp_path)[0])
    found = kinds(net)
    assert {kind: found.count(kind) for kind in expected} == expected
    assert Graph not in found


@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
def test_layers_keep_the_names_of_their_modules(exporter, tmp_path):
    net = loaded(recorded(f"resnet18.{exporter}", tmp_path)[0])
    paths = list(net.parameters())
    assert paths[:2] == ["conv1.weight", "conv1.bias"]
    assert "layer2.0.residual.body.conv1.weight" in paths
    assert paths[-2:] == ["fc.weight", "fc.bias"]


def test_merged_batch_norm_is_spoken_of(tmp_path):
    for name in ("resnet18.torchscript", "resnet18.dynamo"):
        with pytest.warns(UserWarning, match="batch norm was merged .* export with optimize=False to train this"):
            tn.load_onnx(recorded(name, tmp_path)[0])
    net = tn.load_onnx(recorded("resnet18.unmerged", tmp_path)[0])
    assert kinds(net).count(tn.layers.BatchNorm2D) == 20


def test_a_graph_is_watched(tmp_path):
    path, x, _, _ = recorded("rnn.dynamo", tmp_path)  # which the exporter has unrolled
    net = loaded(path)
    assert Graph in kinds(net)
    seen = []

    class Observer:
        def on_forward(self, path, layer, x, y):
            seen.append(path)

    with net.watch(Observer()):
        net.forward(x)
    assert seen[-1] == ""
    assert any(path.startswith("0.") for path in seen)


def test_inputs_whose_names_are_alike(tmp_path):
    helper = onnx.helper
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3]) for name in ("x.1", "x_1", "y")]
    nodes = [helper.make_node("Sub", ["x.1", "x_1"], ["d"]), helper.make_node("Mul", ["d", "x.1"], ["y"])]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", values[:2], values[2:])), tmp_path / "net.onnx")
    net = tn.load_onnx(tmp_path / "net.onnx")
    assert net[0].inputs == ["x_1", "x_2"]
    a, b = np.full((2, 3), 5, np.float32), np.full((2, 3), 3, np.float32)
    assert np.array_equal(net.predict(a, b), (a - b) * a)
