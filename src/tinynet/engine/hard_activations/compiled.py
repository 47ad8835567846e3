"""Activations made of straight pieces, compiled by Numba. Each array is taken as one long row, in blocks."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.engine.activations.compiled import NUMBERS_PER_BLOCK, function, gradient
from tinynet.engine.machine.jit import compiled_in_order

__all__ = [
    "clip",
    "clip_gradient",
    "function",
    "gradient",
    "hard_sigmoid",
    "hard_sigmoid_gradient",
    "hard_swish",
    "hard_swish_gradient",
]


@compiled_in_order
def clip(start, end, x, y, low, high):
    block = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK)
    x, y = x[block], y[block]
    for i in range(x.size):
        above = low if x[i] < low else x[i]
        y[i] = high if above > high else above


@compiled_in_order
def clip_gradient(start, end, y, dy, dx, low, high):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(0)
    y, dy, dx = y[block], dy[block], dx[block]
    for i in range(y.size):
        d = dy[i]  # always read, so there is no branch
        d = d if y[i] > low else zero
        dx[i] = d if y[i] < high else zero


@compiled_in_order
def hard_sigmoid(start, end, x, y):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type
    zero, three, six = number(0), number(3), number(6)
    x, y = x[block], y[block]
    for i in range(x.size):
        h = x[i] + three
        h = zero if h < zero else h
        y[i] = (six if h > six else h) / six


@compiled_in_order
def hard_sigmoid_gradient(start, end, x, dy, dx):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type
    zero, three, six = number(0), number(3), number(6)
    x, dy, dx = x[block], dy[block], dx[block]
    for i in range(x.size):
        d = dy[i] / six
        d = d if x[i] > -three else zero
        dx[i] = d if x[i] < three else zero


@compiled_in_order
def hard_swish(start, end, x, y):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type
    zero, three, six = number(0), number(3), number(6)
    x, y = x[block], y[block]
    for i in range(x.size):
        h = x[i] + three
        h = zero if h < zero else h
        h = six if h > six else h
        near = -three if x[i] < -three else x[i]  # infinity times 0 would be NaN
        y[i] = near * (h / six)


@compiled_in_order
def hard_swish_gradient(start, end, x, dy, dx):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type
    zero, half, one, three = number(0), number(0.5), number(1), number(3)
    x, dy, dx = x[block], dy[block], dx[block]
    for i in range(x.size):
        near = -three if x[i] < -three else x[i]
        d = dy[i] * (near / three + half if x[i] < three else one)
        dx[i] = zero if x[i] <= -three else d
