"""Compiled depthwise convolutions: rows longer than what is taken at a time, and pixels that no kernel meets."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.convolution import compiled_depthwise
from tinynet.engine.convolution.compiled_depthwise import NUMBERS_PER_ROW
from tinynet.layers.convolution import convolve, convolve_back, correlate
from tinynet.layers.windows import Sliding

# channels, size, kernel, stride, padding, dilation
CASES = [
    (NUMBERS_PER_ROW + 3, (4, 3), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    (24, (9, 50), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    (16, (11, 70), (3, 2), (2, 3), ((2, 0), (1, 4)), (2, 1)),
    (5, (12, 13), (4, 5), (1, 2), ((0, 3), (3, 0)), (1, 3)),
    (7, (8, 9), (1, 2), (3, 4), ((0, 0), (0, 0)), (1, 1)),  # most pixels are never met
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_numpy_with_one_thread_and_two(case: tuple) -> None:
    C, size, kernel_size, stride, padding, dilation = case
    draw = np.random.default_rng(0).normal
    x, W, b = draw(size=(5, C, *size)), draw(size=(C, 1, *kernel_size)), draw(size=C)
    sliding = Sliding(kernel_size, stride, padding, dilation)
    dy = draw(size=(5, C, *sliding.output_size(size)))

    def results() -> list[np.ndarray]:
        dx = convolve_back(dy, W, size, sliding, C)
        return [convolve(x, W, b, sliding, C), dx, correlate(x, dy, sliding, C)]

    with faster.use("plain"):
        true = results()
    with faster.use("compiled"):
        with tn.threads(1):
            one = results()
        with tn.threads(2):
            two = results()
    for expected, first, second in zip(true, one, two, strict=True):
        np.testing.assert_allclose(first, expected, rtol=1e-10, atol=1e-10)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_pixel_of_the_gradient_is_written(case: tuple) -> None:
    C, size, kernel_size, stride, padding, dilation = case
    dy = np.ones((2, *Sliding(kernel_size, stride, padding, dilation).output_size(size), C))
    dx = np.full((2, *size, C), np.nan)
    before = (padding[0][0], padding[1][0])
    compiled_depthwise.convolve_back(0, 2, dy, np.ones((*kernel_size, C)), dx, stride, before, dilation)
    assert np.isfinite(dx).all()
