"""Winograd's convolution against the plain sum, in float32 and in float64, where it is not taken otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.strategies import Configuration, pairs
from tinynet.core import faster
from tinynet.layers.convolution import convolve, convolve_back, correlate

compiled = pytest.importorskip("tinynet.engine.convolution.compiled")
from numba import config  # noqa: E402

from tinynet.engine.convolution import winograd, winograd_lines, winograd_weights  # noqa: E402

# Compiled, its vectors are of float32. As plain Python the same lines take any type: `make test` runs them so too.
plain_python = pytest.mark.skipif(not config.DISABLE_JIT, reason="needs NUMBA_DISABLE_JIT=1")

# All that Winograd's route can do: 3×3 kernels of stride 1 between channels in sixteens.
WIDE = Configuration(3, 48, 32, (9, 14), (3, 3), (1, 1), ((1, 0), (1, 2)), (1, 1), 1, 0)


@st.composite
def suited(draw: st.DrawFn) -> Configuration:
    padding = draw(st.tuples(pairs(0, 2), pairs(0, 2)))
    size = tuple(max(1, 3 - sum(sides)) + draw(st.integers(0, 4)) for sides in padding)
    return Configuration(
        draw(st.integers(1, 2)), 16, 16, size, (3, 3), (1, 1), padding, (1, 1), 1, draw(st.integers(0, 99))
    )


@contextmanager
def forced(dtype: type) -> Iterator[list[tuple]]:
    """Within this block Winograd's route is taken whatever the type; the list says how often."""
    a, b, n_a, n_b = winograd_lines.a, winograd_lines.b, winograd_lines.n_a, winograd_lines.n_b
    constants = [a, b, a**2, b**2, a**2 + b**2, a**3, b**3, 1 / n_a, 1 / n_b, a / n_a, b / n_b]
    taken: list[tuple] = []
    with pytest.MonkeyPatch.context() as patch, faster.use("compiled"):
        patch.setattr(compiled, "suits_winograd", lambda *asked: taken.append(asked) or True)
        if dtype is np.float64:
            for module in (winograd, winograd_weights):
                patch.setattr(module, "CONSTANTS", np.array(constants))
            patch.setattr(winograd_weights, "zeros", lambda: np.zeros(winograd_weights.LANES))
        yield taken


def passes(c: Configuration, dtype: type = np.float64) -> list[np.ndarray]:
    """y, dx and dW."""
    x, W, b, dy = (array.astype(dtype) for array in c.arrays())
    return [
        convolve(x, W, b, c.sliding, c.groups),
        convolve_back(dy, W, c.size, c.sliding, c.groups),
        correlate(x, dy, c.sliding, c.groups),
    ]


def distance(c: Configuration, dtype: type, choice: str) -> float:
    """The largest error of Winograd's route in all passes, relative to the largest number in each."""
    with faster.use(choice):
        true = passes(c)
    with forced(dtype) as taken:
        found = passes(c, dtype)
    assert len(taken) == 3
    assert {array.dtype for array in found} == {np.dtype(dtype)}
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, true, strict=True))


@settings(deadline=None, max_examples=8)
@given(suited())
def test_float32_is_within_1e_5_of_loops(c: Configuration) -> None:
    assert distance(c, np.float32, "loops") < 1e-5


@plain_python
@settings(deadline=None, max_examples=8)
@given(suited())
def test_float64_is_within_1e_8_of_loops(c: Configuration) -> None:
    assert distance(c, np.float64, "loops") < 1e-8


@pytest.mark.needs_compiler
@pytest.mark.parametrize("c", [WIDE, replace(WIDE, n=1, channels=96, outputs=64, size=(8, 7))])
def test_many_channels_stay_as_near(c: Configuration) -> None:
    assert 1e-8 < distance(c, np.float32, "plain") < 1e-5  # so what is within 1e-8 in float64 is no rounding


@pytest.mark.needs_compiler
@plain_python
def test_many_channels_stay_as_near_in_float64() -> None:
    assert distance(WIDE, np.float64, "plain") < 1e-8


@pytest.mark.needs_compiler
@pytest.mark.parametrize("c", [replace(WIDE, n=5), replace(WIDE, n=3, channels=192, size=(8, 8))])
def test_an_image_alone_has_the_same_bits_as_among_others(c: Configuration) -> None:
    x, W, b, _ = (array.astype(np.float32) for array in c.arrays())
    lines, tiles = winograd.block_of_lines(*c.arrays()[3].shape[2:], c.channels)
    assert c.n * tiles[0] > lines >= tiles[0]  # one image is one block, whose kernels are transformed as they are used
    with forced(np.float32):
        y = convolve(x, W, b, c.sliding, 1)
        for n in (0, c.n - 1):
            np.testing.assert_array_equal(convolve(x[n : n + 1], W, b, c.sliding, 1)[0], y[n])
        dx = convolve_back(y, W, c.size, c.sliding, 1)
        np.testing.assert_array_equal(convolve_back(y[:1], W, c.size, c.sliding, 1)[0], dx[0])
