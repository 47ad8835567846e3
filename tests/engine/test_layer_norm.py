"""Compiled layer, group and root mean square norm, beyond what the walk through the tables proves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster
from tinynet.engine import layer_norm as engine
from tinynet.engine.deferred import given_for
from tinynet.layers import GroupNorm, Layer, LayerNorm, RMSNorm

pytest.importorskip("numba")
CHOICES = ["loops", "plain", "compiled"]


def layer_norm(width: int, affine: str, dtype: type, eps: float = 1e-5) -> LayerNorm:
    layer = LayerNorm(width, eps, elementwise_affine=affine != "neither", bias=affine == "both").astype(dtype)
    return drawn(layer)


def drawn(layer: Any) -> Any:
    for path, parameter in layer.parameters().items():
        parameter.tensor = np.random.default_rng(len(path)).normal(size=parameter.shape)
    return layer


def normal(*shape: int, dtype: type = np.float64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def results(layer: Layer, x: np.ndarray, dy: np.ndarray, choice: str) -> list[np.ndarray]:
    """y, what is remembered, dx, and the gradients of the parameters."""
    layer.zero_gradient()
    with faster.use(choice):
        y = layer.forward(x)
        memory, dx = layer.recall(), layer.backward(dy)
    return [y, *memory, dx, *[parameter.gradient.copy() for parameter in layer.parameters().values()]]


@pytest.mark.parametrize("choice", CHOICES)
def test_by_hand(choice: str) -> None:
    layer = LayerNorm(2, eps=0.0).astype(np.float64)
    layer.weight.tensor, layer.bias.tensor = [1.0, 2.0], [0.0, 3.0]
    y, x_hat, inverse_std, dx, d_weight, d_bias = results(layer, np.array([[1.0, 5.0]]), np.ones((1, 2)), choice)
    np.testing.assert_allclose(y, [[-1, 5]])
    np.testing.assert_allclose(x_hat, [[-1, 1]])
    np.testing.assert_allclose(inverse_std, [[0.5]])
    np.testing.assert_allclose(dx, [[0, 0]], atol=1e-15)  # two numbers become ±1, wherever they are
    np.testing.assert_allclose(d_weight, [-1, 1])
    np.testing.assert_allclose(d_bias, [1, 1])


@settings(deadline=None, max_examples=40)
@given(
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    affine=st.sampled_from(["neither", "weight", "both"]),
    seed=st.integers(0, 99),
)
def test_equals_the_lesson_however_few_numbers_are_averaged(shape: tuple[int, ...], affine: str, seed: int) -> None:
    layer = layer_norm(shape[-1], affine, np.float64)
    x, dy = normal(*shape, seed=seed), normal(*shape, seed=seed + 100)
    for fast, true in zip(results(layer, x, dy, "compiled"), results(layer, x, dy, "plain"), strict=True):
        assert fast.shape == true.shape
        np.testing.assert_allclose(fast, true, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(true).max()))


@pytest.mark.parametrize(
    "layer", [LayerNorm(40), RMSNorm(40), GroupNorm(2, 40), GroupNorm(40, 40), GroupNorm(1, 40)], ids=str
)
def test_float32_and_means_far_from_zero(layer: Layer) -> None:
    x, dy = normal(70, 40, dtype=np.float32) + np.float32(1e3), normal(70, 40, dtype=np.float32, seed=1)
    fast = results(drawn(layer.astype(np.float32)), x, dy, "compiled")
    exact = results(drawn(layer.astype(np.float64)), x.astype(np.float64), dy.astype(np.float64), "plain")
    for one, true in zip(fast, exact, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, true, rtol=2e-4, atol=3e-4)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("layer", [LayerNorm(6), RMSNorm(6), GroupNorm(2, 4)], ids=str)
def test_strides_types_and_no_rows(choice: str, layer: Layer) -> None:
    x, dy = normal(3, 4, 6, dtype=np.float32), normal(3, 4, 6, dtype=np.float32, seed=1)
    expected = results(drawn(layer.astype(np.float32)), x, dy, choice)
    strided = np.repeat(x, 2, axis=2)[..., ::2], np.ascontiguousarray(dy[::-1])[::-1]
    for one, other in zip(results(layer, *strided, choice), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    _, *found = results(layer, x[:0], dy[:0], choice)
    assert found[-2].shape == (0, 4, 6) if isinstance(layer, RMSNorm) else found[-3].shape == (0, 4, 6)
    assert not found[-1].any()
    long = [array.astype(np.longdouble) for array in (x, dy)]
    found = results(drawn(layer.astype(np.longdouble)), *long, choice)
    assert {result.dtype for result in found} == {np.dtype(np.longdouble)}


@pytest.mark.parametrize("layer", [LayerNorm(8), RMSNorm(8)], ids=str)
def test_the_number_of_threads_changes_no_bit_and_inputs_stay(layer: Layer) -> None:
    x, dy = normal(200, 8, dtype=np.float32), normal(200, 8, dtype=np.float32, seed=1)
    before, found = (x.copy(), dy.copy()), []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(results(layer, x, dy, "compiled"))
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(dy, before[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("affine", ["neither", "weight", "both"])
@pytest.mark.parametrize("width", [1, 6, 65, 128])
def test_a_sum_has_the_bits_of_what_it_does_in_one_pass(dtype: type, affine: str, width: int) -> None:
    x, dy = (normal(2, 70, width, dtype=dtype, seed=seed) for seed in (0, 1))
    r, dh = (normal(2, 70, width, dtype=dtype, seed=seed)[:, ::-1].copy()[:, ::-1] for seed in (2, 3))
    one, other = layer_norm(width, affine, dtype), layer_norm(width, affine, dtype)
    with faster.use("compiled"):
        h, y = engine.forward_of_sum(one, x, r)
        np.testing.assert_array_equal(h, x + r)
        np.testing.assert_array_equal(y, other.forward(x + r))
        for mine, true in zip(one.recall(), other.recall(), strict=True):
            np.testing.assert_array_equal(mine, true)
        np.testing.assert_array_equal(engine.backward_of_sum(one, dy, dh), other.backward(dy) + dh)
        for path, parameter in one.parameters().items():
            np.testing.assert_array_equal(parameter.gradient, other.parameters()[path].gradient)


# Group norm.


@pytest.mark.parametrize("shape", [(3, 8, 5, 6), (2, 8, 16, 16), (3, 8, 1, 7), (3, 8, 7, 1), (1, 8, 1, 1)], ids=str)
@pytest.mark.parametrize("groups", [1, 2, 8])
def test_groups_in_any_memory_order(shape: tuple[int, ...], groups: int) -> None:
    layer = drawn(GroupNorm(groups, 8).astype(np.float64))
    x, dy = normal(*shape), normal(*shape, seed=1)
    true = results(layer, x, dy, "plain")
    for name, x_view in layouts(x).items():
        for dy_view in layouts(dy).values():
            before = x_view.copy(), dy_view.copy()
            for one, other in zip(results(layer, x_view, dy_view, "compiled"), true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12, err_msg=name)
            np.testing.assert_array_equal(x_view, before[0])
            np.testing.assert_array_equal(dy_view, before[1])


@pytest.mark.parametrize("name", ["C order", "channels-last"])
def test_groups_lie_in_memory_as_x_does(name: str) -> None:
    x, dy = (layouts(array)[name] for array in (normal(3, 4, 5, 6), normal(3, 4, 5, 6, seed=1)))
    y, x_hat, _, dx, *_ = results(GroupNorm(2, 4).astype(np.float64), x, dy, "compiled")
    assert y.strides == x_hat.strides == dx.strides == x.strides


@pytest.mark.parametrize("last", [True, False])
def test_the_number_of_threads_changes_no_bit_of_groups(last: bool) -> None:
    x, dy = normal(9, 64, 5, 6, dtype=np.float32), normal(9, 64, 5, 6, dtype=np.float32, seed=1)
    if last:
        x, dy = (layouts(array)["channels-last"] for array in (x, dy))
    found = []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(results(drawn(GroupNorm(8, 64)), x, dy, "compiled"))
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_group_of_one_number_has_no_gradient() -> None:
    layer = drawn(GroupNorm(5, 5))
    *_, dx, _, _ = results(layer, normal(4, 5, dtype=np.float32), normal(4, 5, dtype=np.float32, seed=1), "compiled")
    np.testing.assert_array_equal(dx, np.zeros((4, 5)))


@pytest.mark.parametrize("name", ["C order", "channels-last", "strided"])
def test_the_standardized_numbers_are_computed_where_they_are_read_and_no_bit_differs(name: str) -> None:
    x, dy = (layouts(normal(3, 32, 6, 6, dtype=np.float32, seed=seed))[name] for seed in (0, 1))
    layer, other = drawn(GroupNorm(4, 32)), drawn(GroupNorm(4, 32))
    with faster.use("compiled"):
        layer.forward(x), other.forward(x)
        given_x, mean, inverse_std = given_for(layer, "x_hat")
        np.testing.assert_array_equal(given_x, x)
        groups = [array.reshape(3, 4, -1) for array in (x, layer.recall().x_hat)]
        np.testing.assert_array_equal((groups[0] - mean) * inverse_std, groups[1])
        assert layer.recall().x_hat is layer.recall()[0] is next(iter(layer.recall()))
        dx = layer.backward(dy)
    with faster.use("plain"):  # the lesson reads what the replacement has left
        by_lesson = other.backward(dy)
    np.testing.assert_allclose(dx, by_lesson, rtol=1e-4, atol=1e-5)


def test_the_lesson_of_a_forward_is_followed_by_that_of_the_backward() -> None:
    x, dy = normal(3, 32, 6, 6), normal(3, 32, 6, 6, seed=1)
    layer, true = (drawn(GroupNorm(4, 32).astype(np.float64)) for _ in range(2))
    with faster.use("plain"):
        layer.forward(x)
    with faster.use("compiled"):
        dx = layer.backward(dy)
    np.testing.assert_array_equal(dx, results(true, x, dy, "plain")[3])
