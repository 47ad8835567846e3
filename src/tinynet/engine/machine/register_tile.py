"""A register tile: the inner loop of every small matrix product, generated for any number of rows.

A processor is at its peak when the sums of a product stay in registers. A compiler keeps them there only if each sum
has a name of its own, so a loop over rows does not do. `tile_of` therefore writes that code itself, one sum for each
row and panel. With AVX2 a sum of sixteen float32 takes two of the sixteen registers: six rows leave four registers for
what is multiplied, and four rows already hide how long an addition takes.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import overload

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.vectors import FLAGS, LANES, VECTOR_IR, address_of, broadcast, intrinsic


def tile_of(rows: int) -> Callable[..., None]:
    """A function that computes C[r] = S[r] + Σₖ A[r, k] P[k], for up to `rows` rows r of sixteen numbers.

    The terms are added in the order of k, so a row has the same bits whichever rows are computed with it. Its arguments
    are flat float32 arrays and where things begin in them:

        A, a, row, step: A[r, k] is A[a + r · row + k · step]. Where these numbers are not evenly spaced, `step` is an
            array of int64, and step[k] stands for k · step; or `row` is one, and row[a + r] stands for a + r · row.
        last: The number of the last row. What comes after it is computed as this row again.
        P, p, apart: P[k] begins at P[p + k · apart]. A tuple p names several panels, whose columns follow each other
            in S and C.
        K: The number of terms.
        S, s, below: S[r] begins at S[s + r · below]; below = 0 repeats one row. S may be C, and None stands for zeros.
        C, c, width: C[r] begins at C[c + r · width].

    Args:
        rows: The number of rows. It is fixed here, because the code holds each sum by itself.

    Example:
        >>> A, P, C = np.ones(6, np.float32), np.arange(48, dtype=np.float32), np.zeros(32, np.float32)
        >>> tile_of(2)(A, 0, 3, 1, 1, P, 0, 16, 3, C, 0, 16, C, 0, 16)  # (2, 3) @ (3, 16)
        >>> C[:3], C[16:19]
        (array([48., 51., 54.], dtype=float32), array([48., 51., 54.], dtype=float32))
    """

    def tile(A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width):
        panels, terms = (p if isinstance(p, tuple) else (p,)), np.arange(K)
        for r in range(min(rows, last + 1)):
            begin = a + r * row if np.ndim(row) == 0 else row[a + r]
            factors = A[begin + (terms * step if np.ndim(step) == 0 else step[:K])]
            for number, panel in enumerate(panels):
                start = s + r * below + number * LANES
                total = np.zeros(LANES, C.dtype) if S is None else S[start : start + LANES].copy()
                with np.errstate(over="ignore", invalid="ignore"):  # as compiled; the last lanes may hold anything
                    for k in range(K):
                        total += factors[k] * P[panel + k * apart : panel + k * apart + LANES]
                C[c + r * width + number * LANES : c + r * width + number * LANES + LANES] = total

    @intrinsic
    def sums(typing, A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width):
        def code(context, builder, signature, args):
            _generate(context, builder, signature.args, args, rows)
            return context.get_dummy_value()

        i, distance = types.int64, lambda kind: types.int64 if isinstance(kind, types.Integer) else kind
        panels = types.UniTuple(i, p.count) if isinstance(p, types.UniTuple) else i
        return types.void(A, i, distance(row), distance(step), i, P, panels, i, i, S, i, i, C, i, i), code

    def compiled(A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width):
        return lambda A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width: sums(
            A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width
        )

    overload(tile)(compiled)
    return tile


def _generate(context: Any, builder: Any, kinds: Any, args: Any, rows: int) -> None:
    """Emit the code of a tile: load the sums, add the terms in a loop, store the sums."""
    a, row, step, last, p, apart, K, s, below, c, width = (args[i] for i in (1, 2, 3, 4, 6, 7, 8, 10, 11, 13, 14))
    is_number, multiply = [isinstance(kind, types.Integer) for kind in kinds], builder.mul
    panels = [p] if is_number[6] else [builder.extract_value(p, i) for i in range(kinds[6].count)]

    def number(value: int) -> Any:
        return ir.Constant(ir.IntType(64), value)

    def array(argument: int) -> Any:
        return address_of(context, builder, kinds[argument], args[argument])

    def at(address: Any, *distances: Any) -> Any:
        for distance in distances:  # those that do not change in the loop come first, and are added before it
            address = builder.gep(address, [distance])
        return address

    def vector(address: Any, *distances: Any) -> Any:
        return builder.bitcast(at(address, *distances), VECTOR_IR.as_pointer())

    here = [number(0)]  # the last row stands in for those after it
    here += [builder.select(builder.icmp_signed("<", number(r), last), number(r), last) for r in range(1, rows)]
    each = [(r, number(q * LANES), cgutils.alloca_once(builder, VECTOR_IR)) for r in here for q in range(len(panels))]
    for r, q, total in each:
        zeros = isinstance(kinds[9], types.NoneType)
        start = (
            ir.Constant(VECTOR_IR, None) if zeros else builder.load(vector(array(9), s, multiply(r, below), q), align=4)
        )
        builder.store(start, total)
    first = [
        at(array(0), a, multiply(r, row)) if is_number[2] else at(array(0), builder.load(at(array(2), a, r)))
        for r in here
    ]
    with cgutils.for_range(builder, K) as loop:
        k = loop.index
        term = multiply(k, step) if is_number[3] else builder.load(at(array(3), k))
        values = [builder.load(vector(array(5), panel, multiply(k, apart)), align=4) for panel in panels]
        factors = [broadcast(builder, builder.load(at(begin, term))) for begin in first]
        pairs = [(factor, value) for factor in factors for value in values]
        for (factor, value), (_, _, total) in zip(pairs, each, strict=True):
            product = builder.fmul(factor, value, flags=FLAGS)
            builder.store(builder.fadd(builder.load(total), product, flags=FLAGS), total)
    for r, q, total in each:
        builder.store(builder.load(total), vector(array(12), c, multiply(r, width), q), align=4)


one_row, four_rows, six_rows = tile_of(1), tile_of(4), tile_of(6)


@compiled
def multiply_panel(A, a, row, step, M, P, p, apart, K, S, s, below, C, c, width):
    """The same for any number M of rows, by the tiles of six and of four rows that compute the fewest of them twice."""
    r = 0
    while r < M:
        left = M - r
        at, start, to = a + r * row, s + r * below, c + r * width
        if left > 5 and in_six(left):  # a number that the compiler knows leaves less to compute in a tile
            six_rows(A, at, row, step, 5, P, p, apart, K, S, start, below, C, to, width)
            r += 6
        else:
            four_rows(A, at, row, step, left - 1, P, p, apart, K, S, start, below, C, to, width)
            r += 4


@compiled
def in_six(left):
    """Whether the next tile has six rows, if `left` are left: seven and eight are twice four."""
    return left >= 5 and left not in (7, 8)
