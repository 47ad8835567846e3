"""The file that `export_pytorch` writes, looked at without PyTorch; with it, see tests/parity/test_export.py."""

import ast
import inspect

import numpy as np
import pytest

import tinynet as tn
from tinynet import layers
from tinynet import net as nets
from tinynet.exchange.to_pytorch import module_text
from tinynet.exchange.torch_names import TORCH_NAMES
from tinynet.exchange.torch_source import twin_sources
from tinynet.layers import Conv2D, Dropout, LeakyReLU, Linear, ReLU, Softmax
from tinynet.net import Graph, Net, Residual
from tinynet.storage.tensors import read_tensors


class Own(layers.Layer):
    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def test_every_layer_has_a_twin():
    exported = [getattr(room, name) for room in (layers, nets) for name in room.__all__]
    names = {kind.__name__ for kind in exported if inspect.isclass(kind)} - {"Layer", "Net", "Graph"}
    assert names <= TORCH_NAMES.keys() | twin_sources().keys()
    assert not TORCH_NAMES.keys() & twin_sources().keys()


def test_the_file_is_short_and_reads_like_the_net(tmp_path):
    net = Net([Conv2D(1, 4, 3, padding=1), ReLU(), Residual([Conv2D(4, 4, 1)]), Softmax(axis=1)])
    text = tn.export_pytorch(net, tmp_path / "new" / "folder").read_text()
    assert (
        """
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        Residual(nn.Sequential(nn.Conv2d(4, 4, 1))),
        nn.Softmax(dim=1),
    )
    return model
"""
        in text
    )
    assert "tinynet" not in text.replace("written by Tinynet", "")
    assert [node.name for node in ast.parse(text).body if hasattr(node, "name")] == [
        "Residual",
        "build_model",
        "load_model",
    ]


def test_the_weights_are_those_of_the_net(tmp_path):
    net = Net([Linear(3, 3), Linear(3, 3)])
    net[1].weight = net[0].weight
    tn.export_pytorch(net, tmp_path)
    arrays, _ = read_tensors("test", tmp_path / "model.safetensors")
    assert sorted(arrays) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    assert all(np.array_equal(arrays[name], array) for name, array in net.state().items())
    tn.load_weights(net, tmp_path / "model.safetensors")


def test_numbers_of_numpy_are_python():
    assert "nn.LeakyReLU(negative_slope=0.25)" in module_text(LeakyReLU(np.float32(0.25)))


def test_a_class_of_ones_own_is_named():
    with pytest.raises(TypeError, match=r"export_pytorch: layer 1\.0 is a Own, a class of your own"):
        module_text(Net([Linear(2, 2), Net([Own()])]))
    with pytest.raises(TypeError, match=r"layer net is a Own"):
        module_text(Own())


class Stacked(Net):
    """A stack all the same."""

    def __init__(self, n):
        self.title = "mine"
        super().__init__([Linear(n, n), ReLU()])


class Beside(Stacked):
    """A net with a layer that is no part of the stack."""

    def __init__(self, n):
        super().__init__(n)
        self.other = Linear(n, n)


def test_a_net_of_ones_own_is_exported_where_it_is_a_stack():
    assert "nn.Linear(2, 2),\n            nn.ReLU(),\n" in module_text(Net([Stacked(2), ReLU()]))
    with pytest.raises(TypeError, match="layer 0 is a Beside, a class of your own"):
        module_text(Net([Beside(2)]))


def test_nets_that_are_nested_too_deep():
    net = Net([Dropout()])
    for _ in range(90):
        net = Net([net])
    with pytest.raises(ValueError, match="the nets are nested more than 80 deep"):
        module_text(net)


def test_nothing_but_a_net_is_exported(tmp_path):
    with pytest.raises(TypeError, match="export_pytorch: net must be"):
        tn.export_pytorch(3, tmp_path)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(NotADirectoryError, match="cannot be a folder, for there is a file; nothing was changed"):
        tn.export_pytorch(Linear(2, 2), tmp_path / "taken" / "inside")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(OSError, match="the folder '.*' cannot be made: .*; nothing was changed"):
        tn.export_pytorch(Linear(2, 2), tmp_path / ("x" * 300))


def test_named_layers_keep_their_names(tmp_path):
    net = nets.Named({"inner": nets.Named({"conv": Conv2D(1, 4, 3), "relu": ReLU()}), "out": Softmax(axis=1)})
    text = tn.export_pytorch(net, tmp_path).read_text()
    assert "class Named(Net):" in text
    assert "'conv': nn.Conv2d(1, 4, 3)" in text


def test_a_graph_has_no_twin(tmp_path):
    graph = Graph(["x"], [("a", ReLU(), ["x"], ["y"])], ["y"])
    with pytest.raises(TypeError, match="layer net is a Graph, which has no twin.*\nHint: write it as ONNX"):
        tn.export_pytorch(graph, tmp_path)
