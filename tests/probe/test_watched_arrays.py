"""Watched arrays: every layer, loss and optimizer computes on them what it computes on plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS, LOSSES, OPTIMIZERS, LayerRow, LossRow, OptimizerRow
from tests.contract.test_stand_in import drawn, passes
from tinynet.core import Parameter, faster
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple
from tinynet.probe import where_not_finite
from tinynet.probe.not_finite.births import FROM_CONSTANT, FROM_FINITE, FROM_INFINITE
from tinynet.probe.not_finite.replay import watch_parameter
from tinynet.probe.not_finite.watched_array import Ledger, WatchedArray, plainly, watched


def assert_same_bits(ours: Any, theirs: Any) -> None:
    if isinstance(ours, (list, tuple)):
        for one, other in zip(ours, theirs, strict=True):
            assert_same_bits(one, other)
    elif isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, plainly(theirs))
    else:
        assert ours == theirs


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_a_layer(row: LayerRow) -> None:
    inputs = drawn(row.inputs)
    tn.seed(1)
    plain = row.build()
    tn.seed(1)
    other = row.build()
    for parameter in other.parameters().values():
        watch_parameter(parameter)
    with faster.use("plain"):
        expected = passes(plain, inputs)
        with Ledger() as ledger:
            results = passes(other, watched(inputs))
    assert ledger.n_births == 0
    assert_same_bits(expected[:3], results[:3])


def sum_of_squares(predicted: Any, _: Any) -> Any:
    parts = [part for part in as_tuple(predicted) if part.dtype.kind == "f"]
    gradients = tuple(2 * part if part.dtype.kind == "f" else None for part in as_tuple(predicted))
    return sum(float((part.astype(np.float64) ** 2).sum()) for part in parts), gradients


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_a_plant_in_every_layer_is_found(row: LayerRow) -> None:
    layer = row.build()
    kind = type(layer)

    def forward(self: Layer, *inputs: Any, **options: Any) -> Any:
        y = kind.forward(self, *inputs, **options)
        first, *others = as_tuple(y)
        added = np.zeros_like(first)
        added[0] = np.log(added[0] - 0.3)
        return (first + added, *others) if isinstance(y, tuple) else first + added

    layer.__class__ = type(kind.__name__, (kind,), {"forward": forward})
    inputs = drawn(row.inputs)
    found = where_not_finite(layer, tuple(inputs), None, sum_of_squares)
    assert found is not None
    assert (found.found_in, found.path, found.kind) == ("forward", "", kind.__name__)
    assert found.operation is not None
    assert found.operation.text == "log of -0.3 = nan"
    assert found.row == (0 if len(inputs[0]) == row.output[0] else found.row)


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_a_loss(row: LossRow) -> None:
    predicted = tuple(x.astype(np.float32) for x in row.predictions(np.random.default_rng(0)))
    given = predicted if isinstance(row.predicted, list) else predicted[0]
    with faster.use("plain"):
        loss, gradient = row.loss(given, row.ground_truth)
        with Ledger() as ledger:
            value, dy = row.loss(watched(given), watched(row.ground_truth))
    assert ledger.n_births == 0
    assert value == loss
    assert_same_bits(gradient, dy)


@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_an_optimizer(row: OptimizerRow) -> None:
    rng = np.random.default_rng(0)
    W, dW = (rng.normal(size=(3, 4)).astype(np.float32) for _ in range(2))
    ends = []
    for watching in (False, True):
        rule, parameter = row.build(), Parameter(W)
        if watching:
            watch_parameter(parameter)
        with faster.use("plain"), Ledger() as ledger:
            for _ in range(3):
                parameter.accumulate(dW)
                rule.step({"weight": parameter})
        ends.append(plainly(parameter.tensor))
        assert ledger.n_births == 0
    assert np.array_equal(*ends)


X = np.array([[1.0, 2.0], [-3.0, 4.0], [0.0, 5.0]], np.float32)


def births(function: Any, *ways: int) -> Any:
    with Ledger(ways or (FROM_FINITE, FROM_INFINITE, FROM_CONSTANT), n_left=1) as ledger:
        result = function(watched(X.copy()))
    return ledger, result


@pytest.mark.parametrize(
    ("function", "n", "text"),
    [
        (np.log, 2, "log of -3 = nan"),
        (np.log2, 2, "log2 of -3 = nan"),
        (lambda x: x / (x - x), 6, "1 / 0 = inf"),
        (lambda x: np.reciprocal(x), 1, "1 / 0 = inf"),
        (lambda x: 1 / x.min(axis=1), 1, "1 / 0 = inf"),
        (lambda x: np.sqrt(x), 1, "square root of -3 = nan"),
        (lambda x: np.square(x * np.float32(1e20)), 5, "square of 1e+20 = inf"),
        (lambda x: (x * np.float32(1e38)).sum(axis=0), 2, "4 · 1e+38 = inf"),
        (lambda x: (x * np.float32(6e37)).sum(axis=1), 0, None),
        (lambda x: (x * np.float32(6e37)).sum(), 1, "a sum of 6 numbers up to 3e+38 = inf"),
        (lambda x: (x * np.float32(6e37)).sum(axis=0, keepdims=True), 1, "a sum of 3 numbers up to 3e+38 = inf"),
        (lambda x: np.mean(x * np.float32(6e37), axis=(0, 1)), 1, "a sum of 6 numbers up to 3e+38 = inf"),
        (lambda x: np.cumsum(x[:, 1] * np.float32(4e37)), 1, None),
        (
            lambda x: (x * np.float32(1e20)) @ (x.T * np.float32(1e20)),
            9,
            "a sum of 2 products up to 2e+20 · 2e+20 = inf",
        ),
        (lambda x: np.dot(x[0] * np.float32(1e20), x[1] * np.float32(1e20)), 1, None),
        (lambda x: np.einsum("ij,kj->ik", x * np.float32(1e20), x * np.float32(1e20)), 9, None),
        (lambda x: np.tensordot(x * np.float32(1e20), x * np.float32(1e20), ([0], [0])), 4, None),
        (lambda x: (x.astype(np.float64) * 1e38).astype(np.float32), 2, "4e+38 in float32 = inf"),
        (lambda x: x.astype(np.float64), 0, None),
        (lambda x: np.where(x > 0, x, -np.inf), 2, None),
        (lambda x: x * np.nan, 6, "1 · nan = nan"),
        (lambda x: np.where(x > 0, x, -np.inf) * (x > 0), 3, None),
        (lambda x: np.maximum(x, 0), 0, None),
        (lambda x: np.concatenate([x, x]).reshape(-1, 3).T, 0, None),
        (lambda x: np.split(x / 0, 2, axis=1), 6, "1 / 0 = inf"),
        (lambda x: np.linalg.norm(x * np.float32(1e20), axis=1), 3, None),
        (lambda x: np.add.at(x, 0, np.float32(3e38)) or x, 0, None),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_births_are_counted_and_told(function, n, text):
    ledger, _ = births(function)
    assert ledger.n_births == n
    if text is not None:
        assert ledger.last_left.text == text
        assert ledger.last_left.file == __file__


def test_all_but_the_first_are_written_over():
    _, y = births(np.log)
    assert isinstance(y, WatchedArray)
    np.testing.assert_array_equal(plainly(y), np.log([[1, 2], [np.nan, 4], [np.e, 5]], dtype=np.float32))


def test_only_the_ways_that_are_asked_for_count():
    def masked(x):
        return np.where(x > 0, x, -np.inf) - np.where(x > 0, x, -np.inf)

    assert births(masked, FROM_FINITE)[0].n_births == 0
    assert births(masked, FROM_INFINITE)[0].n_births == 2
    assert births(masked, FROM_CONSTANT)[0].n_births == 4


def test_what_is_written_into_an_array_is_seen():
    def fill(x):
        y = np.zeros_like(x)
        y[1] = [np.inf, 1]
        y[2, 0] = np.nan
        return y

    ledger, y = births(fill)
    assert (ledger.n_births, ledger.last_left.text) == (2, "inf, written into an array")
    assert np.isinf(y[1, 0])
    assert y[2, 0] == 1


def test_a_wide_number_written_into_a_narrow_array():
    def fill(x):
        y = np.zeros_like(x)
        y[1] = x[0].astype(np.float64) * 3e38
        return y

    ledger, _ = births(fill)
    assert (ledger.n_births, ledger.last_left.text) == (1, "6e+38 in float32 = inf")


def test_without_a_ledger_nothing_is_counted():
    x = watched(X.copy())
    with np.errstate(all="ignore"):
        y = np.log(x)
        x[0, 0] = np.nan
    assert np.isnan(y[1, 0])
    assert np.isnan(x[0, 0])
    assert x.astype(np.float64).dtype == np.float64
