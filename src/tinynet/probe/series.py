"""What a series of numbers does from epoch to epoch: falls, rises, swings, or has levelled off."""

from __future__ import annotations

import numpy as np


def smoothed(values: np.ndarray) -> np.ndarray:
    """Each value as the median of itself and its two neighbours; the ends as the mean with their one.

    Example:
        >>> smoothed(np.array([4.0, 3.0, 9.0, 2.0, 1.0]))
        array([3.5, 4. , 3. , 2. , 1.5])
    """
    if len(values) < 3:
        return values.astype(float)
    middle = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    return np.concatenate([[values[:2].mean()], middle, [values[-2:].mean()]])


def positive(values: np.ndarray) -> np.ndarray:
    """A series whose shares mean something: as it is if above 0, else as shares of its whole way, from 1 to 2.

    Example:
        >>> positive(np.array([2.0, 1.0])), positive(np.array([1.0, 0.0, -1.0]))
        (array([2., 1.]), array([2. , 1.5, 1. ]))
    """
    if (values > 0).all():
        return values
    return 1 + (values - values.min()) / max(float(np.ptp(values)), 1e-300)


def fall_per_epoch(values: np.ndarray) -> tuple[float, float]:
    """The share by which positive numbers fall in each epoch, and the standard error of it.

    Equation:
        log vₜ ≈ a − b t, least squares        fall = 1 − exp(−b)

    Example:
        >>> fall, error = fall_per_epoch(np.array([1.0, 0.9, 0.81, 0.729]))
        >>> round(fall, 6), error < 1e-6
        (0.1, True)
    """
    n = len(values)
    if n < 2 or not (values > 0).all():
        return 0.0, np.inf
    t, logs = np.arange(n) - (n - 1) / 2, np.log(values)
    slope = float(t @ logs / (t @ t))
    rest = logs - logs.mean() - slope * t
    error = np.sqrt(rest @ rest / (n - 2) / (t @ t)) if n > 2 else 0.0
    return float(-np.expm1(slope)), float(error)


def falls_steadily(values: np.ndarray) -> bool:
    """Whether a series goes down in nearly every step, as no series does that only wavers.

    Example:
        >>> falls_steadily(np.array([2.33, 2.32, 2.31, 2.30])), falls_steadily(np.array([2.33, 2.30, 2.31, 2.30]))
        (True, False)
    """
    steps = np.diff(values)
    few = len(steps) < 3 and values[-1] > 0.995 * values[0]
    return bool(len(steps) and not few and (steps < 0).mean() >= 0.9)


def rise_since_lowest(values: np.ndarray) -> tuple[int, float]:
    """The place at which a series was lowest, and by which share the median of its last three exceeds that.

    A single low value does not count as the lowest place: its neighbours must be low too. The rise is 0 where it is not
    clearly larger than what lies between neighbouring values anyway.

    Example:
        >>> lowest, rise = rise_since_lowest(np.array([1.0, 0.6, 0.5, 0.55, 0.65, 0.75, 0.85]))
        >>> lowest, round(rise, 2)
        (2, 0.36)
    """
    quiet = smoothed(values)
    centre = int(np.argmin(quiet))
    first = max(centre - 1, 0)
    lowest = first + int(np.argmin(values[first : centre + 2]))
    if len(values) - lowest < 4 or quiet[centre] <= 0:
        return lowest, 0.0
    rise = float(np.median(values[-3:]) / quiet[centre] - 1)
    steps = np.diff(values[min(first, len(values) // 2) :])
    usual = float(np.median(np.abs(steps - np.median(steps)))) / quiet[centre]
    return lowest, rise if rise > 4 * usual else 0.0


def level_since(values: np.ndarray) -> int:
    """The first place from which on a series stays near its end: within 2 % of its whole way, or 10 % of the end.

    Example:
        >>> level_since(np.array([2.0, 1.0, 0.5, 0.41, 0.40, 0.40]))
        3
    """
    quiet = smoothed(values)
    near = max(0.02 * float(np.ptp(quiet)), 0.1 * abs(quiet[-1]), 1e-12)
    far = np.flatnonzero(np.abs(quiet - quiet[-1]) > near)
    return int(far[-1]) + 1 if far.size else 0


def swing(values: np.ndarray) -> float:
    """How much a series jumps up and down, as a share of its size: 0 where it mostly goes one way.

    Example:
        >>> round(swing(np.array([1.0, 1.5, 0.9, 1.6, 1.0, 1.4])), 2), swing(np.array([5.0, 4.0, 3.0, 2.0, 1.0]))
        (0.6, 0.0)
    """
    steps = np.diff(values)
    turns = int((steps[1:] * steps[:-1] < 0).sum())
    if len(steps) < 4 or turns < 0.6 * (len(steps) - 1) or not (values > 0).all():
        return 0.0
    return float(np.median(np.abs(steps) / np.minimum(values[1:], values[:-1])))
