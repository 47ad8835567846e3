"""Schedules against PyTorch's own, at every step, in freshly drawn configurations; chained ones as well."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch
from torch.optim import lr_scheduler as theirs

from tinynet import optimizers as ours
from tinynet.optimizers import Schedule

N_STEPS = 40
RATE, COUNT, SHARE = st.floats(1e-3, 2), st.integers(1, 15), st.floats(0, 1)
MILESTONES = st.lists(st.integers(0, 30), max_size=5)
few = settings(max_examples=40, deadline=None)
HEIGHTS = {"cycle": lambda cycle: 1 / cycle, "iterations": lambda step: 0.9**step}


def theirs_at_every_step(lr: float, make: Callable[[Any], Any]) -> list[float]:
    """The rates of PyTorch's schedule, one at each step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schedule = make(optimizer)
        for _ in range(N_STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
    return rates


def must_agree(schedule: Schedule, lr: float, make: Callable[[Any], Any]) -> None:
    expected = theirs_at_every_step(lr, make)
    assert [schedule(step) for step in range(N_STEPS)] == pytest.approx(expected, rel=1e-10, abs=1e-13)


@few
@given(RATE, MILESTONES, st.floats(0, 1.2))
def test_multi_step(lr: float, milestones: list[int], gamma: float) -> None:
    must_agree(ours.MultiStepLR(lr, milestones, gamma), lr, lambda o: theirs.MultiStepLR(o, milestones, gamma))


@few
@given(RATE, COUNT, st.floats(0, 4))
def test_polynomial(lr: float, total_iters: int, power: float) -> None:
    must_agree(ours.PolynomialLR(lr, total_iters, power), lr, lambda o: theirs.PolynomialLR(o, total_iters, power))


@few
@given(RATE, st.floats(0.01, 1), SHARE, COUNT)
def test_linear(lr: float, start: float, end: float, total_iters: int) -> None:
    must_agree(ours.LinearLR(lr, start, end, total_iters), lr, lambda o: theirs.LinearLR(o, start, end, total_iters))


@few
@given(RATE, st.floats(0.01, 1), COUNT)
def test_constant(lr: float, factor: float, total_iters: int) -> None:
    must_agree(ours.ConstantLR(lr, factor, total_iters), lr, lambda o: theirs.ConstantLR(o, factor, total_iters))


@few
@given(st.data())
def test_cyclic(data: st.DataObject) -> None:
    options: dict[str, Any] = {
        "step_size_up": data.draw(COUNT),
        "step_size_down": data.draw(st.none() | COUNT),
        "mode": data.draw(st.sampled_from(["triangular", "triangular2", "exp_range"])),
        "gamma": data.draw(st.floats(0.5, 1)),
        "scale_mode": data.draw(st.sampled_from(["cycle", "iterations"])),
    }
    if data.draw(st.booleans()):
        options["scale_fn"] = HEIGHTS[options["scale_mode"]]
    low, high = data.draw(RATE), data.draw(RATE)
    make = partial(theirs.CyclicLR, base_lr=low, max_lr=high, cycle_momentum=False, **options)
    must_agree(ours.CyclicLR(low, high, **options), low, make)


@few
@given(RATE, st.floats(0.01, 1), COUNT, st.floats(0.5, 1), MILESTONES)
def test_chained(lr: float, share: float, total_iters: int, gamma: float, milestones: list[int]) -> None:
    """PyTorch's ChainedScheduler multiplies the factors of its schedules."""

    def chain(optimizer: Any) -> Any:
        return theirs.ChainedScheduler(
            [
                theirs.LinearLR(optimizer, share, total_iters=total_iters),
                theirs.ConstantLR(optimizer, share, total_iters),
                theirs.MultiStepLR(optimizer, milestones, gamma),
            ]
        )

    falling = ours.MultiStepLR(lr, milestones, gamma)
    held = ours.ConstantLR(falling, share, total_iters)
    must_agree(ours.LinearLR(held, share, total_iters=total_iters), lr, chain)


@few
@given(RATE, COUNT, st.floats(0.5, 1))
def test_one_after_the_other(lr: float, milestone: int, gamma: float) -> None:
    def chain(optimizer: Any) -> Any:
        first, second = theirs.LinearLR(optimizer, 0.1, total_iters=milestone), theirs.ExponentialLR(optimizer, gamma)
        return theirs.SequentialLR(optimizer, [first, second], [milestone])

    first, second = ours.LinearLR(lr, 0.1, total_iters=milestone), ours.ExponentialLR(lr, gamma)
    must_agree(ours.SequentialLR([first, second], [milestone]), lr, chain)
