"""Gradient clipping."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tinynet.core import Parameter, checks


def clip_gradient_norm(parameters: Iterable[Parameter], max_norm: float) -> float:
    """Scale all gradients together so that their norm is at most `max_norm`: Pascanu et al. 2013, algorithm 1.

    Equation:
        g ← g · min(1, max_norm / ‖g‖), where ‖g‖ is taken over all parameters together

    Args:
        parameters: Those whose gradients are clipped, in place.
        max_norm: Greater than 0.

    Returns:
        The norm before clipping.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, 4.0])
        >>> clip_gradient_norm([weight], max_norm=1.0), weight.gradient
        (5.0, array([0.6, 0.8], dtype=float32))
    """
    checks.number("clip_gradient_norm", "max_norm", max_norm, above=0)
    gradients = [parameter.gradient for parameter in parameters]
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return norm


def clip_gradient_value(parameters: Iterable[Parameter], max_value: float) -> None:
    """Cut every number of every gradient to the range from −max_value to max_value, in place.

    Equation:
        g ← min(max(g, −c), c)

    Args:
        parameters: Those whose gradients are clipped.
        max_value: c, greater than 0.

    Example:
        >>> weight = Parameter(np.zeros(2)); weight.accumulate([3.0, -0.5])
        >>> clip_gradient_value([weight], max_value=1.0); weight.gradient
        array([ 1. , -0.5], dtype=float32)
    """
    checks.number("clip_gradient_value", "max_value", max_value, above=0)
    for parameter in parameters:
        np.clip(parameter.gradient, -max_value, max_value, out=parameter.gradient)
