"""The bodies of attention agree, and the loops are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine import attention

FAST = ["vectorized", "compiled"]


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
            y, log_sum = attention.forward(q, k, v, self.causal, ignored)
        with faster.use(backward_body or body):
            return [y, log_sum, *attention.backward(dy, q, k, v, y, log_sum, self.causal, ignored)]


@st.composite
def attentions(draw: st.DrawFn) -> Configuration:
    few, bit = st.integers(1, 3), st.booleans()
    T, S, D = draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    return Configuration(draw(few), draw(few), T, S, D, draw(bit), draw(bit), draw(st.integers(0, 99)))


def test_loops_by_hand() -> None:
    # The scores are q k / √1: (0, log 3) for one query, so the weights are ¼ and ¾.
    q, k, v = np.array([[[[1.0]]]]), np.array([[[[0.0], [np.log(3)]]]]), np.array([[[[4.0], [8.0]]]])
    with faster.use("loops"):
        y, log_sum = attention.forward(q, k, v, False, None)
        dq, dk, dv = attention.backward(np.ones((1, 1, 1, 1)), q, k, v, y, log_sum, False, None)
    assert y.item() == pytest.approx(7)
    assert log_sum.item() == pytest.approx(np.log(4))
    np.testing.assert_allclose(dv.ravel(), [0.25, 0.75])
    np.testing.assert_allclose(dk.ravel(), [0.25 * (4 - 7), 0.75 * (8 - 7)])  # ds = p (dp − Σ p dp), times q = 1
    assert dq.item() == pytest.approx(0.75 * np.log(3))


def test_scores_are_divided_by_the_root_of_the_depth() -> None:
    q, k = np.ones((1, 1, 1, 4)), np.stack([np.zeros(4), np.ones(4)]).reshape(1, 1, 2, 4)
    v = np.array([[[[0.0] * 4, [1.0] * 4]]])
    for body in ("loops", "vectorized"):
        with faster.use(body):
            y, _ = attention.forward(q, k, v, False, None)
        np.testing.assert_allclose(y, np.exp(2) / (1 + np.exp(2)))


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_causal_by_hand(body: str) -> None:
    q, k = np.zeros((1, 1, 2, 1)), np.zeros((1, 1, 3, 1))
    v = np.array([[[[2.0], [4.0], [9.0]]]])
    with faster.use(body):
        y, _ = attention.forward(q, k, v, True, None)
        hidden, _ = attention.forward(q, k, v, True, np.array([[False, True, False]]))
    np.testing.assert_allclose(y.ravel(), [3, 5])  # the last two of three places: two keys are seen, then three
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
    for mixed, true in zip(c.results("loops", "vectorized"), c.results("vectorized", "loops"), strict=True):
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
                losses.append((attention.forward(q, k, v, c.causal, ignored)[0] * dy).sum())
            array[...] = values
            np.testing.assert_allclose((gradient * way).sum(), (losses[0] - losses[1]) / 2e-5, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("body", ["loops", *FAST])
def test_a_query_that_sees_nothing_gives_zero(body: str) -> None:
    c = Configuration(2, 2, 3, 3, 4, False, False, 0)
    q, k, v, dy, _ = c.arrays()
    ignored = np.array([[True, True, True], [False, True, False]])
    with faster.use(body):
        y, log_sum = attention.forward(q, k, v, False, ignored)
        gradients = attention.backward(dy, q, k, v, y, log_sum, False, ignored)
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
        y, log_sum = attention.forward(q, k, v, False, None)
        _, _, dv = attention.backward(np.ones((1, 1, 1, 1)), q, k, v, y, log_sum, False, None)
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
        y, log_sum = attention.forward(q, k, v, True, ignored)
        results = [y, log_sum, *attention.backward(dy, q, k, v, y, log_sum, True, ignored)]
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


def compiled_results(q, k, v, dy, ignored, causal: bool) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    with faster.use("compiled"):
        y, log_sum = attention.forward(q, k, v, causal, ignored)
        return [y, log_sum, *attention.backward(dy, q, k, v, y, log_sum, causal, ignored)]


@settings(deadline=None, max_examples=25)
@given(c=large_attentions())
def test_compiled_in_float32_is_near_the_true_values(c: Configuration) -> None:
    fast = compiled_results(*single(c), c.causal)
    for one, true in zip(fast, c.results("vectorized"), strict=True):
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
    np.testing.assert_array_equal(np.isnan(log_sum), [[[False] * 3 + [True] * 2, [False] * 5]])
    for result in (y, dq):
        assert np.isnan(result[0, 0, 3:]).all()
        assert not np.isnan(result[0, 1]).any()


def test_an_empty_batch() -> None:
    q, k, v, dy, _ = (np.zeros((0, 2, 3, 4), np.float32) for _ in range(5))
    for result in compiled_results(q, k, v, dy, None, False):
        assert result.size == 0


@pytest.mark.parametrize("body", ["loops", *FAST])
@pytest.mark.parametrize(("dtype", "D"), [(np.float64, 4), (np.float32, 4), (np.float32, 16), (np.float32, 32)])
def test_gradients_can_be_written_side_by_side(body: str, dtype: type, D: int) -> None:
    c = Configuration(2, 2, 7, 7, D, True, True, 6)
    q, k, v, dy, ignored = (a if a is None or a.dtype == bool else a.astype(dtype) for a in c.arrays())
    room = np.full((2, 7, 3, 2, D + 1), np.nan, dtype)
    out = [room[:, :, part, :, :D].transpose(0, 2, 1, 3) for part in range(3)]
    backwards = [np.full(q.shape, np.nan, dtype)[..., ::-1] for _ in range(3)]
    with faster.use(body):
        y, log_sum = attention.forward(q, k, v, True, ignored)
        given = (dy, q, k, v, y, log_sum, True, ignored)
        expected = attention.backward(*given)
        for arrays in (out, backwards):
            results = attention.backward(*given, tuple(arrays))
            for array, result, other in zip(arrays, results, expected, strict=True):
                assert result is array
                np.testing.assert_array_equal(result, other)
    assert np.isnan(room[..., D]).all()
