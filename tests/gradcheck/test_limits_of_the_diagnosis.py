"""How near a number must be, and how many there must be, for a hypothesis of the diagnosis to hold."""

import numpy as np
import pytest

from tests.gradcheck.test_diagnosis import OTHER, RIGHT, Made
from tinynet.core import Parameter
from tinynet.gradcheck import diagnosis
from tinynet.gradcheck.diagnosis import diagnose
from tinynet.gradcheck.differences import Function

PASSES = "the wrong mask: the gradient is zero where it must not be, or passes where it must be zero."


def test_a_gradient_where_there_must_be_none() -> None:
    assert diagnose(Made(OTHER, 0 * RIGHT)) == ("mask", PASSES)  # and no warning of a division by zero


@pytest.mark.parametrize(
    ("found", "expected", "fits"),
    [
        ([1, 0], [1, 1], True),
        ([1 + 5e-6, 0], [1, 1], True),  # so much may a difference err
        ([1 + 2e-5, 0], [1, 1], False),
        ([1, 5e-7], [1, 1], True),  # that is zero beside 1
        ([1, 2e-6], [1, 1], False),
        ([1, 2e-5], [1, 1], False),
        ([1, 1], [1, 0], True),
        ([2, 0], [1, 1], False),
        ([100, 0], [100, 100], True),
        ([100 + 5e-4, 0], [100, 100], True),
        ([-1, 0], [-1, -1], True),
    ],
)
def test_how_near_to_zero_a_mask_is(found, expected, fits) -> None:
    of = Made(found, expected, is_elementwise=False)
    assert diagnosis.wrong_mask(of) == (PASSES if fits else "")


def test_slopes_of_pieces_are_told_apart_to_four_digits() -> None:
    right = np.tile([0.11, 0.12], 6)
    assert diagnosis.wrong_mask(Made(right + 0.02, right, weights=[np.ones(12)])) == ""
    said = "the wrong mask: the slopes are those of the pieces of the function, but of the wrong ones."
    assert diagnosis.wrong_mask(Made(right[::-1] + 1e-6, right, weights=[np.ones(12)])) == said
    assert diagnosis.wrong_mask(Made(np.ones(6), np.tile([0.11, 0.12], 3), weights=[np.ones(6)])) == said
    assert diagnosis.wrong_mask(Made(np.ones(5), [0.11, 0.12, 0.11, 0.12, 0.11], weights=[np.ones(5)])) == ""


def test_a_row_that_is_nearly_right_counts_as_right() -> None:
    right = np.array([[100.0, 100.0], [50.0, -30.0]])
    found = right.copy()
    found[1] /= 2
    found[0, 0] += 5e-4
    said = "a missing sum: rows that are used several times get one contribution; add with np.add.at."
    assert diagnosis.repeated_index(Made(found, right, integers=[np.array([0, 1, 1])])) == said
    found[0, 0] += 5e-3
    assert diagnosis.repeated_index(Made(found, right, integers=[np.array([0, 1, 1])])) == ""
    zero = np.array([[0.0, 0.0], [50.0, -30.0]])
    half = zero / 2
    half[0, 0] = 5e-8
    assert diagnosis.repeated_index(Made(half, zero, integers=[np.array([0, 1, 1])])) == said
    half[0, 0] = 5e-7
    assert diagnosis.repeated_index(Made(half, zero, integers=[np.array([0, 1, 1])])) == ""


@pytest.mark.parametrize(("size", "fits"), [(200, True), (201, False)])
def test_own_paths_are_looked_at_up_to_two_hundred_numbers(size, fits) -> None:
    x, w, r = np.linspace(-1, 1, size), np.linspace(1, 2, size), np.ones(size)
    of = Made(w * r, w * r, weights=[r], values=x, outputs=[w * x])
    of.function = Function({"x": x}, lambda: [w * x], [r])
    said = "a branch was left out: each input acts on its own output only; those on the others are missing."
    assert diagnosis.own_path_only(of) == (said if fits else "")


@pytest.mark.parametrize(("size", "fits"), [(4, False), (5, True)])
def test_five_numbers_are_enough_for_a_way_through_a_mean(size, fits) -> None:
    right = np.arange(2.0 * size).reshape(2, size)
    off = np.repeat([[0.3], [0.7]], size, axis=1)
    said = "a branch was left out: the way through a mean or sum along axes (1,)."
    assert diagnosis.common_path(Made(right - off, right)) == (said if fits else "")


def test_four_axes_are_permuted_and_five_are_not() -> None:
    four = np.random.default_rng(0).normal(size=(2, 2, 2, 2))
    order = (3, 0, 2, 1)
    said = f"a transpose: with its axes in the order {order} the right gradient is what was found."
    assert diagnosis.transposed(Made(four.transpose(order), four)) == said
    assert diagnosis.transposed(Made(np.flip(four, 0), four)) == "a transpose: the gradient is reversed along axis 0."
    assert diagnosis.transposed(Made(RIGHT, RIGHT)) == ""  # in its own order it is no transpose


def test_a_parameter_of_one_number_turned_round_is_the_same() -> None:
    parts = {"parameters": {"w": Parameter(np.ones((1, 1)))}, "turned": RIGHT}
    assert diagnosis.transposed(Made(OTHER, RIGHT, **parts)) == ""
    parts = {"parameters": {"w": Parameter(np.ones((2, 2)))}, "turned": RIGHT}
    assert diagnosis.transposed(Made(OTHER, RIGHT, **parts)) == (
        "a transpose: with the transpose of w in backward it is right."
    )


def test_up_to_three_inner_layers_may_be_left_out() -> None:
    branches = {name: np.full((3, 4), value) for name, value in zip("abc", (1.0, 10.0, 100.0), strict=True)}
    say = "a branch was left out: the gradient that comes back from "
    assert diagnosis.inner_branch(Made(RIGHT - 111, RIGHT, branches=branches)) == f"{say}a and b and c."
    assert diagnosis.inner_branch(Made(RIGHT - 100, RIGHT, branches=branches)) == f"{say}c."
    assert diagnosis.inner_branch(Made(RIGHT, RIGHT, branches={})) == ""


def test_only_what_stands_at_one_place_is_kept() -> None:
    weights = np.arange(1.0, 7).reshape(2, 3)
    assert diagnosis._only(weights, (0,), -1).tolist() == [[0, 0, 0], [4, 5, 6]]
    assert diagnosis._only(weights, (1,), 0).tolist() == [[1, 0, 0], [4, 0, 0]]
    assert diagnosis._only(weights, (0, 1), 0).tolist() == [[1, 0, 0], [0, 0, 0]]


def test_the_first_hypothesis_that_fits_is_told() -> None:
    negated = Made(-RIGHT, RIGHT, new=RIGHT)
    assert diagnose(negated)[0] == "stale"
    assert diagnose(Made(-RIGHT, RIGHT)) == ("sign", "the sign: everything is negated.")
    assert diagnose(Made(0 * RIGHT, RIGHT)) == ("branch", "a branch was left out: backward gives zero for x.")
    assert diagnose(Made(0 * RIGHT, RIGHT, is_parameter=True)) == (
        "branch",
        "a branch was left out: backward never adds to the gradient of x; call self.x.accumulate.",
    )


def test_a_factor_is_named_after_what_has_its_size() -> None:
    weights = [np.ones((7, 5)), np.ones((9, 5))]  # the outputs of a layer with inputs (3, 4)
    say = "a constant factor: the gradient is {0} times too large, and {0} is {1}, so a 1/{0} may be missing."
    for factor, name in (
        (7, "the batch size"),
        (12, "the number of entries"),
        (9, "the size of axis 0"),
        (5, "the size of axis 1"),
    ):
        made = Made(factor * RIGHT, RIGHT, weights=weights)
        assert diagnosis.constant_factor(made) == say.format(factor, name)
    assert diagnosis.constant_factor(Made(RIGHT / 12, RIGHT, weights=weights)) == (
        "a constant factor: the gradient is 12 times too small, and 12 is the number of entries, by which it may be "
        "divided without need."
    )
    assert diagnosis.constant_factor(Made(35 * RIGHT, RIGHT, weights=weights)) == (
        "a constant factor: the gradient is 35 times too large."
    )
    two = [np.ones((2, 5))]  # as many as a square has factors: its size tells nothing
    assert diagnosis.constant_factor(Made(RIGHT / 2, RIGHT, weights=two)) == (
        "a constant factor: the gradient is 2 times too small."
    )
    cube = np.arange(1.0, 13).reshape(3, 1, 4)  # an axis of the inputs and one of the outputs: the later one is named
    named = Made(9 * cube, cube, weights=[np.ones((7, 9))])
    assert diagnosis.constant_factor(named) == say.format(9, "the size of axis 1")
    both = Made(12 * RIGHT, RIGHT, weights=[np.ones((7, 12))])  # the number of entries goes before the size of an axis
    assert diagnosis.constant_factor(both) == say.format(12, "the number of entries")
