"""The units of a layer: which axis they are on, which rows are looked at, which are dead or saturated."""

import numpy as np
import pytest

from tinynet.layers import (
    RNN,
    BatchNorm1D,
    Conv1D,
    Conv2D,
    Flatten,
    GroupNorm,
    Hardsigmoid,
    Hardtanh,
    Layer,
    LayerNorm,
    Linear,
    PReLU,
    ReLU,
    Sigmoid,
    Tanh,
)
from tinynet.probe.statistics.bins import N_BINS, N_POWERS, edges, histograms
from tinynet.probe.statistics.units import _axis_of, _places, share_dead, share_saturated, some_rows, units_of

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("layer", "before", "axis"),
    [
        (Conv1D(2, 3, 3), -1, 1),
        (Conv2D(2, 3, 3), None, 1),
        (BatchNorm1D(3), -1, 1),
        (GroupNorm(1, 3), None, 1),
        (Linear(2, 3), 1, -1),
        (LayerNorm(3), 1, -1),
        (ReLU(), 1, 1),
        (ReLU(), None, None),
        (PReLU(3), 1, 1),
        (Flatten(), 1, None),
        (RNN(2, 3), 1, -1),
        (RNN(2, 3, nonlinearity="relu"), 1, -1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Layer) else str(value),
)
def test_the_axis_of_the_units(layer, before, axis):
    assert units_of(layer).axis_after(before) == axis


def test_all_rows_are_taken_where_there_are_few():
    y = RNG.normal(size=(4, 3, 2, 5))
    np.testing.assert_array_equal(some_rows(y, 1, most=1000), y.transpose(0, 2, 3, 1).reshape(40, 3))
    np.testing.assert_array_equal(some_rows(y, None, most=1000), some_rows(y, 1, most=1000))
    sequence = RNG.normal(size=(4, 3, 2))
    np.testing.assert_array_equal(some_rows(sequence, None, most=1000), sequence.reshape(12, 2))
    np.testing.assert_array_equal(some_rows(sequence, 1, most=1000), sequence.transpose(0, 2, 1).reshape(8, 3))
    np.testing.assert_array_equal(some_rows(y, -1, most=1000), y.reshape(24, 5))
    np.testing.assert_array_equal(some_rows(sequence[0], 1, most=1000), sequence[0])
    assert some_rows(np.ones(7), None, most=1000).shape == (1, 7)


def test_drawn_rows_come_from_everywhere_and_are_rows_of_the_output():
    y = np.arange(64 * 2 * 9 * 9).reshape(64, 2, 9, 9)
    rows = some_rows(y, 1, most=64)
    assert rows.shape == (32, 2)
    np.testing.assert_array_equal(rows[:, 1], rows[:, 0] + 81)
    samples, places = np.divmod(rows[:, 0], 2 * 81)
    assert (np.diff(samples) >= 0).all()
    assert len(set(samples)) == 32
    assert len(set(places % 9)) == len(set(places // 9)) == 9  # not always the same corner
    np.testing.assert_array_equal(rows, some_rows(y, 1, most=64))  # the same places each time


def test_one_row_at_least():
    assert some_rows(np.ones((5, 100)), -1, most=10).shape == (1, 100)


def test_drawing_leaves_the_random_numbers_of_others_alone():
    np.random.seed(4)
    before = np.random.get_state()[1].copy()
    some_rows(np.ones((50, 7)), -1, most=11)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_a_unit_that_speaks_only_beside_the_drawn_rows_is_alive():
    y = np.zeros((100, 4, 3, 3), np.float32)
    y[:, 0] = 1
    y[99, 1, 2, 2] = 0.5
    rows = some_rows(y, 1, most=16)
    assert not rows[:, 1].any()
    assert share_dead(y, 1, rows) == 0.5
    assert share_dead(y, 1, some_rows(y, 1, most=10**6)) == 0.5


def test_nan_is_no_death():
    y = np.array([[np.nan, 0.0]])
    assert share_dead(y, -1, y) == 0.5


def test_hard_activations_are_saturated_at_their_ends():
    for layer, x, share in ((Hardtanh(-2.0, 3.0), [-9, -2, 2.5, 3, 0], 0.6), (Hardsigmoid(), [-3, -2.9, 2.9, 4], 0.5)):
        units = units_of(layer)
        assert units.axis_after(1) == 1
        assert share_saturated(units.slope(layer.forward(np.array(x, np.float64)))) == share


def test_saturated_where_the_slope_is_below_a_twentieth():
    for x, share in (([-3.0, -2.2, -2.1, 0.0, 2.1], 0.4), ([-2.1, 0.0, 1.0, 2.2], 0.25)):  # tanh′ is 0.05 at ±2.178
        y = np.tanh(x)
        assert share_saturated(units_of(Tanh()).slope(y)) == share
        assert share_saturated(units_of(Sigmoid()).slope((1 + y) / 2)) == share  # of twice the x
        assert share_saturated(units_of(RNN(2, 3)).slope(y)) == share
    assert units_of(RNN(2, 3, nonlinearity="relu")).slope is None
    assert units_of(ReLU()).slope is None


def test_each_number_is_counted_in_its_power_of_two():
    values = np.array([0.0, 1.0, 1.99, 2.0, -1.0, -0.75, 1e-30, -1e-30, 1e30, -1e30, np.nan, np.inf])
    counts = histograms(values, np.zeros(len(values), int), 1)[0]
    found = {(edges()[i], edges()[i + 1]): counts[i] for i in np.flatnonzero(counts)}
    assert found == {
        (-4096, -2048): 1,
        (-2, -1): 1,
        (-1, -0.5): 1,
        (-(2.0**-32), 2.0**-32): 3,
        (1, 2): 2,
        (2, 4): 1,
        (2048, 4096): 1,
    }


def test_histograms_of_several_at_once():
    values = RNG.normal(size=300)
    owners = np.repeat([0, 2], 150)
    counts = histograms(values, owners, 3)
    assert counts.shape == (3, N_BINS)
    assert N_BINS == 2 * N_POWERS + 1 == len(edges()) - 1
    for owner in (0, 2):
        expected, _ = np.histogram(values[owners == owner], edges())
        np.testing.assert_array_equal(counts[owner], expected)
    assert counts[1].sum() == 0


def test_which_places_are_drawn():
    within = np.random.default_rng(0).random(4)  # one from each quarter of the twelve places
    expected = np.divmod(np.floor((np.arange(4) + within) * 3).astype(int), 4)
    for found, wanted in zip(_places((3, 4), 4), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    y = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(some_rows(y, -1, most=23), y.reshape(6, 4)[_positions(6, 5)])
    np.testing.assert_array_equal(some_rows(y, -1, most=24), y.reshape(6, 4))
    np.testing.assert_array_equal(some_rows(y, 1, most=7), y.transpose(0, 2, 1).reshape(8, 3)[_positions(8, 2)])


def _positions(n_rows, n):
    return np.floor((np.arange(n) + np.random.default_rng(0).random(n)) * (n_rows / n)).astype(int)


@pytest.mark.parametrize(
    ("shape", "axis", "expected"),
    [
        ((2, 3), None, -1),
        ((2, 3, 4), None, -1),
        ((2, 3, 4, 5), None, 1),
        ((2, 3, 4, 5), -1, -1),
        ((2, 3), 1, 1),
        ((2,), 1, -1),
        ((2, 3), 2, -1),
        ((2, 3), -2, -2),
        ((2, 3), -3, -1),
        ((2, 3), 0, 0),
    ],
)
def test_the_axis_that_is_taken(shape, axis, expected):
    assert _axis_of(np.ones(shape), axis) == expected


def test_shares_by_hand():
    y = np.array([[0.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    assert share_dead(y, -1, y) == 0.5
    assert share_dead(y, -1, y[:1]) == 0.5  # three are silent in that row, and two in both
    assert share_dead(np.ones((2, 4)), -1, np.ones((1, 4))) == 0
    assert type(share_dead(y, -1, y[:1])) is float
    slope = np.array([0.049, 0.05, 0.051, -1.0])
    assert share_saturated(slope) == 0.5
    np.testing.assert_allclose(units_of(Sigmoid()).slope(np.array([0.5, 0.25, 1.0])), [1, 0.75, 0])
    np.testing.assert_allclose(units_of(Tanh()).slope(np.array([0.0, 0.5, -1.0])), [1, 0.75, 0])
    slope = units_of(Hardtanh(-2.0, 3.0)).slope(np.array([-2, -1.9, 2.9, 3], np.float32))
    assert (slope.tolist(), slope.dtype) == ([0, 1, 1, 0], np.float32)
    assert units_of(Hardsigmoid()).slope(np.array([0, 0.1, 0.9, 1])).tolist() == [0, 1, 1, 0]
