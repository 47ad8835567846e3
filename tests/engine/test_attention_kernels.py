"""Attention as lesson, as loops and compiled: they agree, and the loops are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.attention import compiled
from tinynet.layers import MultiHeadAttention
from tinynet.layers.scaled_dot_product import attend, attend_backward

FAST = ["plain", "auto", "compiled"]


@dataclass(frozen=True)
class Configuration:
    """Sizes of queries and keys, what is hidden, and a seed for the numbers."""

    n: int
    heads: int
    T: int
    S: int
    D: int
    causal: bool
    masked: bool
    seed: int

    def arrays(self) -> tuple[np.ndarray, ...]:
        """q, k, v, dy and the mask, or None."""
        rng = np.random.default_rng(self.seed)
        q = 3 * rng.normal(size=(self.n, self.heads, self.T, self.D))
        k = rng.normal(size=(self.n, self.heads, self.S, self.D))
        v = rng.normal(size=(self.n, self.heads, self.S, self.D))
        dy = rng.normal(size=(self.n, self.heads, self.T, self.D))
        ignored = rng.random((self.n, self.S)) < 0.5 if self.masked else None
        return q, k, v, dy, ignored

    def results(self, body: str, backward_body: str | None = None) -> list[np.ndarray]:
        """y, log_sum, dq, dk and dv."""
        q, k, v, dy, ignored = self.arrays()
        with faster.use(body):
            y, log_sum = attend(q, k, v, self.causal, ignored)
        with faster.use(backward_body or body):
            return [y, log_sum, *attend_backward(dy, q, k, v, y, log_sum, self.causal, ignored)]


@st.composite
def attentions(draw: st.DrawFn) -> Configuration:
    few, bit = st.integers(1, 3), st.booleans()
    T, S, D = draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    return Configuration(draw(few), draw(few), T, S, D, draw(bit), draw(bit), draw(st.integers(0, 99)))


def test_loops_by_hand() -> None:
    # The scores are q k / √1: (0, log 3) for one query, so the weights are ¼ and ¾.
    q, k, v = np.array([[[[1.0]]]]), np.array([[[[0.0], [np.log(3)]]]]), np.array([[[[4.0], [8.0]]]])
    with faster.use("loops"):
        y, log_sum = attend(q, k, v, False, None)
        dq, dk, dv = attend_backward(np.ones((1, 1, 1, 1)), q, k, v, y, log_sum, False, None)
    assert y.item() == pytest.approx(7)
    assert log_sum.item() == pytest.approx(np.log(4))
    np.testing.assert_allclose(dv.ravel(), [0.25, 0.75])
    np.testing.assert_allclose(dk.ravel(), [0.25 * (4 - 7), 0.75 * (8 - 7)])  # ds = p (dp − Σ p dp), times q = 1
    assert dq.item() == pytest.approx(0.75 * np.log(3))


def test_scores_are_divided_by_the_root_of_the_depth() -> None:
    q, k = np.ones((1, 1, 1, 4)), np.stack([np.zeros(4), np.ones(4)]).reshape(1, 1, 2, 4)
    v = np.array([[[[0.0] * 4, [1.0] * 4]]])
    for body in ("loops", "plain"):
        with faster.use(body):
            y, _ = attend(q, k, v, False, None)
        np.testing.assert_allclose(y, np.exp(2) / (1 + np.exp(2)))


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_causal_by_hand(body: str) -> None:
    q, k = np.zeros((1, 1, 2, 1)), np.zeros((1, 1, 3, 1))
    v = np.array([[[[2.0], [4.0], [9.0]]]])
    with faster.use(body):
        y, _ = attend(q, k, v, True, None)
        hidden, _ = attend(q, k, v, True, np.array([[False, True, False]]))
    np.testing.assert_allclose(y.ravel(), [3, 5])  # the last two of three positions: they see two keys, then three
    np.testing.assert_allclose(hidden.ravel(), [2, 5.5])


@pytest.mark.parametrize("body", FAST)
@settings(deadline=None, max_examples=80)
@given(c=attentions())
def test_bodies_agree(body: str, c: Configuration) -> None:
    for fast, true in zip(c.results(body), c.results("loops"), strict=True):
        assert fast.shape == true.shape
        assert fast.dtype == np.float64
        np.testing.assert_allclose(fast, true, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(c=attentions())
def test_bodies_can_be_mixed(c: Configuration) -> None:
    for mixed, true in zip(c.results("loops", "plain"), c.results("plain", "loops"), strict=True):
        np.testing.assert_allclose(mixed, true, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(c=attentions())
def test_loops_gradients_are_the_derivatives(c: Configuration) -> None:
    q, k, v, dy, ignored = c.arrays()
    *_, dq, dk, dv = c.results("loops")
    rng = np.random.default_rng(c.seed + 1)
    with faster.use("loops"):
        for array, gradient in ((q, dq), (k, dk), (v, dv)):
            way, values = rng.normal(size=array.shape), array.copy()
            losses = []
            for move in (1e-5, -1e-5):
                array[...] = values + move * way
                losses.append((attend(q, k, v, c.causal, ignored)[0] * dy).sum())
            array[...] = values
            np.testing.assert_allclose((gradient * way).sum(), (losses[0] - losses[1]) / 2e-5, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_a_query_that_sees_nothing_gives_zero(body: str) -> None:
    c = Configuration(2, 2, 3, 3, 4, False, False, 0)
    q, k, v, dy, _ = c.arrays()
    ignored = np.array([[True, True, True], [False, True, False]])
    with faster.use(body):
        y, log_sum = attend(q, k, v, False, ignored)
        gradients = attend_backward(dy, q, k, v, y, log_sum, False, ignored)
    assert not y[0].any()
    assert np.isposinf(log_sum[0]).all()
    assert y[1].all()
    for gradient in gradients:
        assert not gradient[0].any()
        assert gradient[1].any()
    assert not gradients[1][1, :, 1].any()
    assert not gradients[2][1, :, 1].any()


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_large_scores_stay_finite(body: str) -> None:
    q, k = np.full((1, 1, 1, 1), 1e3), np.array([[[[1e3], [-1e3], [1e3]]]])
    v = np.array([[[[1.0], [5.0], [2.0]]]])
    with faster.use(body):
        y, log_sum = attend(q, k, v, False, None)
        _, _, dv = attend_backward(np.ones((1, 1, 1, 1)), q, k, v, y, log_sum, False, None)
    assert y.item() == pytest.approx(1.5)
    assert log_sum.item() == pytest.approx(1e6)
    np.testing.assert_allclose(dv.ravel(), [0.5, 0, 0.5])


@pytest.mark.parametrize("body", ["loops", *FAST])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_inputs_stay_untouched(body: str, dtype: type) -> None:
    q, k, v, dy, ignored = (a if a is None or a.dtype == bool else a.astype(dtype) for a in
                            Configuration(2, 2, 3, 4, 4, True, True, 1).arrays())  # fmt: skip
    before = [a.copy() for a in (q, k, v, dy)]
    with faster.use(body):
        y, log_sum = attend(q, k, v, True, ignored)
        results = [y, log_sum, *attend_backward(dy, q, k, v, y, log_sum, True, ignored)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    for now, then in zip((q, k, v, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


@st.composite
def large_attentions(draw: st.DrawFn) -> Configuration:
    """More queries than a block of the compiled kernel, more keys than a panel, depths that fill no panel."""
    few, bit, D = st.integers(1, 2), st.booleans(), st.sampled_from([1, 5, 16, 20])
    T, S = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    return Configuration(draw(few), draw(few), T, S, draw(D), draw(bit), draw(bit), draw(st.integers(0, 99)))


def single(c: Configuration) -> tuple[np.ndarray, ...]:
    return tuple(a if a is None or a.dtype == bool else a.astype(np.float32) for a in c.arrays())


def results(q, k, v, dy, ignored, causal: bool) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    """heads, log_sum, dq, dk and dv, by whatever is in use."""
    heads, log_sum = attend(q, k, v, causal, ignored)
    return [heads, log_sum, *attend_backward(dy, q, k, v, heads, log_sum, causal, ignored)]


def compiled_results(q, k, v, dy, ignored, causal: bool) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    with faster.use("compiled"):
        return results(q, k, v, dy, ignored, causal)


@settings(deadline=None, max_examples=25)
@given(c=large_attentions())
def test_compiled_in_float32_is_near_the_true_values(c: Configuration) -> None:
    fast = compiled_results(*single(c), c.causal)
    for one, true in zip(fast, c.results("plain"), strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(np.isinf(one), np.isinf(true))
        finite = np.where(np.isinf(true), 0, true)
        scale = max(1.0, np.abs(finite).max())
        np.testing.assert_allclose(np.where(np.isinf(one), 0, one), finite, rtol=1e-5, atol=1e-5 * scale)


def test_compiled_takes_any_strides() -> None:
    c = Configuration(2, 2, 9, 9, 6, True, True, 3)
    q, k, v, dy, ignored = single(c)
    expected = compiled_results(q, k, v, dy, ignored, True)
    wide = np.zeros((2, 9, 3, 2, 6), np.float32)  # heads side by side, as the layer gives them
    for part, array in enumerate((q, k, v)):
        wide[:, :, part] = array.transpose(0, 2, 1, 3)
    views = [wide[:, :, part].transpose(0, 2, 1, 3) for part in range(3)]
    backwards = [np.ascontiguousarray(array[:, :, ::-1])[:, :, ::-1] for array in (q, k, v)]
    deep = [np.ascontiguousarray(array.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2) for array in (q, k, v)]
    for arrays in (views, backwards, deep):
        for one, other in zip(compiled_results(*arrays, dy, ignored, True), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_number_of_threads_changes_no_bit() -> None:
    q, k, v, dy, ignored = single(Configuration(3, 2, 33, 21, 5, True, True, 4))
    results = []
    for n in (1, 2, 3):
        with tn.threads(n):
            results.append(compiled_results(q, k, v, dy, ignored, True))
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_nan_reaches_all_that_see_it_and_no_other_head() -> None:
    q, k, v, dy, _ = single(Configuration(1, 2, 5, 5, 4, True, False, 5))
    k[0, 0, 3] = np.nan
    y, log_sum, dq, _, _ = compiled_results(q, k, v, dy, None, True)
    np.testing.assert_array_equal(np.isnan(log_sum[..., 0]), [[[False] * 3 + [True] * 2, [False] * 5]])
    for result in (y, dq):
        assert np.isnan(result[0, 0, 3:]).all()
        assert not np.isnan(result[0, 1]).any()


def test_an_empty_batch() -> None:
    q, k, v, dy, _ = (np.zeros((0, 2, 3, 4), np.float32) for _ in range(5))
    for result in compiled_results(q, k, v, dy, None, False):
        assert result.size == 0


@pytest.mark.parametrize("D", [4, 16, 32])
def test_gradients_can_be_written_side_by_side(D: int) -> None:
    q, k, v, dy, ignored = single(Configuration(2, 2, 7, 7, D, True, True, 6))
    room = np.full((2, 7, 3, 2, D + 1), np.nan, np.float32)
    out = [room[:, :, part, :, :D].transpose(0, 2, 1, 3) for part in range(3)]
    backwards = [np.full(q.shape, np.nan, np.float32)[..., ::-1] for _ in range(3)]
    with faster.use("compiled"):
        heads, log_sum = attend(q, k, v, True, ignored)
        given = (dy, q, k, v, heads, log_sum, True, ignored)
        expected = attend_backward(*given)
    for arrays in (out, backwards):
        results = compiled.backward(*given, tuple(arrays))
        for array, result, other in zip(arrays, results, expected, strict=True):
            assert result is array
            np.testing.assert_array_equal(result, other)
    assert np.isnan(room[..., D]).all()


# Absent means absent.


@pytest.mark.parametrize("body", FAST)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_padding_reaches_no_query(body: str, dtype: type, number: float, which: int) -> None:
    q, k, v, dy, _ = Configuration(2, 2, 5, 5, 4, False, False, 7).arrays()
    ignored = np.zeros((2, 5), bool)
    ignored[0, 2], ignored[1, 3:] = True, True
    arrays = [a.astype(dtype) for a in (q, k, v, dy)]
    with faster.use(body), np.errstate(invalid="ignore"):
        true = results(*arrays, ignored, causal=False)
        if which in (1, 2):  # keys and values of padding
            for n, s in zip(*np.nonzero(ignored), strict=True):
                arrays[which][n, :, s] = number
            for one, other in zip(results(*arrays, ignored, causal=False), true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        else:  # a query or its gradient does not reach padding
            arrays[which][0, 0, 1] = number
            *_, dk, dv = results(*arrays, ignored, causal=False)
            assert not dk[0, 0, 2].any()
            assert not dv[0, 0, 2].any()
            assert np.isnan(dk[0, 0, :2]).all()


@pytest.mark.parametrize("body", FAST)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_at_a_place_reaches_no_place_before_it(body: str, dtype: type) -> None:
    q, k, v, dy, _ = (
        a if a is None else a.astype(dtype) for a in Configuration(1, 1, 7, 7, 4, True, False, 8).arrays()
    )
    with faster.use(body):
        true = results(q, k, v, dy, None, causal=True)
        for array in (q, k, v):
            broken = [a.copy() if a is array else a for a in (q, k, v)]
            next(a for a, b in zip(broken, (q, k, v), strict=True) if b is array)[0, 0, 3, 1] = np.nan
            heads, log_sum, dq, _, _ = results(*broken, dy, None, causal=True)
            for one, other in zip((heads, log_sum, dq), true, strict=False):
                np.testing.assert_allclose(one[0, 0, :3], other[0, 0, :3], rtol=1e-5, atol=1e-6)
            assert np.isnan(heads[0, 0, 3]).all()
        dy[0, 0, 3] = np.nan
        *_, dq, dk, dv = results(q, k, v, dy, None, causal=True)
    for gradient, unbroken in zip((dk, dv), true[3:], strict=True):
        assert np.isnan(gradient[0, 0, :4]).all()
        np.testing.assert_allclose(gradient[0, 0, 4:], unbroken[0, 0, 4:], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(np.isnan(dq[0, 0]).all(axis=-1), np.arange(7) == 3)


def test_a_layer_with_nan_at_a_place_is_whole_before_it() -> None:
    layer = MultiHeadAttention(32, 2, causal=True, rotary=True)
    x = np.random.default_rng(0).normal(size=(2, 40, 32)).astype(np.float32)
    y, x[:, 21, 5] = layer.forward(x), np.nan
    broken = layer.forward(x)
    np.testing.assert_allclose(broken[:, :21], y[:, :21], rtol=1e-4, atol=1e-5)
    assert np.isnan(broken[:, 21:]).all()
