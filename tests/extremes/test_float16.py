"""float16 holds weights in files, but nothing is computed in it: it is refused with the reason and the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import Parameter
from tinynet.data import Normalize
from tinynet.layers import BatchNorm1D, Conv2D, LayerNorm, Linear, MaxPool2D, ReLU, Softmax
from tinynet.losses import (
    binary_cross_entropy,
    cosine_embedding,
    cross_entropy,
    ctc,
    gaussian_nll,
    huber,
    info_nce,
    margin_ranking,
    mean_squared_error,
    poisson_nll,
    soft_dice,
)
from tinynet.net import Net
from tinynet.storage.tensors import read_tensors, write_tensors

HALF = np.ones((2, 3), np.float16)
IMAGES = np.ones((1, 1, 4, 4), np.float16)
LABELS = np.zeros(2, np.int64)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Linear(3, 2).astype(np.float16),
        lambda: Net([Linear(3, 2), ReLU()]).astype("float16"),
    ],
)
def test_no_layer_becomes_float16(call: Callable[[], object]) -> None:
    words = r"dtype must be wider than float16, in which 300² is infinite and 1e-8 is 0\.\nHint: compute in np\.float32"
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: Linear(3, 2)(HALF),
        lambda: LayerNorm(3)(HALF),
        lambda: BatchNorm1D(3)(HALF),
        lambda: Softmax()(HALF),
        lambda: ReLU()(HALF),
        lambda: Conv2D(1, 1, 2)(IMAGES),
        lambda: MaxPool2D(2)(IMAGES),
        lambda: mean_squared_error(HALF, HALF),
        lambda: huber(HALF, HALF),
        lambda: cross_entropy(HALF, LABELS),
        lambda: info_nce((HALF, HALF)),
        lambda: cosine_embedding((HALF, HALF), LABELS + 1),
        lambda: margin_ranking((HALF, HALF), HALF),
        lambda: gaussian_nll((HALF, HALF), HALF),
        lambda: poisson_nll(HALF, HALF),
        lambda: binary_cross_entropy(HALF, HALF),
        lambda: soft_dice(HALF, LABELS),
        lambda: ctc(np.ones((1, 4, 3), np.float16), (LABELS[:1, np.newaxis] + 1, LABELS[:1] + 4, LABELS[:1] + 1)),
    ],
)
def test_nothing_is_computed_of_float16(call: Callable[[], object]) -> None:
    words = r"of float32 or float64, got float16, which has three digits and ends at 65504\.\nHint: convert it with"
    with pytest.raises(TypeError, match=words):
        call()


def test_a_net_takes_float16_inputs_and_computes_in_its_own_type() -> None:
    net = Net([Linear(3, 2)])
    y = net.predict(HALF)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, net.predict(HALF.astype(np.float32)))
    assert Normalize(0.5, 0.5)(HALF).dtype == np.float32
    assert Parameter(np.ones(2, np.float16)).dtype == np.float32


def test_files_of_float16_weights_load_in_float32(tmp_path: Path) -> None:
    net = Net([Linear(3, 2), BatchNorm1D(2)])
    path = tmp_path / "net.safetensors"
    tn.save(net, path)
    arrays, texts = read_tensors("test", path)
    halves = {name: x.astype(np.float16) if x.dtype.kind == "f" else x for name, x in arrays.items()}
    texts = {key: text.replace("float32", "float16") for key, text in texts.items()}
    write_tensors("test", path, halves, texts)

    again = tn.load(path)
    assert again.dtype == again[0].weight.dtype == again[1].running_mean.dtype == np.float32
    np.testing.assert_array_equal(again[0].weight.tensor, halves["0.weight"].astype(np.float32))
    np.testing.assert_allclose(again.predict(HALF), net.predict(HALF), rtol=1e-2, atol=1e-3)

    tn.load_weights(net, path)
    np.testing.assert_array_equal(net[0].weight.tensor, again[0].weight.tensor)
