"""The edges of what is read of ONNX: padding that follows from sizes, ends of slices, moves that undo each other."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_operators import input_of, loaded
from tests.exchange.onnx.test_unreadable import F, model, one
from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.folding import _reduced, _tile, slices_of, split_ends
from tinynet.exchange.onnx.read.nearest import instead_of
from tinynet.exchange.onnx.read.nodes.convolution import pads_of
from tinynet.exchange.onnx.read.nodes.shapes import view_between
from tinynet.exchange.onnx.read.places import held, place_of
from tinynet.exchange.onnx.read.reader import Value
from tinynet.layers import Flatten, Permute, ReLU, Reshape
from tinynet.net.operations import View


def node(op="Conv", inputs=(), scopes=(), **attributes):
    return Node(op, "a", list(inputs), ["y"], attributes, list(scopes))


@pytest.mark.parametrize(
    ("auto", "size", "kernel", "stride", "dilation", "pads"),
    [
        ("SAME_UPPER", 5, 2, 1, 1, [0, 1]),
        ("SAME_LOWER", 5, 2, 1, 1, [1, 0]),
        ("SAME_UPPER", 5, 3, 2, 1, [1, 1]),
        ("SAME_UPPER", 6, 3, 2, 1, [0, 1]),
        ("SAME_LOWER", 6, 3, 2, 1, [1, 0]),
        ("SAME_UPPER", 5, 3, 1, 2, [2, 2]),
        ("SAME_UPPER", 6, 1, 2, 1, [0, 0]),
        ("VALID", 5, 3, 1, 1, [0, 0]),
    ],
)
def test_padding_that_follows_from_the_sizes(auto, size, kernel, stride, dilation, pads):
    assert pads_of(node(auto_pad=auto), [size], [kernel], [stride], [dilation]) == pads
    both = pads_of(node(auto_pad=auto), [size, 4], [kernel, 1], [stride, 1], [dilation, 1])
    assert both == [pads[0], 0, pads[1], 0]


def test_padding_that_is_none():
    assert pads_of(node(pads=[1, 2]), [5], [3], [1], [1]) == [1, 2]
    assert pads_of(node(), [5], [3], [1], [1]) == [0, 0]
    for pads in ([1], [-1, 0]):
        with pytest.raises(Unreadable, match="its padding is"):
            pads_of(node(pads=pads), [5], [3], [1], [1])


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [(-1, -4, -1), (-1, -5, -1), (3, -9, -2), (0, 4, 1), (1, 99, 2), (1, 3, 1), (-2, 4, 1), (-1, 0, -1)],
)
def test_slices_end_where_those_of_onnx_end(start, end, step):
    x = np.arange(4)
    ((axis, first, stop, by),) = slices_of(x, [x, [start], [end], [0], [step]], {})
    assert axis == 0
    # ONNX counts a negative end from behind once, and one before the beginning is the beginning.
    limit = end + 4 if end < 0 else min(end, 4)
    places = range(start % 4, max(limit, -1) if step < 0 else limit, step)
    assert x[first:stop:by].tolist() == list(places)


def test_parts_are_as_long_as_they_can_be():
    assert split_ends([np.zeros((6, 4))], {}, 3) == [2, 4]
    assert split_ends([np.zeros((6, 4))], {"axis": 1}, 2) == [2]
    assert split_ends([np.zeros((7, 4))], {}, 3) == [3, 6]
    assert split_ends([np.zeros((6, 4)), np.array([1, 2, 3])], {}, 3) == [1, 3]


def test_what_is_computed_while_a_file_is_read_stays_small():
    assert _tile([np.ones((1, 2)), np.array([2, 3])], {}).shape == (2, 6)
    with pytest.raises(Unreadable, match="it makes an array of shape .* which is too large"):
        _tile([np.ones((1000, 1000)), np.array([1000, 1000])], {})


def test_sums_of_constants_keep_their_axes_unless_it_is_said():
    x = np.arange(6.0).reshape(2, 3)
    assert _reduced(np.sum)([x, np.array([1])], {}).tolist() == [[3], [12]]
    assert _reduced(np.max)([x, np.array([0])], {"keepdims": 0}).tolist() == [3, 4, 5]


def test_the_nearest_of_several_operators():
    assert instead_of("Sinn", ["Sin", "Sinh", "Sign", "Asin"]) == "the nearest that works is Sin."
    assert instead_of("Nothing", ["Sin", "Sinh"]) == ""


def test_what_a_constant_holds():
    assert held(node("Constant", value_ints=[1, 2])).dtype == np.int64
    assert held(node("Constant", value_float=0.5)).dtype == np.float32
    with pytest.raises(Unreadable, match=r"^node 'a' \(Constant\) holds nothing that is read\."):
        held(node("Constant", value_strings=["a"]))


def test_a_node_belongs_where_its_weight_does():
    weight = {"w": Value((0, 0), known=True, weight="block.linear.weight"), "x": Value((0, 0), known=False)}
    assert place_of(node(inputs=["x", "w"]), weight) == ["block", "block.linear"]
    assert place_of(node(inputs=["x", "w"], scopes=["block", "block.norm"]), weight) == ["block", "block.linear"]
    assert place_of(node(inputs=["x", "w"], scopes=["other.norm"]), weight) == ["other.norm"]
    assert place_of(node(inputs=["x"], scopes=["block"]), weight) == ["block"]


def test_shapes_of_samples_are_changed_by_layers_that_keep_the_batch():
    assert view_between([(2, 3), (4, 3)], [(2, 3), (4, 3)]) is None
    assert isinstance(view_between([(2, 3, 4), (5, 3, 4)], [(2, 12), (5, 12)]), Flatten)
    assert repr(view_between([(2, 12), (5, 12)], [(2, 3, 4), (5, 3, 4)])) == repr(Reshape(3, 4))
    assert isinstance(view_between([(2, 3), (5, 3)], [(3, 2), (3, 5)]), View)
    assert isinstance(view_between([(2,), (5,)], [(2, 1), (5, 1)]), View)  # without axes there are no samples


SQUARE = np.arange(16, dtype=F).reshape(4, 4) / 8
FORMS = {
    "a product with one bias for all": one("Gemm", {}, SQUARE, np.array([0.5], F)),
    "a product with a row of biases": one("Gemm", {}, SQUARE[:, :3], np.array([[1, 2, 3]], F)),
    "a product with what the data compute, turned": model([("Gemm", ["x", "x"], ["y"], {"transB": 1})]),
    "a list of three unequal parts": model(
        [
            ("SplitToSequence", ["x", "sizes"], ["s"], {"axis": 1}),
            ("SequenceAt", ["s", "last"], ["a"], {}),
            ("SequenceAt", ["s", "second"], ["b"], {}),
            ("Mul", ["a", "b"], ["y"], {}),
        ],
        arrays={"sizes": np.array([1, 1, 2]), "last": np.int64(2), "second": np.int64(1)},
    ),
    "the upper left of each two pixels": one(
        "Resize",
        dict(coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        None,
        np.array([1, 1, 1.5, 2], F),
        shape=("n", 2, 4, 3),
    ),
    "a floor between pixels": one(
        "Resize",
        dict(coordinate_transformation_mode="half_pixel", nearest_mode="floor"),
        None,
        np.array([1, 1, 2, 2], F),
        shape=("n", 2, 4, 3),
    ),
    "one row made longer": one("Resize", {"mode": "linear"}, None, np.array([1, 1, 1, 2], F), shape=("n", 2, 1, 3)),
    "a vector times what the data compute": model(
        [("Transpose", ["x"], ["t"], {}), ("MatMul", ["v", "t"], ["y"], {})], arrays={"v": np.arange(4, dtype=F)}
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_it_gives_what_onnx_runtime_gives(name, tmp_path):
    net, x = loaded(FORMS[name], tmp_path), input_of(FORMS[name])
    agree(net.predict(x), run(tmp_path / "net.onnx", x))


def test_lengths_are_made_one(tmp_path):
    made = one("RMSNormalization", {"epsilon": 0.1}, np.array([1, 2, 3, 4], F), opset=23)  # older runtimes lack it
    x = input_of(made)
    expected = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 0.1) * [1, 2, 3, 4]
    np.testing.assert_allclose(loaded(made, tmp_path).predict(x), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["a product with one bias for all", "a product with a row of biases"])
def test_each_unit_gets_a_bias_of_its_own_to_learn(name, tmp_path):
    net, x = loaded(FORMS[name], tmp_path), input_of(FORMS[name])
    (layer,) = layers_of(net)
    assert layer.bias.shape == (layer.out_features,)
    net.backward(np.arange(net.forward(x).size, dtype=F).reshape(len(x), -1))
    assert len(set(layer.bias.gradient.tolist())) == layer.out_features


def test_moves_that_undo_each_other_are_left_out_and_several_are_one(tmp_path):
    turn = ("Transpose", ["x"], ["t"], {"perm": [0, 2, 1]})
    back = ("Transpose", ["t"], ["u"], {"perm": [0, 2, 1]})
    undone = loaded(model([turn, back, ("Relu", ["u"], ["y"], {})], ("n", 3, 4)), tmp_path)
    assert [type(layer) for layer in layers_of(undone)] == [ReLU]
    on = {"perm": [0, 2, 3, 1]}
    nodes = [("Transpose", ["x"], ["t"], on), ("Transpose", ["t"], ["u"], on), ("Relu", ["u"], ["y"], {})]
    one_move = loaded(model(nodes, ("n", 2, 3, 4)), tmp_path)
    assert [repr(layer) for layer in layers_of(one_move)] == [repr(Permute(2, 0, 1)), "ReLU()"]
    nodes = [turn, back, ("Mul", ["t", "t"], ["z"], {}), ("Relu", ["u"], ["y"], {})]
    both = loaded(model(nodes, ("n", 3, 4), outputs=("y", "z")), tmp_path)  # t is read twice, so it stays
    x = input_of(model(nodes, ("n", 3, 4)))
    agree(both.predict(x), run(tmp_path / "net.onnx", x))


def test_places_of_a_class_need_no_factor(tmp_path):
    import onnx

    tokens = dict(shape=("n", 4), dtype=onnx.TensorProto.INT64)
    kinds = [
        [layer.operation for layer in layers_of(loaded(one("OneHot", {}, np.array(4), values, **tokens), tmp_path))
         if hasattr(layer, "operation")]
        for values in (np.array([0, 1], F), np.array([1, 3], F))
    ]  # fmt: skip
    assert "multiply" not in kinds[0]
    assert "multiply" in kinds[1]
