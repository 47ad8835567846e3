"""Update rules compiled by Numba: every number of every array is read and written once, in one call for all arrays.

A rule is a loop over a piece of a parameter's arrays, with the operations of the lesson in the lesson's order. No
operations are contracted or reordered, so the bits are those of the lesson.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, extending, types
from numba.extending import overload

from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.queue import NUMBERS, Kernel, acquire, post, queue_at
from tinynet.engine.optimizers.pieces import ARRAYS, COLUMNS, N_RATES, OWNER, SIZE, Pieces, place_of

intrinsic: Any = extending.intrinsic
inlined_as_written = partial(compiled, flags=set(), forceinline=True)


def run(rule: str, pieces: Pieces) -> None:
    """Apply a rule, as in "adam", to all pieces."""
    _post(KERNELS[rule, pieces.kind], pieces, pieces.at_rates)


def sum_of_squares(pieces: Pieces) -> float:
    """The sum of the squares of all numbers of the first arrays, in float64."""
    sums = np.empty(len(pieces.table))
    _post(SQUARES[pieces.kind], pieces, place_of(sums))
    return float(sums.sum())


def _post(kernel, pieces, at_rates_or_sums):
    numbers = pieces.at_table + at_rates_or_sums  # The queue itself can only pass float32 arrays.
    post(kernel, len(pieces.firsts) - 1, numbers, ())


def array_at(address, size, kind):
    """An array of a type of numbers, at an address."""
    number = np.ctypeslib.as_ctypes_type(kind)
    return np.ctypeslib.as_array((number * int(size)).from_address(int(address)))


@overload(array_at)
def _overload_array_at(address, size, kind):
    return lambda address, size, kind: carray(_pointer(address), size, kind)


@intrinsic
def _pointer(typing, address):
    def code(context, builder, signature, args):
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), code


@inlined_as_written
def _on_pieces(queue, is_worker, rule, kind):
    """Take blocks, and apply the rule to the pieces of each."""
    table = array_at(queue[NUMBERS], queue[NUMBERS + 1], np.int64)
    firsts = array_at(queue[NUMBERS + 2], queue[NUMBERS + 3], np.int64)
    rates = array_at(queue[NUMBERS + 4], queue[NUMBERS + 5], kind)
    block = acquire(queue, is_worker)
    while block >= 0:
        for piece in range(firsts[block], firsts[block + 1]):
            row = table[piece * COLUMNS : (piece + 1) * COLUMNS]
            w, g = array_at(row[ARRAYS], row[SIZE], kind), array_at(row[ARRAYS + 1], row[SIZE], kind)
            a, b = array_at(row[ARRAYS + 2], row[SIZE], kind), array_at(row[ARRAYS + 3], row[SIZE], kind)
            rule(w, g, a, b, rates[row[OWNER] * N_RATES : (row[OWNER] + 1) * N_RATES])
        block = acquire(queue, is_worker)


@inlined
def _sum_squares(queue, is_worker, kind):
    """Take blocks, and sum the squares of each piece. The caller adds these sums in order."""
    table = array_at(queue[NUMBERS], queue[NUMBERS + 1], np.int64)
    firsts = array_at(queue[NUMBERS + 2], queue[NUMBERS + 3], np.int64)
    sums = array_at(queue[NUMBERS + 4], queue[NUMBERS + 5], np.float64)
    block = acquire(queue, is_worker)
    while block >= 0:
        for piece in range(firsts[block], firsts[block + 1]):
            row, total = table[piece * COLUMNS : (piece + 1) * COLUMNS], 0.0
            for number in array_at(row[ARRAYS], row[SIZE], kind):
                total += np.float64(number) * np.float64(number)
            sums[piece] = total
        block = acquire(queue, is_worker)


# The rules. Each clears the gradient where it reads it, which saves a pass over memory.


@inlined_as_written
def _sgd(w, g, unused, _, rates):
    lr, decay, zero = rates[0], rates[1], w.dtype.type(0)
    for i in range(w.size):
        step = g[i] + decay * w[i] if decay != zero else g[i]
        w[i] -= lr * step
        g[i] = zero


@inlined_as_written
def _momentum(w, g, v, _, rates):
    lr, decay, mu, nesterov, zero = rates[0], rates[1], rates[2], rates[3], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        velocity = v[i] * mu + gradient
        w[i] -= lr * (gradient + mu * velocity if nesterov != zero else velocity)
        v[i], g[i] = velocity, zero


@inlined_as_written
def _adam(w, g, m, v, rates):
    lr, decay, keep, to_g, to_square = rates[0], rates[1], rates[2], rates[3], rates[4]
    correction, square_correction, eps, zero = rates[5], rates[6], rates[7], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        m[i] += to_g * (gradient - m[i])
        v[i] += to_square * (gradient * gradient - v[i])
        w[i] = w[i] * keep - lr * (m[i] / correction) / (np.sqrt(v[i] / square_correction) + eps)
        g[i] = zero


@inlined_as_written
def _nadam(w, g, m, v, rates):
    lr, decay, to_g, to_square = rates[0], rates[1], rates[2], rates[3]
    now, ahead, square_correction, eps, zero = rates[4], rates[5], rates[6], rates[7], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        m[i] += to_g * (gradient - m[i])
        v[i] += to_square * (gradient * gradient - v[i])
        w[i] -= lr * (now * gradient + ahead * m[i]) / (np.sqrt(v[i] / square_correction) + eps)
        g[i] = zero


@inlined_as_written
def _adagrad(w, g, s, _, rates):
    lr, decay, eps, zero = rates[0], rates[1], rates[2], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        s[i] += gradient * gradient
        w[i] -= lr * gradient / (np.sqrt(s[i]) + eps)
        g[i] = zero


@inlined_as_written
def _adadelta(w, g, s, u, rates):
    lr, decay, to_square, eps, zero = rates[0], rates[1], rates[2], rates[3], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        s[i] += to_square * (gradient * gradient - s[i])
        d = np.sqrt(u[i] + eps) / np.sqrt(s[i] + eps) * gradient
        u[i] += to_square * (d * d - u[i])
        w[i] -= lr * d
        g[i] = zero


@inlined_as_written
def _rmsprop(w, g, s, _, rates):
    lr, decay, to_square, eps, zero = rates[0], rates[1], rates[2], rates[3], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        s[i] += to_square * (gradient * gradient - s[i])
        w[i] -= lr * (gradient / (np.sqrt(s[i]) + eps))
        g[i] = zero


@inlined_as_written
def _rmsprop_momentum(w, g, s, v, rates):
    lr, decay, to_square, eps, mu, zero = rates[0], rates[1], rates[2], rates[3], rates[4], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        s[i] += to_square * (gradient * gradient - s[i])
        v[i] = v[i] * mu + gradient / (np.sqrt(s[i]) + eps)
        w[i] -= lr * v[i]
        g[i] = zero


@inlined_as_written
def _lion(w, g, m, _, rates):
    lr, decay, beta, to_g, to_m, zero = rates[0], rates[1], rates[2], rates[3], rates[4], w.dtype.type(0)
    one = w.dtype.type(1)
    for i in range(w.size):
        mixed = beta * m[i] + to_g * g[i]
        sign = one if mixed > zero else (-one if mixed < zero else mixed)  # of NaN NaN
        w[i] -= lr * (sign + decay * w[i])
        m[i] += to_m * (g[i] - m[i])
        g[i] = zero


@inlined_as_written
def _radam(w, g, m, v, rates):
    lr, decay, keep, to_g, to_square = rates[0], rates[1], rates[2], rates[3], rates[4]
    correction, trust, eps, zero = rates[5], rates[6], rates[7], w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        m[i] += to_g * (gradient - m[i])
        v[i] += to_square * (gradient * gradient - v[i])
        step = lr * (m[i] / correction)
        w[i] = w[i] * keep - (step * trust / (np.sqrt(v[i]) + eps) if trust != zero else step)
        g[i] = zero


@inlined_as_written
def _adamax(w, g, m, u, rates):
    lr, decay, to_g, correction, beta, eps = rates[0], rates[1], rates[2], rates[3], rates[4], rates[5]
    zero = w.dtype.type(0)
    for i in range(w.size):
        gradient = g[i] + decay * w[i] if decay != zero else g[i]
        m[i] += to_g * (gradient - m[i])
        kept, size = beta * u[i], abs(gradient) + eps
        u[i] = kept if kept >= size or kept != kept else size  # of NaN NaN
        w[i] -= lr * (m[i] / correction) / u[i]
        g[i] = zero


@inlined_as_written
def _average(a, w, unused, _, rates):
    to_w = rates[0]
    for i in range(a.size):
        a[i] += to_w * (w[i] - a[i])


RULES = (
    ("sgd", _sgd),
    ("momentum", _momentum),
    ("adam", _adam),
    ("nadam", _nadam),
    ("adagrad", _adagrad),
    ("adadelta", _adadelta),
    ("rmsprop", _rmsprop),
    ("rmsprop with momentum", _rmsprop_momentum),
    ("lion", _lion),
    ("average", _average),
    ("radam", _radam),
    ("adamax", _adamax),
)


def _kernel(index, kind):
    """The kernel of one rule and one type. Numba can cache it on disk, because it tells kernels apart by the index."""

    def apply_rule(address, is_worker):
        _on_pieces(queue_at(address), is_worker, RULES[index][1], kind)

    return Kernel(apply_rule)


KERNELS = {(name, kind): _kernel(i, kind) for i, (name, _) in enumerate(RULES) for kind in (np.float32, np.float64)}


@Kernel
def _squares_of_float32(address, is_worker):
    _sum_squares(queue_at(address), is_worker, np.float32)


@Kernel
def _squares_of_float64(address, is_worker):
    _sum_squares(queue_at(address), is_worker, np.float64)


SQUARES = {np.float32: _squares_of_float32, np.float64: _squares_of_float64}
