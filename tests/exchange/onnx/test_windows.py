"""Windows and borders with all that a node can say of them, which give what ONNX Runtime gives."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_operators import input_of, loaded
from tests.exchange.onnx.test_unreadable import F, model, one
from tinynet.layers import Conv1D, Conv2D, ConvTranspose2D, Permute, ZeroPad1D, ZeroPad2D

RNG = np.random.default_rng(0)
IMAGE, SEQUENCE, ROW = ("n", 2, 6, 5), ("n", 2, 9), ("n", 4)


def drawn(*shape):
    return RNG.normal(size=shape).astype(F)


UNEVEN = dict(pads=[1, 0, 2, 3], strides=[2, 1], dilations=[1, 2], group=2)
BACK = dict(pads=[1, 2, 1, 2], strides=[2, 3], dilations=[1, 2], output_padding=[1, 0], group=2)
ALONG = dict(pads=[1, 1], strides=[2], dilations=[2], group=2)
WINDOW = dict(kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 1, 0])
STEPS = dict(kernel_shape=[3], strides=[2], pads=[1, 1])
WINDOWS = {
    "Conv": one("Conv", UNEVEN, drawn(4, 1, 3, 2), drawn(4), shape=IMAGE),
    "Conv, padded alike": one("Conv", UNEVEN | {"pads": [1, 2, 1, 2]}, drawn(4, 1, 3, 2), shape=IMAGE),
    "Conv, valid": one("Conv", {"auto_pad": "VALID"}, drawn(3, 2, 3, 2), shape=IMAGE),
    "Conv, same": one("Conv", {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, drawn(3, 2, 3, 2), shape=IMAGE),
    "Conv of sequences": one("Conv", ALONG, drawn(4, 1, 3), drawn(4), shape=SEQUENCE),
    "Conv of sequences, uneven": one("Conv", ALONG | {"pads": [1, 2]}, drawn(4, 1, 3), shape=SEQUENCE),
    "ConvTranspose": one("ConvTranspose", BACK, drawn(2, 3, 3, 2), drawn(6), shape=IMAGE),
    "ConvTranspose, plain": one("ConvTranspose", {}, drawn(2, 3, 3, 2), shape=IMAGE),
    "ConvTranspose of sequences": one(
        "ConvTranspose", ALONG | {"output_padding": [1]}, drawn(2, 3, 3), drawn(6), shape=SEQUENCE
    ),
    "MaxPool": one("MaxPool", WINDOW | {"dilations": [2, 1]}, shape=IMAGE),
    "MaxPool over the end": one("MaxPool", WINDOW | {"ceil_mode": 1, "strides": [2, 2]}, shape=IMAGE),
    "MaxPool of sequences": one("MaxPool", STEPS | {"dilations": [2]}, shape=SEQUENCE),
    "MaxPool of sequences over the end": one("MaxPool", STEPS | {"ceil_mode": 1, "pads": [0, 0]}, shape=("n", 2, 8)),
    "AveragePool": one("AveragePool", WINDOW, shape=IMAGE),
    "AveragePool with its border": one("AveragePool", WINDOW | {"count_include_pad": 1}, shape=IMAGE),
    "AveragePool of sequences": one("AveragePool", STEPS, shape=SEQUENCE),
    "AveragePool of sequences with their ends": one("AveragePool", STEPS | {"count_include_pad": 1}, shape=SEQUENCE),
    "AveragePool of sequences over the end": one(
        "AveragePool", STEPS | {"ceil_mode": 1, "pads": [0, 0]}, shape=("n", 2, 8)
    ),
    "the mean of sequences": one("GlobalAveragePool", shape=SEQUENCE),
    "the greatest of sequences": one("GlobalMaxPool", shape=SEQUENCE),
    "the greatest of images": one("GlobalMaxPool", shape=IMAGE),
}


def must_agree(made, tmp_path):
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.forward(x), run(tmp_path / "net.onnx", x))
    return net


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name, tmp_path):
    must_agree(WINDOWS[name], tmp_path)


@pytest.mark.parametrize(
    ("name", "kinds", "biased"),
    [
        ("Conv", [ZeroPad2D, Conv2D], True),
        ("Conv, padded alike", [Conv2D], False),
        ("Conv of sequences, uneven", [Permute, ZeroPad1D, Conv1D, Permute], False),
        ("ConvTranspose", [ConvTranspose2D], True),
        ("ConvTranspose, plain", [ConvTranspose2D], False),
    ],
)
def test_a_convolution_has_what_the_file_gives_it(name, kinds, biased, tmp_path):
    layers = layers_of(loaded(WINDOWS[name], tmp_path))
    assert [type(layer) for layer in layers] == kinds
    (conv,) = [layer for layer in layers if hasattr(layer, "weight")]
    assert (conv.bias is not None) is biased


@pytest.mark.parametrize(("fill", "biased"), [(0, False), (1, True)])
def test_a_bias_that_an_exporter_has_filled_in_is_none(fill, biased, tmp_path):
    nodes = [("ConstantOfShape", ["size"], ["b"], {"value": None}), ("Conv", ["x", "w", "b"], ["y"], {})]
    import onnx

    nodes[0][3]["value"] = onnx.numpy_helper.from_array(np.array([fill], F))
    net = must_agree(model(nodes, IMAGE, {"size": np.array([3]), "w": drawn(3, 2, 2, 2)}), tmp_path)
    (layer,) = layers_of(net)
    assert (layer.bias is not None) is biased


BORDERS = [(0, 0, 1, 2, 0, 0, 0, 3), (0, 0, 0, 0, 0, 0, 2, 0), (0, 1, 0, 0, 0, 0, 0, 0), (0, 1, 1, 0, 0, 0, 0, 2)]
ENDS = [(0, 0, 1, 0, 0, 2), (0, 1, 0, 0, 1, 0), (0, 1, 2, 0, 0, 1)]
MODES = ["constant", "reflect", "edge", "wrap"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("shape", "pads"), [*((IMAGE, pads) for pads in BORDERS), *((SEQUENCE, pads) for pads in ENDS)]
)
def test_borders(mode, shape, pads, tmp_path):
    must_agree(one("Pad", {"mode": mode}, np.array(pads), shape=shape), tmp_path)


CUTS = {
    "cut alone": one("Pad", {}, np.array([0, 0, -1, 0, 0, 0, 0, -2]), shape=IMAGE),
    "cut and padded with a number": one("Pad", {}, np.array([0, 0, -1, 1, 0, 0, 0, -2]), F(-2), shape=IMAGE),
    "channels cut": one("Pad", {}, np.array([0, -1, 0, 0, 0, 0, 0, 0]), shape=IMAGE),
    "a number around sequences": one("Pad", {}, np.array([0, 0, 1, 0, 0, 1]), F(3), shape=SEQUENCE),
    "a number around rows": one("Pad", {}, np.array([0, 1, 0, 2]), F(3), shape=ROW),
    "a reflection needs no number": one("Pad", {"mode": "reflect"}, np.array([0, 1, 0, 2]), F(3), shape=ROW),
    "some axes": one("Pad", {}, np.array([1, 2, 3, 0]), None, np.array([-1, 2]), shape=IMAGE),
    "nothing": model([("Pad", ["x", "p"], ["z"], {}), ("Relu", ["z"], ["y"], {})], IMAGE, {"p": np.zeros(8, int)}),
    "by attributes": one("Pad", {"pads": [0, 0, 1, 0, 0, 0, 0, 2], "value": 0.5}, shape=IMAGE, opset=2),
}


@pytest.mark.parametrize("name", CUTS)
def test_cuts_and_numbers_around(name, tmp_path):
    must_agree(CUTS[name], tmp_path)


@pytest.mark.parametrize(
    ("mode", "pads", "words"),
    [
        ("wrap", [0, 0, 7, 0, 0, 0, 0, 0], "it goes round more than once"),
        ("wrap", [0, 0, 6, 0, 0, 0, 6, 0], None),  # once
        ("constant", [0, 0, 0, 0, 1, 0, 0, 0], r"it pads in the mode constant with 0, \[0, 0, 0, 0, 1"),
        ("other", [0, 0, 1, 0, 0, 0, 0, 0], r"it pads in the mode other with 0, \[0, 0, 1"),
    ],
)
def test_borders_that_are_none(mode, pads, words, tmp_path):
    made = one("Pad", {"mode": mode}, np.array(pads), shape=IMAGE)
    if words is None:
        must_agree(made, tmp_path)
        return
    with pytest.raises(ValueError, match=words):
        loaded(made, tmp_path)
