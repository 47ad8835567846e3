"""How expressions, sums and whole explanations are written: each bracket, sign, digit and column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.expressions import Number, Operation, Sum, as_expression, constant, named, zero
from tinynet.probe.explain.functions import exp, maximum, minimum, where
from tinynet.probe.explain.numbers import at_index, sum_up, unraveled, wide
from tinynet.probe.explain.rounding import Digits
from tinynet.probe.explain.text import (
    ATOM,
    CHOICE,
    COMPARISON,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    bracketed,
    number_text,
    signed,
)
from tinynet.probe.explain.totals import Total, all_totals, largest_of, total, total_of

A, B, C = (Number(name, value) for name, value in (("a", -2.0), ("b", 3.0), ("c", 4.0)))


@pytest.mark.parametrize(
    ("part", "needed", "is_first", "text"),
    [
        (("a + b", SUM), SUM, False, "a + b"),
        (("a + b", SUM), SUM + 1, False, "(a + b)"),
        (("a + b", SUM), PRODUCT, True, "(a + b)"),
        (("a > b", COMPARISON), COMPARISON, False, "a > b"),
        (("a > b", COMPARISON), SUM, True, "(a > b)"),
        (("b where a", CHOICE), COMPARISON, True, "(b where a)"),
        (("−3", SIGN), COMPARISON, False, "−3"),
        (("−3", SIGN), SUM, False, "(−3)"),
        (("−3", SIGN), PRODUCT, True, "−3"),
        (("−3", SIGN), POWER, True, "(−3)"),
        (("a²", POWER), ATOM, True, "(a²)"),
        (("a²", POWER), POWER, False, "a²"),
        (("a", ATOM), ATOM, False, "a"),
    ],
)
def test_brackets(part: tuple[str, int], needed: int, is_first: bool, text: str) -> None:
    assert bracketed(part, needed, is_first) == text
    assert bracketed(part, needed) == (text if not is_first or part[1] != SIGN else f"({part[0]})")


def test_signs_of_a_sum() -> None:
    terms = [("−a", SIGN), ("−b", SIGN), ("c", ATOM), ("d > e", COMPARISON), ("−2·f", PRODUCT)]
    assert signed(terms) == ["−a", "− b", "+ c", "+ (d > e)", "− 2·f"]
    assert signed([]) == []
    assert signed([("a > b", COMPARISON)]) == ["(a > b)"]


@pytest.mark.parametrize(
    ("value", "digits", "text", "binds"),
    [
        (np.nan, 5, "nan", ATOM),
        (np.inf, 5, "∞", ATOM),
        (-np.inf, None, "−∞", SIGN),
        (3.0, None, "3", ATOM),
        (-3.0, None, "−3", SIGN),
        (0.1, None, "0.1", ATOM),
        (-0.5, None, "−0.5", SIGN),
        (-0.0, None, "0", ATOM),
        (-0.0, 3, "0", ATOM),
        (9999999999999998.0, None, "9999999999999998", ATOM),
        (1e16, None, "1e+16", ATOM),
        (-1e16, None, "−1e+16", SIGN),
        (123456.0, 5, "1.2346e+05", ATOM),
        (0.000012345678, 4, "1.235e-05", ATOM),
        (-1 / 3, 2, "−0.33", SIGN),
        (2.0, 5, "2", ATOM),
        (np.float32(0.1), 9, "0.100000001", ATOM),
    ],
)
def test_numbers(value: float, digits: int | None, text: str, binds: int) -> None:
    assert number_text(value, digits) == (text, binds)


@pytest.mark.parametrize(
    ("expression", "symbols", "numbers", "value"),
    [
        (A + B, "a + b", "−2 + 3", 1),
        (B + A, "b + a", "3 − 2", 1),
        (1 + A, "1 + a", "1 − 2", -1),
        (A - B, "a − b", "−2 − 3", -5),
        (B - A, "b − a", "3 − (−2)", 5),
        (1 - A, "1 − a", "1 − (−2)", 3),
        (A - (B + C), "a − (b + c)", "−2 − (3 + 4)", -9),
        (A - (B - C), "a − (b − c)", "−2 − (3 − 4)", -1),
        ((A - B) - C, "a − b − c", "−2 − 3 − 4", -9),
        (A - B * C, "a − b·c", "−2 − 3·4", -14),
        (A * B, "a·b", "−2·3", -6),
        (B * A, "b·a", "3·(−2)", -6),
        (2 * A, "2·a", "2·(−2)", -4),
        (A * (B / C), "a·b / c", "−2·3 / 4", -1.5),
        (A / B / C, "a / b / c", "−2 / 3 / 4", -1 / 6),
        (A / (B / C), "a / (b / c)", "−2 / (3 / 4)", -8 / 3),
        (6 / B, "6 / b", "6 / 3", 2),
        ((A + B) / C, "(a + b) / c", "(−2 + 3) / 4", 0.25),
        (B**2, "b²", "3²", 9),
        (A**2, "a²", "(−2)²", 4),
        (B**12, "b¹²", "3¹²", 531441),
        (C**0.5, "c^0.5", "4^0.5", 2),
        (C**-1, "c^(−1)", "4^(−1)", 0.25),
        (B**C, "b^c", "3⁴", 81),
        (B ** (C + 1), "b^(c + 1)", "3^(4 + 1)", 243),
        ((B**2) ** 3, "(b²)³", "(3²)³", 729),
        ((A * B) ** 2, "(a·b)²", "(−2·3)²", 36),
        (-A, "−a", "−(−2)", 2),
        (-(A * B), "−(a·b)", "−(−2·3)", 6),
        (-(B**2), "−b²", "−3²", -9),
        (A > B, "a > b", "−2 > 3", 0),
        (A < B, "a < b", "−2 < 3", 1),
        (B > 3, "b > 3", "3 > 3", 0),
        (B >= 3, "b ≥ 3", "3 ≥ 3", 1),
        (B < 3, "b < 3", "3 < 3", 0),
        (B <= 3, "b ≤ 3", "3 ≤ 3", 1),
        (A.equals(-2), "a == −2", "−2 == −2", 1),
        (A + B > C - 1, "a + b > c − 1", "−2 + 3 > 4 − 1", 0),
        (where(A > 0, B, C), "b where a > 0, else c", "3 where −2 > 0, else 4", 4),
        (where(B > 0, B, C), "b where b > 0, else c", "3 where 3 > 0, else 4", 3),
        (where(A > 0, where(B > 0, 1, 2), 0), "(1 where b > 0, else 2) where a > 0, else 0", None, 0),
        (1 + where(A > 0, B, C), "1 + (b where a > 0, else c)", "1 + (3 where −2 > 0, else 4)", 5),
        (maximum(A, 0.5), "max(a, 0.5)", "max(−2, 0.5)", 0.5),
        (minimum(A, B, C), "min(a, b, c)", "min(−2, 3, 4)", -2),
        (exp(A - A), "exp(a − a)", "exp(−2 − (−2))", 1),
        (constant(-1.5) * B, "−1.5·b", "−1.5·3", -4.5),
        (B * constant(-1.5), "b·(−1.5)", "3·(−1.5)", -4.5),
        (B + constant(-1.5), "b − 1.5", "3 − 1.5", 1.5),
        (zero("it is padding") * B, "0 (it is padding)·b", "0·3", 0),
        (constant(1e-05, "eps") + B, "eps + b", "1e-05 + 3", 3.00001),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_expression(expression: Any, symbols: str, numbers: str | None, value: float) -> None:
    assert expression.symbols() == symbols
    assert numbers is None or expression.numbers() == numbers
    assert float(expression) == pytest.approx(value, rel=1e-12)
    assert bool(expression) == bool(value)
    assert isinstance(expression.value, np.float64)


def test_expressions_know_their_parts() -> None:
    whole = (A + B) + (C + A)
    assert isinstance(whole, Sum)
    assert whole.terms == [A, B, C, A]
    product = A * B
    assert isinstance(product, Operation)
    assert product.parts() == [A, B]
    assert (A**B).parts() == [A, B]
    assert list(A.leaves()) == [A]
    assert A.parts() == []
    assert as_expression(A) is A
    assert as_expression(2).symbols() == "2"
    chosen = where(C > 0, B, A)
    assert [part.symbols() for part in chosen.parts()] == ["c > 0", "b", "a"]
    assert [leaf.symbol for leaf in chosen.leaves()] == ["c", "0", "b", "a"]
    assert [leaf.symbol for leaf in maximum(A, B).leaves()] == ["a", "b"]
    assert total([A, B]).shown == [B, A]


def test_values_without_warnings() -> None:
    infinite = Number("x", np.inf)
    assert np.isnan((infinite - infinite).value)
    assert np.isinf((1 / Number("x", 0.0)).value)
    assert np.isnan(maximum(Number("x", np.nan), 1).value)
    assert np.isnan(minimum(1, Number("x", np.nan)).value)


def test_what_a_leaf_knows() -> None:
    x = Number("x[1]", 1 / 3, ("0.x", (1,)))
    assert (x.symbol, x.source, x.made_from, x.exact, x.key) == ("x[1]", ("0.x", (1,)), None, False, ("x[1]", 1 / 3))
    assert x.number(3) == ("0.333", ATOM)
    n = Number("N", 123456, exact=True)
    assert n.exact
    assert n.number(3) == ("123456", ATOM)
    double = named("d", x * 2, ("0.d", (1,)))
    assert (double.symbol, double.source, double.symbols(), double.numbers(2)) == ("d", ("0.d", (1,)), "d", "0.67")
    assert double.made_from.symbols() == "x[1]·2"
    assert constant(2.0, "k").exact
    assert constant(2.0).symbol == "2"
    assert float(zero("closed")) == 0


def test_a_leaf_is_computed_again() -> None:
    x = Number("x", 1.0)
    double = named("d", x * 2)
    triple = named("t", double + x)
    x._value = np.float64(5)
    triple.refresh()
    assert (float(triple), float(double)) == (15, 10)
    assert (triple.key, double.key) == (("t", 15), ("d", 10))
    x.refresh()
    assert float(x) == 5


def test_small_helpers() -> None:
    assert unraveled(5, (2, 3)) == (1, 2)
    assert all(type(at) is int for at in unraveled(5, (2, 3)))
    assert (at_index("y", (1, 2)), at_index("y", (0,)), at_index("loss", ())) == ("y[1, 2]", "y[0]", "loss")
    assert wide(np.float32([0.5])).dtype == np.float64
    assert sum_up([]) == 0
    assert sum_up([1e16, 1.0, -1e16]) == 0  # from left to right
    assert type(sum_up([1])) is np.float64


# Sums.


def of(values: Any, formula: str = "", cut: dict[str, int] | None = None) -> Total:
    values = np.asarray(values, np.float64)
    return total_of(values, lambda i: Number(f"x[{i}]", values.ravel()[i]), formula, cut)


@pytest.mark.parametrize(
    ("values", "terms", "text"),
    [
        ([1, 2, 3], 8, "x[2] + x[1] + x[0]"),
        ([1, -2, 3], 1, "x[2] + 2 smaller terms"),
        ([1, -2, 3], 2, "x[2] + x[1] + x[0]"),
        ([1, -2, 3], 3, "x[2] + x[1] + x[0]"),
        ([1, -2, 3], None, "x[2] + x[1] + x[0]"),
        ([1, 1, 0, 1, -1], 1, "x[0] + 3 smaller terms"),
        ([0, np.nan, 5, np.inf], 8, "x[1] + x[3] + x[2]"),
        ([0, 0], 8, "0"),
        ([], 8, "0"),
        ([0, -4], 8, "x[1]"),
        ([[1, 2], [3, 4]], 1, "x[3] + 3 smaller terms"),
    ],
)
def test_the_terms_of_a_sum(values: Any, terms: int | None, text: str) -> None:
    whole = of(values)
    whole.show(terms)
    assert whole.symbols() == text
    assert np.array_equal(whole.value, np.sum(values), equal_nan=True)


def test_eight_terms_are_shown_and_one_more_rather_than_a_smaller_one() -> None:
    assert of(range(1, 10)).symbols().count("x[") == 9
    assert of(range(1, 11)).symbols().endswith("x[2] + 2 smaller terms")
    assert of(range(1, 11)).symbols().count("x[") == 8
    assert of(range(1, 11)).numbers() == "10 + 9 + 8 + 7 + 6 + 5 + 4 + 3 + 3"


def test_what_is_zero_is_told() -> None:
    assert of([1, 2]).remarks() == []
    assert of([1, 0]).remarks() == ["1 term is 0"]
    assert of([0, 0, 1]).remarks() == ["2 terms are 0"]
    assert of([0, 0, 1], cut={"a": 2, "b": 0}).remarks() == ["2 terms are 0: a"]
    assert of([0, 0, 0], cut={"a": 1, "b": 1}).remarks() == ["1 term is 0: a", "1 term is 0: b", "1 term is 0"]
    assert of([0], cut={"a": 1}).remarks() == ["1 term is 0: a"]
    assert of([0, 0], cut={"a": 0, "b": 2}).cut == {"b": 2}
    assert of([1]).cut == {}


def test_binding_of_a_sum() -> None:
    assert (2 * of([1, 2])).symbols() == "2·(x[1] + x[0])"
    assert (2 * of([0, 2])).symbols() == "2·x[1]"
    assert (2 * of([0])).symbols() == "2·0"
    assert (of([1, 2]) + of([3])).symbols() == "x[1] + x[0] + x[0]"
    assert (of([-1]) - of([-3])).numbers() == "−1 − (−3)"


def test_sums_inside_are_found() -> None:
    first, second, third = of([1]), of([2]), of([3])
    inner = named("s", first + 1)
    whole = named("t", inner * second + total([third, A]))
    assert all_totals(whole)[0] in (first, second)
    assert {id(each) for each in all_totals(whole)} >= {id(each) for each in (first, second, third)}
    assert len(all_totals(whole)) == 4
    assert all_totals(A) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1, 3, 2], "max(x[1], x[2], x[0])"),
        (range(8), "max(x[7], x[6], x[5], x[4], x[3], x[2], x[1], x[0])"),
        (range(9), "max(x[8], x[7], x[6], x[5], the largest of 5 others)"),
        ([1, np.nan, 5], "max(x[1], x[2], x[0])"),
        ([[2, 1], [2, 4]], "max(x[3], x[0], x[2], x[1])"),
    ],
)
def test_the_largest_of_many(values: Any, text: str) -> None:
    array = np.asarray(values, np.float64)
    found = largest_of(array, lambda i: Number(f"x[{i}]", array.ravel()[i]))
    assert found.symbols() == text
    assert np.array_equal(found.value, array.max(), equal_nan=True)
    if "others" in text:
        assert found.numbers() == "max(8, 7, 6, 5, 4)"


# Digits.


def test_digits_are_few_where_they_are_enough() -> None:
    a, b = Number("a", 0.123456789), Number("b", 2.0)
    result = named("c", a * b)
    digits = Digits([(result, result.made_from)])
    assert digits.number(a) == ("0.123457", ATOM)
    assert digits.number(result) == ("0.24691", ATOM)
    n = Number("n", 0.123456789, exact=True)
    assert Digits([]).number(n) == ("0.123456789", ATOM)
    assert Digits([]).number(a) == ("0.12346", ATOM)


def test_digits_of_infinities() -> None:
    for value, text in ((np.inf, "∞"), (-np.inf, "−∞"), (np.nan, "nan")):
        x = Number("x", value)
        result = named("y", x * 1)
        assert Digits([(result, result.made_from)]).number(x)[0] == text


# Whole explanations.


def explained(expression: Any, **options: Any) -> Explanation:
    return Explanation(named("y", expression), **options)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (B * C, "y = b·c   │ 3·4 = 12"),
        (of([1, -2]), "y = x[1] + x[0]   │ −2 + 1 = −1"),
        (
            of([1, -2, 0], "Σ x"),
            "y = Σ x\n    x[1]          │   −2\n  + x[0]          │ + 1\n  + 1 term is 0\n                  │ = −1",
        ),
        (
            of([1, 2, 3]),
            "y = the sum of\n    x[2]         │   3\n  + x[1]         │ + 2\n  + x[0]         │ + 1\n"
            "                 │ = 6",
        ),
        (of([0, 0], "Σ x"), "y = Σ x\n    0               │   0\n  + 2 terms are 0\n                    │ = 0"),
        (2 * of([0, 3]), "y = 2·x[1]        │ 2·3 = 6\n  + 1 term is 0"),
        (of([]), "y = 0   │ 0 = 0"),
    ],
    ids=range(7),
)
def test_equations_in_columns(expression: Any, text: str) -> None:
    assert str(explained(expression)) == text
