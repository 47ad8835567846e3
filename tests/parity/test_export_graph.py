"""Graphs and their operations as PyTorch modules: outputs, gradients and steps agree, and names stay."""

from __future__ import annotations

import io
import itertools
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch

import tinynet as tn
from tests.contract.table import OPERATIONS, LayerRow
from tests.parity.exported import must_agree, one_step, one_step_in_torch, outputs, twin_of
from tinynet import layers
from tinynet.exchange.torch_text import OF_MODULES
from tinynet.net import Concat, Graph, Named, Net, Padded, Residual
from tinynet.net.operations import Clip, Combine, MatMul, Part, Take

RECORDINGS = Path(__file__).parents[1] / "recordings" / "onnx.zip"
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("in_float32")


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def must_differentiate_alike(layer: layers.Layer, twin: Any, inputs: list[np.ndarray]) -> None:
    """Outputs, and the gradients of all inputs and parameters for a drawn gradient of each output."""
    tensors = [torch.from_numpy(x.copy()).requires_grad_(x.dtype.kind == "f") for x in inputs]
    found, expected = layer.forward(*inputs), twin(*tensors)
    must_agree(found, expected)
    gradients = [numbers(*y.shape) for y in outputs(found)]
    dx = layer.backward(*gradients)
    both = zip(expected if isinstance(expected, tuple) else (expected,), gradients, strict=True)
    differentiated = [(y, torch.from_numpy(dy)) for y, dy in both if y.requires_grad]  # not what a comparison gives
    if differentiated:
        torch.autograd.backward(*map(list, zip(*differentiated, strict=True)))
    for ours, tensor in zip(dx if isinstance(dx, tuple) else (dx,), tensors, strict=True):
        if tensor.grad is not None:
            must_agree(ours, tensor.grad)
        else:
            assert ours is None or not np.any(ours)
    theirs = dict(twin.named_parameters(remove_duplicate=False))
    for name, parameter in layer.parameters().items():
        must_agree(parameter.gradient, theirs[name].grad)


def as_a_step(layer: layers.Layer, n_inputs: int) -> Graph:
    """A graph of one step."""
    names = [f"x{index}" for index in range(n_inputs)]
    return Graph(names, [("step", layer, names, ["y"])], ["y"])


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize("row", OPERATIONS, ids=str)
def test_each_operation_alone_and_as_a_step(row: LayerRow, in_graph: bool, tmp_path: Path) -> None:
    given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    inputs = [each if isinstance(each, np.ndarray) else numbers(*each) for each in given]
    layer = as_a_step(row.build(), len(inputs)) if in_graph else row.build()
    twin = twin_of(layer, tmp_path)
    must_differentiate_alike(layer, twin, inputs)
    if not any(isinstance(each, Graph) for each in layer.every_layer()):
        back = tn.from_pytorch(twin)
        assert type(back) is type(layer)
        assert back.state().keys() == layer.state().keys()
        must_agree(back.forward(*inputs), layer.forward(*inputs))


def test_parts_from_any_place_to_any_other_in_steps_of_any_size(tmp_path: Path) -> None:
    places = (None, -7, -3, -1, 0, 2, 5, 9)
    cases = list(itertools.product(places, places, (-3, -1, 1, 2)))
    steps = [(f"part{i}", Part(1, *case), ["x"], [f"y{i}"]) for i, case in enumerate(cases)]
    graph, x = Graph(["x"], steps, [f"y{i}" for i in range(len(cases))]), numbers(2, 5)
    must_agree(twin_of(graph, tmp_path)(torch.from_numpy(x)), graph.forward(x), 0)
    stack = Concat([Part(1, *case) for case in cases])
    must_agree(twin_of(stack, tmp_path)(torch.from_numpy(x)), stack.forward(x), 0)


def test_the_ends_of_a_range_have_no_gradient(tmp_path: Path) -> None:
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0], np.float32)
    for clip in (Clip(0.0, 1.0), Clip(low=0.0), Clip(high=1.0), Clip(1.0, 0.0)):
        for layer in (clip, as_a_step(clip, 1)):
            must_differentiate_alike(layer, twin_of(layer, tmp_path), [x])


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8])
def test_places_of_any_kind_of_integer(kind: type, tmp_path: Path) -> None:
    index = np.array([[1, 0], [1, 1]]).astype(kind)
    for layer in (Take(1), as_a_step(Take(1), 2)):
        must_differentiate_alike(layer, twin_of(layer, tmp_path), [numbers(3, 2, 2), index])


def two_ways() -> Graph:
    """Two inputs, of which one holds tokens, and two outputs; layers, a weight, constants, and a graph inside."""
    inner = Graph(["a", "b"], [("mix", Combine("multiply"), ["a", "b"], ["m"])], ["m", "a"])
    steps = [
        ("embedding", layers.Embedding(9, 4), ["tokens"], ["e"]),
        ("lstm", layers.LSTM(4, 4, return_state=True), ["e"], ["h", "last"]),
        ("inner", inner, ["h", "x"], ["m", "h2"]),
        ("turned", MatMul(), ["m", "W"], ["t"]),
        ("picked", Take(1), ["t", "c0"], ["p"]),
        ("scaled", Combine("divide"), ["p", "c1"], ["s"]),
        ("stack", Net([layers.Linear(4, 3), layers.Tanh()]), ["h2"], ["r"]),
    ]
    constants = {"c0": ((2,), "int64"), "c1": ((), "float32")}
    graph = Graph(["tokens", "x"], steps, ["s", "r"], {"W": (4, 5)}, constants)
    graph.c0[...], graph.c1[...] = [2, 0], 3.0
    return graph


@pytest.mark.parametrize("inside", [lambda graph: graph, lambda graph: Net([graph]), lambda graph: Net([Net([graph])])])
def test_a_graph_of_tokens_and_numbers_with_two_outputs(inside: Any, tmp_path: Path) -> None:
    net, inputs = inside(two_ways()), [RNG.integers(0, 9, (2, 3)), numbers(2, 3, 4)]
    twin = twin_of(net, tmp_path)
    assert set(twin.state_dict()) == set(net.state())
    must_differentiate_alike(net, twin, inputs)


def gated(n: int) -> Graph:
    steps = [
        ("gate", layers.Linear(n, n), ["x"], ["g"]),
        ("norm", layers.BatchNorm1D(n), ["x"], ["v"]),
        ("product", Combine("multiply"), ["g", "v"], ["y"]),
    ]
    return Graph(["x"], steps, ["y"])


def test_graphs_inside_nets_learn_alike(tmp_path: Path) -> None:
    net = Net(
        [Named({"first": gated(4)}), Residual([gated(4), layers.Tanh()], [gated(4)]), Concat([[], gated(4)]), gated(8)]
    )
    net.forward(numbers(5, 4))  # so that the statistics of batch norm are not those of a new one
    twin, x = twin_of(net, tmp_path), numbers(5, 4)
    text = (tmp_path / "model.py").read_text()
    assert text.count('(nn.Module):\n    """From x to y') == 2  # one class for each width
    must_agree(twin(torch.from_numpy(x)), net.predict(x))
    assert one_step(net.train(), (x,)) == pytest.approx(
        one_step_in_torch(twin.train(), [torch.from_numpy(x)]), rel=1e-5, abs=1e-5
    )


def test_shared_and_frozen_weights_of_a_graph(tmp_path: Path) -> None:
    steps = [
        ("first", layers.Linear(3, 3), ["x"], ["h"]),
        ("again", MatMul(), ["h", "my weight"], ["k"]),
        ("sum", Combine("add"), ["k", "b"], ["y"]),
    ]
    graph = Graph(["x"], steps, ["y"], {"my weight": (3, 3), "b": (3,)})
    graph.weights["my weight"] = graph.steps[0][1].weight
    graph.weights["b"].trainable = False
    net = Net([graph, layers.Linear(3, 3)])
    net[1].weight = graph.weights["my weight"]
    twin = twin_of(net, tmp_path)
    assert twin[0].get_parameter("my weight") is twin[0].first.weight is twin[1].weight
    assert [name for name, parameter in twin.named_parameters() if not parameter.requires_grad] == ["0.b"]
    x = numbers(2, 3)
    assert one_step(net, (x,)) == pytest.approx(one_step_in_torch(twin, [torch.from_numpy(x)]), rel=1e-5, abs=1e-5)


def test_shared_and_frozen_weights_of_parts_with_the_names_of_methods(tmp_path: Path) -> None:
    steps = [("type", layers.Linear(3, 3), ["x"], ["h"]), ("half", MatMul(), ["h", "float"], ["y"])]
    graph = Graph(["x"], steps, ["y"], {"float": (3, 3)})
    graph.weights["float"] = graph.steps[0][1].weight
    graph.weights["float"].trainable = graph.steps[0][1].bias.trainable = False
    twin, x = twin_of(graph, tmp_path), numbers(2, 3)
    assert twin._parameters["float"] is twin._modules["type"].weight
    assert not [name for name, parameter in twin.named_parameters() if parameter.requires_grad]
    must_agree(graph.forward(x), twin(torch.from_numpy(x)))


def test_padding_is_hidden_inside_a_graph(tmp_path: Path) -> None:
    steps = [
        ("block", layers.TransformerBlock(4, 2), ["x"], ["h"]),
        ("gru", layers.GRU(4, 4), ["x"], ["k"]),
        ("sum", Combine("add"), ["h", "k"], ["y"]),
    ]
    net = Padded([layers.Embedding(9, 4), Graph(["x"], steps, ["y"])])
    twin, x, lengths = twin_of(net, tmp_path), RNG.integers(0, 9, (4, 6)), np.array([6, 1, 0, 3])
    for padding in (lengths, np.arange(6) >= lengths[:, np.newaxis]):
        must_agree(net.predict(x, padding), twin(torch.from_numpy(x), torch.from_numpy(padding)))


def test_a_graph_in_double_precision(tmp_path: Path) -> None:
    graph = two_ways().astype(np.float64)
    inputs = [RNG.integers(0, 9, (2, 3)), RNG.standard_normal((2, 3, 4))]
    twin = twin_of(graph, tmp_path)
    assert twin.W.dtype == twin.c1.dtype == torch.float64
    must_agree(graph.forward(*inputs), twin(*map(torch.from_numpy, inputs)), 1e-12)


def test_any_names_of_steps_and_values(tmp_path: Path) -> None:
    names = ["type", "_modules", "forward", "if", "größe", "ﬁ", 'a"]; b', "x\\", "1", "৴", "nn", "joined", "\0"]
    steps = [(name, layers.Linear(3, 3), [before], [name]) for before, name in itertools.pairwise(["self", *names])]
    for name in ("get_parameter", "a b", "for"):
        steps.append((f"plus {name}", Combine("add"), [steps[-1][3][0], name], [f"plus {name}"]))
    graph = Graph(["self"], steps, [steps[-1][3][0]], dict.fromkeys(("get_parameter", "a b", "for"), (3,)))
    twin, x = twin_of(graph, tmp_path), numbers(2, 3)
    assert set(twin.state_dict()) == set(graph.state())
    must_agree(graph.forward(x), twin.train()(torch.from_numpy(x)))
    named = Named({name: layers.Linear(3, 3) for name in names})
    must_agree(named.forward(x), twin_of(named, tmp_path)(torch.from_numpy(x)))


def test_the_names_that_modules_have_are_all_known() -> None:
    assert {name for name in (*dir(torch.nn.Module), *vars(torch.nn.Module())) if name[0] != "_"} <= OF_MODULES


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning", "ignore:Exporting a model")
def test_a_graph_comes_back_over_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    graph, inputs = two_ways(), [RNG.integers(0, 9, (2, 3)), numbers(2, 3, 4)]
    twin = twin_of(graph, tmp_path)
    with pytest.raises(TypeError, match="a forward of its own, which cannot be read.*\nHint: .*or go by ONNX"):
        tn.from_pytorch(twin)
    batch = {"dynamic_axes": {name: {0: "batch"} for name in ("tokens", "x")}, "input_names": ["tokens", "x"]}
    example = tuple(torch.from_numpy(x[:1]) for x in inputs)
    torch.onnx.export(twin, example, tmp_path / "back.onnx", dynamo=False, **batch)
    back = tn.load_onnx(tmp_path / "back.onnx")
    assert isinstance(back[0], Graph)
    for n in (2, 1):
        batch = [x[:n] for x in inputs]
        must_agree(back.predict(*batch), graph.forward(*batch))


def recorded() -> list[str]:
    return sorted(name for name in zipfile.ZipFile(RECORDINGS).namelist() if name.endswith(".onnx"))


@pytest.mark.parametrize("name", recorded())
def test_from_pytorch_over_onnx_to_pytorch(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with zipfile.ZipFile(RECORDINGS) as archive:
        (tmp_path / name).write_bytes(archive.read(name))
        values = np.load(io.BytesIO(archive.read(f"{name.partition('.')[0]}.npz")))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "load_onnx: batch norm was merged")
        net = tn.load_onnx(tmp_path / name)
    x, twin = values["x"], twin_of(net, tmp_path / "twin")
    must_agree(twin(torch.from_numpy(x)), values["y"], 1e-4)
    must_agree(twin(torch.from_numpy(x)), net.predict(x))
    must_agree(twin(torch.from_numpy(x[:1])), net.predict(x[:1]))
    assert one_step(net, (x,)) == pytest.approx(one_step_in_torch(twin, [torch.from_numpy(x)]), rel=1e-5, abs=1e-5)
