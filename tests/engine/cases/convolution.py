"""Convolutions: each sum alone, on shapes of every route, and inside the four layers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.engine.serves import exact
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.windows import Pair, Sliding

Setting = tuple[int, int, int, int, Pair, Sliding]  # n, channels, outputs, groups, size, sliding


def setting(draw: Draw, small: bool = False) -> Setting:
    """A convolution that fits: any, or one that a special route is made for."""
    if not small and draw.rng.random() < 0.4:  # between channels in sixteens, as Winograd's wants them
        sliding = Sliding((3, 3), padding=((draw.integer(0, 2), 1), (1, draw.integer(0, 2))))
        return draw.integer(1, 3), 16 * draw.integer(1, 2), 16, 1, (draw.size(2, 11), draw.size(2, 11)), sliding
    groups = draw.choice(1, 1, 2, 3)
    channels, outputs = groups * draw.integer(1, 2), groups * draw.integer(1, 2)
    if not small and draw.rng.random() < 0.5:
        channels, outputs, groups = draw.choice((draw.size(1), draw.size(1), 1), (*[draw.size(1)] * 2, channels))
        groups = groups if groups == 1 else channels  # depthwise
    top, bottom, left, right = (draw.integer(0, 2) for _ in range(4))
    sliding = Sliding(
        (draw.integer(1, 4), draw.integer(1, 4)),
        (draw.integer(1, 3), draw.integer(1, 3)),
        draw.choice(((0, 0), (0, 0)), ((top, bottom), (left, right))),
        (draw.integer(1, 2), draw.integer(1, 3)),
    )
    fit = [max(1, sliding.effective_kernel_size[axis] - sum(sliding.padding[axis])) for axis in (0, 1)]
    size = fit[0] + draw.integer(0, 2 if small else 9), fit[1] + draw.integer(0, 2 if small else 9)
    return draw.integer(1, 2) if small else draw.size(0, 4), channels, outputs, groups, size, sliding


def ordinary(draw: Draw, *shape: int) -> np.ndarray:
    """Finite numbers, for arrays whose products with extreme ones overflow in one order of a sum and not in another."""
    return draw.arranged(draw.rng.normal(size=shape).astype(draw.dtype))


def exactly(draw: Draw, call: Callable[[], Any]) -> Callable[[], Any]:
    """Of nasty numbers plain sums only: the others round a number beside 1e30 away."""

    def exact_call() -> Any:
        with exact(draw.nasty):
            return call()

    return exact_call


def forward(draw: Draw, small: bool = False) -> Callable[[], Any]:
    n, channels, outputs, groups, size, sliding = setting(draw, small)
    x, b = draw.array(n, channels, *size), draw.choice(None, ordinary(draw, outputs))
    W = ordinary(draw, outputs, channels // groups, *sliding.kernel_size)
    return exactly(draw, lambda: convolve(x, W, b, sliding, groups))


def backward_to_images(draw: Draw, small: bool = False) -> Callable[[], Any]:
    n, channels, outputs, groups, size, sliding = setting(draw, small)
    dy = draw.array(n, outputs, *sliding.output_size(size))
    W = ordinary(draw, outputs, channels // groups, *sliding.kernel_size)
    return exactly(draw, lambda: convolve_back(dy, W, size, sliding, groups))


def backward_to_weights(draw: Draw, small: bool = False) -> Callable[[], Any]:
    n, channels, outputs, groups, size, sliding = setting(draw, small)
    x, dy = draw.array(n, channels, *size), ordinary(draw, n, outputs, *sliding.output_size(size))
    return exactly(draw, lambda: correlate(x, dy, sliding, groups))


def bias_gradient(draw: Draw) -> Callable[[], Any]:
    dy = draw.array(draw.size(), draw.size(1), draw.size(1), draw.size(1, 40))
    return lambda: channel_sums(dy)


def small_forward(draw: Draw) -> Callable[[], Any]:
    return forward(draw, small=True)


def small_backward_to_images(draw: Draw) -> Callable[[], Any]:
    return backward_to_images(draw, small=True)


def small_backward_to_weights(draw: Draw) -> Callable[[], Any]:
    return backward_to_weights(draw, small=True)


def layers(draw: Draw) -> Callable[[], Any]:
    """A whole step of one of the four layers, whatever the number of its axes."""
    kind, groups = draw.choice(Conv2D, Conv1D, ConvTranspose2D, ConvTranspose1D), draw.integer(1, 2)
    options: dict[str, Any] = {"stride": draw.integer(1, 3), "padding": draw.integer(0, 1), "groups": groups}
    options |= {"dilation": draw.integer(1, 2), "bias": bool(draw.integer(0, 1))}
    if kind in (ConvTranspose1D, ConvTranspose2D):
        options["output_padding"] = max(options["stride"], options["dilation"]) - 1
    layer = draw.layer(kind(groups * draw.integer(1, 4), groups * draw.integer(1, 4), draw.integer(2, 3), **options))
    n, length = draw.integer(1, 3), [draw.size(5, 12), draw.size(5, 12)]
    x = draw.array(*((n, layer.in_channels, *length) if "2D" in kind.__name__ else (n, length[0], layer.in_channels)))
    y = copy.deepcopy(layer).forward(np.ones(x.shape, draw.dtype))
    dy = ordinary(draw, *y.shape)

    def call() -> Any:
        twin = copy.deepcopy(layer)
        y, memory = twin.forward(x), twin.recall()
        dx = twin.backward(dy)
        return y, memory, dx, [parameter.gradient for parameter in twin.parameters().values()]

    return exactly(draw, call)


CASES = [
    Case(convolve, forward),
    Case(convolve_back, backward_to_images),
    Case(correlate, backward_to_weights),
    Case(channel_sums, bias_gradient),
    *[Case(entry, layers) for entry in (convolve, convolve_back, correlate, channel_sums)],
    Case(convolve, small_forward, table="loops"),
    Case(convolve_back, small_backward_to_images, table="loops"),
    Case(correlate, small_backward_to_weights, table="loops"),
]
