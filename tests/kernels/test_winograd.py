"""Winograd's convolution against the plain sum, taken where it otherwise would not be: few channels, and float64."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.strategies import Configuration, pairs
from tinynet import kernels
from tinynet.kernels import convolution

compiled = pytest.importorskip("tinynet.kernels.convolution.compiled")

# All that Winograd's route can do: 3×3 kernels of stride 1.
WIDE = Configuration(5, 40, 33, (9, 14), (3, 3), (1, 1), ((1, 0), (1, 2)), (1, 1), 1, 0)


@st.composite
def suited(draw: st.DrawFn) -> Configuration:
    padding = draw(st.tuples(pairs(0, 2), pairs(0, 2)))
    size = tuple(max(1, 3 - sum(sides)) + draw(st.integers(0, 7)) for sides in padding)
    sizes = draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return Configuration(*sizes, size, (3, 3), (1, 1), padding, (1, 1), 1, draw(st.integers(0, 99)))


@contextmanager
def forced() -> Iterator[list[tuple]]:
    """Within this block Winograd's route is taken whatever the size and type; the list says how often."""
    taken: list[tuple] = []
    with pytest.MonkeyPatch.context() as patch, kernels.use("compiled"):
        patch.setattr(compiled, "suits_winograd", lambda *asked: taken.append(asked) or True)
        yield taken


def passes(c: Configuration, dtype: type = np.float64) -> list[np.ndarray]:
    """y, dx and dW."""
    x, W, b, dy = (array.astype(dtype) for array in c.arrays())
    return [
        convolution.forward(x, W, b, *c.steps),
        convolution.input_gradient(dy, W, c.size, *c.steps),
        convolution.weight_gradient(x, dy, c.kernel_size, *c.steps),
    ]


def farthest(found: list[np.ndarray], true: list[np.ndarray]) -> float:
    """The largest error of all passes, relative to the largest number in each."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, true, strict=True))


@settings(deadline=None, max_examples=25)
@given(suited())
def test_float64_is_within_1e_8_of_loops(c: Configuration) -> None:
    with kernels.use("loops"):
        true = passes(c)
    with forced() as taken:
        assert farthest(passes(c), true) < 1e-8
    assert len(taken) == 3


@settings(deadline=None, max_examples=25)
@given(suited())
def test_float32_is_within_1e_5_of_loops(c: Configuration) -> None:
    with kernels.use("loops"):
        true = passes(c)
    with forced():
        found = passes(c, np.float32)
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert farthest(found, true) < 1e-5


@pytest.mark.parametrize("c", [WIDE, replace(WIDE, n=1, channels=96, outputs=64, size=(8, 7))])
def test_many_channels_stay_as_near(c: Configuration) -> None:
    with kernels.use("vectorized"):
        true = passes(c)
    with forced():
        assert farthest(passes(c), true) < 1e-8
        assert farthest(passes(c, np.float32), true) < 1e-5


def test_the_bound_can_fail() -> None:
    with kernels.use("vectorized"):
        true = passes(WIDE)
    with forced():
        assert farthest(passes(WIDE, np.float32), true) > 1e-8  # so what is within it in float64 is no rounding
