"""Integrated gradients: a difference of scores, divided among the numbers of the input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, optional
from tinynet.net import Net
from tinynet.probe.interpret.attribution import PathAttribution
from tinynet.probe.interpret.subject import ROWS, Subject, opened
from tinynet.probe.interpret.target import Aim

FIRST_STEPS, MOST_STEPS = 32, 1024
COMPLETE = 0.01  # A sum that is off by no more than 1 % of the difference; the paper asks for 5 %.


def integrated_gradients(
    net: Net, x: np.ndarray, target: Any = None, *, baseline: np.ndarray | float = 0.0, steps: int | None = None
) -> PathAttribution:
    """Divide the difference between the scores of x and of a baseline among the numbers of x: Sundararajan et al. 2017.

    The gradient is followed on the straight line from the baseline to x, so nothing is lost where the net is saturated
    at x itself. The values add up to F(x) − F(baseline); `completeness_error` says how well they do.

    Equation:
        values = (x − b) ∫₀¹ ∂F(b + α (x − b))/∂x dα, b the baseline
        ≈ (x − b) 1/m Σₖ ∂F(b + αₖ (x − b))/∂x with αₖ = (k − ½) / m for k = 1 … m, the midpoint rule

    Shapes:
        x, values: (N, ...)    baseline: a number, or of the shape of one input or of x

    Args:
        net: A net with one input, as in `saliency`.
        x: A batch of inputs.
        target: The class, as in `saliency`.
        baseline: An input that says nothing: a black picture if 0. For tokens it is in the place of their vectors.
        steps: Points of the path, m. If None they are doubled from 32 on until the sum of every sample is off by at
            most 1 % of the difference, or up to 1,024; a note says where that was not enough.

    Raises:
        ValueError: The baseline has another shape, steps is below 1, or something does not fit, as in `saliency`.

    Example:
        >>> found = integrated_gradients(tn.models.digits_cnn(), tn.data.digits()[1].x[:3])
        >>> bool((found.completeness_error < 0.01).all())
        True
    """
    checks.arguments("integrated_gradients", locals(), steps=optional(at_least(1)))
    with opened("integrated_gradients", net, x) as subject:
        aim = subject.aim(target)
        b = _baseline(baseline, subject.x)
        told = {"baseline": b, "baseline_scores": subject.scores(b, aim.direction), **aim.told()}
        m = FIRST_STEPS if steps is None else steps
        while True:
            values = (subject.x - b) * _mean_gradient(subject, aim, b, m)
            found = PathAttribution("integrated_gradients", values, np.asarray(x), **told, steps=m)
            if steps is not None or m >= MOST_STEPS or (found.completeness_error <= COMPLETE).all():
                return _with_notes(found)
            m *= 2


def _mean_gradient(subject: Subject, aim: Aim, b: np.ndarray, m: int) -> np.ndarray:
    """1/m Σₖ ∂F/∂x at the points of the path, those of several k at once."""
    N = len(b)
    together = max(1, ROWS // N)
    total = np.zeros_like(b, dtype=np.float64)
    for start in range(0, m, together):
        k = np.arange(start, min(start + together, m)) + 1
        a = ((k - 0.5) / m).astype(b.dtype).reshape(-1, *[1] * b.ndim)
        points = b + a * (subject.x - b)  # (k, N, ...)
        direction = np.broadcast_to(aim.direction, (len(k), *aim.direction.shape))
        gradients = subject.gradient(_rows(points), np.ascontiguousarray(_rows(direction)))
        total += gradients.reshape(points.shape).sum(axis=0, dtype=np.float64)
    return total / m


def _rows(array: np.ndarray) -> np.ndarray:
    """(k, N, ...) as (k · N, ...)."""
    return array.reshape(-1, *array.shape[2:])


def _baseline(baseline: Any, x: np.ndarray) -> np.ndarray:
    """Check a baseline, and give it the shape of x."""
    b = checks.numbers("integrated_gradients", "baseline", baseline)
    if b.shape not in ((), x.shape[1:], x.shape):
        expected = f"a number, or an array of shape {shape_text(x.shape[1:])} or {shape_text(x.shape)}"
        checks.fail("integrated_gradients", f"baseline must be {expected}, got shape {shape_text(b.shape)}.")
    return np.broadcast_to(b, x.shape).astype(x.dtype)


def _with_notes(found: PathAttribution) -> PathAttribution:
    worst = found.completeness_error.max()
    if worst <= COMPLETE:
        return found
    off = f"{worst:.1%}" if np.isfinite(worst) else "more than 100 %"
    more = "the difference of the scores is close to 0" if found.steps >= MOST_STEPS else "take more steps"
    note = f"After {found.steps} steps a sum is off by {off} of the difference: {more}."
    return replace(found, notes=(note,))
