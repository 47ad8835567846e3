"""Gradient clipping, and what it needs to know of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.faster import faster

SMALLEST_FACTOR = 1e-30  # Near the smallest numbers of float32, 1e-38, digits are lost.


def clip_gradient_norm(parameters: Iterable[Parameter] | dict[str, Parameter], max_norm: float) -> float:
    """Scale all gradients together so that their norm is at most `max_norm`: Pascanu et al. 2013, algorithm 1.

    Equation:
        g ← g · min(1, max_norm / ‖g‖), where ‖g‖ is taken over all parameters together

    Args:
        parameters: Those whose gradients are clipped, in place: a list, or the dict that `net.parameters()` gives.
        max_norm: Greater than 0.

    Returns:
        The norm before clipping.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, 4.0])
        >>> clip_gradient_norm([weight], max_norm=1.0), weight.gradient
        (5.0, array([0.6, 0.8], dtype=float32))
    """
    checks.number("clip_gradient_norm", "max_norm", max_norm, above=0)
    parameters = _listed("clip_gradient_norm", parameters)
    norm = gradient_norm(parameters)
    if norm > max_norm:
        scale = max_norm / norm
        factors = [scale] if scale > SMALLEST_FACTOR else [math.sqrt(scale)] * 2
        for parameter in parameters:
            for factor in factors:
                parameter.gradient *= factor
    return norm


def clip_gradient_value(parameters: Iterable[Parameter] | dict[str, Parameter], max_value: float) -> None:
    """Cut every number of every gradient to the range from −max_value to max_value, in place.

    Equation:
        g ← min(max(g, −c), c)

    Args:
        parameters: Those whose gradients are clipped: a list, or the dict that `net.parameters()` gives.
        max_value: c, greater than 0.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, -0.5])
        >>> clip_gradient_value([weight], max_value=1.0); weight.gradient
        array([ 1. , -0.5], dtype=float32)
    """
    checks.number("clip_gradient_value", "max_value", max_value, above=0)
    for parameter in _listed("clip_gradient_value", parameters):
        parameter.gradient = np.clip(parameter.gradient, -max_value, max_value)


@faster
def gradient_norm(parameters: Sequence[Parameter]) -> float:
    """‖g‖ over all gradients together, summed in float64.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, 4.0])
        >>> gradient_norm([weight])
        5.0
    """
    norm = math.sqrt(_sum_of_squares(parameters, 1.0))
    if 1e-150 < norm < math.inf or math.isnan(norm):
        return norm
    largest = max([float(np.abs(p.gradient).max(initial=0)) for p in parameters], default=0.0)
    if largest == 0 or largest == math.inf:
        return largest
    return largest * math.sqrt(_sum_of_squares(parameters, largest))  # whose squares would not fit into float64


def _sum_of_squares(parameters: Sequence[Parameter], unit: float) -> float:
    with np.errstate(over="ignore"):
        return sum([float(np.square(p.gradient / unit, dtype=np.float64).sum()) for p in parameters])


@faster
def gradients_are_finite(parameters: Sequence[Parameter]) -> bool:
    """Whether no gradient holds a NaN or an infinity.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, np.nan])
        >>> gradients_are_finite([weight])
        False
    """
    return all(bool(np.isfinite(p.gradient).all()) for p in parameters)


def check_parameters(who: str, parameters: object) -> None:
    """Check that parameters come as `net.parameters()` gives them.

    Example:
        >>> check_parameters("SGD.step", {"weight": Parameter(np.zeros(2))})
    """
    kinds = {*map(type, parameters), *map(type, parameters.values())} if isinstance(parameters, dict) else {object}
    if not all(issubclass(kind, (str, Parameter)) for kind in kinds):
        problem = f"expected parameters, a dict from path to Parameter, got {checks.of_kind(parameters)}."
        checks.fail(who, problem, "pass net.parameters().", TypeError)


def _listed(who: str, parameters: object) -> list[Parameter]:
    """The parameters of a list, of another iterable, or of the dict that `net.parameters()` gives."""
    given = parameters.values() if isinstance(parameters, dict) else parameters
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, np.ndarray)) else [None]
    if not all(isinstance(parameter, Parameter) for parameter in found):
        problem = f"expected a list of parameters, got {checks.of_kind(parameters)}."
        checks.fail(who, problem, "pass net.parameters().values().", TypeError)
    return found  # type: ignore[return-value]
