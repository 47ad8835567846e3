"""No file makes an array that is larger than allowed, and none is refused that is just as large."""

import math

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.test_operators import TOKENS
from tests.exchange.onnx.test_unreadable import F, model, one
from tinynet.exchange.onnx.read.file import Unreadable
from tinynet.exchange.onnx.read.folding import fold, limited

onnx = pytest.importorskip("onnx")

IMAGE, ZERO = ("n", 2, 6, 6), {"zero": F(0)}
THIN = np.ones((3, 1, 4), F)
TURNED = [("Transpose", ["x"], ["t"], {"perm": [0, 2, 1]})]
UNEVEN = dict(strides=[2, 3], dilations=[1, 2], output_padding=[1, 0])
MADE = {
    "a sum": (one("Add", {}, THIN), (3, 2, 4)),
    "a comparison": (one("Less", {}, THIN), (3, 2, 4)),
    "a choice": (
        model(
            [("Greater", ["x", "zero"], ["g"], {}), ("Where", ["g", "x", "w"], ["y"], {})], arrays=ZERO | {"w": THIN}
        ),
        (3, 2, 4),
    ),
    "a product": (model([*TURNED, ("MatMul", ["x", "t"], ["y"], {})], ("n", 3, 5)), (2, 3, 3)),
    "a product turned round": (model([*TURNED, ("MatMul", ["t", "x"], ["y"], {})], ("n", 3, 5)), (2, 5, 5)),
    "a product with several matrices": (one("MatMul", {}, np.ones((3, 1, 4, 5), F), shape=("n", 2, 4)), (3, 2, 2, 5)),
    "a triangle": (one("Trilu", shape=("n", 3, 4)), (3, 4)),
    "a convolution": (
        one("Conv", {"pads": [1, 2, 0, 3]}, np.ones((3, 2, 3, 3), F), shape=IMAGE),
        (2, 3, 7, 11),
    ),
    "a transposed convolution": (
        one("ConvTranspose", UNEVEN, np.ones((2, 3, 3, 2), F), shape=("n", 2, 4, 5)),
        (2, 3, 10, 15),
    ),
    "a transposed convolution in groups": (
        one("ConvTranspose", UNEVEN | {"group": 2}, np.ones((2, 3, 3, 2), F), shape=("n", 2, 4, 5)),
        (2, 6, 10, 15),
    ),
    "classes": (one("OneHot", {"axis": 0}, np.array(5), np.array([0, 1], F), **TOKENS), (2, 4, 5)),
    "places": (one("Gather", {"axis": 1}, np.array([[0, 1]]), shape=("n", 3, 4)), (2, 1, 2, 4)),
    "rows repeated": (one("Expand", {}, np.array([3, 1, 4])), (3, 2, 4)),
    "axes repeated": (one("Tile", {}, np.array([1, 3])), (2, 12)),
    "a sum of products": (one("Einsum", {"equation": "ij,jk->ki"}, np.ones((4, 5), F)), (5, 2)),
    "larger images": (one("Resize", {"mode": "linear"}, None, np.array([1, 1, 2, 1.5], F), shape=IMAGE), (2, 2, 12, 9)),
    "a border": (one("Pad", {}, np.array([0, 0, 1, 2, 0, 0, 0, 1]), shape=IMAGE), (2, 2, 7, 9)),
}


@pytest.mark.parametrize("name", MADE)
def test_an_array_may_be_as_large_as_is_allowed_and_no_larger(name, tmp_path, monkeypatch):
    made, shape = MADE[name]
    onnx.save(made, tmp_path / "net.onnx")
    size = math.prod(shape)
    monkeypatch.setattr("tinynet.exchange.onnx.read.reader.MAX_NUMBERS", size)
    tn.load_onnx(tmp_path / "net.onnx")
    monkeypatch.setattr("tinynet.exchange.onnx.read.reader.MAX_NUMBERS", size - 1)
    with pytest.raises(ValueError, match=r"it makes an array of shape \(.*\), which is too large\.") as caught:
        tn.load_onnx(tmp_path / "net.onnx")
    assert f"shape {shape}," in str(caught.value)


COMPUTED = {
    "a sum": ("Add", [np.ones((3, 1)), np.ones(4)], {}, (3, 4)),
    "rows repeated": ("Expand", [np.ones((1, 4)), np.array([3, 1])], {}, (3, 4)),
    "axes repeated": ("Tile", [np.ones((2, 2)), np.array([2, 3])], {}, (4, 6)),
    "numbers alike": ("ConstantOfShape", [np.array([2, 3])], {}, (2, 3)),
    "a range": ("Range", [np.array(1), np.array(8), np.array(2)], {}, (4,)),
    "a range of parts": ("Range", [np.array(0.0), np.array(1.0), np.array(0.25)], {}, (4,)),
    "a product": ("Einsum", [np.ones((2, 3)), np.ones((3, 4))], {"equation": "ij,jk->ki"}, (4, 2)),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_so_may_an_array_that_is_computed_while_a_file_is_read(name, monkeypatch):
    op, inputs, attributes, shape = COMPUTED[name]
    size = math.prod(shape)
    monkeypatch.setattr("tinynet.exchange.onnx.read.folding.MAX_NUMBERS", size)
    (found,) = fold(op, inputs, attributes, 1)
    assert found.shape == shape
    monkeypatch.setattr("tinynet.exchange.onnx.read.folding.MAX_NUMBERS", size - 1)
    with pytest.raises(Unreadable, match=r"^it makes an array of shape \(.*\), which is too large\.$") as caught:
        fold(op, inputs, attributes, 1)
    assert f"shape {shape}," in str(caught.value)


def test_products_that_take_as_long_as_is_allowed(monkeypatch, tmp_path):
    weights = [np.ones((2, 3)), np.ones((3, 4))], {"equation": "ij,jk->ik"}, 1
    monkeypatch.setattr("tinynet.exchange.onnx.read.folding.MAX_PRODUCTS", 24)
    assert fold("Einsum", *weights)[0].shape == (2, 4)
    monkeypatch.setattr("tinynet.exchange.onnx.read.folding.MAX_PRODUCTS", 23)
    with pytest.raises(Unreadable, match="^it multiplies weights that are too large for that.$"):
        fold("Einsum", *weights)
    onnx.save(one("Einsum", {"equation": "ij,jk->ik"}, np.ones((4, 3), F)), tmp_path / "net.onnx")
    monkeypatch.setattr("tinynet.exchange.onnx.read.nodes.reductions.MAX_PRODUCTS", 24)
    tn.load_onnx(tmp_path / "net.onnx")
    monkeypatch.setattr("tinynet.exchange.onnx.read.nodes.reductions.MAX_PRODUCTS", 23)
    with pytest.raises(ValueError, match="it sums 24 products, which are too many"):
        tn.load_onnx(tmp_path / "net.onnx")


def test_a_shape_has_no_size_below_zero():
    assert limited(np.array([[2, 0]])) == (2, 0)
    with pytest.raises(Unreadable, match=r"it makes an array of shape \(2, -1\), which is too large"):
        limited([2, -1])


@pytest.mark.parametrize(
    ("limit", "size", "words"),
    [
        ("file.MAX_NUMBERS", 6, r"the tensor w0 has the shape \(2, 3\), which is too large"),
        ("file.MAX_NODES", 1, "it has 1 nodes; up to 0 are read"),
        ("nodes.sequences.MAX_PARTS", 3, "it splits an array into 3 parts; up to 2 are read"),
    ],
)
def test_a_file_may_hold_as_much_as_is_allowed_and_no_more(limit, size, words, tmp_path, monkeypatch):
    if "PARTS" in limit:
        nodes = [("SplitToSequence", ["x"], ["s"], {"axis": 1}), ("SequenceAt", ["s", "first"], ["y"], {})]
        made = model(nodes, ("n", 3), {"first": np.int64(0)})
    else:
        made = one("MatMul", {}, np.ones((2, 3), F), shape=("n", 2))
    onnx.save(made, tmp_path / "net.onnx")
    monkeypatch.setattr(f"tinynet.exchange.onnx.read.{limit}", size)
    tn.load_onnx(tmp_path / "net.onnx")
    monkeypatch.setattr(f"tinynet.exchange.onnx.read.{limit}", size - 1)
    with pytest.raises(ValueError, match=words):
        tn.load_onnx(tmp_path / "net.onnx")


def test_an_input_may_be_as_large_as_is_allowed_and_no_larger(tmp_path, monkeypatch):
    onnx.save(one("Relu", shape=("n", 4)), tmp_path / "net.onnx")
    monkeypatch.setattr("tinynet.exchange.onnx.load.MAX_EXAMPLE", 12)  # in the larger of both examples
    tn.load_onnx(tmp_path / "net.onnx")
    monkeypatch.setattr("tinynet.exchange.onnx.load.MAX_EXAMPLE", 11)
    with pytest.raises(ValueError, match=r"its input x has the shape \(3, 4\)"):
        tn.load_onnx(tmp_path / "net.onnx")
