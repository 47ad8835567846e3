"""Each hypothesis of the diagnosis by itself: what it says, and where it must be silent."""

from types import SimpleNamespace

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.gradcheck import diagnosis
from tinynet.gradcheck.blame import MAX_SIZE
from tinynet.gradcheck.diagnosis import diagnose
from tinynet.gradcheck.differences import Function
from tinynet.gradcheck.evidence import Evidence

draws = np.random.default_rng(0)


class Made:
    """Evidence whose parts are given; what is not given is that of an elementwise layer without parameters."""

    same = Evidence.same
    slopes = Evidence.slopes
    holding = Evidence.holding

    def __init__(self, found, expected, **parts) -> None:
        self.name = "x"
        self.found, self.expected = np.array(found, float), np.array(expected, float)
        self.values = draws.normal(size=self.found.shape)
        self.outputs = [draws.normal(size=self.found.shape)]
        self.is_layer, self.is_parameter, self.is_elementwise = True, False, True
        self.weights = [np.ones(self.found.shape)]
        self.parameters = {}
        self.branches, self.integers = {}, []
        self.first, self.new, self.turned = self.found * np.pi, self.found * np.pi, self.found * np.pi
        vars(self).update(parts)
        self.function = SimpleNamespace(weights=self.weights, arrays={"x": self.values}, outputs=lambda: self.outputs)
        self.subject = SimpleNamespace(parameters=lambda: self.parameters)

    def expected_at_first_parameters(self):
        return self.first

    def found_by_a_new_layer(self):
        return self.new

    def found_with_parameter_transposed(self, path):
        return self.turned

    def gradients_of_inner_layers(self):
        return self.branches

    def integer_inputs(self):
        return self.integers


RIGHT = draws.normal(size=(3, 4))
OTHER = draws.normal(size=(3, 4))


def test_nothing_fits() -> None:
    assert diagnose(Made(OTHER, RIGHT, is_layer=False, is_elementwise=False)) == ("", "")


def test_nothing_there() -> None:
    assert diagnosis.nothing_there(Made(OTHER, RIGHT)) == ""
    assert "gives zero for x." in diagnosis.nothing_there(Made(0 * RIGHT, RIGHT))
    assert "self.x.accumulate" in diagnosis.nothing_there(Made(0 * RIGHT, RIGHT, is_parameter=True))


def test_stale() -> None:
    assert diagnosis.stale(Made(OTHER, RIGHT)) == ""
    assert diagnosis.stale(Made(OTHER, RIGHT, new=RIGHT, is_layer=False)) == ""
    assert diagnosis.stale(Made(OTHER, RIGHT, new=RIGHT)).startswith("a stale cache: in a newly built layer")


def test_the_first_parameters() -> None:
    weight = {"weight": Parameter(np.ones(2))}
    sentence = "a stale cache: it is right for the first values"
    assert diagnosis.weight_of_the_constructor(Made(OTHER, RIGHT, first=OTHER, parameters=weight)).startswith(sentence)
    for parts in (
        {"parameters": {}},
        {"parameters": weight, "is_layer": False},
        {"parameters": weight, "first": RIGHT},
    ):
        assert diagnosis.weight_of_the_constructor(Made(OTHER, RIGHT, **{"first": OTHER, **parts})) == ""


def linear_in_the_weights(weights):
    """The right gradient of a bias: the sum of the outputs' weights over all axes but the last."""
    return weights[0].reshape(-1, weights[0].shape[-1]).sum(axis=0)


def bias(found, weights, **parts) -> Made:
    made = Made(found, linear_in_the_weights(weights), is_parameter=True, weights=weights, **parts)
    made.expected_for = linear_in_the_weights
    return made


@pytest.mark.parametrize(("place", "word"), [(0, "first"), (-1, "last")])
def test_a_missing_sum(place, word) -> None:
    r = draws.normal(size=(5, 3, 2))
    of_batch = f"a missing sum over the batch: only the {word} entry contributes."
    assert diagnosis.missing_sum(bias(r[place].sum(axis=0), [r])) == of_batch
    of_axis = f"a missing sum over axes (1,) of the output: only the {word} entry contributes."
    assert diagnosis.missing_sum(bias(r[:, place].sum(axis=0), [r])) == of_axis
    of_both = f"a missing sum over axes (0, 1) of the output: only the {word} entry contributes."
    assert diagnosis.missing_sum(bias(r[place, place], [r])) == of_both
    alone = np.zeros((5, 3, 2))
    alone[place, place, place] = r[place, place, place]
    of_all = f"axes (0, 1, 2) of the output: only the {word}"
    assert of_all in diagnosis.missing_sum(bias(alone[place, place], [r]))


def test_a_missing_sum_where_one_of_two_outputs_has_a_single_row() -> None:
    of_batch = "a missing sum over the batch: only the first entry contributes."
    r, of_all = draws.normal(size=(5, 2)), draws.normal(size=(1, 2))
    assert diagnosis.missing_sum(bias(r[0], [r, of_all])) == of_batch


def test_no_missing_sum() -> None:
    r = draws.normal(size=(5, 2))
    assert diagnosis.missing_sum(bias(OTHER[0, :2], [r])) == ""
    assert diagnosis.missing_sum(bias(OTHER[0, :2], [r[:1]])) == ""  # a single row: there is nothing to sum over
    one = bias(r[0], [r])
    one.is_parameter = False
    assert diagnosis.missing_sum(one) == ""


def test_a_row_that_is_used_twice() -> None:
    right = draws.normal(size=(4, 2))
    once = right.copy()
    once[2] /= 2
    ids = np.array([[0, 2, 2, 1]])
    assert "np.add.at" in diagnosis.repeated_index(Made(once, right, integers=[ids]))
    once[1] /= 2  # a row that is used once is off too
    assert diagnosis.repeated_index(Made(once, right, integers=[ids])) == ""
    assert diagnosis.repeated_index(Made(right, right, integers=[ids])) == ""
    assert diagnosis.repeated_index(Made(once, right)) == ""


def test_a_sign() -> None:
    assert "everything" in diagnosis.one_sign(Made(-RIGHT, RIGHT))
    some = RIGHT * np.where(np.arange(12).reshape(3, 4) < 5, -1, 1)
    assert "the entries that are off" in diagnosis.one_sign(Made(some, RIGHT))
    assert diagnosis.one_sign(Made(OTHER, RIGHT)) == ""


def test_a_constant_factor() -> None:
    def sentence(factor, **parts):
        return diagnosis.constant_factor(Made(factor * RIGHT, RIGHT, **parts))

    assert sentence(3.5) == "a constant factor: the gradient is 3.5 times too large."
    assert sentence(0.4) == "a constant factor: the gradient is 2.5 times too small."
    assert sentence(-2) == "a constant factor: the gradient is -2 times the right one."
    assert sentence(7, weights=[np.ones((7, 4))]).endswith(
        "too large, and 7 is the batch size, so a 1/7 may be missing."
    )
    by = "too small, and 7 is the batch size, by which it may be divided without need."
    assert sentence(1 / 7, weights=[np.ones((7, 4))]).endswith(by)
    assert "12 is the number of entries" in sentence(12)
    assert "5 is the size of axis 1" in sentence(5, weights=[np.ones((7, 5))])
    assert "3 is the batch size" in sentence(3, is_layer=False)  # of a loss: the first axis of what is predicted
    assert "4 is the size of axis 1" in sentence(4, weights=[np.array(1.0)])
    assert diagnosis.constant_factor(Made(OTHER, RIGHT)) == ""
    two = Made(2 * RIGHT, RIGHT, weights=[np.ones((2, 4))])
    assert diagnosis.constant_factor(two) == "a constant factor: the gradient is 2 times too large."  # 2 names nothing


def test_a_single_number_is_always_a_multiple() -> None:
    assert diagnosis.constant_factor(Made([3.5], [1.0], weights=[np.ones(7)])) == ""
    assert "7 is the batch size" in diagnosis.constant_factor(Made([7.0], [1.0], weights=[np.ones(7)]))
    assert diagnosis._named_factor(Made(1.0, 1.0, weights=[np.array(1.0)]), 5.0) == ""


def test_a_factor_that_is_a_parameter() -> None:
    gamma = Parameter(np.array([2.0, -3.0, 0.5, 4.0]), dtype=np.float64)
    parts = {"parameters": {"weight": gamma}}
    missing = diagnosis.missing_parameter_factor(Made(RIGHT / gamma.tensor, RIGHT, **parts))
    assert missing == "a factor is missing: multiplied with weight it is right."
    twice = diagnosis.missing_parameter_factor(Made(RIGHT * gamma.tensor, RIGHT, **parts))
    assert twice == "a factor too many: it is multiplied with weight once too often."
    rows = Parameter(np.array([2.0, -3.0, 0.5]), dtype=np.float64)
    along_rows = Made(RIGHT / rows.tensor[:, np.newaxis], RIGHT, parameters={"weight": rows})
    assert "is missing" in diagnosis.missing_parameter_factor(along_rows)
    single = Parameter(np.array([2.0]), dtype=np.float64)
    assert "is missing" in diagnosis.missing_parameter_factor(Made(RIGHT / 2, RIGHT, parameters={"a": single}))
    for other in ({"is_parameter": True}, {"is_layer": False}):
        assert diagnosis.missing_parameter_factor(Made(RIGHT / gamma.tensor, RIGHT, **parts, **other)) == ""
    assert diagnosis.missing_parameter_factor(Made(OTHER, RIGHT, **parts)) == ""
    unfit = {"parameters": {"weight": Parameter(np.ones(7))}}
    assert diagnosis.missing_parameter_factor(Made(RIGHT, 2 * RIGHT, **unfit)) == ""


def test_a_transpose() -> None:
    square = draws.normal(size=(3, 3))
    assert "order (1, 0)" in diagnosis.transposed(Made(square.T, square))
    assert "order (1, 0)" in diagnosis.transposed(Made(RIGHT.T.reshape(3, 4), RIGHT))
    five = draws.normal(size=(2, 2, 2, 2, 2))
    assert diagnosis.transposed(Made(five.swapaxes(0, 1), five)) == ""  # too many orders to try
    assert "reversed along axis 1" in diagnosis.transposed(Made(RIGHT[:, ::-1], RIGHT))
    weight = {"weight": Parameter(np.ones((3, 3)))}
    parts = {"parameters": weight, "turned": RIGHT}
    assert "transpose of weight in backward" in diagnosis.transposed(Made(OTHER, RIGHT, **parts))
    for other in ({"is_layer": False}, {"is_parameter": True}, {"parameters": {"weight": Parameter(np.ones((3, 2)))}}):
        assert diagnosis.transposed(Made(OTHER, RIGHT, **{**parts, **other})) == ""
    assert diagnosis.transposed(Made(OTHER, RIGHT, **{**parts, "parameters": {"w": Parameter(np.ones((1, 1)))}})) == ""


def test_a_wrong_mask() -> None:
    mask, wrong = np.arange(12).reshape(3, 4) % 2 == 0, np.arange(12).reshape(3, 4) < 5
    r = draws.normal(size=(3, 4))
    pieces = Made(r * wrong, r * mask, weights=[r])
    assert diagnosis.wrong_mask(pieces).startswith("the wrong mask: the slopes are those of the pieces")
    passes = Made(RIGHT * wrong, RIGHT * mask, is_elementwise=False)
    assert diagnosis.wrong_mask(passes).startswith("the wrong mask: the gradient is zero where it must not be")
    assert diagnosis.wrong_mask(Made(OTHER, RIGHT, is_elementwise=False)) == ""
    assert diagnosis.wrong_mask(Made(OTHER, RIGHT)) == ""


def test_a_mask_that_lets_nothing_right_through_is_another_mistake() -> None:
    nowhere = Made([[0.0, 0.0, 0.0]], [[0.0, 2.0, 3.0]], is_elementwise=False)
    assert diagnosis.wrong_mask(nowhere) == ""
    leaks = Made([[5.0, 0.0, 0.0]], [[0.0, 2.0, 3.0]], is_elementwise=False)
    assert diagnosis.wrong_mask(leaks) != ""


def test_slopes_of_three_pieces_need_nine_numbers() -> None:
    r = np.ones(12)
    kinds = np.tile([0.1, 0.5, 0.7], 4)
    assert diagnosis.wrong_mask(Made(np.roll(kinds, 1), kinds, weights=[r])).startswith("the wrong mask: the slopes")
    assert diagnosis.wrong_mask(Made(np.roll(kinds[:6], 1), kinds[:6], weights=[r[:6]])) == ""
    # all the slopes of the function, and 0 and 1 besides, are those of its pieces
    found = np.array([0.0, 1.0, 0.1] * 4)
    assert diagnosis.wrong_mask(Made(found, np.tile([0.1, 0.1, 0.1], 4), weights=[r])).startswith("the wrong mask")


def test_the_direct_path() -> None:
    r, x, y = draws.normal(size=(3, 4)), draws.normal(size=(3, 4)), draws.normal(size=(3, 4))
    parts = {"weights": [r], "values": x, "outputs": [y]}
    assert "passed on unchanged" in diagnosis.direct_path(Made(r, RIGHT, **parts))
    assert "the way of x past the body" in diagnosis.direct_path(Made(RIGHT - r, RIGHT, **parts))
    assert "y is a product with x" in diagnosis.direct_path(Made(r * y / x, RIGHT, **parts))
    assert diagnosis.direct_path(Made(OTHER, RIGHT, **parts)) == ""
    assert diagnosis.direct_path(Made(r, RIGHT, **parts, is_elementwise=False)) == ""


def test_the_way_through_a_sum() -> None:
    def sentence(missing, **parts):
        return diagnosis.common_path(Made(right - missing, right, **parts))

    right = draws.normal(size=(2, 6))
    assert sentence(np.full((2, 6), 0.3)) != ""
    of_rows = np.repeat([[0.3], [0.7]], 6, axis=1)
    assert sentence(of_rows) == "a branch was left out: the way through a mean or sum along axes (1,)."
    x, y = draws.normal(size=(2, 6)), draws.normal(size=(2, 6))
    variance = "a branch was left out: the way through a mean or variance along axes (1,)."
    assert sentence(of_rows * x + of_rows, values=x) == variance
    assert sentence(of_rows * y, outputs=[y]) == variance
    assert sentence(draws.normal(size=(2, 6))) == ""
    few = draws.normal(size=(2, 4))
    assert diagnosis.common_path(Made(few - 0.3 * np.ones((2, 4)) * [[1], [2]], few)) == ""  # four numbers fit anything
    assert sentence(of_rows, is_elementwise=False) == ""


def test_a_wide_projection_is_the_best_fit() -> None:
    x = draws.normal(size=(2, 6))
    assert np.allclose(diagnosis._projected(2 * x + 5, [x], (1,)), 2 * x + 5)
    off = draws.normal(size=(2, 6))
    assert np.allclose(diagnosis._projected(off, [np.zeros((2, 6))], (1,)), off.mean(axis=1, keepdims=True))
    columns = diagnosis._projected(off, [np.zeros((2, 6))], (0,))
    assert np.allclose(columns, off.mean(axis=0, keepdims=True))


def test_own_paths_only() -> None:
    x, r = draws.normal(size=(2, 3)), draws.normal(size=(2, 3))
    W = draws.normal(size=(3, 3))

    def evidence(found, **parts):
        made = Made(found, r @ W.T, weights=[r], values=x, outputs=[x @ W], **parts)
        made.function = Function({"x": x}, lambda: [x @ W], [r])
        return made

    own = r * np.diag(W)
    assert "each input acts on its own output only" in diagnosis.own_path_only(evidence(own))
    assert diagnosis.own_path_only(evidence(own + 1)) == ""
    assert diagnosis.own_path_only(evidence(own, is_elementwise=False)) == ""
    many = Made(np.ones(201), np.ones(201))
    assert diagnosis.own_path_only(many) == ""


def test_the_way_through_time() -> None:
    right, found = draws.normal(size=(2, 5, 3)), draws.normal(size=(2, 5, 3))
    found[:, -1] = right[:, -1]
    assert diagnosis.later_steps(Made(found, right)) == (
        "a branch was left out: the way through later steps along axis 1."
    )
    found[:, -1], found[:, 0] = 0, right[:, 0]
    assert "earlier steps along axis 1" in diagnosis.later_steps(Made(found, right))
    for parts in ({"is_parameter": True}, {"is_layer": False}):
        assert diagnosis.later_steps(Made(found, right, **parts)) == ""
    assert diagnosis.later_steps(Made(OTHER, RIGHT)) == ""
    assert diagnosis.later_steps(Made(RIGHT[:, :1] + 0.0, RIGHT[:, :1])) == ""  # one step has none before it
    batch = OTHER.copy()
    batch[-1] = RIGHT[-1]
    assert diagnosis.later_steps(Made(batch, RIGHT)) == ""  # samples are no steps


def test_inner_branches() -> None:
    a, b, c, d = (draws.normal(size=(3, 4)) for _ in range(4))
    branches = {"a": a, "b": b, "c": c, "d": d}
    say = "a branch was left out: the gradient that comes back from "
    assert diagnosis.inner_branch(Made(RIGHT - b, RIGHT, branches=branches)) == f"{say}b."
    assert diagnosis.inner_branch(Made(RIGHT - a - c, RIGHT, branches=branches)) == f"{say}a and c."
    assert diagnosis.inner_branch(Made(RIGHT - a - c - d, RIGHT, branches=branches)) == f"{say}a and c and d."
    assert diagnosis.inner_branch(Made(RIGHT - a - b - c - d, RIGHT, branches=branches)) == ""
    for parts in ({"is_parameter": True}, {"is_layer": False}):
        assert diagnosis.inner_branch(Made(RIGHT - b, RIGHT, branches=branches, **parts)) == ""


def test_the_last_guess() -> None:
    assert "is x used more than once in forward?" in diagnosis.part_of_the_uses(Made(OTHER, RIGHT))
    assert diagnosis.part_of_the_uses(Made(OTHER, RIGHT, is_layer=False)) == ""
    assert diagnosis.part_of_the_uses(Made(OTHER * np.nan, RIGHT)) == ""


def test_the_largest_gradient_that_is_diagnosed() -> None:
    assert MAX_SIZE == 2000
