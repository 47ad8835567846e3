"""The learning rate of a step, from its schedule."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from tinynet.probe.explain.expressions import Expression, Leaf, Number, constant, named
from tinynet.probe.explain.functions import cos, minimum

Schedule = dict[str, Any]


def learning_rate(settings: dict[str, Any]) -> Leaf:
    """ε: a number, or what the schedule gives for this step, with a line of its own."""
    schedule = settings.get("schedule")
    if schedule is None:
        return constant(settings["lr"], "ε")
    if schedule["kind"] not in SCHEDULES:
        return Number("ε", settings["lr"])  # a function of a user's own
    return named("ε", rate_at(schedule, settings["n_steps"]))


def rate_at(schedule: Schedule | float, t: int) -> Expression:
    """The rate of a schedule at step t, counted from 0."""
    if not isinstance(schedule, dict):
        return constant(schedule, "lr")
    if schedule["kind"] not in SCHEDULES:
        return constant(schedule["value"], schedule["kind"])
    return SCHEDULES[schedule["kind"]](schedule, t)


def step_lr(schedule: Schedule, t: int) -> Expression:
    """ε(t) = lr · gammaᵏ, where k = ⌊t / step_size⌋"""
    k = constant(t // schedule["step_size"], "⌊t / step_size⌋")
    return _number(schedule, "lr") * _number(schedule, "gamma") ** k


def multi_step(schedule: Schedule, t: int) -> Expression:
    """ε(t) = lr · gammaᵏ, where k counts the milestones up to t"""
    k = constant(sum(milestone <= t for milestone in schedule["milestones"]), "k")
    return _number(schedule, "lr") * _number(schedule, "gamma") ** k


def exponential(schedule: Schedule, t: int) -> Expression:
    """ε(t) = lr · gammaᵗ"""
    return _number(schedule, "lr") * _number(schedule, "gamma") ** constant(t, "t")


def polynomial(schedule: Schedule, t: int) -> Expression:
    """ε(t) = lr · (1 − t / total_iters)^power up to t = total_iters"""
    return _number(schedule, "lr") * (1 - _done(schedule, t)) ** _number(schedule, "power")


def cosine(schedule: Schedule, t: int) -> Expression:
    """ε(t) = eta_min + (lr − eta_min) (1 + cos(π t / T_max)) / 2 up to t = T_max"""
    share = minimum(constant(t, "t") / _number(schedule, "T_max"), 1)
    return _half_wave(_number(schedule, "lr"), _number(schedule, "eta_min"), share)


def warm_restarts(schedule: Schedule, t: int) -> Expression:
    """The same with s, the steps since the last restart, and T, the length of this cycle"""
    length = schedule["T_0"]
    while t >= length:
        t, length = t - length, length * schedule["T_mult"]
    share = constant(t, "s") / constant(length, "T")
    return _half_wave(_number(schedule, "lr"), _number(schedule, "eta_min"), share)


def warmup(schedule: Schedule, t: int) -> Expression:
    """ε(t) = min(1, (t + 1) / n_steps) · lr(t)"""
    return minimum(1, (constant(t, "t") + 1) / _number(schedule, "n_steps")) * rate_at(schedule["lr"], t)


def linear(schedule: Schedule, t: int) -> Expression:
    """ε(t) = (a + (b − a) · min(t / total_iters, 1)) · lr(t)"""
    a, b = _number(schedule, "start_factor"), _number(schedule, "end_factor")
    return (a + (b - a) * _done(schedule, t)) * rate_at(schedule["lr"], t)


def constant_share(schedule: Schedule, t: int) -> Expression:
    """ε(t) = factor · lr(t) for t < total_iters, then lr(t)"""
    lr = rate_at(schedule["lr"], t)
    return _number(schedule, "factor") * lr if t < schedule["total_iters"] else lr


def cyclic(schedule: Schedule, t: int) -> Expression:
    """ε(t) = base_lr + (max_lr − base_lr) · h · a"""
    up, down = schedule["step_size_up"], schedule["step_size_down"]
    length = up + (up if down is None else down)
    s = constant(t % length, "s")  # the steps since the cycle began
    rises = t % length <= up
    h = s / constant(up, "up") if rises else (constant(length, "up + down") - s) / constant(length - up, "down")
    low = _number(schedule, "base_lr")
    return low + (_number(schedule, "max_lr") - low) * named("h", h) * _height(schedule, t, 1 + t // length)


def _height(schedule: Schedule, t: int, cycle: int) -> Expression:
    if "height" in schedule:
        return Number("a", schedule["height"])
    if schedule["mode"] == "triangular":
        return constant(1)
    if schedule["mode"] == "exp_range":
        return _number(schedule, "gamma") ** constant(t, "t")
    return constant(0.5) ** constant(cycle - 1, "cycles before")


def one_cycle(schedule: Schedule, t: int) -> Expression:
    """Half a cosine wave up to max_lr, and half a one down to its last value"""
    highest, total = _number(schedule, "max_lr"), schedule["total_steps"]
    start = highest / _number(schedule, "div_factor")
    top = schedule["pct_start"] * total - 1
    if t < top:
        return _half_wave(named("start", start), highest, constant(t, "t") / constant(top, "top"))
    end = named("end", start / _number(schedule, "final_div_factor"))
    share = minimum((constant(t, "t") - constant(top, "top")) / (constant(total - 1, "last") - constant(top, "top")), 1)
    return _half_wave(highest, end, share)


def sequential(schedule: Schedule, t: int) -> Expression:
    """ε(t) = lrᵢ(t − tᵢ) for tᵢ ≤ t < tᵢ₊₁"""
    i = bisect_right(schedule["milestones"], t)
    return rate_at(schedule["schedules"][i], t - (schedule["milestones"][i - 1] if i else 0))


def _half_wave(start: Expression, end: Expression, share: Expression) -> Expression:
    return end + (start - end) * (1 + cos(constant(math.pi, "π") * share)) / 2


def _done(schedule: Schedule, t: int) -> Expression:
    """The share of total_iters that is done."""
    return minimum(constant(t, "t") / _number(schedule, "total_iters"), 1)


def _number(schedule: Schedule, name: str) -> Leaf:
    return constant(schedule[name], name)


SCHEDULES: dict[str, Callable[[Schedule, int], Expression]] = {
    "StepLR": step_lr,
    "MultiStepLR": multi_step,
    "ExponentialLR": exponential,
    "PolynomialLR": polynomial,
    "CosineAnnealingLR": cosine,
    "CosineAnnealingWarmRestarts": warm_restarts,
    "ConstantLR": constant_share,
    "LinearLR": linear,
    "LinearWarmup": warmup,
    "OneCycleLR": one_cycle,
    "CyclicLR": cyclic,
    "SequentialLR": sequential,
}
