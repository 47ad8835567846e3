"""Schedules along waves: half a cosine, once or again and again, and straight lines up and down."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, fraction, function, number, optional, word
from tinynet.optimizers.schedules.schedule import power, step_of


@dataclass
class CosineAnnealingLR:
    """Fall from one rate to another along half a cosine wave: Loshchilov and Hutter 2017, equation 5.

    Equation:
        ε(t) = eta_min + (lr − eta_min) · (1 + cos(π t / T_max)) / 2 up to t = T_max

    Args:
        lr: The rate at the start, at least 0.
        T_max: After how many steps eta_min is reached.
        eta_min: The rate at the end.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = CosineAnnealingLR(1.0, T_max=4)
        >>> [round(schedule(t), 3) for t in range(6)]
        [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    lr: float
    T_max: int
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), T_max=at_least(1), eta_min=number(0))

    def __call__(self, step: int) -> float:
        return half_wave(self.lr, self.eta_min, step_of(self, step) / self.T_max)


@dataclass
class CosineAnnealingWarmRestarts:
    """Fall along half a cosine wave, jump back to the start, and fall again: Loshchilov and Hutter 2017, equation 5.

    Equation:
        ε(t) = eta_min + (lr − eta_min) · (1 + cos(π s / T)) / 2, where s counts the steps since the last restart and
        T, the length of this cycle, is T_0 at first and T_mult times as long after every restart

    Args:
        lr: The rate at the start of every cycle, at least 0.
        T_0: The length of the first cycle in steps.
        T_mult: How many times longer each cycle is than the one before.
        eta_min: The rate that each cycle falls to.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = CosineAnnealingWarmRestarts(1.0, T_0=2, T_mult=2)
        >>> [round(schedule(t), 3) for t in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    lr: float
    T_0: int
    T_mult: int = 1
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), T_0=at_least(1), T_mult=at_least(1), eta_min=number(0))

    def __call__(self, step: int) -> float:
        step, length = step_of(self, step), self.T_0
        if self.T_mult == 1:
            step %= length
        else:
            while step >= length:
                step, length = step - length, length * self.T_mult
        return half_wave(self.lr, self.eta_min, step / length)


@dataclass
class OneCycleLR:
    """Rise to a high rate, then fall far below the start, each along half a cosine wave: Smith and Topin 2019.

    Equation:
        ε rises from max_lr / div_factor at t = 0 to max_lr at t = pct_start · total_steps − 1,
        and falls to max_lr / (div_factor · final_div_factor) at t = total_steps − 1

    Args:
        max_lr: The highest rate.
        total_steps: The length of the cycle: epochs times batches per epoch.
        pct_start: The share of the steps that the rise takes, between 0 and 1.
        div_factor: How many times lower the rate is at the start.
        final_div_factor: How many times lower than at the start it is at the end.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = OneCycleLR(1.0, total_steps=10, pct_start=0.3, div_factor=10)
        >>> [round(schedule(t), 3) for t in (0, 1, 2, 9)]
        [0.1, 0.55, 1.0, 0.0]
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        checks.arguments(
            self,
            vars(self),
            max_lr=number(0),
            total_steps=at_least(1),
            pct_start=fraction,
            div_factor=number(above=0),
            final_div_factor=number(above=0),
        )

    def __call__(self, step: int) -> float:
        step, start = step_of(self, step), self.max_lr / self.div_factor
        top, end = self.pct_start * self.total_steps - 1, self.total_steps - 1
        if step < top:
            return half_wave(start, self.max_lr, step / top)
        return half_wave(self.max_lr, start / self.final_div_factor, (step - top) / (end - top))


@dataclass
class CyclicLR:
    """Rise and fall between two rates in straight lines, again and again: Smith 2017.

    Equation:
        ε(t) = base_lr + (max_lr − base_lr) · h · a, where h rises from 0 to 1 in step_size_up steps and falls back to
        0 in step_size_down steps, and a, the height of the peak, is
        1 for "triangular",   ½^(cycle − 1) for "triangular2",   gammaᵗ for "exp_range",
        or scale_fn(cycle), or scale_fn(t) for scale_mode="iterations"; the first cycle has the number 1

    Args:
        base_lr: The lower rate, at least 0.
        max_lr: The upper rate.
        step_size_up: How many steps each rise takes.
        step_size_down: How many steps each fall takes, as many as the rise if None; 0 lets the rate drop at once.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: The factor per step of "exp_range".
        scale_fn: A function of one number that gives the height of the peak, instead of the mode.
        scale_mode: Whether that number is the "cycle" or the step, "iterations".

    PyTorch lets the momentum fall while the rate rises (cycle_momentum); here a schedule sets the rate alone.

    Raises:
        TypeError: scale_fn is not a function of one number.
        ValueError: A number is out of range, or a word is unknown.

    Example:
        >>> schedule = CyclicLR(0.0, 1.0, step_size_up=2, mode="triangular2")
        >>> [schedule(t) for t in range(9)]
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """

    base_lr: float
    max_lr: float
    step_size_up: int = 2000
    step_size_down: int | None = None
    mode: str = "triangular"
    gamma: float = 1.0
    scale_fn: Callable[[float], float] | None = None
    scale_mode: str = "cycle"

    def __post_init__(self) -> None:
        checks.arguments(
            self,
            vars(self),
            base_lr=number(0),
            max_lr=number(0),
            step_size_up=at_least(1),
            step_size_down=optional(at_least(0)),
            mode=word("triangular", "triangular2", "exp_range"),
            gamma=number(0),
            scale_fn=optional(function(1)),
            scale_mode=word("cycle", "iterations"),
        )

    def __call__(self, step: int) -> float:
        s, up = step_of(self, step) % self.length, self.step_size_up
        h = s / up if s <= up else (self.length - s) / (self.length - up)
        return self.base_lr + (self.max_lr - self.base_lr) * h * self.height(step)

    @property
    def length(self) -> int:
        """How many steps a cycle takes."""
        return self.step_size_up + (self.step_size_up if self.step_size_down is None else self.step_size_down)

    def height(self, step: int) -> float:
        """a, the height of the peak of the cycle that the step is in."""
        cycle = 1 + step // self.length
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else step)
        if self.mode == "triangular":
            return 1.0
        return 0.5 ** (cycle - 1) if self.mode == "triangular2" else power(1.0, self.gamma, step)


def half_wave(start: float, end: float, share: float) -> float:
    """From one number to another along half a cosine wave.

    Example:
        >>> half_wave(1.0, 0.0, share=0.5)
        0.5
    """
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1))) / 2
