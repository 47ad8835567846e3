"""Random configurations of sliding kernels, for every test that needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from tinynet.layers.windows import Pair, Sliding


def pairs(low: int, high: int) -> st.SearchStrategy[Pair]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@dataclass(frozen=True)
class Configuration:
    """A convolution or pooling that fits: sizes, and a seed for the numbers."""

    n: int
    channels: int
    outputs: int
    size: Pair
    kernel_size: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    groups: int
    seed: int

    @property
    def sliding(self) -> Sliding:
        return Sliding(self.kernel_size, self.stride, self.padding, self.dilation)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x, W, b and dy in float64."""
        draw = np.random.default_rng(self.seed).normal
        return (
            draw(size=(self.n, self.channels, *self.size)),
            draw(size=(self.outputs, self.channels // self.groups, *self.kernel_size)),
            draw(size=self.outputs),
            draw(size=(self.n, self.outputs, *self.sliding.output_size(self.size))),
        )


@st.composite
def convolutions(draw: st.DrawFn) -> Configuration:
    groups = draw(st.integers(1, 3))
    channels, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))  # depthwise among them
    padding = draw(st.tuples(pairs(0, 2), pairs(0, 2)))
    configuration = Configuration(
        draw(st.integers(1, 2)), channels, outputs, draw(pairs(1, 6)), draw(pairs(1, 3)), draw(pairs(1, 3)), padding,
        draw(pairs(1, 2)), groups, draw(st.integers(0, 99)),
    )  # fmt: skip
    _assume_fits(configuration)
    return configuration


@st.composite
def poolings(draw: st.DrawFn) -> Configuration:
    (kh, kw), channels = draw(pairs(1, 3)), draw(st.integers(1, 3))
    padding = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in (kh, kw))
    configuration = Configuration(
        draw(st.integers(1, 2)), channels, channels, draw(pairs(1, 6)), (kh, kw), draw(pairs(1, 3)), padding,
        draw(pairs(1, 2)), channels, draw(st.integers(0, 99)),
    )  # fmt: skip
    _assume_fits(configuration)
    assume(
        all(size >= step for size, step in zip(configuration.size, configuration.dilation, strict=True))
    )  # no window steps over the image
    return configuration


def _assume_fits(configuration: Configuration) -> None:
    reach = configuration.sliding.effective_kernel_size
    assume(all(configuration.size[axis] + sum(configuration.padding[axis]) >= reach[axis] for axis in (0, 1)))


def layouts(x: np.ndarray) -> dict[str, np.ndarray]:
    """The same values in C order, channels-last, and as a strided and a reversed view of a larger array."""
    wide = np.zeros((*x.shape[:3], 2 * x.shape[3]), x.dtype)
    wide[..., ::2] = x
    return {
        "C order": x.copy(),
        "channels-last": np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "strided": wide[..., ::2],
        "reversed": np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1],
    }
