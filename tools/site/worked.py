"""Sums worked by hand: written once, in Python's notation, set as mathematics, and recomputed by a test.

`y[0] = 1 * 1 + 2 * 0 + 0.5 = 1.5` is a chain of expressions that must all have one value. The first is mostly a number
that the page has computed, so the sum, the code and the result cannot drift apart. Behind ≈ stands a rounded number.
"""

from __future__ import annotations

import ast
import math
import re
from typing import Any

from tools.site.symbols import GREEK

ROLE = re.compile(r"\{worked\}`([^`]+)`")
DIRECTIVE = re.compile(r"^```\{worked\}\n(.*?)^```", re.DOTALL | re.MULTILINE)
WIDEST = 56  #: So many characters of a sum fit into one line of a narrow page.
SPLIT = re.compile(r"\s+([=≈])\s+")
NAMES = {code.strip()[1:]: code for code in GREEK.values()} | {"eps": r"\mathrm{eps}", "epsilon": r"\varepsilon "}
ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde"}
UPRIGHT = {"exp", "log", "sin", "cos", "tanh", "max", "min"}
RANKS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 2, ast.Div: 2, ast.USub: 2, ast.Pow: 4}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot ", ast.MatMult: r"\, "}


def sigmoid(x: float) -> float:
    """1 / (1 + e⁻ˣ), under the name that sums use for it."""
    return 1 / (1 + math.exp(-x))


KNOWN: dict[str, Any] = {
    name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "pi", "erf", "floor")
}
KNOWN |= {"sigma": sigmoid, "softplus": lambda x: math.log1p(math.exp(x))}


def sums_of(text: str) -> list[str]:
    """All sums of a stretch of a page."""
    blocks = [line for block in DIRECTIVE.findall(text) for line in block.splitlines() if line.strip()]
    return blocks + ROLE.findall(text)


def parts_of(worked: str) -> tuple[list[str], list[str]]:
    """The expressions of a chain, and the signs between them.

    Example:
        >>> parts_of("y = 1 / 3 ≈ 0.333")
        (['y', '1 / 3', '0.333'], ['=', '≈'])
    """
    found = SPLIT.split(worked.strip())
    return found[::2], found[1::2]


def check(worked: str, names: dict[str, Any]) -> None:
    """Recompute a sum with the names that a page has computed.

    Raises:
        ValueError: Two neighbours of the chain differ, or it has only one part.

    Example:
        >>> check("y[0] = 2 * 3 = 6", {"y": [6.0]})
        >>> check("1 / 3 ≈ 0.34", {})
        Traceback (most recent call last):
        ValueError: 1 / 3 ≈ 0.34: 0.3333333333333333 is not 0.34
    """
    parts, signs = parts_of(worked)
    if not signs:
        raise ValueError(f"{worked}: a sum needs a result")
    values = [float(eval(part, {**KNOWN, **names})) for part in parts]  # noqa: S307 - the page is our own
    rounded = 0.0
    for part, sign, a, b in reversed(list(zip(parts[1:], signs, values, values[1:], strict=False))):
        rounded = _half_digit(part) or rounded
        tolerance = 1e-9 * max(1, abs(a)) if sign == "=" else rounded
        if not (a == b or abs(a - b) <= tolerance):
            raise ValueError(f"{worked}: {a} is not {b}")


def tex(worked: str) -> str:
    r"""A chain as TeX, in one line.

    Example:
        >>> tex("y[0] = 1 * -2 = -2")
        'y[0] = 1\\cdot (-2) = -2'
    """
    return " ".join(_links(worked))


def rows(worked: str) -> list[str]:
    r"""A chain as rows that are aligned at their signs: one, or where it is long a row for each sign.

    Example:
        >>> rows("y = 2 * 3 = 6"), rows("loss = " + "1 + " * 20 + "1 = 21")[1]
        (['y &= 2\\cdot 3 = 6'], '&= 21')
    """
    first, second, *others = _links(worked)
    if len(worked) <= WIDEST:
        return [" ".join([f"{first} &{second}", *others])]
    if len(parts_of(worked)[0][0]) > WIDEST / 2:  # it would push the signs of all rows aside
        return [f"&{first}", *(f"&{link}" for link in [second, *others])]
    return [f"{first} &{second}", *(f"&{link}" for link in others)]


def _links(worked: str) -> list[str]:
    """The first expression, and each further one with the sign before it."""
    parts, signs = parts_of(worked)
    signs = [r"\approx" if sign == "≈" else sign for sign in signs]
    return [
        _expression(parts[0]),
        *(f"{sign} {_expression(part)}" for sign, part in zip(signs, parts[1:], strict=True)),
    ]


def _half_digit(part: str) -> float:
    """Half of what the last digit of a number counts; 0 for anything else."""
    match = re.fullmatch(r"-?\d+(?:\.(\d+))?(?:e(-?\d+))?", part.strip())
    return 0.5000001 * 10 ** (int(match[2] or 0) - len(match[1] or "")) if match else 0.0


def _expression(part: str) -> str:
    return _Printer(part).print()


class _Printer:
    """Sets one expression."""

    def __init__(self, source: str) -> None:
        self.source = source.strip()

    def print(self) -> str:
        return self.of(ast.parse(self.source, mode="eval").body)

    def of(self, node: ast.expr, after_sign: bool = False) -> str:
        if isinstance(node, ast.BinOp):
            return self.operation(node, after_sign)
        if isinstance(node, ast.UnaryOp):
            return "-" + self.inside(node.operand, 2)
        if isinstance(node, ast.Name):
            return name_tex(node.id)
        if isinstance(node, ast.Subscript):
            return f"{self.of(node.value)}[{self.of(node.slice)}]"
        if isinstance(node, ast.Tuple):
            return ",".join(self.of(item) for item in node.elts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.call(node.func.id, [self.of(argument) for argument in node.args])
        text = ast.get_source_segment(self.source, node) or ""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                return rf"\mathrm{{{node.value}}}"
            return re.sub(r"e(-?\d+)$", r"\\cdot 10^{\1}", text)
        return rf"\mathtt{{{text}}}".replace("_", r"\_")

    def operation(self, node: ast.BinOp, after_sign: bool) -> str:
        if isinstance(node.op, ast.Div):
            return rf"\frac{{{self.of(node.left)}}}{{{self.of(node.right)}}}"
        if isinstance(node.op, ast.Pow):
            return f"{self.inside(node.left, 5)}^{{{self.of(node.right)}}}"
        rank = RANKS[type(node.op)]
        right = self.inside(node.right, rank + isinstance(node.op, ast.Sub), after_sign=True)
        return self.inside(node.left, rank, after_sign) + SIGNS[type(node.op)] + right

    def inside(self, node: ast.expr, rank: int, after_sign: bool = False) -> str:
        """An operand, in brackets where it binds less, or begins with a minus behind another sign."""
        text = self.of(node, after_sign)
        is_negative = isinstance(node, ast.UnaryOp)
        own = RANKS[type(node.op)] if isinstance(node, (ast.BinOp, ast.UnaryOp)) else 9
        is_fraction = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if (own < rank and not (is_fraction and rank < 4)) or (is_negative and (after_sign or rank > 2)):
            return rf"\left({text}\right)" if r"\frac" in text else f"({text})"
        return text

    def call(self, name: str, arguments: list[str]) -> str:
        inside = r",\,".join(arguments)
        left, right = (r"\left(", r"\right)") if r"\frac" in inside else ("(", ")")
        if name == "exp" and r"\frac" not in inside:
            return f"e^{{{inside}}}"
        if name == "sqrt":
            return rf"\sqrt{{{inside}}}"
        if name == "abs":
            return f"|{inside}|"
        if name == "floor":
            return rf"\left\lfloor {inside}\right\rfloor "
        head = rf"\{name}" if name in UPRIGHT else NAMES.get(name, rf"\mathrm{{{name}}}")
        return head + left + inside + right


def name_tex(name: str) -> str:
    r"""A variable as TeX: x_hat wears a hat, W_ih an index.

    Example:
        >>> name_tex("x_hat"), name_tex("dW"), name_tex("beta1"), name_tex("loss")
        ('\\hat{x}', 'dW', '\\beta _{1}', '\\mathrm{loss}')
    """
    base, _, rest = name.partition("_")
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", base)
    if digits:
        base, rest = digits[1], f"{digits[2]}{',' if rest else ''}{rest}"
    short = len(base) == 1 or (len(base) == 2 and base[0] == "d")
    if base[:1] == "d" and base[1:] in NAMES:
        head = f"d{NAMES[base[1:]]}"
    else:
        head = base if short else NAMES.get(base, rf"\mathrm{{{base}}}")
    if rest in ACCENTS:
        return rf"\{ACCENTS[rest]}{{{head}}}"
    if not rest:
        return head
    rest = rest.replace("_", r"\_")
    return f"{head}_{{{rest}}}" if len(rest) <= 2 else rf"{head}_{{\mathrm{{{rest}}}}}"
