"""What a series of numbers does: each function on series made by hand, and every bound from both sides."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from tinynet.probe import series


def test_neighbours_smooth_a_series() -> None:
    assert series.smoothed(np.array([4, 2, 9])).tolist() == [3, 4, 5.5]
    assert series.smoothed(np.array([4.0, 3.0, 9.0, 2.0, 1.0])).tolist() == [3.5, 4, 3, 2, 1.5]
    for short in ([], [4], [4, 2]):
        found = series.smoothed(np.array(short, int))
        assert found.tolist() == short
        assert found.dtype == np.float64


def test_a_series_whose_shares_mean_something() -> None:
    above = np.array([2.0, 1.0])
    assert series.positive(above) is above
    assert series.positive(np.array([2.0, 1.0, 0.0])).tolist() == [2, 1.5, 1]
    assert series.positive(np.array([3.0, -1.0])).tolist() == [2, 1]
    assert series.positive(np.array([-1.0, -1.0])).tolist() == [1, 1]
    assert series.positive(np.array([-1e-3, 0.0])).tolist() == [1, 2]


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 0.0], [-1.0, 1.0], [0.0, 0.0]])
def test_what_has_no_fall(values: list[float]) -> None:
    assert series.fall_per_epoch(np.array(values)) == (0.0, inf)


def test_the_fall_of_an_epoch_and_its_error() -> None:
    assert series.fall_per_epoch(np.array([1.0, 0.9])) == (pytest.approx(0.1), 0.0)
    assert series.fall_per_epoch(np.array([1.0, 1.25])) == (pytest.approx(-0.25), 0.0)
    fall, error = series.fall_per_epoch(np.exp([0.0, -1.0, -4.0, -5.0]))
    t, logs = np.arange(4), np.array([0.0, -1.0, -4.0, -5.0])
    slope, start = np.polyfit(t, logs, 1)
    rest = logs - start - slope * t
    assert slope == pytest.approx(-1.8)
    assert fall == pytest.approx(1 - np.exp(-1.8))
    assert error == pytest.approx(np.sqrt(np.sum(rest**2) / (4 - 2) / 5))
    assert series.fall_per_epoch(np.exp([0.0, 2.0, 1.0]))[1] == pytest.approx(np.sqrt(1.5 / 2))
    assert type(fall) is type(error) is float


@pytest.mark.parametrize(
    ("values", "falls"),
    [
        ([1.0], False),
        ([1.0, 0.9], True),
        ([2.0, 1.99], True),
        ([2.0, 1.991], False),
        ([1000.0, 996.0, 996.0], False),
        ([1000.0, 995.0], True),
        ([1000.0, 999.0, 998.0, 997.0], True),
        ([1.0, 0.9, 0.9, 0.8], False),
        ([10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0], True),
        ([10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 2.0], False),
        ([1.0, 2.0, 3.0, 4.0], False),
    ],
)
def test_whether_a_series_falls_steadily(values: list[float], falls: bool) -> None:
    assert series.falls_steadily(np.array(values)) is falls


@pytest.mark.parametrize(
    ("values", "lowest", "rise"),
    [
        ([1.0, 0.6, 0.5, 0.55, 0.65, 0.75, 0.85], 2, 0.75 / 0.55 - 1),
        ([1.0, 0.6, 0.5, 0.55, 0.65], 2, 0.0),  # three after the lowest are too few
        ([0.61, 0.6, 0.8, 1.0, 1.2], 1, 1.0 / 0.605 - 1),
        ([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], 0, 0.9 / 0.55 - 1),
        ([1.0, 0.9, 0.1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.6], 7, 0.0),  # a single low value is no lowest place
        ([2.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0], 2, 0.0),
        ([1.0, 0.5, 0.6, 0.4, 0.6, 0.4, 0.6, 0.5, 0.6, 0.5], 3, 0.0),  # no more than it swings
        ([2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.5, 1.5, 1.5], 1, 0.5),
        ([1.125, 1.0, 0.75, 0.75, 0.5, 0.5, 0.5, 0.625, 1.25, 1.125, 1.375, 1.0], 4, 0.0),
        ([0.875, 0.75, 1.125, 1.125, 1.125, 1.375, 1.375, 0.625], 1, 1.375 / 0.8125 - 1),
        ([1.0, 1.0, 1.0, 0.5, 1.125, 0.875, 1.25, 0.75, 1.0, 0.75, 1.0], 7, 0.0),
    ],
)
def test_the_rise_since_the_lowest(values: list[float], lowest: int, rise: float) -> None:
    found = series.rise_since_lowest(np.array(values))
    assert found == (lowest, pytest.approx(rise))
    assert type(found[0]) is int


def test_a_rise_of_four_times_what_lies_between_neighbours_is_none() -> None:
    up_and_down = [4.0, 1.0, 1.0, 1.0, 1.125, 1.0, 1.125, 1.0, 1.125]
    assert series.rise_since_lowest(np.array([*up_and_down, 1.5, 1.5, 1.5])) == (1, 0.0)
    for scale in (1, 64):
        assert series.rise_since_lowest(scale * np.array([*up_and_down, 1.6, 1.6, 1.6]))[1] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([2.0, 1.0, 0.5, 0.41, 0.40, 0.40], 3),
        ([1.0, 1.0, 1.0], 0),
        ([0.0, 0.0, 0.0], 0),
        ([5.0], 0),
        ([10.0, 1.0], 1),
        ([-2.0, -1.0, -0.5, -0.41, -0.40, -0.40], 3),
        ([100.0, 100.0, 2.5, 2.5, 0.5, 0.5, 0.5], 4),
        ([100.0, 100.0, 2.0, 2.0, 0.5, 0.5, 0.5], 2),  # within 2 % of the whole way
        ([1.0, 1.0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5], 6),
        ([20.0, 20.0, 11.0, 11.0, 11.0, 10.0, 10.0, 10.0], 2),  # within 10 % of the end
        ([-20.0, -20.0, -11.0, -11.0, -11.0, -10.0, -10.0, -10.0], 2),
    ],
)
def test_since_when_a_series_is_level(values: list[float], since: int) -> None:
    assert series.level_since(np.array(values)) == since


@pytest.mark.parametrize(
    ("values", "swing"),
    [
        ([1.0, 1.5, 0.9, 1.6, 1.0, 1.4], 0.6),
        ([5.0, 4.0, 3.0, 2.0, 1.0], 0.0),
        ([1.0, 2.0, 1.0, 2.0, 1.0], 1.0),
        ([1.0, 2.0, 1.0, 2.0], 0.0),  # three steps are too few
        ([0.0, 2.0, 1.0, 2.0, 1.0], 0.0),
        ([1.0, 2.0, 1.0, 2.0, 2.5, 2.0], 1.0),  # three turns of four steps
        ([1.0, 2.0, 4.0, 3.0, 4.0, 5.0, 4.0], 1 / 3),  # three of five
        ([1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0], 0.0),  # two of five
        ([1.0, 2.0, 2.0, 1.0, 1.0, 2.0], 0.0),  # level steps are no turns
        ([2.0, 4.0, 2.0, 3.0, 2.0, 6.0], 1.0),
    ],
)
def test_the_swing_of_a_series(values: list[float], swing: float) -> None:
    assert series.swing(np.array(values)) == pytest.approx(swing)
