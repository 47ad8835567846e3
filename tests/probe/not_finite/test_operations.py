"""Which numbers of a result are born, and how the operation is told, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinynet.probe.not_finite.births import FROM_CONSTANT, FROM_FINITE, FROM_INFINITE, ways_of_birth
from tinynet.probe.not_finite.cause import Cause, bad_place, cause_of, is_bad
from tinynet.probe.not_finite.operation import Operation, batch_shape, cast, describe, short, written
from tinynet.probe.not_finite.rows import bad_rows, row_of
from tinynet.probe.not_finite.watched_array import Ledger, WatchedArray, plainly, watched

NAN, INF = np.nan, np.inf


def ways(operation: Any, method: str, operands: list[Any], is_constant: list[bool], **options: Any) -> Any:
    with np.errstate(all="ignore"):
        plain = [np.asarray(x, float) if isinstance(x, list) else x for x in operands]
        function = operation if method in ("__call__", "") else getattr(operation, method)
        result = np.asarray(function(*plain, **options))
    found = ways_of_birth(operation, method, plain, is_constant, result, **options)
    return None if found is None else found.tolist()


A, B, C = FROM_FINITE, FROM_INFINITE, FROM_CONSTANT


@pytest.mark.parametrize(
    ("operation", "method", "operands", "is_constant", "options", "expected"),
    [
        (np.log, "__call__", [[1, 0, -1]], [False], {}, [0, A, A]),
        (np.log, "__call__", [[NAN, INF, 1]], [False], {}, None),
        (np.subtract, "__call__", [[INF, INF, 1], [INF, 1, 1]], [False, False], {}, [B, 0, 0]),
        (np.subtract, "__call__", [[NAN, INF], [INF, NAN]], [False, False], {}, None),
        (np.add, "__call__", [[1, INF, NAN], [-INF, -INF, 0]], [False, True], {}, [C, B, 0]),
        (np.multiply, "__call__", [[1, 2], NAN], [False, True], {}, [C, C]),
        (np.multiply, "__call__", [[0, 2], INF], [False, True], {}, [B, C]),
        (np.add, "reduce", [[[1e308, 1e308], [1, INF]]], [False], {"axis": 1}, [A, 0]),
        (np.add, "reduce", [[[1e308, 1], [1e308, INF]]], [False], {}, [A, 0]),
        (np.add, "reduce", [[[1e308, 1], [1e308, INF]]], [False], {"axis": 0, "keepdims": True}, [[A, 0]]),
        (np.add, "reduce", [[[INF, 1], [-INF, 1]]], [False], {"axis": 0}, [B, 0]),
        (np.add, "reduce", [[[INF, 1], [-INF, 1]]], [False], {"axis": None}, B),
        (np.matmul, "__call__", [[[1e308, 1e308], [1, INF]], [[1, 0], [1, 0]]], [False, False], {}, [[A, 0], [0, B]]),
        (np.matmul, "__call__", [[[1, 1], [0, 0]], [[INF, 1e308], [1, 1e308]]], [False, False], {}, [[0, A], [B, 0]]),
        (np.matmul, "__call__", [[1e308, 1e308], [1, 1]], [False, False], {}, A),
        (np.matmul, "__call__", [[1e308, INF], [1, 1]], [False, False], {}, None),
        (np.matmul, "__call__", [[[1e308, 1e308], [INF, 0]], [1, 1]], [False, False], {}, None),
        (np.matmul, "__call__", [[1e308, 1e308], [[1, 0], [1, 0]]], [False, False], {}, [A, 0]),
        (np.matmul, "__call__", [[1e308, INF], [[1, 0], [1, 1]]], [False, False], {}, None),
        (
            np.matmul,
            "__call__",
            [[[[1e308, 1e308], [1, INF]]], [[1, 0], [1, 0]]],
            [False, False],
            {},
            [[[A, 0], [0, B]]],
        ),
        (np.where, "", [np.array([True, False]), [1, 2], -INF], [False, False, True], {}, [0, C]),
        (np.where, "", [np.array([True, False]), [1, INF], [INF, 2]], [False, False, False], {}, None),
        (np.cumsum, "", [[1e308, 1e308, 1]], [False], {}, [0, A, A]),
        (np.cumsum, "", [[INF, 1, 1]], [False], {}, None),
        (np.negative, "__call__", [np.array([1, 2])], [False], {}, None),
        (np.true_divide, "__call__", [np.array([1, 2]), np.array([0, 1])], [False, False], {}, [A, 0]),
    ],
    ids=range(26),
)
def test_births(operation: Any, method: str, operands: Any, is_constant: Any, options: Any, expected: Any) -> None:
    if operation is np.cumsum:
        method = ""
    assert ways(operation, method, operands, is_constant, **options) == expected


def told(operation: Any, method: str, operands: list[Any], place: tuple[int, ...], **options: Any) -> Operation:
    with np.errstate(all="ignore"):
        function = operation if method in ("__call__", "") else getattr(operation, method)
        result = np.asarray(function(*operands, **options))
        return describe(operation, method, operands, result, place, **options)


X = np.array([[1.0, -3e200], [2e200, 4.0], [-INF, 5.0]])


@pytest.mark.parametrize(
    ("operation", "method", "operands", "place", "options", "text", "numbers", "where"),
    [
        (np.log, "__call__", [X], (0, 1), {}, "log of -3e+200 = nan", (-3e200,), ((0, 1), (3, 2))),
        (np.sqrt, "__call__", [X], (0, 1), {}, "square root of -3e+200 = nan", (-3e200,), ((0, 1), (3, 2))),
        (np.exp, "__call__", [X], (1, 0), {}, "exp of 2e+200 = inf", (2e200,), ((1, 0), (3, 2))),
        (np.square, "__call__", [X], (1, 0), {}, "square of 2e+200 = inf", (2e200,), ((1, 0), (3, 2))),
        (np.reciprocal, "__call__", [0 * X[:2]], (1, 0), {}, "1 / 0 = inf", (0,), ((1, 0), (2, 2))),
        (np.divide, "__call__", [X, 0.0], (1, 1), {}, "4 / 0 = inf", (4, 0), ((1, 1), (3, 2))),
        (np.multiply, "__call__", [X, X], (0, 1), {}, "-3e+200 · -3e+200 = inf", (-3e200, -3e200), ((0, 1), (3, 2))),
        (np.add, "__call__", [X, np.float64(INF)], (2, 0), {}, "-inf + inf = nan", (-INF, INF), ((2, 0), (3, 2))),
        (np.subtract, "__call__", [X, X], (2, 0), {}, "-inf - (-inf) = nan", (-INF, -INF), ((2, 0), (3, 2))),
        (np.power, "__call__", [X, 2], (1, 0), {}, "2e+200 to the power of 2 = inf", (2e200, 2), ((1, 0), (3, 2))),
        (np.log2, "__call__", [X], (0, 1), {}, "log2 of -3e+200 = nan", (-3e200,), ((0, 1), (3, 2))),
        (np.hypot, "__call__", [X, INF], (0, 0), {}, "hypot of 1, inf = inf", (1, INF), ((0, 0), (3, 2))),
        (
            np.add,
            "reduce",
            [X],
            (0,),
            {},
            "a sum of 3 numbers up to -inf = -inf",
            (-INF,),
            ((2, 0), (3, 2)),
        ),
        (
            np.add,
            "reduce",
            [X],
            (1,),
            {"axis": 1},
            "a sum of 2 numbers up to 2e+200 = 2e+200",
            (2e200,),
            ((1, 0), (3, 2)),
        ),
        (
            np.add,
            "reduce",
            [X],
            (0, 1),
            {"axis": 0, "keepdims": True},
            "a sum of 3 numbers up to -3e+200 = -3e+200",
            (-3e200,),
            ((0, 1), (3, 2)),
        ),
        (
            np.add,
            "reduce",
            [X],
            (1, 0),
            {"axis": -1, "keepdims": True},
            "a sum of 2 numbers up to 2e+200 = 2e+200",
            (2e200,),
            ((1, 0), (3, 2)),
        ),
        (
            np.multiply,
            "reduce",
            [X[:2]],
            (),
            {"axis": None},
            "a product of 4 numbers up to -3e+200 = -inf",
            (-3e200,),
            ((0, 1), (2, 2)),
        ),
        (
            np.maximum,
            "reduce",
            [X],
            (1,),
            {"axis": 0},
            "maximum of 3 numbers up to -3e+200 = 5",
            (-3e200,),
            ((0, 1), (3, 2)),
        ),
        (
            np.matmul,
            "__call__",
            [X[:2], X[:2]],
            (0, 0),
            {},
            "a sum of 2 products up to -3e+200 · 2e+200 = -inf",
            (-3e200, 2e200),
            ((0, 1), (2, 2)),
        ),
        (
            np.matmul,
            "__call__",
            [X[:2, :1], X[:1]],
            (1, 1),
            {},
            "2e+200 · -3e+200 = -inf",
            (2e200, -3e200),
            ((1, 0), (2, 1)),
        ),
        (
            np.matmul,
            "__call__",
            [np.stack([np.eye(2), X[:2]]), X[:2]],
            (1, 1, 0),
            {},
            "a sum of 2 products up to 4 · 2e+200 = 1e+201",
            (4, 2e200),
            ((1, 1, 1), (2, 2, 2)),
        ),
        (
            np.matmul,
            "__call__",
            [X[0], X[1]],
            (),
            {},
            "matmul of arrays with numbers up to -3e+200 and 2e+200 = -1e+201",
            (-3e200, 2e200),
            ((), ()),
        ),
        (
            np.cumsum,
            "",
            [X[:, 1]],
            (0,),
            {},
            "cumsum of arrays with numbers up to -3e+200 = -3e+200",
            (-3e200,),
            ((0,), (3,)),
        ),
    ],
    ids=range(23),
)
def test_an_operation_in_words(
    operation: Any, method: str, operands: Any, place: Any, options: Any, text: str, numbers: Any, where: Any
) -> None:
    found = told(operation, method, operands, place, **options)
    assert found.text == text
    assert found.operands == numbers
    assert (found.place, found.shape) == where
    assert (found.name, found.dtype) == (operation.__name__, "float64")
    assert short(found.result) == text.rpartition(" = ")[2]
    assert found.file == __file__
    assert found.code.startswith("return describe(operation, method, operands, result, place")
    assert found.line > 0


def test_a_change_of_type_and_a_number_that_is_written() -> None:
    wide = np.array([1.0, -1e300])
    found = cast(wide, np.array([1, -INF], np.float32), (1,))
    assert (found.name, found.text, found.dtype) == ("astype", "-1e+300 in float32 = -inf", "float32")
    assert (found.operands, found.result, found.place, found.shape) == ((-1e300,), -INF, (1,), (2,))
    assert found.code.startswith("found = cast(wide")
    found = written(np.array([[1, INF]], np.float32), (0, 1))
    assert (found.name, found.text, found.dtype) == ("setitem", "inf, written into an array", "float32")
    assert (found.operands, found.result, found.place, found.shape) == ((INF,), INF, (0, 1), (1, 2))


def test_numbers_in_few_digits() -> None:
    assert [short(x) for x in (0.123456, -12345.6, 1e300, NAN, -INF, 2.0)] == [
        "0.1235",
        "-1.235e+04",
        "1e+300",
        "nan",
        "-inf",
        "2",
    ]
    assert batch_shape(np.ones((3, 1, 2, 2)), np.ones((4, 2, 2))) == (3, 4)


@pytest.mark.parametrize(
    ("value", "bad"),
    [
        (None, False),
        (1.0, False),
        (3, False),
        (NAN, True),
        ([1.0, [None, (INF,)]], True),
        ((), False),
        (np.array([1, 2]), False),
        (np.array(["a"]), False),
        (np.array([1, 1j * INF]), True),
        (np.array([1.0, -INF]), True),
        (watched(np.array([NAN])), True),
    ],
    ids=range(11),
)
def test_what_is_not_finite(value: Any, bad: bool) -> None:
    assert is_bad(value) is bad


def test_the_first_place() -> None:
    assert bad_place(np.array([[1.0, NAN], [INF, 1.0]])) == (0, 1)
    assert bad_place(np.array([1.0, -INF])) == (1,)
    assert bad_place(np.array(NAN)) == ()


# Samples.


@pytest.mark.parametrize(
    ("value", "n_rows", "rows"),
    [
        (np.array([[1, NAN], [1, 1], [INF, 1]]), 3, [0, 2]),
        (np.array([1, 1, NAN, 1, 1, INF]), 3, [1, 2]),
        (np.array([1, 1, NAN, 1]), 3, []),
        (np.array([NAN, 1]), 0, []),
        (np.array(NAN), 1, []),
        ((np.array([NAN, 1]), None, np.array([1, INF])), 2, [0, 1]),
        ([np.array([1, INF]), [np.array([NAN, 1])]], 2, [1]),
        (np.array([1.0, 2.0]), 2, []),
    ],
    ids=range(8),
)
def test_samples_that_are_not_finite(value: Any, n_rows: int, rows: list[int]) -> None:
    assert bad_rows(value, n_rows) == rows


def at(place: tuple[int, ...], shape: tuple[int, ...], name: str = "add") -> Operation:
    return Operation(name, (), NAN, "", "float32", place=place, shape=shape)


ONE, TWO, NONE = np.array([1, NAN, 1]), np.array([NAN, 1, NAN]), np.ones(3)


@pytest.mark.parametrize(
    ("cause", "weights", "row"),
    [
        (Cause(None, [ONE]), (), 1),
        (Cause(None, [ONE], 2), (), 1),
        (Cause(None, [TWO], 2), (), 2),
        (Cause(None, [TWO]), (), None),
        (Cause(at((2, 1), (3, 4)), [TWO]), (), 2),
        (Cause(at((2, 1), (3, 4)), [TWO]), {(3, 4)}, None),
        (Cause(at((), ()), [TWO]), (), None),
        (Cause(at((5, 1), (6, 4)), [TWO]), (), 2),
        (Cause(at((3, 1), (6, 4)), [TWO]), (), 1),
        (Cause(at((3, 1), (4, 3)), [TWO]), (), 1),
        (Cause(at((3, 1), (4, 2)), [TWO]), (), None),
        (Cause(at((3,), (4,)), [TWO]), (), None),
        (Cause(at((0, 1), (0, 3)), [TWO]), (), 1),
        (Cause(at((4, 2), (5, 3), "matmul"), [NONE]), (), 2),
        (Cause(at((1, 2), (3, 3), "matmul"), [NONE]), (), 2),
        (Cause(at((1, 2), (3, 3), "matmul"), [TWO]), (), 1),
        (Cause(at((1, 2), (3, 3)), [NONE]), (), 1),
        (Cause(at((1, 2), (5, 4), "matmul"), [NONE]), (), None),
    ],
    ids=range(18),
)
def test_the_sample_of_a_cause(cause: Cause, weights: Any, row: int | None) -> None:
    assert row_of(cause, 3, weights) == row


def test_without_samples_there_is_none() -> None:
    assert row_of(Cause(at((2, 1), (3, 4)), [NONE]), 0) is None


# Causes.


def test_the_cause_is_the_first_number_that_spoils_the_outcome() -> None:
    x = np.array([4.0, -1.0, 0.0, -9.0])

    def run() -> Any:
        given = watched(x)
        unread = np.log(given)  # three births that nobody reads
        roots = np.sqrt(given)  # two that count
        return [np.where(x > 99, unread, roots), roots.sum()]

    with np.errstate(all="ignore"):
        cause = cause_of(run)
    assert cause.operation.text == "square root of -1 = nan"
    assert (cause.operation.place, cause.row) == ((1,), None)
    np.testing.assert_array_equal(cause.outcome[0], [2, NAN, 0, 1])
    assert type(cause.outcome[0]) is np.ndarray


def test_later_ways_of_birth_come_last() -> None:
    x = np.array([1.0, 2.0])
    with np.errstate(all="ignore"):
        found = cause_of(lambda: [watched(x) * INF, np.log(watched(x) - 3)])
        assert found.operation.text == "1 · inf = inf"  # both count, and it is the first
        found = cause_of(lambda: [np.where(x > 9, watched(x) * INF, np.log(watched(x) - 3))])
        assert found.operation.text == "log of -2 = nan"
        found = cause_of(lambda: [(watched(x) * 1e308 * 10) - (watched(x) * 1e308 * 10)])
        assert found.operation.text == "2 · 1e+308 = inf"
        assert cause_of(lambda: [np.array([NAN])]) is None
        assert cause_of(lambda: [watched(x)]) is None
        assert cause_of(lambda: [][0]) is None  # what runs may fail


def test_the_cause_knows_its_sample() -> None:
    x = np.array([[4.0, 1.0], [2.0, -1.0], [-2.0, 1.0]])
    with np.errstate(all="ignore"):
        found = cause_of(lambda: [np.log(watched(x)).sum()], n_rows=3)
        assert (found.row, found.operation.operands) == (1, (-1.0,))
        assert cause_of(lambda: [np.log(watched(x)).sum()], n_rows=3, weights={(3, 2)}).row is None
        assert cause_of(lambda: [np.log(watched(x)).sum()]).row is None


def test_a_ledger() -> None:
    x = np.array([[1.0, -1.0], [-2.0, -3.0]])
    with np.errstate(all="ignore"):
        with Ledger() as ledger:
            y = np.log(watched(x))
        assert (ledger.n_births, ledger.last_left, ledger.row) == (3, None, None)
        assert np.isnan(np.asarray(y)).sum() == 3
        for n_left, operand in ((1, -1.0), (2, -2.0), (3, -3.0)):
            with Ledger(n_left=n_left, n_rows=2) as ledger:
                y = np.log(watched(x))
            assert (ledger.n_births, ledger.last_left.operands) == (3, (operand,))
            assert np.isnan(np.asarray(y)).sum() == n_left
            assert ledger.row == (0 if n_left == 1 else None)
        with Ledger(n_left=0) as ledger:
            np.testing.assert_array_equal(np.asarray(np.log(watched(x))), [[0, 1], [1, 1]])
        assert (ledger.n_births, ledger.last_left) == (3, None)
        with Ledger((FROM_CONSTANT,)) as ledger:
            np.log(watched(x))
        assert ledger.n_births == 0
        with Ledger(n_left=0) as ledger:
            pass
        assert np.isnan(np.log(watched(x))).sum() == 3  # behind the block nothing is counted, nor written over
        assert ledger.n_births == 0
        with Ledger() as outer:
            with Ledger() as inner:
                np.log(watched(x))
            np.log(watched(x[:1]))
        assert (outer.n_births, inner.n_births) == (1, 3)


def test_watched_and_plain() -> None:
    x = np.ones(2)
    assert isinstance(watched(x), WatchedArray)
    assert watched(x).base is x
    assert type(watched(np.array([1, 2]))) is np.ndarray
    assert isinstance(watched(np.ones(1, complex)), WatchedArray)
    several = watched([x, (x, 3, "a")])
    assert isinstance(several[0], WatchedArray)
    assert isinstance(several[1][0], WatchedArray)
    assert several[1][1:] == (3, "a")
    plain = plainly(several)
    assert type(plain[0]) is type(plain[1][0]) is np.ndarray
    assert plainly("a") == "a"


def test_operations_with_several_results() -> None:
    whole = watched(np.array([1.5, -2.25]))
    parts = np.modf(whole)
    assert [type(part) for part in parts] == [WatchedArray, WatchedArray]
    assert [part.tolist() for part in parts] == [[0.5, -0.25], [1, -2]]
    out = np.empty(2), np.empty(2)
    assert np.modf(whole, out=out) is not None
    assert [part.tolist() for part in out] == [[0.5, -0.25], [1, -2]]
    halves = np.split(whole, 2)
    assert [type(half) for half in halves] == [WatchedArray, WatchedArray]
    one = np.empty(2)
    assert np.add(whole, 1, out=one).tolist() == one.tolist() == [2.5, -1.25]
    np.add.at(whole, [0, 0], 1.0)
    assert whole.tolist() == [3.5, -2.25]
    assert type(whole[0]) is WatchedArray
    assert np.add.reduce(whole).item() == 1.25
