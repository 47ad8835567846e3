"""Which learning rate suits a net: what a sweep over many rates says."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from tinynet.core import checks

SMOOTHING_WIDTH = 0.2  # Of the Gaussian that smooths the losses over the rates, in powers of ten.
FIRST_STEPS = 10  # Their losses are those of a net that has hardly changed.
SAFETY_FACTOR = 3  # From the lowest loss on, twice to ten times as large a rate makes the loss rise.
MAX_LOSS_RATIO = 2.0  # A loss this many times as large as at the beginning tells no more than that it is too large.
MIN_FALL = 0.02  # As a share of the loss at the beginning. A smaller fall cannot be told from nothing.


@dataclass(frozen=True)
class RateSweep:
    """The loss of a net whose learning rate rose from step to step, and the rate that this suggests.

    Attributes:
        rates: The learning rate of each step.
        losses: The loss of each step, before its update.
        smoothed: The losses, smoothed by a Gaussian over neighbouring rates; those that have blown up are cut off.
        lowest: The place of the highest rate at which the smoothed loss is as low as anywhere, but for its noise.
        rate: The suggestion, a third of that rate.
        words: What the sweep shows.

    Example:
        >>> rates = np.geomspace(1e-4, 1, 40)
        >>> read_sweep(rates, 2 + (np.log10(rates) + 2) ** 2)
        RateSweep: the suggested learning rate is ... The loss fell from ... to ... at a rate of ..., beyond which ...
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    lowest: int
    rate: float
    words: str

    def figure(self) -> Any:
        """The sweep as a picture: `tinynet.visualize.rate_curve` of it."""
        return import_module("tinynet.visualize").rate_curve(self)  # drawn further down the house, when it is wanted

    def __repr__(self) -> str:
        return f"RateSweep: {self.words}"


def read_sweep(rates: Any, losses: Any) -> RateSweep:
    """What the losses of a sweep over learning rates suggest.

    While the rate is far too small the loss stays where it was. Then it falls, the faster the larger the rate, and
    finally it rises, because the steps leap over the minimum. The suggestion is a third of the highest rate at which
    the smoothed loss is still at its lowest, the noise of the batches left aside: a learning rate that is just below
    the edge learns fastest (Smith 2015, "Cyclical learning rates for training neural networks", section 3.3).

    Args:
        rates: (T,) rising learning rates.
        losses: (T,) the loss of each step, before its update; those after a step with NaN are left out by the caller.

    Raises:
        ValueError: There are fewer than 10 steps, the rates do not rise, or there is not one loss for each.

    Example:
        >>> rates = np.geomspace(1e-4, 10, 50)
        >>> losses = np.where(rates < 1, 2 - np.clip(np.log10(rates / 1e-3) / 2, 0, 1), 1 + 3 * rates)
        >>> sweep = read_sweep(rates, losses)
        >>> 0.03 < sweep.rate < 0.3
        True
    """
    rates, losses = _checked(rates, losses)
    first = float(losses[:FIRST_STEPS].mean())
    cut = np.minimum(losses, MAX_LOSS_RATIO * np.abs(losses[:FIRST_STEPS]).max())
    smoothed = _smoothed(np.log10(rates), cut)
    depth = first - float(smoothed.min())
    near = smoothed.min() + max(0.5 * _noise(cut), 0.02 * depth)
    if depth < MIN_FALL * abs(first):
        near = max(near, first + _noise(cut))  # It hardly falls, so what tells is where it begins to rise.
    lowest = int(np.flatnonzero(smoothed <= near)[-1])
    rate = float(rates[lowest]) / SAFETY_FACTOR
    return RateSweep(rates, losses, smoothed, lowest, rate, _words(rates, smoothed, lowest, rate, first, depth))


def _words(rates: np.ndarray, smoothed: np.ndarray, lowest: int, rate: float, first: float, depth: float) -> str:
    words = f"the suggested learning rate is {rate:.2g}."
    if lowest <= 3:
        return f"{words} The loss rose from the start: sweep from a lower rate."
    if depth < MIN_FALL * abs(first):
        words += (
            f" The loss ({first:.4g}) hardly fell at any rate in so few steps, and rises beyond {rates[lowest]:.2g}."
        )
    else:
        words += f" The loss fell from {first:.4g} to {smoothed[lowest]:.4g} at a rate of {rates[lowest]:.2g}"
        words += "," if lowest == len(rates) - 1 else ", beyond which it rises."
    if lowest == len(rates) - 1:
        words = words.rstrip(",.") + ", the highest that was tried: a sweep to a higher one tells more."
    return words


def _smoothed(place: np.ndarray, losses: np.ndarray) -> np.ndarray:
    width = max(SMOOTHING_WIDTH, float(np.diff(place).mean()))  # that of a step where the rates lie far apart
    near = np.exp(-0.5 * ((place[:, None] - place) / width) ** 2)  # (T, T)
    return near @ losses / near.sum(axis=1)


def _noise(losses: np.ndarray) -> float:
    """How much the losses of neighbouring steps differ by their batches, as a standard deviation near the lowest.

    It is read off the first half, where the rates are too small to matter, and shrinks as the loss does.
    """
    half = losses[: max(len(losses) // 2, FIRST_STEPS)]
    spread = float(np.median(np.abs(np.diff(half)))) / 0.6745 / np.sqrt(2)  # of normal noise
    return spread * min(1.0, abs(float(losses.min())) / max(abs(float(half.mean())), 1e-12))


def _checked(rates: Any, losses: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check that there is a loss for each rate, and that there are some."""
    rates = checks.numbers("read_sweep", "rates", rates).astype(np.float64)
    losses = checks.numbers("read_sweep", "losses", losses).astype(np.float64)
    if rates.shape != losses.shape or rates.ndim != 1:
        problem = f"rates and losses must be of one shape (T,), got {rates.shape} and {losses.shape}."
        checks.fail("read_sweep", problem)
    if len(rates) < FIRST_STEPS or not np.isfinite(losses).all():
        problem = f"expected at least {FIRST_STEPS} steps with a finite loss, got {int(np.isfinite(losses).sum())}."
        checks.fail("read_sweep", problem, "sweep from a lower learning rate, or look for NaN in the data.")
    if not (rates[0] > 0 and (np.diff(rates) > 0).all()):
        checks.fail("read_sweep", "the learning rates must rise from above 0.")
    return rates, losses
