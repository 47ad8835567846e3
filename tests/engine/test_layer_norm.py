"""The bodies of layer normalization agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine import layer_norm


def arrays(shape: tuple[int, ...], affine: str, dtype: type, seed: int = 0) -> list[np.ndarray | None]:
    """x, weight, bias and dy."""
    draw = np.random.default_rng(seed).normal
    weight = draw(size=shape[-1]).astype(dtype) if affine != "neither" else None
    bias = draw(size=shape[-1]).astype(dtype) if affine == "both" else None
    return [draw(size=shape).astype(dtype), weight, bias, draw(size=shape).astype(dtype)]


def results(given: list[np.ndarray | None], body: str, eps: float = 1e-5) -> list[np.ndarray]:
    """y, x̂, 1/σ, dx, dγ and dβ."""
    x, weight, bias, dy = given
    with faster.use(body):
        y, x_hat, inverse_std = layer_norm.forward(x, weight, bias, eps)
        return [y, x_hat, inverse_std, *layer_norm.backward(dy, x_hat, inverse_std, weight)]


def test_by_hand() -> None:
    given = [np.array([[1.0, 5.0]]), np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.array([[1.0, 1.0]])]
    y, x_hat, inverse_std, dx, d_weight, d_bias = results(given, "vectorized", eps=0.0)
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
def test_bodies_agree(shape: tuple[int, ...], affine: str, seed: int) -> None:
    given = arrays(shape, affine, np.float64, seed)
    for fast, true in zip(results(given, "compiled"), results(given, "vectorized"), strict=True):
        assert fast.shape == true.shape
        np.testing.assert_allclose(fast, true, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(true).max()))


def test_float32_and_means_far_from_zero() -> None:
    given = arrays((70, 40), "both", np.float32)
    given[0] += 1e3
    exact = [None if array is None else array.astype(np.float64) for array in given]
    for fast, true in zip(results(given, "compiled"), results(exact, "vectorized"), strict=True):
        assert fast.dtype == np.float32
        np.testing.assert_allclose(fast, true, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("body", ["loops", "vectorized", "compiled"])
def test_strides_types_and_no_rows(body: str) -> None:
    x, weight, bias, dy = arrays((3, 4, 6), "both", np.float32)
    expected = results([x, weight, bias, dy], body)
    strided = [np.repeat(x, 2, axis=2)[..., ::2], weight, bias, np.ascontiguousarray(dy[::-1])[::-1]]
    for one, other in zip(results(strided, body), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    half = [array.astype(np.float16) for array in (x, weight, bias, dy)]
    assert {result.dtype for result in results(half, body)} == {np.dtype(np.float16)}
    y, *_, d_weight, d_bias = results([x[:0], weight, bias, dy[:0]], body)
    assert y.shape == (0, 4, 6)
    np.testing.assert_array_equal([d_weight, d_bias], np.zeros((2, 6)))


def test_the_number_of_threads_changes_no_bit_and_inputs_stay() -> None:
    given = arrays((200, 8), "both", np.float32)
    before = [array.copy() for array in given]
    found = []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(results(given, "compiled"))
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)
    for now, then in zip(given, before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("body", ["loops", "vectorized", "compiled"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("affine", ["neither", "weight", "both"])
@pytest.mark.parametrize("width", [1, 6, 65, 128])
def test_a_sum_has_the_bits_of_what_it_does_in_one_pass(body: str, dtype: type, affine: str, width: int) -> None:
    x, weight, bias, dy = arrays((2, 70, width), affine, dtype)
    r, more = (array[:, ::-1].copy()[:, ::-1] for array in arrays((2, 70, width), affine, dtype, 1)[::3])
    with faster.use(body):
        h, *parts = layer_norm.forward_of_sum(x, r, weight, bias, 1e-5)
        np.testing.assert_array_equal(h, x + r)
        for part, other in zip(parts, layer_norm.forward(x + r, weight, bias, 1e-5), strict=True):
            np.testing.assert_array_equal(part, other)
        _, x_hat, inverse_std = parts
        both = layer_norm.backward(dy, x_hat, inverse_std, weight, more)
        dx, d_weight, d_bias = layer_norm.backward(dy, x_hat, inverse_std, weight)
        for result, other in zip(both, (dx + more, d_weight, d_bias), strict=True):
            np.testing.assert_array_equal(result, other)


@pytest.mark.parametrize("body", ["vectorized", "compiled"])
@pytest.mark.parametrize("with_bias", [True, False])
def test_rows_of_a_sample_may_each_have_their_own_weights(body: str, with_bias: bool) -> None:
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 70, 3, 5))  # more rows than a block has, which begins anywhere in a sample
    weight, bias = rng.normal(size=(2, 3, 5))
    found = results([x, weight, bias if with_bias else None, dy], body)
    for g in range(3):
        alone = results([x[:, g], weight[g], bias[g] if with_bias else None, dy[:, g]], "vectorized")
        for one, other in zip(found[:4], alone, strict=False):
            np.testing.assert_allclose(one[:, g], other, rtol=1e-12, atol=1e-13)
        for one, other in zip(found[4:], alone[4:], strict=True):
            np.testing.assert_allclose(one[g], other, rtol=1e-12, atol=1e-13)
