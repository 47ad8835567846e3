"""The file that `export_pytorch` writes, looked at without PyTorch; with it, see tests/parity/test_export.py."""

import ast
import inspect

import numpy as np
import pytest

import tinynet as tn
from tinynet import layers
from tinynet import net as nets
from tinynet.exchange.to_pytorch import module_text
from tinynet.exchange.torch_graph import EXPRESSIONS
from tinynet.exchange.torch_names import TORCH_NAMES
from tinynet.exchange.torch_source import twin_sources
from tinynet.layers import LSTM, Conv2D, Dropout, LeakyReLU, Linear, ReLU, Softmax
from tinynet.net import Graph, Net, Residual, operations
from tinynet.storage.tensors import read_tensors


class Own(layers.Layer):
    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def test_every_layer_has_a_twin():
    rooms = (layers, nets, operations)
    exported = [getattr(room, name) for room in rooms for name in room.__all__]
    names = {kind.__name__ for kind in exported if inspect.isclass(kind)}
    assert names - {"Layer", "Net", "Graph"} <= TORCH_NAMES.keys() | twin_sources().keys()
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


def gated(n=4, own=()):
    """A graph with a layer, a weight, a constant and operations."""
    steps = [
        ("gate", Linear(n, n), ["x"], ["g"]),
        ("value", operations.MatMul(), ["x", "W"], ["v"]),
        ("product", operations.Combine("multiply"), ["g", "v"], ["p"]),
        ("sum", operations.Combine("add"), ["p", "c0"], ["y"]),
        *own,
    ]
    return Graph(["x"], steps, ["y"], {"W": (n, n)}, {"c0": ((n,), "float32")})


def test_a_graph_is_a_class_with_a_line_for_each_step(tmp_path):
    net = Net([gated(), gated(), ReLU(), gated(3)])
    text = tn.export_pytorch(net, tmp_path).read_text()
    assert (
        '''
class Graph(nn.Module):
    """From x to y, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(0.02 * torch.randn(4, 4))
        self.register_buffer("c0", torch.zeros(4))
        self.gate = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.gate(x)
        v = x @ self.W
        p = g * v
        y = p + self.c0
        return y
'''
        in text
    )
    assert (
        "    Graph(),\n        Graph(),\n        nn.ReLU(),\n        Graph2(),\n" in text
    )  # like graphs share a class
    arrays, _ = read_tensors("test", tmp_path / "model.safetensors")
    assert arrays.keys() == net.state().keys()


@pytest.mark.parametrize("name", operations.__all__)
def test_every_operation_is_a_module_in_a_stack_and_an_expression_in_a_graph(name):
    assert name in twin_sources()
    assert getattr(operations, name) in EXPRESSIONS


@pytest.mark.parametrize(
    ("layer", "reads", "expected"),
    [
        (operations.Combine("divide"), 2, "a / b"),
        (operations.MatMul(), 2, "a @ b"),
        (operations.Choose(), 3, "torch.where(a.bool(), b, c)"),
        (operations.Elementwise("negative"), 1, "a.negative()"),
        (operations.Power(-0.5), 1, "a ** -0.5"),
        (operations.Clip(0, 6), 1, "nn.functional.hardtanh(a, 0.0, 6.0)"),
        (operations.Reduce("max", (1, 2)), 1, "a.amax(dim=(1, 2), keepdim=True)"),
        (operations.Reduce("mean", (-1,), keepdims=False), 1, "a.mean(dim=-1)"),
        (operations.Reduce("sum", ()), 1, "a"),
        (operations.Transpose(2, 0, 1), 1, "a.permute(2, 0, 1)"),
        (operations.View("x0", 2, -1), 1, "a.reshape(a.shape[0], 2, -1)"),
        (operations.View(), 1, "a.reshape(())"),
        (operations.Expand(np.int64(4), "x1"), 1, "a.expand(4, a.shape[1])"),
        (operations.Part(1, -1), 1, "a[:, -1:]"),
        (operations.Part(0, 1, 8, 3), 1, "a[1:8:3]"),
        (operations.Part(1, 4, None, -2), 1, "a.flip(1)[:, -5::2]"),
        (operations.Take(1), 2, "a[:, b.long()]"),
        (operations.Join(1), 3, "joined([a, b, c], dim=1)"),
        (LSTM(3, 2, return_state=True), 1, "self.step(a)"),
    ],
    ids=str,
)
def test_what_a_step_is_written_as(layer, reads, expected):
    graph = Graph(list("abc")[:reads], [("step", layer, list("abc")[:reads], ["y"])], ["y"])
    line = f"        y{', *_' * isinstance(layer, LSTM)} = {expected}\n        return y\n"
    assert line in module_text(graph)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("float32", 1e-5, "torch.tensor(1e-05)"),
        ("float64", 0.5, "torch.tensor(0.5, dtype=torch.float64)"),
        ("float32", -np.inf, 'torch.tensor(float("-inf"))'),
        ("int32", 7, "torch.tensor(7, dtype=torch.int32)"),
        ("bool", True, "torch.tensor(True, dtype=torch.bool)"),
    ],
)
def test_a_constant_that_is_a_single_number_is_written_as_it_is(kind, value, expected):
    steps = [("sum", operations.Combine("add"), ["x", "c"], ["y"])]
    graph = Graph(["x"], steps, ["y"], constants={"c": ((), kind)})
    graph.c[...] = value
    assert f'self.register_buffer("c", {expected})\n' in module_text(graph)


def test_a_class_of_ones_own_in_a_graph_is_named():
    net = Net([ReLU(), Residual([gated(own=[("mine", Net([Own()]), ["y"], ["z"])])])])
    with pytest.raises(TypeError, match=r"export_pytorch: layer 1\.body\.0\.mine\.0 is a Own, a class of your own"):
        module_text(net)


class OwnGraph(Graph):
    """A graph that does more."""

    def forward(self, x):
        return super().forward(x) + 1


def test_a_graph_of_ones_own_is_named():
    with pytest.raises(TypeError, match="layer net is a OwnGraph, a class of your own"):
        module_text(OwnGraph(["x"], [("a", ReLU(), ["x"], ["y"])], ["y"]))


def test_the_only_name_that_no_part_can_have():
    graph = Graph(["x"], [("training", Linear(2, 2), ["x"], ["y"])], ["y"])
    for net in (graph, nets.Named({"training": ReLU()})):
        with pytest.raises(ValueError, match="layer 0 has a part named 'training', which PyTorch's modules have"):
            module_text(Net([net]))


def test_names_in_a_net_are_never_code():
    name = 'x\'"""\n\\); import os; (৴'
    steps = [(name, Linear(2, 2), [name], [f"{name}y"]), ("s", operations.MatMul(), [f"{name}y", f"{name}W"], ["z"])]
    graph = Graph([name], steps, ["z", f"{name}W"], {f"{name}W": (2, 2)})
    graph.weights[f"{name}W"] = graph.steps[0][1].weight
    graph.steps[0][1].bias.trainable = False
    tree = ast.parse(module_text(Net([graph, nets.Named({name: Linear(2, 2)})])))
    imported = [each.names[0].name for each in ast.walk(tree) if isinstance(each, (ast.Import, ast.ImportFrom))]
    assert imported == ["annotations", "Path", "Any", "torch", "nn", "load_file"]
