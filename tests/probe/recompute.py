"""Computes again what an explanation prints, from nothing but the printed text."""

from __future__ import annotations

import math
import re

import numpy as np

FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "√": np.sqrt,
    "tanh": np.tanh,
    "erf": lambda z: math.erf(z),
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "sign": np.sign,
    "max": lambda *numbers: np.max(numbers),
    "min": lambda *numbers: np.min(numbers),
}
COMPARISONS = {
    ">": np.greater,
    "≥": np.greater_equal,
    "<": np.less,
    "≤": np.less_equal,
    "==": np.equal,
}
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:e[+-]?\d+)?|nan|∞)|(?P<word>[a-z_]+|√)|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<sign>==|[-−+·/(),^><≥≤]))"
)


def recompute(text: object) -> int:
    """Compute the result of every equation in the right column of a printed explanation; return how many there were.

    A result has to agree to half a unit of its last shown digit.
    """
    equations = equations_of(str(text))
    for left, result in equations:
        again, printed = evaluate(left), evaluate(result)
        assert agrees(again, printed, result), f"{left} is {again!r}, but the text says {result}:\n{text}"
    return len(equations)


def equations_of(text: str) -> list[tuple[str, str]]:
    """The equations in the right column, "0.5·2 + 1 = 2", as their left and right sides."""
    found, so_far = [], ""
    for line in text.splitlines():
        if "│" not in line:
            continue
        so_far += " " + line.split("│", 1)[1].strip()
        left, equals, result = so_far.replace("==", "≡").rpartition("=")
        if equals:
            found.append((left.replace("≡", "==").strip(), result.strip()))
            so_far = ""
    assert not so_far.strip(), f"no result for {so_far!r} in\n{text}"
    return found


def agrees(again: float, printed: float, text: str) -> bool:
    """Whether a number is the printed one, to half a unit of the last digit of its text."""
    if math.isnan(printed) or math.isinf(printed):
        return (math.isnan(again) and math.isnan(printed)) or again == printed
    mantissa, _, exponent = text.replace("−", "-").strip("()").partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    digits = mantissa.lstrip("-").replace(".", "").lstrip("0")
    if decimals == 0 or len(digits) < 5:  # trailing zeros are not printed, so the last digit may be further right
        unit = min(unit, 10.0 ** (math.floor(math.log10(abs(printed))) - 4)) if printed else 1e-300
    return abs(again - printed) <= 0.5 * unit * (1 + 1e-9) + 4e-16 * abs(printed)


def evaluate(text: str) -> float:
    """The value of a printed expression: a small grammar, so that no text is ever run as code."""
    with np.errstate(all="ignore"):
        reader = _Reader(text)
        value = reader.choice()
    assert reader.here is None, f"cannot read {text!r} from {reader.here}"
    return float(value)


class _Reader:
    """Recursive descent: choice, comparison, sum, product, sign, power, atom."""

    def __init__(self, text: str) -> None:
        self.tokens = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"cannot read {text[at:]!r} in {text!r}"
            self.tokens.append((match.lastgroup, match.group().strip()))
            at = match.end()

    @property
    def here(self):
        return self.tokens[0] if self.tokens else None

    def take(self, *values: str) -> str | None:
        if self.tokens and self.tokens[0][1] in values:
            return self.tokens.pop(0)[1]
        return None

    def choice(self):
        value = self.comparison()
        if not self.take("where"):
            return value
        condition = self.comparison()
        assert self.take(",")
        assert self.take("else")
        other = self.comparison()
        return value if condition else other

    def comparison(self):
        value = self.sum()
        sign = self.take(*COMPARISONS)
        return COMPARISONS[sign](value, self.sum()) if sign else value

    def sum(self):
        value = self.product()
        while sign := self.take("+", "−", "-"):
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self):
        value = self.sign()
        while sign := self.take("·", "/"):
            other = self.sign()
            value = value * other if sign == "·" else np.divide(value, other)
        return value

    def sign(self):
        return -self.sign() if self.take("−", "-") else self.power()

    def power(self):
        value = self.atom()
        if self.here and self.here[0] == "power":
            return value ** int(self.tokens.pop(0)[1].translate(DIGITS))
        if self.take("^"):
            return np.power(value, self.sign())
        return value

    def atom(self):
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return np.float64("inf" if text == "∞" else text)
        if kind == "word":
            assert self.take("("), f"{text} is no function call"
            arguments = [self.choice()]
            while self.take(","):
                arguments.append(self.choice())
            assert self.take(")")
            return FUNCTIONS[text](*arguments)
        assert text == "(", f"unexpected {text!r}"
        value = self.choice()
        assert self.take(")")
        return value
