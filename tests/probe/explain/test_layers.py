"""Every layer of the contract table: explained numbers are those of the step, and follow from what is printed."""

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS, LayerRow
from tests.probe.recompute import recompute
from tinynet.core.arrays import is_array

#: Every so many numbers of each array are explained, at most so many of one.
PLACES = 2


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_every_number_is_explained_as_the_step_has_it(row: LayerRow) -> None:
    step = step_of(row)
    for name in names_of(step):
        array = step[f"{name}.gradient" if name in step.parameters else name]
        for index in places(array):
            explanation = tn.explain(step, name, index)
            scale = np.abs(array).max() + 1
            assert abs(explanation.value - array[index]) <= 2e-6 * scale, f"{name}{index}\n{explanation}"
            recompute(explanation)


def step_of(row: LayerRow) -> tn.probe.Trace:
    """A step of the layer alone, with a squared error that has a gradient for each output."""
    tn.seed(5)
    draws = np.random.default_rng(1)
    layer = row.build()
    for parameter in layer.parameters().values():
        parameter.tensor = draws.normal(size=parameter.shape)
    inputs = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    x = tuple(part if is_array(part) else draws.normal(size=part).astype(np.float32) for part in inputs)
    return tn.trace(layer, x if len(x) > 1 else x[0], None, partial(drawn_gradient, draws))


def drawn_gradient(draws: np.random.Generator, predicted, truth) -> tuple[float, object]:
    """A loss whose gradient is drawn."""
    gradients = [draws.normal(size=np.shape(y)).astype(np.float32) for y in outputs(predicted)]
    return 0.0, tuple(gradients) if isinstance(predicted, tuple) else gradients[0]


def outputs(predicted) -> list:
    return list(predicted) if isinstance(predicted, (tuple, list)) else [predicted]


def names_of(step: tn.probe.Trace) -> list[str]:
    ends = ("loss", "ground_truth")
    return [name for name in step if step[name].dtype.kind in "fbiu" and step[name].size and name not in ends]


def places(array: np.ndarray):
    """Some indices of an array, drawn from its shape."""
    draws = np.random.default_rng(array.size)
    chosen = draws.choice(array.size, min(PLACES, array.size), replace=False)
    return [tuple(int(i) for i in np.unravel_index(at, array.shape)) for at in chosen]
