"""Schedules, against values computed by hand."""

import copy
import math

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.optimizers import (
    SGD,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)


def values(schedule, n_steps):
    return [schedule(step) for step in range(n_steps)]


def test_step_decay():
    assert values(StepLR(0.8, step_size=3, gamma=0.5), 8) == [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]
    assert StepLR(1.0, step_size=10)(25) == pytest.approx(0.01)


def test_decay_at_chosen_steps():
    assert values(MultiStepLR(0.8, milestones=[2, 5], gamma=0.5), 7) == [0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2]
    assert MultiStepLR(1.0, [3])(3) == 0.1
    assert values(MultiStepLR(1.0, milestones=(3, 0, 3), gamma=0.5), 5) == [0.5, 0.5, 0.5, 0.125, 0.125]
    assert values(MultiStepLR(1.0, milestones=[]), 3) == [1, 1, 1]


def test_polynomial_decay():
    assert values(PolynomialLR(1.0), 7) == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0, 0])
    assert values(PolynomialLR(2.0, total_iters=2, power=2.0), 4) == [2, 0.5, 0, 0]
    assert values(PolynomialLR(2.0, total_iters=2, power=0.0), 4) == [2, 2, 2, 2]


def test_a_line_between_two_shares():
    assert values(LinearLR(0.9), 7) == pytest.approx([0.3, 0.42, 0.54, 0.66, 0.78, 0.9, 0.9])
    assert values(LinearLR(1.0, start_factor=1.0, end_factor=0.0, total_iters=2), 4) == [1, 0.5, 0, 0]


def test_a_constant_share():
    assert values(ConstantLR(0.9), 6) == pytest.approx([0.3] * 5 + [0.9])
    assert values(ConstantLR(0.9, factor=0.0, total_iters=1), 2) == [0, 0.9]


def test_shares_of_a_schedule_are_multiplied():
    falling = ExponentialLR(1.0, gamma=0.5)
    assert values(LinearLR(falling, start_factor=0.5, total_iters=2), 4) == [0.5, 0.375, 0.25, 0.125]
    assert values(ConstantLR(falling, factor=0.5, total_iters=2), 4) == [0.5, 0.25, 0.25, 0.125]
    assert values(ConstantLR(LinearLR(1.0, 0.5, total_iters=2), 0.5, total_iters=1), 3) == [0.25, 0.75, 1]


def test_cycles():
    assert values(CyclicLR(1.0, 3.0, step_size_up=2), 7) == [1, 2, 3, 2, 1, 2, 3]
    assert values(CyclicLR(1.0, 3.0, step_size_up=1, step_size_down=2), 7) == [1, 3, 2, 1, 3, 2, 1]
    assert values(CyclicLR(1.0, 3.0, step_size_up=2, step_size_down=0), 5) == [1, 2, 1, 2, 1]
    assert CyclicLR(0.0, 1.0)(2000) == 1
    assert CyclicLR(0.0, 1.0)(500) == 0.25


def test_the_height_of_a_cycle():
    halves = CyclicLR(0.0, 8.0, step_size_up=1, mode="triangular2")
    assert values(halves, 8) == [0, 8, 0, 4, 0, 2, 0, 1]
    falling = CyclicLR(0.0, 8.0, step_size_up=2, mode="exp_range", gamma=0.5)
    assert values(falling, 7) == [0, 2, 2, 0.5, 0, 0.125, 0.125]
    by_cycle = CyclicLR(0.0, 6.0, step_size_up=1, scale_fn=lambda cycle: 1 / cycle)
    assert values(by_cycle, 6) == [0, 6, 0, 3, 0, 2]
    by_step = CyclicLR(1.0, 2.0, step_size_up=2, scale_fn=lambda step: step / 4, scale_mode="iterations")
    assert values(by_step, 5) == [1, 1.125, 1.5, 1.375, 1]


def test_exponential_decay():
    assert values(ExponentialLR(2.0, gamma=0.5), 4) == [2, 1, 0.5, 0.25]


def test_cosine_falls_by_half_a_wave_and_stays():
    schedule = CosineAnnealingLR(1.0, T_max=3, eta_min=0.2)
    # cos is 1, 1/2, −1/2, −1 at 0, π/3, 2π/3, π
    assert values(schedule, 6) == pytest.approx([1.0, 0.8, 0.4, 0.2, 0.2, 0.2])


def test_cosine_restarts_at_once_and_each_cycle_is_longer():
    one, two = 1.0, (1 + math.cos(math.pi / 2)) / 2
    assert values(CosineAnnealingWarmRestarts(1.0, T_0=2), 6) == pytest.approx([one, two] * 3)
    assert values(CosineAnnealingWarmRestarts(1.0, T_0=1, T_mult=3, eta_min=0.2), 5) == pytest.approx(
        [1.0, 1.0, 0.8, 0.4, 1.0]
    )
    lengths = CosineAnnealingWarmRestarts(1.0, T_0=2, T_mult=3)  # cycles of 2, 6 and 18 steps
    assert [step for step in range(27) if lengths(step) == 1] == [0, 2, 8, 26]


def test_linear_warmup_to_a_number_and_into_a_schedule():
    assert values(LinearWarmup(0.4, n_steps=4), 6) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    assert values(LinearWarmup(ExponentialLR(1.0, 0.5), n_steps=2), 4) == [0.5, 0.5, 0.25, 0.125]


def test_one_cycle():
    schedule = OneCycleLR(1.0, total_steps=10, pct_start=0.3, div_factor=10, final_div_factor=100)
    assert schedule(0) == pytest.approx(0.1)
    assert schedule(1) == pytest.approx(0.55)
    assert schedule(2) == 1
    assert max(values(schedule, 10)) == schedule(2)
    assert schedule(9) == schedule(50) == pytest.approx(0.001)
    halfway = OneCycleLR(1.0, total_steps=11, pct_start=1 / 11, div_factor=10, final_div_factor=100)
    assert halfway(0) == 1
    assert halfway(5) == pytest.approx((1 + 0.001) / 2)


def test_one_cycle_of_a_single_step():
    assert OneCycleLR(1.0, total_steps=1)(0) == pytest.approx(1 / 25 / 1e4)


def test_sequence_counts_each_from_zero():
    schedule = SequentialLR([0.1, ExponentialLR(1.0, 0.5), 0.3], milestones=[2, 5])
    assert values(schedule, 7) == [0.1, 0.1, 1.0, 0.5, 0.25, 0.3, 0.3]
    assert values(SequentialLR([ExponentialLR(1.0, 0.5), 0.3], milestones=[2]), 3) == [1.0, 0.5, 0.3]


ALL = [
    StepLR(0.1, 3),
    MultiStepLR(0.1, [2, 4]),
    ExponentialLR(0.1, 0.9),
    PolynomialLR(0.1, 4),
    ConstantLR(0.1, total_iters=3),
    LinearLR(0.1, total_iters=3),
    CyclicLR(0.01, 0.1, 2),
    CosineAnnealingLR(0.1, 5),
    CosineAnnealingWarmRestarts(0.1, 5),
    LinearWarmup(0.1, 5),
    OneCycleLR(0.1, 20),
    SequentialLR([0.1, 0.2], [5]),
]


@pytest.mark.parametrize("schedule", ALL, ids=lambda schedule: type(schedule).__name__)
def test_drives_an_optimizer_and_can_be_copied(schedule):
    w = Parameter(np.zeros(1), dtype=np.float64)
    optimizer = SGD(lr=copy.deepcopy(schedule))
    for _ in range(6):
        w.accumulate(np.ones(1))
        optimizer.step({"w": w})
    assert w.tensor[0] == pytest.approx(-sum(values(schedule, 6)))
    assert copy.deepcopy(schedule) == schedule


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: StepLR(-1, 2), ValueError, "StepLR: lr must be at least 0, got -1"),
        (lambda: StepLR(1, 0), ValueError, "StepLR: step_size must be at least 1, got 0"),
        (lambda: StepLR(1, 2, gamma=-1), ValueError, "StepLR: gamma must be at least 0, got -1"),
        (lambda: MultiStepLR(-1, [2]), ValueError, "MultiStepLR: lr must be at least 0, got -1"),
        (lambda: MultiStepLR(1, [2], -1), ValueError, "MultiStepLR: gamma must be at least 0, got -1"),
        (lambda: MultiStepLR(1, 2), TypeError, "MultiStepLR: milestones must be a list of steps, got "),
        (lambda: MultiStepLR(1, [2, -1]), ValueError, r"MultiStepLR: milestones\[1\] must be at least 0, got -1"),
        (lambda: MultiStepLR(1, [0.5]), TypeError, r"MultiStepLR: milestones\[0\] must be an integer, got 0\.5"),
        (lambda: PolynomialLR(-1), ValueError, "PolynomialLR: lr must be at least 0, got -1"),
        (lambda: PolynomialLR(1, 0), ValueError, "PolynomialLR: total_iters must be at least 1, got 0"),
        (lambda: PolynomialLR(1, 5, -1), ValueError, "PolynomialLR: power must be at least 0, got -1"),
        (lambda: LinearLR(-1), ValueError, "LinearLR: lr must be at least 0, got -1"),
        (lambda: LinearLR(1, 0), ValueError, "LinearLR: start_factor must be greater than 0, got 0"),
        (lambda: LinearLR(1, 1.5), ValueError, r"LinearLR: start_factor must be at most 1, got 1\.5"),
        (lambda: LinearLR(1, end_factor=-1), ValueError, "LinearLR: end_factor must be at least 0, got -1"),
        (lambda: LinearLR(1, end_factor=2), ValueError, "LinearLR: end_factor must be at most 1, got 2"),
        (lambda: LinearLR(1, total_iters=0), ValueError, "LinearLR: total_iters must be at least 1, got 0"),
        (lambda: ConstantLR(-1), ValueError, "ConstantLR: lr must be at least 0, got -1"),
        (lambda: ConstantLR(1, 1.5), ValueError, r"ConstantLR: factor must be at most 1, got 1\.5"),
        (lambda: ConstantLR(1, -1), ValueError, "ConstantLR: factor must be at least 0, got -1"),
        (lambda: ConstantLR(1, total_iters=0), ValueError, "ConstantLR: total_iters must be at least 1, got 0"),
        (lambda: CyclicLR(-1, 1), ValueError, "CyclicLR: base_lr must be at least 0, got -1"),
        (lambda: CyclicLR(0, -1), ValueError, "CyclicLR: max_lr must be at least 0, got -1"),
        (lambda: CyclicLR(0, 1, 0), ValueError, "CyclicLR: step_size_up must be at least 1, got 0"),
        (lambda: CyclicLR(0, 1, 1, -1), ValueError, "CyclicLR: step_size_down must be at least 0, got -1"),
        (lambda: CyclicLR(0, 1, mode="triangle"), ValueError, "CyclicLR: mode must be one of 'triangular', 'triang"),
        (lambda: CyclicLR(0, 1, gamma=-1), ValueError, "CyclicLR: gamma must be at least 0, got -1"),
        (lambda: CyclicLR(0, 1, scale_fn=2), TypeError, "CyclicLR: scale_fn must be a function, got "),
        (lambda: CyclicLR(0, 1, scale_mode="steps"), ValueError, "CyclicLR: scale_mode must be one of 'cycle', 'ite"),
        (lambda: ExponentialLR(-1, 0.5), ValueError, "ExponentialLR: lr must be at least 0"),
        (lambda: ExponentialLR(1, -0.5), ValueError, "ExponentialLR: gamma must be at least 0"),
        (lambda: CosineAnnealingLR(1, 0), ValueError, "CosineAnnealingLR: T_max must be at least 1"),
        (lambda: CosineAnnealingLR(-1, 5), ValueError, "CosineAnnealingLR: lr must be at least 0"),
        (lambda: CosineAnnealingLR(1, 5, -1), ValueError, "CosineAnnealingLR: eta_min must be at least 0"),
        (lambda: CosineAnnealingWarmRestarts(1, 0), ValueError, "CosineAnnealingWarmRestarts: T_0 must be at least 1"),
        (
            lambda: CosineAnnealingWarmRestarts(1, 5, 0),
            ValueError,
            "CosineAnnealingWarmRestarts: T_mult must be at least 1",
        ),
        (lambda: CosineAnnealingWarmRestarts(1, 5, 1, -1), ValueError, "CosineAnnealingWarmRestarts: eta_min must be"),
        (lambda: CosineAnnealingWarmRestarts(-1, 5), ValueError, "CosineAnnealingWarmRestarts: lr must be at least 0"),
        (lambda: LinearWarmup(-1, 5), ValueError, "LinearWarmup: lr must be at least 0"),
        (lambda: LinearWarmup(1, 0), ValueError, "LinearWarmup: n_steps must be at least 1"),
        (lambda: OneCycleLR(-1, 5), ValueError, "OneCycleLR: max_lr must be at least 0"),
        (lambda: OneCycleLR(1, 0), ValueError, "OneCycleLR: total_steps must be at least 1"),
        (lambda: OneCycleLR(1, 5, 1.5), ValueError, "OneCycleLR: pct_start must be at least 0 and below 1"),
        (lambda: OneCycleLR(1, 5, div_factor=0), ValueError, "OneCycleLR: div_factor must be greater than 0"),
        (
            lambda: OneCycleLR(1, 5, final_div_factor=0),
            ValueError,
            "OneCycleLR: final_div_factor must be greater than 0",
        ),
        (lambda: SequentialLR([], []), ValueError, "SequentialLR: schedules must hold at least one entry"),
        (lambda: SequentialLR(0.1, []), TypeError, "SequentialLR: schedules must be a list, got float"),
        (lambda: SequentialLR([0.1, "b"], [1]), TypeError, r"SequentialLR: schedules\[1\] must be a number, got 'b'"),
        (lambda: SequentialLR([0.1, 0.2], []), ValueError, "SequentialLR: milestones must hold 1 steps, one between"),
        (lambda: SequentialLR([0.1, 0.2], [0]), ValueError, r"SequentialLR: milestones\[0\] must be at least 1, got 0"),
        (
            lambda: SequentialLR([1, 2, 3], [5, 5]),
            ValueError,
            r"SequentialLR: milestones\[1\] must be at least 6, got 5",
        ),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
