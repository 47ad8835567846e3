"""Expressions print what they compute: drawn ones, read back by a small grammar; and how sums and digits are shown."""

from __future__ import annotations

import numpy as np
import pytest

from tests.probe.recompute import agrees, equations_of, evaluate, recompute
from tinynet.probe.explain import functions
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.expressions import Expression, Number, constant, named, zero
from tinynet.probe.explain.functions import absolute, exp, log, maximum, sqrt, where
from tinynet.probe.explain.rounding import EXACT_DIGITS
from tinynet.probe.explain.totals import largest_of, total, total_of

UNARY = (
    lambda a: -a,
    lambda a: a**2,
    lambda a: a**3,
    lambda a: exp(a / 10),
    lambda a: log(absolute(a) + 1),
    lambda a: sqrt(absolute(a)),
    functions.tanh,
    functions.erf,
    functions.sin,
    functions.cos,
    functions.sign,
    lambda a: 2 - a,
    lambda a: 3 / (a + 20),
    lambda a: 0.5 * a,
    lambda a: 1 + a,
    lambda a: absolute(a) ** constant(1.5, "k"),
)
BINARY = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (absolute(b) + 1),
    lambda a, b: maximum(a, b, 0.5),
    lambda a, b: functions.minimum(a, b),
    lambda a, b: where(a > b, a, 2 * b),
    lambda a, b: where(a <= b, -a, b - a),
    lambda a, b: where(a.equals(b), 1, a - (b - a)),
    lambda a, b: total([a, b, a * b], "Σ"),
    lambda a, b: where(a >= b, 1, where(b < 0, a, b)) * 2,
)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_printed_is_what_is_computed(seed: int) -> None:
    draws = np.random.default_rng(seed)
    expression = drawn(draws, depth=4)
    again = evaluate(expression.numbers(EXACT_DIGITS))
    assert again == pytest.approx(float(expression.value), rel=1e-12, nan_ok=True), expression.numbers()
    explanation = Explanation(named("z", expression))
    assert recompute(explanation) >= 1
    assert explanation.value == pytest.approx(float(expression.value), nan_ok=True)


def drawn(draws: np.random.Generator, depth: int) -> Expression:
    if depth == 0:
        return Number(f"x[{draws.integers(9)}]", draws.normal() * 10.0 ** draws.integers(-3, 3))
    if draws.random() < 0.4:
        inner = UNARY[draws.integers(len(UNARY))](drawn(draws, depth - 1))
        return named(f"s{draws.integers(10**6)}", inner) if draws.random() < 0.3 else inner
    return BINARY[draws.integers(len(BINARY))](drawn(draws, depth - 1), drawn(draws, depth - 1))


def test_the_reader_of_the_tests_is_right() -> None:
    assert evaluate("1 − 2·3 + −4 / (5 − 3)") == -7
    assert evaluate("−2²") == -4
    assert evaluate("(−2)³ + 2^−1") == -7.5
    assert evaluate("3 where 2 > 1, else 4") == 3
    assert evaluate("(3 where 2 == 1, else max(4, 7)) + √(4)") == 9
    assert evaluate("−∞") == -np.inf
    assert np.isnan(evaluate("nan"))
    assert equations_of("a │ 1\n │ + 2\n │ = 3\nb │ 1 where 1 == 1, else 0 = 1") == [
        ("1 + 2", "3"),
        ("1 where 1 == 1, else 0", "1"),
    ]
    assert agrees(0.123449, 0.12345, "0.12345")
    assert not agrees(0.12344, 0.12345, "0.12345")
    assert not agrees(12346.0, 12345.0, "12345")
    with pytest.raises(AssertionError, match="but the text says 6"):
        recompute("a │ 2 + 3 = 6")


def test_brackets_stand_where_they_are_needed() -> None:
    a, b, c = (Number(name, value) for name, value in (("a", -2.0), ("b", 3.0), ("c", 4.0)))
    assert ((a + b) * c).symbols() == "(a + b)·c"
    assert (a - (b - c)).symbols() == "a − (b − c)"
    assert (a / (b * c)).symbols() == "a / (b·c)"
    assert (-(a + b)).symbols() == "−(a + b)"
    assert (b * a).numbers() == "3·(−2)"
    assert (c - a).numbers() == "4 − (−2)"
    assert (c + a).numbers() == "4 − 2"
    assert (a**2).numbers() == "(−2)²"
    assert (a**2).symbols() == "a²"
    assert (2 * where(a > 0, b, c)).symbols() == "2·(b where a > 0, else c)"


def test_long_sums_show_the_largest_terms_first() -> None:
    values = np.array([0.5, -3.0, 0.0, 2.0, 0.25, 0.0, 1.0])
    whole = total_of(values, lambda i: Number(f"x[{i}]", values[i]), "Σᵢ x[i]", cut={"it was masked": 1})
    whole.show(2)
    assert whole.symbols() == "x[1] + x[3] + 3 smaller terms"
    assert whole.remarks() == ["1 term is 0: it was masked", "1 term is 0"]
    whole.show(4)
    assert whole.symbols() == "x[1] + x[3] + x[6] + x[0] + x[4]", "one term more says more than 1 smaller term"
    whole.show(None)
    assert whole.value == pytest.approx(0.75)
    assert total([], "Σ").symbols() == "0"
    assert total_of(np.zeros(3), lambda i: constant(0)).remarks() == ["3 terms are 0"]
    assert largest_of(values, lambda i: Number(f"x[{i}]", values[i])).value == 2


def test_numbers_are_printed_alike_on_every_line() -> None:
    x = [Number(f"x[{i}]", value) for i, value in enumerate((1 / 3, 1 / 7, 1 / 9))]
    mean = named("μ", total(x, "Σ x") / 3)
    explanation = Explanation(named("d", (x[0] - mean) ** 2 + (x[0] - mean)))
    lines = str(explanation).splitlines()
    result = lines[0].rpartition("= ")[2]
    assert lines[-1].count(result) == 2
    assert recompute(explanation) == 2


def test_tiny_differences_of_large_numbers_get_all_their_digits() -> None:
    a, b = Number("a", np.float32(1234.5678)), Number("b", np.float32(1234.5677))
    explanation = Explanation(named("d", a - b))
    assert recompute(explanation) == 1
    assert explanation.value == float(np.float32(1234.5678)) - float(np.float32(1234.5677))


def test_not_numbers_are_printed_too() -> None:
    for value in (np.nan, np.inf, -np.inf):
        assert recompute(Explanation(named("y", Number("x", value) * 2))) == 1
    assert zero("it is padding").numbers() == "0"
