"""The input gradient of few channels is that of the loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.layers.convolution import convolve_back
from tinynet.layers.windows import Sliding

col2im = pytest.importorskip("tinynet.engine.convolution.col2im")


@st.composite
def drawn(draw: st.DrawFn) -> tuple:
    """Sizes, stride, padding and the dilation of lines: (N, C, O, H, W), (kh, kw), stride, padding, dilation."""
    kernel = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 3)), 1
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(2))
    least = [(kernel[axis] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    size = tuple(draw(st.integers(least[axis], least[axis] + 12)) for axis in (0, 1))
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 15)), draw(st.integers(1, 5)), *size
    return shape, kernel, stride, padding, dilation


def gradients(case: tuple, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """dx by lines, and that of the loops in float64."""
    (N, C, O, *size), kernel, stride, padding, dilation = case
    sliding = Sliding(kernel, stride, padding, dilation)
    rng = np.random.default_rng(0)
    W = rng.normal(size=(O, C, *kernel)).astype(dtype)
    dy = rng.normal(size=(N, *sliding.output_size(size), O)).astype(dtype)
    dx = np.full((N, *size, C), np.nan, dtype)
    col2im.input_gradient(dy, W, dx, stride, (padding[0][0], padding[1][0]), dilation)
    with faster.use("plain"):
        true = convolve_back(dy.transpose(0, 3, 1, 2).astype(np.float64), W.astype(np.float64), tuple(size), sliding, 1)
    return dx.transpose(0, 3, 1, 2), true


@settings(deadline=None, max_examples=60)
@given(drawn())
def test_it_is_the_sum(case: tuple) -> None:
    dx, true = gradients(case)
    np.testing.assert_allclose(dx, true, rtol=1e-5, atol=1e-5 * max(1, np.abs(true).max()))


def test_threads_and_other_images_change_no_bit() -> None:
    case, results = ((5, 6, 7, 14, 13), (5, 5), (1, 1), ((0, 2), (1, 0)), (1, 1)), []
    for threads in (1, 2, 3):
        with tn.threads(threads):
            results += [gradients(case)[0] for _ in range(4)]
    for dx in results[1:]:
        np.testing.assert_array_equal(dx, results[0])


@pytest.mark.parametrize(
    ("C", "kw", "width", "stride", "dilation", "served"),
    [
        (6, 5, 14, 1, (1, 1), True),  # 30 of 32 lanes
        (6, 5, 14, 1, (2, 1), True),
        (6, 5, 14, 1, (1, 2), False),  # with dilation the pixels under a line of the kernel are no neighbours
        (8, 3, 16, 1, (1, 1), False),  # 24 of 32 lanes, as with two positions side by side
        (8, 3, 15, 1, (1, 1), True),  # of which 15 has no half
        (8, 3, 16, 2, (1, 1), True),
        (16, 3, 16, 1, (1, 1), False),
    ],
)
def test_it_serves_where_fewer_lanes_stay_empty(
    C: int, kw: int, width: int, stride: int, dilation: tuple[int, int], served: bool
) -> None:
    assert col2im.suits(C, kw, width, (stride, stride), dilation) is served


def test_convolution_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(col2im, "input_gradient", lambda *arguments: asked.append(arguments))
    for dtype in (np.float32, np.float64):
        dy, W = np.ones((2, 16, 10, 10), dtype), np.ones((16, 6, 5, 5), dtype)
        with faster.use("compiled"):
            convolve_back(dy, W, (14, 14), Sliding((5, 5)), 1)
    assert len(asked) == 1
