"""Which entries are compared, how an error is measured, and where a slope can be trusted: the numbers themselves."""

import numpy as np
import pytest

from tinynet.gradcheck import GradientError, check_layer, compare, differences
from tinynet.gradcheck.differences import Function
from tinynet.layers import Layer, ReLU


def line(values, slopes, level=0.0, weight=1.0):
    """y = level + Σ slope · x, whose slopes are known."""
    x, slopes = np.array(values, float), np.array(slopes, float)
    return Function({"x": x}, lambda: [np.array(level + (slopes * x).sum())], [np.array(weight)])


# Slopes.


def test_rounding_grows_with_the_outputs_and_falls_with_the_step() -> None:
    function = Function({}, list, [np.array([2.0, 2.0]), np.array(-3.0)])
    outputs = [np.array([3.0, 4.0]), np.array(5.0)]
    assert function.rounding(outputs, 1e-5) == pytest.approx(1e-15 * (10 + 15) / 1e-5)


@pytest.mark.parametrize(("entry", "step"), [(0.5, 1e-5), (-0.5, 1e-5), (100.0, 1e-3), (-100.0, 1e-3)])
def test_a_step_suits_the_size_of_an_entry(entry, step) -> None:
    assert line([0.0, entry], [1, 1]).step("x", (1,)) == pytest.approx(step)


def test_a_slope_is_a_central_difference_and_extrapolation_takes_its_error_away(monkeypatch) -> None:
    monkeypatch.setattr(differences, "STEP", 0.5)
    x = np.array([1.0, 2.0])
    cube = Function({"x": x}, lambda: [x**3], [np.array([1.0, -2.0])])
    assert differences.slope(cube, "x", (0,)) == pytest.approx(3 + 0.5**2)
    assert differences.slope(cube, "x", (0,), 0.5) == pytest.approx(3 + 0.25**2)
    assert differences.slope(cube, "x", (1,)) == pytest.approx(-2 * (12 + 1.0**2))
    assert differences.extrapolated_slope(cube, "x", (0,)) == pytest.approx(3)
    assert x.tolist() == [1.0, 2.0]


def test_an_entry_is_put_back_where_forward_fails() -> None:
    x = np.array([1.0])

    def outputs():
        raise ZeroDivisionError

    function = Function({"x": x}, outputs, [np.ones(1)])
    with pytest.raises(ZeroDivisionError):
        function.at("x", (0,), 0.5)
    with pytest.raises(ZeroDivisionError):
        differences.along(function, "x", np.ones(1)).at("x", (0,), 0.5)
    assert x.tolist() == [1.0]


@pytest.mark.parametrize(
    ("f", "at", "smooth"),
    [
        (np.abs, 0.0, False),  # from both sides the slopes are as far apart at half the step
        (lambda x: x + 1e-3 * np.abs(x), 0.0, False),
        (lambda x: x + 1e-7 * np.abs(x), 0.0, True),  # less than is asked for
        (np.abs, 1e-4, True),
        (np.abs, 8e-6, False),  # within the step, and beyond half of it
        (lambda x: x * x, 0.3, True),
        (lambda x: 0 * x, 0.3, True),
        *((lambda x: 1e6 + 1e-3 * x, at, True) for at in (0.1, 0.2, 0.3, 0.4, 0.5)),  # all that differs is rounding
    ],
)
def test_a_kink_is_told_from_a_bend(f, at, smooth) -> None:
    x = np.array([at])
    assert differences.is_smooth(Function({"x": x}, lambda: [f(x)], [np.ones(1)]), "x", (0,), 1e-5) == smooth


def test_two_slopes_are_near_beside_the_larger_one() -> None:
    x = np.zeros(1)  # central differences of 1 with the whole step, and of 1.75 with half of it
    bends = Function({"x": x}, lambda: [2 * x - 1e10 * x**3], [np.ones(1)])
    assert differences.is_smooth(bends, "x", (0,), 0.45)
    assert not differences.is_smooth(bends, "x", (0,), 0.4)


# Errors.


@pytest.mark.parametrize(
    ("expected", "found", "scale", "noise", "error"),
    [
        (2.0, 1.0, 0.0, 0.0, 0.5),
        (1.0, -2.0, 0.0, 0.0, 1.5),
        (-2.0, 1.0, 0.0, 0.0, 1.5),
        (0.0, 1e-6, 2.0, 0.0, 5e-4),
        (0.0, 1e-6, 0.0, 1e-2, 1e-4),
        (0.0, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_an_error_is_measured_against_the_largest_of_what_it_may_be(expected, found, scale, noise, error) -> None:
    assert compare._error(expected, found, scale, noise) == pytest.approx(error)


@pytest.mark.parametrize(
    ("slopes", "found", "level", "error"),
    [
        ([2e3, 0.0], [2e3, 1e-5], 0.0, 5e-6),  # beside 2,000
        ([1e-4, 0.0], [1e-4, 5e-13], 0.0, 5e-6),  # beside 0.0001
        ([0.0], [1e-8], 1e3, 1e-6),  # within the rounding of an output of 1,000
    ],
)
def test_an_entry_is_measured_beside_the_others(slopes, found, level, error) -> None:
    found = {"x": np.array(found)}
    indices = [(index,) for index in range(len(slopes))]
    outcome = compare._compare_entries(line(np.zeros(len(slopes)), slopes, level), "x", found, indices, 1e-5)
    assert outcome == (pytest.approx(error), [])


def test_a_large_slope_that_backward_lacks_is_what_the_others_are_measured_beside() -> None:
    outcome = compare._compare_entries(
        line([0.0, 0.0], [1.0, 0.0]), "x", {"x": np.array([0.0, 1e-9])}, [(0,), (1,)], 1e-5
    )
    assert (outcome.name, outcome.wrong, outcome.error) == ("x", [(0,)], pytest.approx(1.0))
    assert outcome.expected == {(0,): pytest.approx(1.0), (1,): pytest.approx(0.0)}


def test_entries_at_a_kink_are_neither_wrong_nor_expected() -> None:
    x = np.array([0.0, 1.0, 2.0])
    function = Function({"x": x}, lambda: [np.abs(x)], [np.ones(3)])
    outcome = compare._compare_entries(function, "x", {"x": np.array([1.0, 1.0, 1.0])}, [(0,), (1,), (2,)], 1e-5)
    assert outcome == (pytest.approx(0.0, abs=1e-9), [(0,)])
    wrong = compare._compare_entries(function, "x", {"x": np.array([1.0, 2.0, 1.0])}, [(0,), (1,), (2,)], 1e-5)
    assert (wrong.wrong, list(wrong.expected), wrong.error) == ([(1,)], [(1,), (2,)], pytest.approx(0.5))


def test_where_every_entry_is_at_a_kink_there_is_no_error_yet() -> None:
    report = check_layer(ReLU(), -np.zeros((2, 3)))
    assert report.n_redrawn > 0
    assert report.max_error < 1e-6


# What is compared.


def test_of_a_larger_array_some_entries_are_drawn_once_each_and_in_order() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert compare._choose(np.zeros((2, 3)), 6, rng) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert rng.bit_generator.state == before  # nothing is drawn where all are taken
    chosen = compare._choose(np.zeros((10, 10)), 64, rng)
    assert len(set(chosen)) == 64
    assert chosen == sorted(chosen)
    assert chosen != [(place // 10, place % 10) for place in range(64)]


class Scaled(Layer):
    """y = 2 x for inputs of several sizes."""

    def forward(self, a, b, c):
        return 2 * a, 2 * b, 2 * c

    def backward(self, *dy):
        return tuple(2 * each for each in dy)


def test_only_a_larger_array_is_searched_through_as_a_whole(monkeypatch) -> None:
    searched = []
    monkeypatch.setattr(compare, "_stray_entry", lambda function, name, *_: searched.append(name) or [])
    report = check_layer(Scaled(), [(1, 3), (1, 4), (1, 5)], max_entries=4)
    assert set(searched) == {"c"}
    assert report.n_compared == {"a": 3, "b": 4, "c": 4}


class AlternateSigns:
    def choice(self, signs, size):
        assert signs == (-1.0, 1.0)
        return np.resize([1.0, -1.0], size)


@pytest.mark.parametrize(
    ("off", "level", "found"), [(5e-6, 0.0, False), (2e-5, 0.0, True), (2e-4, 1e5, True), (5e-5, 1e5, False)]
)
def test_one_wrong_entry_of_a_hundred_shows_along_a_direction(off, level, found) -> None:
    """Its share of the sum is a tenth of its error, and so much less may the whole be off."""
    gradient = np.ones(100)
    gradient[17] += off
    function = line(np.zeros(100), np.ones(100), level)
    assert compare._off_along(function, "x", gradient, np.arange(100), 1e-5, AlternateSigns()) == found


@pytest.mark.parametrize(("rough", "exact", "off"), [(5e-7, 1.0, False), (2e-6, 5e-7, False), (2e-6, 2e-6, True)])
def test_a_whole_that_seems_off_is_looked_at_twice(monkeypatch, rough, exact, off) -> None:
    monkeypatch.setattr(compare, "slope", lambda *_: rough)
    monkeypatch.setattr(compare, "extrapolated_slope", lambda *_: exact)
    function = line(np.zeros(100), np.ones(100))
    assert compare._off_along(function, "x", np.ones(100), np.arange(100), 1e-5, AlternateSigns()) == off


def test_a_direction_across_a_kink_tells_nothing() -> None:
    x = np.zeros(4)
    function = Function({"x": x}, lambda: [np.abs(x)], [np.ones(4)])
    assert not compare._off_along(function, "x", np.ones(4), np.arange(4), 1e-5, np.random.default_rng(0))


@pytest.mark.parametrize("place", [0, 1, 3, 6])
@pytest.mark.parametrize("shape", [(7,), (2, 4), (8, 1)])
def test_a_stray_entry_is_found_by_halving(place, shape) -> None:
    size = int(np.prod(shape))
    x, slopes = np.zeros(shape), np.arange(1.0, size + 1).reshape(shape)
    function = Function({"x": x}, lambda: [slopes * x], [np.ones(shape)])
    gradient = slopes.copy()
    assert compare._stray_entry(function, "x", gradient, 1e-5, np.random.default_rng(0)) == []
    gradient.flat[place] += 1
    found = compare._stray_entry(function, "x", gradient, 1e-5, np.random.default_rng(0))
    assert found == [np.unravel_index(place, shape)]


def test_the_first_entry_that_is_always_at_a_kink_is_named() -> None:
    class Ripples(Layer):
        """The second input, in its second entry, has far finer ripples than the steps."""

        def forward(self, a, b):
            y = b.copy()
            y[1:] = np.sin(1e7 * b[1:])
            return a + y

        def backward(self, dy):
            return dy, dy

    with pytest.raises(GradientError) as caught:
        check_layer(Ripples(), [(3,), (3,)])
    assert str(caught.value) == (
        "Ripples(): forward has a kink or a jump along b at [1] at each of 30 points drawn, so it has no derivative to "
        "compare with.\nHint: pass an input array on which forward is smooth; a straight-through estimator can't be "
        "checked."
    )
    assert (caught.value.cause, caught.value.name) == ("kink", "b")
