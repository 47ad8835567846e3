"""Sixteen numbers at a time, in compiled code.

A compiler turns a simple loop into vector instructions, but it does not keep the sums of a small matrix product in
registers: it stores and loads them again for every product. With the functions here a kernel decides that itself. A
`Vector` is a value of sixteen float32 that can be added, subtracted and multiplied, and one that a loop adds to stays
in registers. The machine's own vectors may be shorter (8 with AVX2, 4 with NEON). The compiler then takes two or four.
A wide vector is four in one: a sum waits four cycles for the one before it, and four sums wait together.

Arrays are flat, and an index says where the first of the sixteen is. It is not checked.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import models, overload, register_model

LANES, WIDE, SQUARE = 16, 64, 8
intrinsic: Any = extending.intrinsic  # its type hints do not know that the compiler gives the first argument
FLAGS = ("contract", "nsz", "arcp")  # not "reassoc": terms are added in the order that is written
VECTOR_IR, WIDE_IR = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.FloatType(), WIDE)


def load(array: np.ndarray, start: int) -> np.ndarray:
    """The sixteen numbers of a flat float32 array from `start` on."""
    return array[start : start + LANES].copy()


def load_wide(array: np.ndarray, start: int) -> np.ndarray:
    """The 64 numbers of a flat float32 array from `start` on."""
    return array[start : start + WIDE].copy()


def store(array: np.ndarray, start: int, vector: np.ndarray) -> None:
    """Write a vector, wide or not, into a flat float32 array from `start` on."""
    array[start : start + len(vector)] = vector


def splat(array: np.ndarray, index: int) -> np.ndarray:
    """A vector of sixteen times array[index]."""
    return np.full(LANES, array[index])


def gather(array: np.ndarray, start: int, step: int) -> np.ndarray:
    """Sixteen numbers of a flat float32 array, `step` apart."""
    return array[start + step * np.arange(LANES)]


def transpose(A: np.ndarray, a: int, row: int, B: np.ndarray, b: int, width: int) -> None:
    """Write a square of eight rows and columns, transposed, from A[a] with `row` between rows to B[b] with `width`."""
    for i in range(SQUARE):
        B[b + i : b + i + SQUARE * width : width] = A[a + i * row : a + i * row + SQUARE]


def zeros() -> np.ndarray:
    """A vector of zeros."""
    return np.zeros(LANES, np.float32)


def wide_zeros() -> np.ndarray:
    """A wide vector of zeros."""
    return np.zeros(WIDE, np.float32)


def where_larger(a: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x where a > b or a is NaN, else y."""
    return np.where((a > b) | np.isnan(a), x, y)


def where_equal(a: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x where a = b, else y."""
    return np.where(a == b, x, y)


# What these are in compiled code.


class _Vector(types.Type):
    def __init__(self, name: str, of: ir.VectorType) -> None:
        super().__init__(name)
        self.of = of


VECTOR, WIDE_VECTOR = _Vector("Vector", VECTOR_IR), _Vector("WideVector", WIDE_IR)


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.of)


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The address of array[index]."""
    return builder.gep(address_of(context, builder, signature.args[0], args[0]), [args[1]])


def address_of(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return cgutils.create_struct_proxy(kind)(context, builder, value=array).data


def _mixed(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """A vector of lanes of a, which count from 0, and of b, which go on."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))


def broadcast(builder: Any, number: Any) -> Any:
    one = builder.insert_element(ir.Constant(VECTOR_IR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return _mixed(builder, one, one, [0] * LANES)


def _load(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    address = builder.bitcast(_place(context, builder, signature, args), signature.return_type.of.as_pointer())
    return builder.load(address, align=4)


@intrinsic
def _load_vector(typing: Any, array: Any, start: Any) -> Any:
    return VECTOR(array, types.intp), _load


@intrinsic
def _load_wide(typing: Any, array: Any, start: Any) -> Any:
    return WIDE_VECTOR(array, types.intp), _load


@intrinsic
def _store_vector(typing: Any, array: Any, start: Any, vector: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = builder.bitcast(_place(context, builder, signature, args), vector.of.as_pointer())
        builder.store(args[2], address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), code


@intrinsic
def _splat_vector(typing: Any, array: Any, index: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return broadcast(builder, builder.load(_place(context, builder, signature, args)))

    return VECTOR(array, types.intp), code


@intrinsic
def _gather_vector(typing: Any, array: Any, start: Any, step: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector, address = ir.Constant(VECTOR_IR, ir.Undefined), _place(context, builder, signature, args)
        for lane in range(LANES):
            place = builder.gep(address, [builder.mul(args[2], ir.Constant(args[2].type, lane))])
            vector = builder.insert_element(vector, builder.load(place), ir.Constant(ir.IntType(32), lane))
        return vector

    return VECTOR(array, types.intp, types.intp), code


@intrinsic
def _transpose_square(typing: Any, A: Any, a: Any, row: Any, B: Any, b: Any, width: Any) -> Any:
    line = ir.VectorType(ir.FloatType(), SQUARE)

    def lines(builder: Any, array: Any, start: Any, step: Any) -> list[Any]:
        """The addresses of the eight lines."""
        numbers = [builder.mul(step, ir.Constant(step.type, i)) for i in range(SQUARE)]
        return [builder.bitcast(builder.gep(array, [builder.add(start, n)]), line.as_pointer()) for n in numbers]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given, made = (
            lines(builder, address_of(context, builder, signature.args[i], args[i]), *args[i + 1 : i + 3])
            for i in (0, 3)
        )
        x = [builder.load(address, align=4) for address in given]
        for d in (4, 2, 1):  # of 2×2 blocks of d×d numbers, the two beside the diagonal change places
            upper = [lane if not lane & d else SQUARE + lane - d for lane in range(SQUARE)]
            lower = [lane + d if not lane & d else SQUARE + lane for lane in range(SQUARE)]
            for i in range(SQUARE):
                if not i & d:
                    pair = x[i], x[i + d]
                    x[i], x[i + d] = _mixed(builder, *pair, upper), _mixed(builder, *pair, lower)
        for address, vector in zip(made, x, strict=True):
            builder.store(vector, address, align=4)
        return context.get_dummy_value()

    return types.void(A, types.intp, types.intp, B, types.intp, types.intp), code


def _zero(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return ir.Constant(signature.return_type.of, None)


@intrinsic
def _zero_vector(typing: Any) -> Any:
    return VECTOR(), _zero


@intrinsic
def _zero_wide(typing: Any) -> Any:
    return WIDE_VECTOR(), _zero


def _operation(emit: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit(builder, *args)

    return code


@intrinsic
def _add(typing: Any, a: Any, b: Any) -> Any:
    return a(a, b), _operation(lambda builder, a, b: builder.fadd(a, b, flags=FLAGS))


@intrinsic
def _subtract(typing: Any, a: Any, b: Any) -> Any:
    return a(a, b), _operation(lambda builder, a, b: builder.fsub(a, b, flags=FLAGS))


@intrinsic
def _multiply(typing: Any, a: Any, b: Any) -> Any:
    return a(a, b), _operation(lambda builder, a, b: builder.fmul(a, b, flags=FLAGS))


@intrinsic
def _where_larger(typing: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    def emit(builder: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
        larger_or_nan = builder.or_(builder.fcmp_ordered(">", a, b), builder.fcmp_unordered("uno", a, a))
        return builder.select(larger_or_nan, x, y)

    return VECTOR(VECTOR, VECTOR, VECTOR, VECTOR), _operation(emit)


@intrinsic
def _where_equal(typing: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    def emit(builder: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
        return builder.select(builder.fcmp_ordered("==", a, b), x, y)

    return VECTOR(VECTOR, VECTOR, VECTOR, VECTOR), _operation(emit)


def _of_vectors(compute: Any) -> Any:
    def choose(a, b):  # type: ignore[no-untyped-def]  # Numba compares the signatures
        return (lambda a, b: compute(a, b)) if isinstance(a, _Vector) and a is b else None

    return choose


overload(load)(lambda array, start: lambda array, start: _load_vector(array, start))
overload(load_wide)(lambda array, start: lambda array, start: _load_wide(array, start))
overload(splat)(lambda array, index: lambda array, index: _splat_vector(array, index))
overload(gather)(lambda array, start, step: lambda array, start, step: _gather_vector(array, start, step))
overload(where_larger)(lambda a, b, x, y: lambda a, b, x, y: _where_larger(a, b, x, y))
overload(where_equal)(lambda a, b, x, y: lambda a, b, x, y: _where_equal(a, b, x, y))
overload(store)(lambda array, start, vector: lambda array, start, vector: _store_vector(array, start, vector))
overload(transpose)(
    lambda A, a, row, B, b, width: lambda A, a, row, B, b, width: _transpose_square(A, a, row, B, b, width)
)
overload(zeros)(lambda: lambda: _zero_vector())
overload(wide_zeros)(lambda: lambda: _zero_wide())
for _operator, _intrinsic in ((operator.add, _add), (operator.sub, _subtract), (operator.mul, _multiply)):
    overload(_operator)(_of_vectors(_intrinsic))
overload(operator.iadd)(_of_vectors(_add))
