"""Images and sequences of other sizes: which pixel is taken, and what lies between pixels."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.test_operators import loaded
from tests.exchange.onnx.test_unreadable import F, model, one
from tests.exchange.onnx.test_windows import IMAGE, SEQUENCE, must_agree

WHERE = ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"]
ROUNDED = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
SIZES = [
    dict(scales=[1, 1, 1.5, 2]),
    dict(scales=[1, 1, 0.5, 0.4]),
    dict(scales=[1, 1, 1, 0.6]),
    dict(sizes=[12, 7]),
    dict(sizes=[1, 3]),
]


def resized(about, scales=None, sizes=None, shape=IMAGE):
    """A Resize to sizes, which are joined to those of the batch and the channels, or by scales."""
    if scales is not None:
        return one("Resize", about, None, np.array(scales, F), shape=shape)
    nodes = [("Shape", ["x"], ["first"], {"end": 2}), ("Concat", ["first", "last"], ["sizes"], {"axis": 0})]
    return model([*nodes, ("Resize", ["x", "", "", "sizes"], ["y"], about)], shape, {"last": np.array(sizes)})


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("rounded", ROUNDED)
def test_the_nearest_pixel(where, rounded, tmp_path):
    about = dict(mode="nearest", coordinate_transformation_mode=where, nearest_mode=rounded)
    for size in SIZES:
        must_agree(resized(about, **size), tmp_path)
    must_agree(resized(about, [1, 1, 1.5], shape=SEQUENCE), tmp_path)


@pytest.mark.parametrize("where", WHERE[1:])
@pytest.mark.parametrize("size", [dict(scales=[1, 1, 2, 3]), dict(sizes=[12, 7]), dict(sizes=[2, 3])], ids=str)
def test_between_pixels(where, size, tmp_path):
    about = dict(mode="linear", coordinate_transformation_mode=where)
    must_agree(resized(about, **size), tmp_path)
    along = {name: [*given[:-2], given[-1]] for name, given in size.items()}
    must_agree(resized(about, **along, shape=SEQUENCE), tmp_path)


def test_by_the_default_it_is_the_nearest_of_half_pixels(tmp_path):
    must_agree(resized({}, [1, 1, 1.5, 0.5]), tmp_path)


@pytest.mark.parametrize(
    ("about", "size", "words"),
    [
        (
            dict(coordinate_transformation_mode="pytorch_half_pixel"),
            dict(sizes=[1, 3]),
            "no whole size, or a size of 1",
        ),
        (dict(coordinate_transformation_mode="align_corners"), dict(scales=[1, 1, 1.3, 2]), "no whole size, or"),
        (
            dict(coordinate_transformation_mode="asymmetric"),
            dict(scales=[1, 1, 2, 2]),
            "linear with asymmetric coordinates",
        ),
        ({}, dict(scales=[1, 2, 2, 2]), "it resizes the batch or the channels, or says no size"),
        (dict(axes=[2, 3]), dict(scales=[1, 1, 2, 2]), "it resizes the batch or the channels, or says no size"),
    ],
)
def test_sizes_that_no_layer_has(about, size, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        loaded(resized({"mode": "linear"} | about, **size), tmp_path)
