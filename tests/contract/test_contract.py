"""Every exported layer, loss and optimizer keeps the contract of its kind, in every row, under each body of kernels."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinynet.layers
import tinynet.losses
import tinynet.net
import tinynet.optimizers
from tests.contract.table import LAYERS, LOSSES, OPERATIONS, OPTIMIZERS, LayerRow, LossRow, OptimizerRow
from tinynet.core import Parameter, faster, formula
from tinynet.gradcheck import check_layer, check_loss
from tinynet.layers import Layer
from tinynet.net import operations
from tinynet.optimizers import Optimizer


def exported(room: Any, kind: type) -> list[type]:
    things = [getattr(room, name) for name in room.__all__]
    return [t for t in things if inspect.isclass(t) and issubclass(t, kind) and not inspect.isabstract(t)]


EVERY_LAYER = exported(tinynet.layers, Layer) + exported(tinynet.net, Layer)
EVERY_OPERATION = exported(operations, Layer)
EVERY_LOSS = [getattr(tinynet.losses, name) for name in tinynet.losses.__all__]
EVERY_OPTIMIZER = exported(tinynet.optimizers, Optimizer)


@pytest.fixture(params=[body for body in faster.CHOICES if body != "auto"])
def body(request: pytest.FixtureRequest) -> Iterator[str]:
    with faster.use(request.param):
        yield request.param


under_each_body = pytest.mark.usefixtures("body")


@under_each_body
@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_layer(row: LayerRow) -> None:
    layer = row.build()
    report = check_layer(layer, row.inputs, batch_of_one=row.batch_of_one)
    assert report.max_error < 1e-6
    assert set(layer.parameters()) <= set(report.errors)


@under_each_body
@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_output_shape(row: LayerRow) -> None:
    given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    y = row.build().forward(*(np.ones(x, np.float32) if isinstance(x, tuple) else x for x in given))
    y = y[0] if isinstance(y, tuple) else y
    assert y.shape == row.output
    assert y.dtype == np.float32


@under_each_body
@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_loss(row: LossRow) -> None:
    assert check_loss(row.loss, row.predicted, row.ground_truth).max_error < 1e-6


@under_each_body
@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_optimizer_reaches_the_foot_of_a_parabola(row: OptimizerRow) -> None:
    foot, curvature = np.array([[1.0, -2.0, 0.5]]), np.array([[1.0, 2.0, 0.5]])
    weight = Parameter(np.zeros((1, 3)), dtype=np.float64)
    optimizer = row.build()
    for _ in range(600):
        weight.accumulate(curvature * (weight.tensor - foot))
        optimizer.step({"weight": weight})
    np.testing.assert_allclose(weight.tensor, foot, atol=1e-3)
    assert not weight.gradient.any()


@under_each_body
@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_optimizer_goes_on_from_its_state(row: OptimizerRow) -> None:
    def train(optimizer: Optimizer, weight: Parameter, n_steps: int) -> None:
        for _ in range(n_steps):
            weight.accumulate(weight.tensor**3 - 1)
            optimizer.step({"weight": weight})

    unbroken, weight = row.build(), Parameter(np.array([[0.3, 2.0]]), dtype=np.float64)
    train(unbroken, weight, 3)
    resumed, copy = row.build(), Parameter(weight.tensor, dtype=np.float64)
    resumed.load_state(unbroken.state({"weight": weight}), {"weight": copy})
    train(unbroken, weight, 3)
    train(resumed, copy, 3)
    np.testing.assert_array_equal(copy.tensor, weight.tensor)


@pytest.mark.parametrize("row", OPERATIONS, ids=str)
def test_operation(row: LayerRow) -> None:
    test_layer(row)
    test_output_shape(row)


def test_every_exported_layer_has_a_row() -> None:
    proven = {type(row.build()) for row in LAYERS + OPERATIONS}
    assert [layer.__name__ for layer in EVERY_LAYER + EVERY_OPERATION if layer not in proven] == []


def test_every_exported_loss_has_a_row() -> None:
    proven = {getattr(row.loss, "func", row.loss) for row in LOSSES}
    assert [loss.__name__ for loss in EVERY_LOSS if loss not in proven] == []


def test_every_exported_optimizer_has_a_row() -> None:
    proven = {type(row.build()) for row in OPTIMIZERS}
    assert [optimizer.__name__ for optimizer in EVERY_OPTIMIZER if optimizer not in proven] == []


@pytest.mark.parametrize("thing", EVERY_LAYER + EVERY_OPERATION + EVERY_LOSS, ids=lambda thing: thing.__name__)
def test_states_its_formula_and_derivative(thing: Any) -> None:
    assert list(formula(thing)) == ["Equation", "Gradients"]
    assert all(formula(thing).values())


@pytest.mark.parametrize("optimizer", EVERY_OPTIMIZER, ids=lambda thing: thing.__name__)
def test_optimizer_states_its_rule(optimizer: type) -> None:
    assert formula(optimizer)["Equation"]
