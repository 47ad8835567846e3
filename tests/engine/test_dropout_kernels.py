"""Compiled dropout draws the bits of NumPy's Philox, on any number of threads and for any memory order."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster, stream
from tinynet.core.streams import go_to
from tinynet.engine.dropout import _threshold, philox
from tinynet.layers import Dropout, Dropout2D

compiled = pytest.importorskip("tinynet.engine.dropout.compiled", exc_type=ImportError)


def mask(shape: tuple[int, ...], p: float, choice: str) -> np.ndarray:
    tn.seed(3)
    go_to(epoch=2**40 + 1, step=2**33)
    layer = Dropout(p)
    with faster.use(choice):
        layer.forward(np.ones(shape, np.float32))
        layer.forward(np.ones(shape, np.float32))  # the second draw of the step
    return layer.recall().m


@pytest.mark.parametrize("p", [1e-9, 0.1, 0.25, 1 / 3, 0.5, 1 - 2**-24, 0.999999])
@pytest.mark.parametrize("shape", [(1,), (7,), (8,), (9,), (3, 5, 7), (8191,), (8193,), (3 * 8192 + 5,)], ids=str)
def test_the_bits_of_numpy(shape: tuple[int, ...], p: float) -> None:
    np.testing.assert_array_equal(mask(shape, p, "compiled"), mask(shape, p, "plain"))


def test_where_a_number_is_just_p() -> None:
    drawn = np.random.Generator(np.random.Philox(key=5)).random(4096, np.float32)
    words = philox.words_of(np.random.Generator(np.random.Philox(key=5)))
    for p in (float(drawn[0]), float(drawn[-1]), float(np.nextafter(drawn[7], np.float32(1)))):
        _, kept = compiled.forward(drawn, words, _threshold(p), 1.0)
        np.testing.assert_array_equal(kept, drawn >= p)


@pytest.mark.needs_compiler
@pytest.mark.parametrize("shape", [(1, 3, 5, 7), (5, 3, 5, 7), (3, 64, 9, 11), (2, 5, 8, 8), (3, 1, 3, 3)], ids=str)
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_mask_depends_neither_on_the_memory_order_nor_on_the_threads(shape: tuple, n_threads: int) -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, *shape))
    results = []
    for choice, view in [("plain", x), *[("compiled", view) for view in layouts(x).values()]]:
        tn.seed(1)
        layer = Dropout(0.3).astype(np.float64)
        with faster.use(choice), tn.threads(n_threads):
            y = layer.forward(view)
            results.append((layer.recall().m, y, layer.backward(dy)))
        np.testing.assert_array_equal(view, x)
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("layer", [Dropout(0.3), Dropout2D(0.3)], ids=str)
def test_results_lie_in_memory_as_x_does(layer: Dropout | Dropout2D) -> None:
    for name in ("C order", "channels-last"):
        x = layouts(np.ones((3, 4, 5, 6), np.float32))[name]
        with faster.use("compiled"):
            assert layer.forward(x).strides == x.strides
            assert layer.backward(x).strides == x.strides


@pytest.mark.parametrize("shape", [(3, 5, 4, 6), (2, 64, 16, 16), (2, 300, 3, 3), (4, 7, 1, 1)], ids=str)
def test_channels_in_any_memory_order(shape: tuple[int, ...]) -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, *shape))
    results = []
    for choice, view in [("plain", x), *[("compiled", view) for view in layouts(x).values()]]:
        layer = Dropout2D(0.3, rng=np.random.default_rng(1)).astype(np.float64)
        with faster.use(choice):
            results.append((layer.forward(view), layer.recall().m, layer.backward(dy)))
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_generator_of_the_users_own_is_drawn_from_as_numpy_does() -> None:
    x, masks = np.ones((40, 1000), np.float32), []
    for choice in ("plain", "compiled"):
        rng = np.random.default_rng(7)
        layer = Dropout(0.4, rng=rng)
        with faster.use(choice):
            layer.forward(x)
        masks.append((layer.recall().m, rng.random()))
    np.testing.assert_array_equal(masks[0][0], masks[1][0])
    np.testing.assert_array_equal(masks[0][0], np.random.default_rng(7).random(x.shape, np.float32) >= 0.4)
    assert masks[0][1] == masks[1][1]


@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize("kind", [Dropout, Dropout2D])
def test_what_is_dropped_is_zero_whatever_it_was(kind: type, choice: str) -> None:
    x = np.full((4, 6, 30, 50), np.nan, np.float32)
    x[:2] = np.inf
    layer = kind(0.5)
    with faster.use(choice):
        y, dx = layer.forward(x), layer.backward(x)
    kept = np.broadcast_to(layer.recall().m, x.shape)
    for array in (y, dx):
        np.testing.assert_array_equal(array[~kept], 0)
        np.testing.assert_array_equal(array[kept], x[kept])


def test_small_batches_are_drawn_by_numpy_with_the_same_bits() -> None:
    results = []
    for choice in ("auto", "compiled"):
        tn.seed(0)
        with faster.use(choice):
            results.append(Dropout(0.5).forward(np.ones((4, 100), np.float32)))
    np.testing.assert_array_equal(*results)


def test_refused_input_draws_nothing() -> None:
    tn.seed(0)
    with faster.use("compiled"):
        for layer in (Dropout(), Dropout2D()):
            with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
                layer.forward(np.ones((2, 3, 4, 4), np.int64))
        with pytest.raises(ValueError, match=r"expected x of shape \(N, C, H, W\), got \(2, 3\)"):
            Dropout2D().forward(np.ones((2, 3), np.float32))
    drawn = stream("dropout").random()
    tn.seed(0)
    assert stream("dropout").random() == drawn
