"""Operators that no layer stands for become operations, and give and learn what ONNX Runtime and PyTorch do."""

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_unreadable import F, model, one
from tinynet.exchange.onnx.read.nearest import INSTEAD, instead_of
from tinynet.exchange.onnx.read.nodes import HANDLERS
from tinynet.layers import GroupNorm
from tinynet.net import Graph
from tinynet.net.operations import Clip, Combine, Expand, Join

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

INT = onnx.TensorProto.INT64
ROW = np.array([-0.5, 0.0, 0.5, 1.0], F)
IMAGE = ("n", 2, 6, 5)
TOKENS = dict(shape=("n", 4), dtype=INT)
HALF = dict(coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_floor")
KEEP = [("Greater", ["x", "zero"], ["g"], {}), ("Not", ["g"], ["l"], {}), ("Cast", ["l"], ["f"], {"to": 1})]
FORMS = {
    "Max with a number": one("Max", {}, F(0.1)),
    "Max with a row": one("Max", {}, ROW),
    "Max of three": one("Max", {}, ROW, F(0.2)),
    "Min": one("Min", {}, ROW),
    "Sum": one("Sum", {}, ROW, F(2)),
    "Mean": one("Mean", {}, ROW, ROW),
    "a comparison and a choice": model([*KEEP[:1], ("Where", ["g", "x", "zero"], ["y"], {})], arrays={"zero": F(0)}),
    "not, as a number": model([*KEEP, ("Mul", ["f", "x"], ["y"], {})], arrays={"zero": F(0)}),
    "a number as a truth": model(
        [("Cast", ["x"], ["b"], {"to": 9}), ("Where", ["b", "x", "one"], ["y"], {})], arrays={"one": F(1)}
    ),
    "a fixed base": model([("Pow", ["two", "x"], ["y"], {})], arrays={"two": F(2)}),
    "ReduceL2": one("ReduceL2", {"keepdims": 0}, np.array([-1])),
    "ReduceLogSumExp": one("ReduceLogSumExp", {}, np.array([1])),
    "Celu": one("Celu", {"alpha": 0.5}),
    "a product with a vector": one("MatMul", {}, ROW),
    "Gemm that scales": one("Gemm", {"alpha": 2.0, "beta": 0.5}, np.outer(ROW, ROW), ROW),
    "Einsum without a result": one("Einsum", {"equation": "ij, jk"}, np.outer(ROW, ROW)),
    "Einsum with dots": one("Einsum", {"equation": "...i,ij->...j"}, np.outer(ROW, ROW), shape=("n", 3, 4)),
    "CumSum from the end": one("CumSum", {"reverse": 1, "exclusive": 1}, np.array(1)),
    "Tile": one("Tile", {}, np.array([1, 3])),
    "Trilu": one("Trilu", {"upper": 0}, np.array(-1), shape=("n", 3, 4)),
    "PixelShuffle": one("DepthToSpace", {"blocksize": 2, "mode": "CRD"}, shape=("n", 8, 2, 3)),
    "SpaceToDepth": one("SpaceToDepth", {"blocksize": 2}, shape=("n", 2, 4, 6)),
    "Expand beside an axis of that size": one("Expand", {}, np.array([1, 2, 2, 5]), shape=("n", 2, 1, 5)),
    "Resize of sequences": one("Resize", {"mode": "linear"}, None, np.array([1, 1, 2], F), shape=("n", 3, 4)),
    "Resize to the nearest": one("Resize", HALF, None, np.array([1, 1, 0.5, 2], F), shape=IMAGE),
    "Pad with a number": one("Pad", {}, np.array([0, 0, 1, 2, 0, 0, 0, 1]), F(0.5), shape=IMAGE),
    "Pad that crops": one("Pad", {}, np.array([0, 0, -1, 2, 0, 0, 1, -2]), shape=IMAGE),
    "Pad of channels": one("Pad", {}, np.array([0, 1, 0, 0, 0, 2, 0, 0]), shape=IMAGE),
    "Pad in a circle": one("Pad", {"mode": "wrap"}, np.array([0, 0, 1, 2, 0, 0, 0, 1]), shape=IMAGE),
    "half of what one step gives": model(
        [("Exp", ["x"], ["e"], {}), ("Mul", ["e", "half"], ["y"], {})], arrays={"half": F(0.5)}
    ),
    "a list of parts": model(
        [("SplitToSequence", ["x", "two"], ["s"], {"axis": 1}), ("SequenceAt", ["s", "last"], ["a"], {}),
         ("SequenceAt", ["s", "first"], ["b"], {}), ("Mul", ["a", "b"], ["y"], {})],
        arrays={"two": np.int64(2), "last": np.int64(-1), "first": np.int64(0)},
    ),
    "a list of unequal parts": model(
        [("SplitToSequence", ["x", "sizes"], ["s"], {"axis": -1}), ("SequenceAt", ["s", "last"], ["y"], {})],
        arrays={"sizes": np.array([3, 1]), "last": np.int64(0)},
    ),
    "a list of places": model(
        [("SplitToSequence", ["x"], ["s"], {"axis": 1, "keepdims": 0}), ("SequenceAt", ["s", "last"], ["y"], {})],
        arrays={"last": np.int64(3)},
    ),
    "a list of parts of a weight": model(
        [("SplitToSequence", ["w", "two"], ["s"], {"axis": 1}), ("SequenceAt", ["s", "first"], ["a"], {}),
         ("MatMul", ["x", "a"], ["y"], {})],
        arrays={"w": np.outer(ROW, ROW), "two": np.int64(2), "first": np.int64(0)},
    ),
    "a weight that data compute": model(
        [("Transpose", ["x"], ["t"], {}), ("Gemm", ["x", "t", "b"], ["y"], {})], arrays={"b": F(0.5)},
    ),
    "tokens that are padded": model(
        [("Equal", ["x", "pad"], ["e"], {}), ("Where", ["e", "low", "zero"], ["y"], {})],
        arrays={"pad": np.int64(2), "low": F(-9), "zero": F(0)}, **TOKENS,
    ),
    "OneHot": one("OneHot", {}, np.array(4), np.array([1, 3], F), **TOKENS),
}  # fmt: skip


def loaded(made, tmp_path):
    """The net of a model."""
    for index, node in enumerate(made.graph.node):
        node.name = f"/block/{node.op_type}_{index}"  # two nodes may not have one name
    onnx.save(made, tmp_path / "net.onnx")
    return tn.load_onnx(tmp_path / "net.onnx")


def input_of(made):
    """Three samples for a model."""
    given = made.graph.input[0].type.tensor_type
    shape = [3, *[dim.dim_value for dim in given.shape.dim[1:]]]
    rng = np.random.default_rng(0)
    return rng.integers(0, 4, shape) if given.elem_type == INT else rng.normal(size=shape).astype(F)


@pytest.mark.parametrize("name", FORMS)
def test_an_operator_gives_what_onnx_runtime_gives(name, tmp_path):
    net, x = loaded(FORMS[name], tmp_path), input_of(FORMS[name])
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    y = net.forward(x)
    net.backward(np.ones_like(y))
    tn.export_onnx(net, tmp_path / "again.onnx", x)
    agree(y, run(tmp_path / "again.onnx", x))


def test_a_row_that_is_joined_to_each_sample_is_exported(tmp_path):
    graph = Graph(["x"], [("all", Join(1), ["x", "token"], ["y"])], ["y"], weights={"token": (1, 2, 3)})
    x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(F)
    expected = graph.forward(x)
    tn.export_onnx(graph, tmp_path / "net.onnx", (5, 3))
    agree(expected, run(tmp_path / "net.onnx", x))
    assert expected.shape == (4, 7, 3)


def test_a_maximum_with_a_number_is_a_range(tmp_path):
    assert [repr(layer) for layer in layers_of(loaded(one("Max", {}, F(0.5)), tmp_path))] == [repr(Clip(low=0.5))]
    assert [repr(layer) for layer in layers_of(loaded(one("Min", {}, F(0.5)), tmp_path))] == [repr(Clip(high=0.5))]
    assert Combine in {type(layer) for layer in loaded(one("Max", {}, ROW), tmp_path).every_layer()}


def test_an_array_is_repeated_along_its_own_axis(tmp_path):
    (expand,) = layers_of(loaded(FORMS["Expand beside an axis of that size"], tmp_path))
    assert repr(expand) == repr(Expand(-1, -1, 2, -1))


@pytest.mark.parametrize("shape", [(4, 1, 1), (1, 4, 1, 1)])
def test_group_norm_is_found(shape, tmp_path):
    arrays = {"apart": np.array([0, 2, -1]), "ones": np.ones(2, F), "zeros": np.zeros(2, F)}
    arrays |= {"back": np.array([-1, 4, 3, 3]), "w": ROW.reshape(shape), "b": 2 * ROW.reshape(shape)}
    nodes = [
        ("Reshape", ["x", "apart"], ["a"], {}),
        ("InstanceNormalization", ["a", "ones", "zeros"], ["i"], {}),
        ("Reshape", ["i", "back"], ["r"], {}),
        ("Mul", ["r", "w"], ["m"], {}),
        ("Add", ["m", "b"], ["y"], {}),
    ]
    made = model(nodes, ("n", 4, 3, 3), arrays)
    for entry in made.graph.initializer[1:3]:  # as an exporter names what is no parameter
        entry.name = f"/{entry.name}"
    made.graph.node[1].input[1:] = ["/ones", "/zeros"]
    net, x = loaded(made, tmp_path), np.random.default_rng(0).normal(size=(3, 4, 3, 3)).astype(F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    (norm,) = layers_of(net)
    assert isinstance(norm, GroupNorm)
    assert (norm.num_groups, norm.num_channels) == (2, 4)
    assert np.array_equal(norm.bias.tensor, 2 * ROW)


def with_signature(made, *lines):
    """A model with what PyTorch's newer exporter says of its parameters and buffers."""
    entry = made.graph.metadata_props.add()
    entry.key, entry.value = "pkg.torch.export.ExportedProgram.graph_signature", "\n".join(["# inputs", *lines])
    return made


PARAMETER, BUFFER = "p_{0}: PARAMETER target='{0}'", "b_{0}: BUFFER target='{0}' persistent=True"


def test_a_buffer_is_not_learned_and_a_single_number_is(tmp_path):
    nodes = [("Mul", ["x", "scale"], ["s"], {}), ("Add", ["s", "table"], ["y"], {})]
    arrays = {"scale": F(2), "table": ROW}
    made = with_signature(model(nodes, arrays=arrays), PARAMETER.format("scale"), BUFFER.format("table"))
    assert list(loaded(made, tmp_path).parameters()) == ["0.scale"]
    made = model(nodes, arrays=arrays)
    assert list(loaded(made, tmp_path).parameters()) == ["0.table"]  # by their names alone
    made.producer_name = "pytorch"
    assert list(loaded(made, tmp_path).parameters()) == ["0.scale", "0.table"]


def test_a_buffer_in_the_place_of_a_weight_stays_as_it_is(tmp_path):
    made = with_signature(one("MatMul", {}, np.outer(ROW, ROW)), BUFFER.format("w0"))
    net = loaded(made, tmp_path)
    (weight,) = net.parameters().values()
    assert not weight.trainable


def test_what_is_folded_from_a_parameter_is_learned(tmp_path):
    arrays = {"val_1": ROW, "val_2": ROW}
    made = model([("Mul", ["x", "val_1"], ["s"], {}), ("Add", ["s", "val_2"], ["y"], {})], arrays=arrays)
    with_signature(made, PARAMETER.format("gamma"), BUFFER.format("table"))
    for name, source in (("val_1", "gamma"), ("val_2", "table")):
        value = made.graph.value_info.add()
        value.name = name
        entry = value.metadata_props.add()
        entry.key, entry.value = "pkg.onnxscript.optimizer.folded_from", f"['{source}', 'val_0']"
    assert list(loaded(made, tmp_path).parameters()) == ["0.val_1"]


def test_training_goes_through_what_is_computed_from_a_weight(tmp_path):
    nodes = [("Exp", ["log_scale"], ["scale"], {}), ("Mul", ["x", "scale"], ["m"], {})]
    nodes += [("Unsqueeze", ["shift", "axes"], ["row"], {}), ("Add", ["m", "row"], ["y"], {})]
    arrays = {"log_scale": F(0.5), "shift": ROW, "axes": np.array([0])}
    made = with_signature(model(nodes, arrays=arrays), PARAMETER.format("log_scale"), PARAMETER.format("shift"))
    net, x = loaded(made, tmp_path), np.ones((2, 4), F)
    assert {type(layer) for layer in net.every_layer()} >= {Graph}
    assert {name: weight.shape for name, weight in net.parameters().items()} == {"0.log_scale": (), "0.shift": (4,)}
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    net.backward(np.ones_like(net.forward(x)))
    assert np.allclose(net.parameters()["0.log_scale"].gradient, 8 * np.exp(0.5))
    assert np.allclose(net.parameters()["0.shift"].gradient, 2)


def test_the_type_of_another_value_is_not_its_numbers(tmp_path):
    nodes = [("Relu", ["x"], ["r"], {}), ("CastLike", ["w", "r"], ["c"], {}), ("Mul", ["r", "c"], ["y"], {})]
    made = with_signature(model(nodes, arrays={"w": ROW}), PARAMETER.format("w"))
    net, x = loaded(made, tmp_path), np.ones((2, 4), F)
    assert list(net.parameters()) == ["0.w"]
    agree(net.predict(x), run(tmp_path / "net.onnx", x))


def test_a_row_of_zeros_can_be_normalized(tmp_path):
    nodes = [("ReduceL2", ["x", "axes"], ["n"], {}), ("Max", ["n", "least"], ["m"], {}), ("Div", ["x", "m"], ["y"], {})]
    net = loaded(model(nodes, arrays={"axes": np.array([1]), "least": F(1e-12)}), tmp_path)
    x = np.zeros((2, 4), F)
    x[1] = ROW
    agree(net.forward(x), run(tmp_path / "net.onnx", x))
    assert np.isfinite(net.backward(np.ones_like(x))).all()


def test_a_hint_is_of_what_means_the_like():
    assert instead_of("Min", ["Sin"]) == ""
    assert instead_of("LpPool", HANDLERS) == "use MaxPool or AveragePool."
    named = [op for ops in INSTEAD for op in ops.split()]
    assert len(set(named)) == len(named)
    assert not set(named) & set(HANDLERS)
    standard = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    made_before = {"Constant", "ConstantOfShape", "EyeLike", "Shape", "Size"}  # which never depend on data
    assert standard - set(HANDLERS) - set(named) <= made_before


def test_a_learned_row_for_each_sample_is_repeated(tmp_path):
    nodes = [("Shape", ["x"], ["n"], {"end": 1}), ("Concat", ["n", "row"], ["sizes"], {"axis": 0})]
    nodes += [("Expand", ["query", "sizes"], ["q"], {}), ("Transpose", ["q"], ["t"], {"perm": [1, 0, 2]})]
    nodes += [("Reshape", ["t", "flat"], ["r"], {}), ("MatMul", ["r", "w"], ["y"], {})]
    arrays = {"query": np.arange(8, dtype=F).reshape(1, 2, 4), "row": np.array([2, 4]), "flat": np.array([-1, 4])}
    made = model(nodes, arrays=arrays | {"w": np.outer(ROW, ROW)})
    net, x = loaded(made, tmp_path), np.ones((3, 4), F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    net.backward(np.ones_like(net.forward(x)))
    assert [path for path, weight in net.parameters().items() if weight.gradient.any()][:1] == ["0.query"]
