"""The functions that occur in formulas, applied to expressions: exp(z), log(z), max(a, b)."""

from __future__ import annotations

import math

import numpy as np

from tinynet.probe.explain.expressions import Expression, Function, Operand, as_expression

_erf = np.frompyfunc(math.erf, 1, 1)


def exp(z: Operand) -> Expression:
    """eᶻ"""
    return Function("exp", [as_expression(z)], np.exp)


def log(z: Operand) -> Expression:
    """The natural logarithm."""
    return Function("log", [as_expression(z)], np.log)


def sqrt(z: Operand) -> Expression:
    """The square root."""
    return Function("√", [as_expression(z)], np.sqrt)


def tanh(z: Operand) -> Expression:
    """The hyperbolic tangent."""
    return Function("tanh", [as_expression(z)], np.tanh)


def erf(z: Operand) -> Expression:
    """The error function."""
    return Function("erf", [as_expression(z)], _erf)


def sin(z: Operand) -> Expression:
    """The sine."""
    return Function("sin", [as_expression(z)], np.sin)


def cos(z: Operand) -> Expression:
    """The cosine."""
    return Function("cos", [as_expression(z)], np.cos)


def absolute(z: Operand) -> Expression:
    """|z|"""
    return Function("abs", [as_expression(z)], np.abs)


def sign(z: Operand) -> Expression:
    """−1, 0 or 1."""
    return Function("sign", [as_expression(z)], np.sign)


def maximum(*values: Operand) -> Expression:
    """The largest of several expressions; NaN if one is."""
    return Function("max", [as_expression(value) for value in values], lambda *numbers: np.max(numbers))


def minimum(*values: Operand) -> Expression:
    """The smallest of several expressions; NaN if one is."""
    return Function("min", [as_expression(value) for value in values], lambda *numbers: np.min(numbers))


#: What a printed formula can call, by the name that it prints.
FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "√": np.sqrt,
    "tanh": np.tanh,
    "erf": _erf,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "sign": np.sign,
    "max": lambda *numbers: np.max(numbers),
    "min": lambda *numbers: np.min(numbers),
}
