"""Compiled depthwise convolutions: rows longer than what is taken at a time, and pixels that no kernel meets."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.engine import convolution
from tinynet.engine.convolution import compiled_depthwise
from tinynet.engine.convolution.compiled_depthwise import WIDTH
from tinynet.engine.geometry import output_size

# channels, size, kernel, stride, padding, dilation
CASES = [
    (WIDTH + 3, (4, 3), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
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
    dy = draw(size=(5, C, *output_size(size, kernel_size, stride, padding, dilation)))
    steps = (stride, padding, dilation, C)

    def results() -> list[np.ndarray]:
        dx = convolution.input_gradient(dy, W, size, *steps)
        return [convolution.forward(x, W, b, *steps), dx, convolution.weight_gradient(x, dy, kernel_size, *steps)]

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
    dy = np.ones((2, *output_size(size, kernel_size, stride, padding, dilation), C))
    dx = np.full((2, *size, C), np.nan)
    corner = (padding[0][0], padding[1][0])
    compiled_depthwise.input_gradient(0, 2, dy, np.ones((*kernel_size, C)), dx, stride, corner, dilation)
    assert np.isfinite(dx).all()
