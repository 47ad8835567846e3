"""The plan of a direct convolution. It follows from the shapes alone, so it is kept for the next call."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tinynet.engine.convolution import side_by_side
from tinynet.engine.serves import is_exact
from tinynet.layers.windows import Pair

SIZE_OF_BUFFER = 1 << 13  # Numbers of the padded input. They fill a first-level cache.

Taps = tuple[tuple[int, ...], tuple[int, ...]]  # lines and columns, ascending, relative to the first position
Cells = tuple[tuple[int, ...], tuple[int, ...]]  # which lines and columns of the kernel stand there


class Plan(NamedTuple):
    """In which order the output positions of an image are computed, and from which numbers.

    Attributes:
        n: Neighbouring positions that are taken as one.
        offsets: Where each number under the kernel is in the buffer, relative to its first, (lines · columns · C,).
        cells: For each of the n positions, the cell i · kw + j of the kernel at each pixel, or -1, (n, lines, columns).
        tops: Where the lines of the kernel are, relative to its first, (lines,).
        before: The padding before the image: lines above it, and columns to the left.
        stride: From one position, or n of them, to the next.
        positions: How many lines of positions there are, and how many columns, with n positions as one.
        buffer: Its height for one line of positions, its width, and how many lines of positions fit into it.
        out: In the result, the first number to write, and the steps to the next line and column of positions.
    """

    n: int
    offsets: np.ndarray
    cells: np.ndarray
    tops: np.ndarray
    before: Pair
    stride: Pair
    positions: Pair
    buffer: tuple[int, int, int]
    out: tuple[int, int, int]


def of_forward(shape: tuple[int, ...], positions: Pair, stride: Pair, before: Pair, dilation: Pair) -> Plan:
    """The plan to fill y (N, *positions, O), for W of the shape (O, C, kh, kw)."""
    return _of_forward(shape, positions, stride, before, dilation, is_exact())


@lru_cache(maxsize=1000)
def _of_forward(
    shape: tuple[int, ...], positions: Pair, stride: Pair, before: Pair, dilation: Pair, one_by_one: bool
) -> Plan:
    (O, C, kh, kw), (OH, OW) = shape, positions
    lines = tuple(i * dilation[0] - before[0] for i in range(kh))
    columns = tuple(j * dilation[1] - before[1] for j in range(kw))
    n = 1 if one_by_one else side_by_side.count(O, OW)
    cells = tuple(range(kh)), tuple(range(kw))
    return _plan((lines, columns), cells, kw, stride, (OH, OW), C, n, (0, OW * O, O * n))


def of_input_gradient(
    shape: tuple[int, ...], size: Pair, stride: Pair, before: Pair, dilation: Pair
) -> tuple[Plan, ...]:
    """The plans to fill dx (N, *size, C), for W of the shape (O, C, kh, kw).

    Line i of the kernel gives to a pixel what came from position (pixel + before − i · dilation) / stride, if that is
    a whole number. So the pixels fall into stride² phases, each a convolution of dy with some lines and columns of W.
    """
    return _of_input_gradient(shape, size, stride, before, dilation, is_exact())


@lru_cache(maxsize=1000)
def _of_input_gradient(
    shape: tuple[int, ...], size: Pair, stride: Pair, before: Pair, dilation: Pair, one_by_one: bool
) -> tuple[Plan, ...]:
    (O, C, _, kw), (H, W) = shape, size
    n = 1 if one_by_one or tuple(stride) != (1, 1) else side_by_side.count(C, W)
    plans = []
    lines, columns = (_phases(shape[2 + axis], stride[axis], before[axis], dilation[axis]) for axis in (0, 1))
    for r, from_lines, i in lines:
        for s, from_columns, j in columns:
            if r < H and s < W:
                positions = -(-(H - r) // stride[0]), -(-(W - s) // stride[1])
                out = (r * W + s) * C, stride[0] * W * C, stride[1] * C * n
                plans.append(_plan((from_lines, from_columns), (i, j), kw, (1, 1), positions, O, n, out))
    return tuple(plans)


def _phases(size: int, stride: int, before: int, dilation: int) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """For the first pixel of each phase: the positions that contribute to it, and by which lines of the kernel."""
    phases = []
    for pixel in range(stride):
        reached = [pixel + before - i * dilation for i in range(size)]
        positions = sorted((distance // stride, i) for i, distance in enumerate(reached) if distance % stride == 0)
        if positions:
            phases.append((pixel, tuple(position for position, _ in positions), tuple(i for _, i in positions)))
    return phases


def _plan(
    taps: Taps, cells: Cells, kw: int, stride: Pair, positions: Pair, C: int, n: int, out: tuple[int, int, int]
) -> Plan:
    """The plan for `positions`, n of which are taken as one, in images of C channels."""
    lines, columns = taps[0], side_by_side.columns(taps[1], stride[1], n)
    at = np.full((n, len(columns)), -1)
    for position in range(n):
        at[position, [columns.index(column + position * stride[1]) for column in taps[1]]] = cells[1]
    under = np.array(cells[0])[:, np.newaxis] * kw + at[:, np.newaxis]
    steps, together = (stride[0], stride[1] * n), (positions[0], positions[1] // n)
    width = (together[1] - 1) * steps[1] + columns[-1] - columns[0] + 1
    height = lines[-1] - lines[0] + 1
    fitting = max(1, min(positions[0], (SIZE_OF_BUFFER // (width * C) - height) // steps[0] + 1))
    pixels = (np.subtract(lines, lines[0])[:, np.newaxis] * width + np.subtract(columns, columns[0])).reshape(-1, 1)
    return Plan(
        n,
        (pixels * C + np.arange(C)).reshape(-1),
        np.where(at[:, np.newaxis] < 0, -1, under),
        np.subtract(lines, lines[0]),
        (-lines[0], -columns[0]),
        steps,
        together,
        (height, width, fitting),
        out,
    )
