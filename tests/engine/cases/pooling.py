"""Pooling by windows that overlap, leave gaps, reach into the padding or hang over the end, and the way back up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers.adaptive_pooling import adaptive_max_pool, adaptive_max_pool_gradient
from tinynet.layers.average_pooling import avg_pool, avg_pool_gradient
from tinynet.layers.pooling import max_pool, max_pool_gradient
from tinynet.layers.unpooling import unpool, unpool_gradient
from tinynet.layers.windows import Pair, Sliding

Call = Callable[[], Any]


def sizes(draw: Draw) -> tuple[int, int, Pair]:
    """N, C and (H, W); there may be no samples or channels."""
    return draw.size(0, 3), draw.size(0, 9), (draw.size(1, 9), draw.size(1, 9))


def sliding_over(draw: Draw, size: Pair, dilated: bool) -> Sliding:
    """A window that fits into images of this size; the last one may hang over."""
    kernel_size = draw.integer(1, min(3, size[0])), draw.integer(1, min(3, size[1]))
    dilation = [draw.integer(1, max(1, (size[a] - 1) // max(1, kernel_size[a] - 1))) for a in (0, 1)]
    stride = draw.choice(kernel_size, (draw.integer(1, 3), draw.integer(1, 3)))
    border = draw.choice((0, 0), (kernel_size[0] // 2, kernel_size[1] // 2))
    padding = (border[0], border[0]), (border[1], border[1])
    dilation_used = (min(3, dilation[0]), min(3, dilation[1])) if dilated else (1, 1)
    sliding = Sliding(kernel_size, stride, padding, dilation_used)
    return draw.choice(sliding, sliding.to_the_end(size))


def largest(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    x, sliding = draw.array(n, c, *size), sliding_over(draw, size, dilated=True)
    return lambda: max_pool(x, sliding)


def many_equals(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    x, sliding = np.round(draw.array(n, c, *size)), sliding_over(draw, size, dilated=True)
    return lambda: max_pool(x, sliding)


def largest_gradient(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    sliding = sliding_over(draw, size, dilated=True)
    _, cell = max_pool(np.round(draw.rng.normal(size=(n, c, *size))), sliding)
    dy, cell = draw.array(*cell.shape), draw.arranged(cell)
    return lambda: max_pool_gradient(dy, cell, size, sliding)


def mean(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    x, sliding, count = draw.array(n, c, *size), sliding_over(draw, size, dilated=False), counted(draw)
    return lambda: avg_pool(x, sliding, *count)


def mean_gradient(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    sliding, count = sliding_over(draw, size, dilated=False), counted(draw)
    dy = draw.array(n, c, *sliding.output_size(size))
    return lambda: avg_pool_gradient(dy, size, sliding, *count)


def counted(draw: Draw) -> tuple[bool, int | None]:
    """count_include_pad and divisor_override."""
    return draw.choice((True, None), (False, None), (True, draw.integer(1, 9)), (False, -2))


def back_up(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    larger = size[0] + draw.integer(0, 2), size[1] + draw.integer(0, 2)
    x, switches = draw.array(n, c, *size), draw.arranged(draw.integers(0, larger[0] * larger[1] - 1, n, c, *size))
    return lambda: unpool(x, switches, larger)


def back_up_gradient(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    larger = size[0] + draw.integer(0, 2), size[1] + draw.integer(0, 2)
    dy, switches = draw.array(n, c, *larger), draw.arranged(draw.integers(0, larger[0] * larger[1] - 1, n, c, *size))
    return lambda: unpool_gradient(dy, switches)


def adaptive(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    x, out = draw.array(n, c, *size), (draw.integer(1, 11), draw.integer(1, 11))
    return lambda: adaptive_max_pool(x, out)


def adaptive_gradient(draw: Draw) -> Call:
    n, c, size = sizes(draw)
    out = draw.integer(1, 11), draw.integer(1, 11)
    _, index = adaptive_max_pool(draw.rng.normal(size=(n, c, *size)), out)
    dy, index = draw.array(*index.shape), draw.arranged(index)
    return lambda: adaptive_max_pool_gradient(dy, index, size)


CASES = [
    *[
        Case(entry, build, table=table)
        for table in ("compiled", "loops")
        for entry, build in (
            (max_pool, largest),
            (max_pool, many_equals),
            (max_pool_gradient, largest_gradient),
            (avg_pool, mean),
            (avg_pool_gradient, mean_gradient),
            (unpool, back_up),
            (unpool_gradient, back_up_gradient),
        )
    ],
    Case(adaptive_max_pool, adaptive),
    Case(adaptive_max_pool_gradient, adaptive_gradient),
]
