"""Every layer, loss and optimizer runs on arrays of another library, with the numbers that it gives on NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.contract.stand_in import StrictArray, hand_over, hand_over_parameter, handed_over, returned
from tests.contract.table import LAYERS, LOSSES, OPTIMIZERS, LayerRow, LossRow, OptimizerRow
from tinynet.core import Parameter
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple


def drawn(given: Any) -> list[Any]:
    """Inputs of the shapes in a row of the table; arrays as they are."""
    rng = np.random.default_rng(0)
    given = given if isinstance(given, list) else [given]
    return [rng.normal(size=x).astype(np.float32) if isinstance(x, tuple) else x for x in given]


def passes(layer: Layer, inputs: list[Any]) -> tuple[Any, Any, list[Any], dict[str, Any]]:
    """Forward, backward, the gradients and the statistics."""
    tn.seed(0)
    y = layer.forward(*inputs)
    dy = [np.ones_like(value) if value.dtype.kind == "f" else None for value in as_tuple(y)]
    dx = layer.backward(*dy)
    gradients = [parameter.gradient for parameter in layer.parameters().values()]
    return y, dx, gradients, layer.state()


def assert_same(ours: Any, theirs: Any) -> None:
    if isinstance(ours, (list, tuple)):
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    else:
        assert ours == theirs


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_layer(row: LayerRow) -> None:
    inputs = drawn(row.inputs)
    tn.seed(1)
    plain = row.build()
    tn.seed(1)
    other = hand_over(row.build())
    y, dx, gradients, state = passes(plain, inputs)
    StrictArray.n_reads = 0
    results = passes(other, handed_over(inputs))
    assert StrictArray.n_reads == 0
    assert all(
        isinstance(value, StrictArray) for value in (results[0] if isinstance(results[0], tuple) else results[:1])
    )
    assert_same(y, returned(results[0]))
    assert_same(dx, returned(results[1]))
    assert_same(gradients, list(returned(tuple(results[2]))))
    assert_same(list(state.values()), list(returned(tuple(results[3].values()))))


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_loss(row: LossRow) -> None:
    predicted = tuple(x.astype(np.float32) for x in row.predictions(np.random.default_rng(0)))
    given = predicted if isinstance(row.predicted, list) else predicted[0]
    loss, gradient = row.loss(given, row.ground_truth)
    value, dy = row.loss(handed_over(given), handed_over(row.ground_truth))
    assert isinstance(value, float)
    assert value == pytest.approx(loss, rel=1e-5, abs=1e-6)
    assert_same(gradient, returned(dy))


@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_optimizer(row: OptimizerRow) -> None:
    rng = np.random.default_rng(0)
    W, dW = (rng.normal(size=(3, 4)).astype(np.float32) for _ in range(2))
    trained = []
    for hand in (lambda parameter: parameter, hand_over_parameter):
        parameter, rule = hand(Parameter(W)), row.build()
        for step in (1.0, -0.5, 0.25):
            parameter.gradient[...] = handed_over(step * dW) if isinstance(parameter.tensor, StrictArray) else step * dW
            rule.step({"weight": parameter})
        trained.append(returned(parameter.tensor))
    assert_same(*trained)


def test_it_is_strict() -> None:
    x = StrictArray(np.ones(3))
    for mistake in (
        lambda: np.asarray(x),
        lambda: x + np.ones(3),
        lambda: x.flags,
        lambda: np.concatenate([x, np.ones(3)]),
    ):
        with pytest.raises((TypeError, AttributeError)):
            mistake()
    assert isinstance(np.zeros_like(x, shape=(2, 2)), StrictArray)
    assert isinstance(np.asarray(np.ones(3, bool), like=x), StrictArray)
