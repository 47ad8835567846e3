"""Pooling over the end of images, written as ONNX: its one ceil_mode holds for both axes, and means more windows."""

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, run
from tests.exchange.onnx.test_round_trip import changed
from tinynet.layers import AdaptiveMaxPool1D, AdaptiveMaxPool2D, AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from tinynet.net.tuples import as_tuple

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def images(seed, *shape):
    """Few different numbers, so that some are equally large."""
    return np.random.default_rng(seed).integers(-4, 4, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (MaxPool2D(3, 2, ceil_mode=True), (8, 9)),  # the rows hang over
        (MaxPool2D(3, 2, 1, ceil_mode=True), (4, 4)),  # both do
        (MaxPool2D(3, (2, 4), 1, ceil_mode=True), (4, 6)),  # the rows do, and the columns must not
        (MaxPool2D((3, 2), (4, 2), 1, ceil_mode=True), (6, 5)),  # the other way round
        (MaxPool2D((2, 3), (5, 2), 1, (1, 2), ceil_mode=True), (6, 8)),
        (MaxPool2D(3, 4, 1, ceil_mode=True), (6, 6)),  # neither may
        (AvgPool2D(3, (2, 4), 1, ceil_mode=True), (4, 6)),
        (AvgPool2D(3, (4, 2), 1, ceil_mode=True, count_include_pad=False), (6, 4)),
        (AvgPool2D(3, (2, 4), 1, ceil_mode=True, divisor_override=5), (4, 6)),
        (AvgPool2D(2, divisor_override=-3), (5, 4)),
    ],
    ids=repr,
)
def test_images(layer, shape, tmp_path):
    kind, x = type(layer), images(0, 2, 3, *shape)
    several = [False, True] if kind is MaxPool2D else [None]
    for switches in several:
        given = layer.arguments if switches is None else {**layer.arguments, "return_switches": switches}
        comes_back(kind(**given), x, tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (MaxPool1D(3, 2, 1, return_switches=True, ceil_mode=True), (8,)),
        (MaxPool1D(3, 4, 1, ceil_mode=True), (6,)),
        (AvgPool1D(3, 4, 1, ceil_mode=True), (6,)),
        (AvgPool1D(3, 2, 1, ceil_mode=True), (8,)),
        (AdaptiveMaxPool1D(3, return_switches=True), (8,)),
    ],
    ids=repr,
)
def test_sequences(layer, shape, tmp_path):
    comes_back(layer, images(1, 2, *shape, 3), tmp_path / "net.onnx")


def test_adaptive_switches(tmp_path):
    comes_back(AdaptiveMaxPool2D((3, 2), return_switches=True), images(2, 2, 3, 5, 4), tmp_path / "net.onnx")


def comes_back(layer, x, path):
    tn.export_onnx(layer, path, x.shape[1:])
    expected = as_tuple(layer.forward(x))
    found = run(path, x)
    agree(expected, found)
    if len(expected) == 2:
        assert np.array_equal(expected[1], found[1])
    changed(path)
    if len(expected) == 1:
        agree(expected, as_tuple(tn.load_onnx(path).forward(x)))
