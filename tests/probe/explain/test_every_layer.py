"""Every row of the contract's table of layers: the numbers of a step explained, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS, LayerRow
from tests.contract.test_contract import EVERY_LAYER
from tests.probe.explain.checking import check_back_to_the_data, check_trace
from tinynet.net.tuples import as_tuple
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.layers import LAYERS as ROWS


def weighted_sum(predicted: Any, truth: Any) -> tuple[float, Any]:
    """A loss of any outputs, with a gradient that is different everywhere."""
    draws = np.random.default_rng(5)
    weights = tuple(draws.normal(size=y.shape).astype(np.float32) for y in as_tuple(predicted))
    loss = sum(float((w * y).sum()) for w, y in zip(weights, as_tuple(predicted), strict=True))
    return loss, weights if isinstance(predicted, tuple) else weights[0]


def traced(row: LayerRow) -> Any:
    tn.seed(2)
    draws = np.random.default_rng(0)
    given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    x = tuple(draws.normal(size=x).astype(np.float32) if isinstance(x, tuple) else x for x in given)
    layer = row.build()
    for parameter in layer.parameters().values():
        parameter.tensor = draws.normal(size=parameter.shape)  # so that no bias is 0 and no scale is 1
    return tn.trace(layer, x, None, weighted_sum, tn.optimizers.SGD(lr=0.1))


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_numbers_of_a_step(row: LayerRow) -> None:
    step = traced(row)
    assert check_trace(step, per_array=3) > 0
    y = step.layers[""].outputs[0]
    check_back_to_the_data(Explainer(step), y, tuple(size - 1 for size in step[y].shape), most=20)


def test_every_exported_layer_has_a_row() -> None:
    without = [layer.__name__ for layer in EVERY_LAYER if layer not in ROWS]
    assert without == ["Graph"]  # whose numbers are those of its steps; its own are explained as those of any layer
