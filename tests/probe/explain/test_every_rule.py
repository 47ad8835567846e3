"""Every update rule: the new value, what the rule keeps, and what happened to the gradient before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import OPTIMIZERS
from tests.contract.test_contract import EVERY_OPTIMIZER
from tests.probe.explain.checking import check_back_to_the_data, check_number, leaves, places
from tinynet.layers import Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import (
    SGD,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    Lion,
    MultiStepLR,
    Muon,
    NAdam,
    OneCycleLR,
    Optimizer,
    ParameterGroups,
    PolynomialLR,
    RAdam,
    RMSProp,
    Schedule,
    SequentialLR,
    StepLR,
)
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.optimizers import OPTIMIZERS as ROWS
from tinynet.probe.explain.optimizers import rates
from tinynet.probe.trace import Trace

RULES = {
    **{row.label: row.build for row in OPTIMIZERS},
    "SGD, all options": lambda: SGD(0.1, momentum=0.9, weight_decay=0.1, nesterov=True),
    "Adam, decay and AMSGrad": lambda: Adam(0.1, weight_decay=0.1, amsgrad=True),
    "AdamW, decay": lambda: AdamW(0.1),
    "NAdam, decay": lambda: NAdam(weight_decay=0.1),
    "RAdam, decay": lambda: RAdam(0.1, weight_decay=0.1),
    "RAdam, decoupled decay": lambda: RAdam(0.1, weight_decay=0.1, decoupled_weight_decay=True),
    "Adamax, decay": lambda: Adamax(0.1, weight_decay=0.1),
    "Adagrad, all options": lambda: Adagrad(0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5),
    "RMSProp, all options": lambda: RMSProp(0.1, momentum=0.5, centered=True, weight_decay=0.1),
    "Lion, decay": lambda: Lion(0.01, weight_decay=0.1),
    "Muon without Nesterov": lambda: Muon(0.1, weight_decay=0.1, nesterov=False),
    "both ways of clipping": lambda: SGD(0.1, clip_norm=0.05, clip_value=0.01),
    "a mean of two steps": lambda: Adam(0.1, gradient_accumulation_steps=2, clip_norm=0.1),
    "groups that clip": lambda: ParameterGroups(
        [("*.bias", SGD(0.1, clip_norm=0.01)), ("*", Adagrad(0.1, clip_value=0.005))], clip_norm=0.1
    ),
}


def steps(build: Callable[[], Optimizer], count: int) -> list[Trace]:
    """So many steps of one net."""
    tn.seed(0)
    rule, draws = build(), np.random.default_rng(0)
    has_bias = not isinstance(rule, Muon)
    net = Net([Linear(3, 4, bias=has_bias), ReLU(), Linear(4, 2, bias=has_bias)])
    return [
        tn.trace(net, draws.normal(size=(5, 3)), draws.normal(size=(5, 2)), mean_squared_error, rule)
        for _ in range(count)
    ]


@pytest.mark.parametrize("label", RULES)
def test_an_update(label: str) -> None:
    for step in steps(RULES[label], 2):
        explainer = Explainer(step)
        for path, parameter in step.parameters.items():
            kept = [f"{path}.{slot}" for slot in ("after", "gradient.used", *parameter.slots)]
            for name in filter(step.__contains__, kept):
                for index in places(name, step[name].shape, 3):
                    check_number(explainer, name, index)
        check_back_to_the_data(explainer, "2.weight.after", (1, 3), most=16)


@pytest.mark.parametrize("label", [label for label in RULES if label.startswith("RAdam")])
def test_an_update_once_the_mean_of_squares_is_used(label: str) -> None:
    step = steps(RULES[label], 7)[-1]
    explainer = Explainer(step)
    assert "2 / (1 − 0.999) − 1 = 1999" in str(tn.explain(step, "2.weight.after", (1, 3)))
    for path in step.parameters:
        for index in places(f"{path}.after", step[f"{path}.after"].shape, 3):
            check_number(explainer, f"{path}.after", index)


def test_a_step_of_adam_by_hand() -> None:
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = [[2.0]]
    step = tn.trace(net, np.array([[1.0]]), np.array([[0.0]]), mean_squared_error, Adam(lr=0.1))
    lines = {line.symbol: line.result for line in tn.explain(step, "0.weight.after", (0, 0)).lines}
    assert lines == {"m": "0.4", "m̂": "4", "v": "0.016", "v̂": "16", "step": "0.1", "0.weight.after[0, 0]": "1.9"}


def test_a_clipped_gradient_by_hand() -> None:
    net = Net([Linear(2, 1, bias=False)])
    net[0].weight.tensor = [[0.0, 0.0]]
    rule = SGD(lr=1.0, clip_norm=1.0)
    step = tn.trace(net, np.array([[3.0, 4.0]]), np.array([[-0.5]]), mean_squared_error, rule)
    text = str(tn.explain(step, "0.weight.gradient.used", (0, 1)))
    assert "‖∇‖ = √(squares)" in text
    assert "√(25) = 5" in text
    assert "4·1 / 5 = 0.8" in text
    assert tn.explain(step, "0.weight.gradient.squares", (0,)).value == 25


def test_gradients_that_are_added_first() -> None:
    first, second = steps(lambda: SGD(0.1, gradient_accumulation_steps=2), 2)
    assert "It stays: gradients of more steps are added first." in str(tn.explain(first, "0.weight.after", (0, 0)))
    assert "∇ / n" in str(tn.explain(second, "0.weight.gradient.used", (0, 0)))


def test_a_frozen_parameter() -> None:
    net = Net([Linear(2, 3)])
    net[0].weight.trainable = False
    step = tn.trace(net, np.ones((4, 2)), np.zeros((4, 3)), mean_squared_error, SGD(0.1))
    assert "0 (the parameter is frozen)" in str(tn.explain(step, "0.weight.gradient", (1, 1)))
    assert "It stays: nothing updates it." in str(tn.explain(step, "0.weight", (1, 1)))


def test_the_rate_of_a_first_step_starts_from_the_accumulator() -> None:
    (step,) = steps(lambda: Adagrad(0.1, initial_accumulator_value=0.5), 1)
    assert (step["0.weight.sum.before"] == 0.5).all()


SCHEDULES = [
    StepLR(0.1, step_size=2, gamma=0.5),
    MultiStepLR(0.1, milestones=[3, 1, 3], gamma=0.5),
    ExponentialLR(0.1, gamma=0.7),
    PolynomialLR(0.1, total_iters=3, power=1.5),
    LinearLR(0.1, total_iters=3),
    LinearLR(ExponentialLR(0.1, gamma=0.7), start_factor=0.1, end_factor=0.5, total_iters=2),
    ConstantLR(0.1, total_iters=2),
    ConstantLR(StepLR(0.1, step_size=2, gamma=0.5), factor=0.2, total_iters=3),
    CyclicLR(0.01, 0.1, step_size_up=2, step_size_down=1, mode="triangular2"),
    CyclicLR(0.01, 0.1, step_size_up=3, mode="exp_range", gamma=0.9),
    CyclicLR(0.01, 0.1, step_size_up=1, step_size_down=0, scale_fn=lambda cycle: 1 / cycle),
    CyclicLR(0.01, 0.1, step_size_up=2, scale_fn=lambda t: 0.9**t, scale_mode="iterations"),
    CosineAnnealingLR(0.1, T_max=3, eta_min=0.01),
    CosineAnnealingWarmRestarts(0.1, T_0=2, T_mult=2, eta_min=0.01),
    CosineAnnealingWarmRestarts(0.1, T_0=2),
    LinearWarmup(ExponentialLR(0.1, gamma=0.7), n_steps=2),
    OneCycleLR(0.1, total_steps=6, pct_start=0.5),
    SequentialLR([0.1, StepLR(0.2, 1)], milestones=[2]),
    SequentialLR([0.1, lambda step: 0.2 / (step + 1)], milestones=[2]),
    SequentialLR([0.1, CyclicLR(0.1, 0.2, 2, scale_fn=lambda cycle: 1 / cycle)], milestones=[1]),
    lambda step: 0.1 / (step + 1),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_the_rate_of_a_schedule(schedule: Schedule) -> None:
    for t, step in enumerate(steps(lambda: SGD(schedule), 5)):
        explanation = check_number(Explainer(step), "2.weight.after", (0, 0))
        (rate,) = {leaf for leaf in leaves(explanation) if leaf.symbol == "ε"}
        assert rate.value == pytest.approx(schedule(t), rel=1e-12)
        assert (rate.made_from is None) == (type(schedule).__name__ == "function")


def test_every_schedule_has_a_line() -> None:
    exported = {name for name in tn.optimizers.__all__ if hasattr(getattr(tn.optimizers, name), "__post_init__")}
    assert exported == set(rates.SCHEDULES)


def test_every_exported_rule_has_a_row() -> None:
    led_to_others = {ParameterGroups}
    assert [rule.__name__ for rule in EVERY_OPTIMIZER if rule not in ROWS and rule not in led_to_others] == []
