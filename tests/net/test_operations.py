"""The single operations of a graph: their gradients at the edges, and the words of their errors."""

import re

import numpy as np
import pytest

from tinynet.net import Graph
from tinynet.net.operations import (
    Choose,
    Clip,
    Combine,
    Compare,
    CumulativeSum,
    Einsum,
    Elementwise,
    Expand,
    Join,
    MatMul,
    Part,
    Power,
    Reduce,
    Repeat,
    Take,
    Transpose,
    View,
)
from tinynet.net.operations.arithmetic import summed_to

X = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize("shape", [(0, 3), (4, 0, 3), (2, 3), (3,), (1, 3)])
def test_a_repeated_array_gets_the_sum_of_its_gradients_even_of_none(shape):
    given = np.random.default_rng(1).normal(size=shape)
    for part in ((1, 3), (3,), (1, 1)):
        expected = np.zeros(part)
        for row in given.reshape(-1, 3):
            expected += row if part[-1] == 3 else row.sum()
        if len(part) <= len(shape):
            np.testing.assert_allclose(summed_to(given, part), expected, atol=1e-12)


def test_an_empty_batch_goes_back_through_what_repeats_a_row():
    graph = Graph(["x", "b"], [("sum", Combine("add"), ["x", "b"], ["y"])], ["y"])
    y = graph.forward(np.ones((0, 3)), np.ones((1, 3)))
    dx, db = graph.backward(y)
    assert dx.shape == (0, 3)
    np.testing.assert_array_equal(db, np.zeros((1, 3)))
    layer = Expand(0, 3)
    np.testing.assert_array_equal(layer.backward(layer.forward(np.ones((1, 3)))), np.zeros((1, 3)))


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool])
def test_a_comparison_gives_zeros_in_the_type_of_its_gradient_back(kind):
    layer = Compare("greater")
    layer.forward(np.array([1, 2], kind), np.array([[2], [0], [1]], kind))
    da, db = layer.backward(np.ones((3, 2), np.float64))
    for gradient, shape in ((da, (2,)), (db, (3, 1))):
        assert gradient.dtype == np.float64
        np.testing.assert_array_equal(gradient, np.zeros(shape))


def test_a_comparison_is_in_the_floating_type_of_its_first_array():
    for kind, expected in ((np.float64, np.float64), (np.float32, np.float32), (np.int64, np.float32)):
        assert Compare("less").forward(np.array([1], kind), np.array([2.0])).dtype == expected


@pytest.mark.parametrize(
    ("layer", "arrays"),
    [(Join(0), [X]), (Join(1), [X, X[:, :1]]), (Einsum("ij->j"), [X]), (Einsum("ij,ij->"), [X, X])],
    ids=repr,
)
def test_one_array_has_one_gradient_and_several_have_a_tuple(layer, arrays):
    gradients = layer.backward(np.ones_like(layer.forward(*arrays)))
    if len(arrays) == 1:
        gradients = (gradients,)
    assert isinstance(gradients, tuple)
    assert [gradient.shape for gradient in gradients] == [array.shape for array in arrays]


def test_what_is_joined_is_told_apart_and_summed_where_it_was_repeated():
    layer = Join(-1)
    y = layer.forward(np.ones((2, 1)), np.full((1, 2), 5.0))
    np.testing.assert_array_equal(y, [[1, 5, 5], [1, 5, 5]])
    first, second = layer.backward(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]))
    np.testing.assert_array_equal(first, [[1], [10]])
    np.testing.assert_array_equal(second, [[22, 33]])


def test_what_was_taken_gets_its_gradient_at_its_place():
    taken = Take(1)
    taken.forward(np.ones((1, 3)), np.array([2, 0, 2]))
    dx, none = taken.backward(np.array([[1.0, 10.0, 100.0]]))
    np.testing.assert_array_equal(dx, [[10, 0, 101]])
    assert none is None
    part = Part(1, -1, None, -2)
    part.forward(np.ones((1, 4)))
    np.testing.assert_array_equal(part.backward(np.array([[1.0, 10.0]])), [[0, 10, 0, 1]])


def test_a_gradient_goes_to_what_was_chosen():
    layer = Choose()
    layer.forward(np.array([[True, False, True], [False, False, True]]), np.ones(3), np.ones((2, 1)))
    none, da, db = layer.backward(np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]))
    assert none is None
    np.testing.assert_array_equal(da, [1, 0, 36])
    np.testing.assert_array_equal(db, [[2], [24]])


def test_many_rows_are_added_up_with_all_digits():
    layer = Repeat()
    layer.forward(np.ones((1, 2), np.float32), np.zeros((1_000_000, 1), np.float32))
    dx, none = layer.backward(np.full((1_000_000, 2), 0.1, np.float32))
    np.testing.assert_allclose(dx, [[1e5, 1e5]], rtol=1e-6)
    assert dx.dtype == np.float32
    assert none.shape == (1_000_000, 1)
    assert not none.any()


def test_the_gradient_of_a_reduction_whose_axis_is_gone():
    for operation, expected in (("mean", [[2, 2, 2], [3, 3, 3]]), ("sum", [[6, 6, 6], [9, 9, 9]])):
        layer = Reduce(operation, (1,), keepdims=False)
        assert layer.forward(np.ones((2, 3))).shape == (2,)
        np.testing.assert_allclose(layer.backward(np.array([6.0, 9.0])), expected)
    layer = Reduce("logsumexp", (0, 1), keepdims=False)
    assert layer.forward(np.log([[1.0, 2.0], [4.0, 1.0]])) == pytest.approx(np.log(8))
    np.testing.assert_allclose(layer.backward(np.array(8.0)), [[1, 2], [4, 1]])


def test_the_sum_of_nothing_is_0_and_of_its_mean_nothing_can_be_said():
    assert Reduce("sum", (0,)).forward(np.ones((0, 2))).tolist() == [[0, 0]]
    for operation in ("max", "min", "logsumexp"):
        words = (
            rf"^Reduce\(operation='{operation}', axes=\(0,\)\): expected at least one number, got x of shape \(0, 2\)"
        )
        with pytest.raises(ValueError, match=words):
            Reduce(operation, (0,)).forward(np.ones((0, 2)))


def test_a_sum_so_far_goes_back_to_all_that_it_holds():
    layer = CumulativeSum(1)
    layer.forward(X)
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 2.0, 4.0, 8.0]])), [[15, 14, 12, 8]])


def test_at_its_bounds_a_number_has_no_gradient():
    layer = Clip(0, 6)
    layer.forward(np.array([-1.0, 0.0, 3.0, 6.0, 7.0]))
    np.testing.assert_array_equal(layer.backward(np.ones(5)), [0, 0, 1, 0, 0])


@pytest.mark.parametrize(
    ("build", "kind", "sentence"),
    [
        (
            lambda: Reduce("average", (0,)),
            ValueError,
            "Reduce: operation must be one of 'mean', 'sum', 'max', 'min', 'norm', 'logsumexp'; got 'average'.",
        ),
        (
            lambda: Combine("plus"),
            ValueError,
            "Combine: operation must be one of 'add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'; got "
            "'plus'.",
        ),
        (
            lambda: Compare("greatest"),
            ValueError,
            "Compare: comparison must be one of 'equal', 'greater', 'greater_equal', 'less', 'less_equal'; got "
            "'greatest'.\nHint: did you mean 'greater'?",
        ),
        (
            lambda: Elementwise("gamma"),
            ValueError,
            "Elementwise: function must be one of 'abs', 'atan', 'ceil', 'cos', 'cosh', 'erf', 'exp', 'floor', 'log', "
            "'negative', 'reciprocal', 'round', 'sign', 'sin', 'sinh', 'sqrt', 'tan'; got 'gamma'.",
        ),
        (lambda: Reduce("mean", 1), TypeError, "Reduce: axes must be a tuple of integers, got 1."),
        (lambda: Reduce("sum", (0, 1.5)), TypeError, "Reduce: axes[1] must be an integer, got 1.5."),
        (lambda: Reduce("sum", (0,), keepdims=1), TypeError, "Reduce: keepdims must be True or False, got 1."),
        (lambda: Transpose(1, 0.5), TypeError, "Transpose: axes[1] must be an integer, got 0.5."),
        (lambda: Transpose(0, 0), ValueError, "Transpose: expected each axis from 0 to 1 once, got (0, 0)."),
        (lambda: Transpose(0, 2), ValueError, "Transpose: expected each axis from 0 to 1 once, got (0, 2)."),
        (lambda: View("y"), TypeError, "View: sizes[0] must be an integer, got 'y'."),
        (lambda: View(2, -2), ValueError, "View: sizes[1] must be at least -1, got -2."),
        (lambda: Expand("xy"), TypeError, "Expand: sizes[0] must be an integer, got 'xy'."),
        (lambda: Part(0, step=0), ValueError, "Part: step must not be 0."),
        (lambda: Part(-1), ValueError, "Part: axis must be at least 0, got -1."),
        (lambda: Part(0, "a"), TypeError, "Part: start must be an integer, got 'a'."),
        (lambda: Part(0, 1, 2.5), TypeError, "Part: stop must be an integer, got 2.5."),
        (
            lambda: Take(0).forward(X, X[0] > 0),
            TypeError,
            "Take(axis=0): expected an index of integers, got bool.",
        ),
        (lambda: Take(-1), ValueError, "Take: axis must be at least 0, got -1."),
        (lambda: Join("a"), TypeError, "Join: axis must be an integer, got 'a'."),
        (lambda: CumulativeSum(None), TypeError, "CumulativeSum: axis must be an integer, got None."),
        (lambda: Power("2"), TypeError, "Power: exponent must be a number, got '2'."),
        (lambda: Clip(low=None), TypeError, "Clip: low must be a number, got None."),
        (lambda: Clip(high=np.inf), ValueError, "Clip: high must be finite, got inf."),
        (
            lambda: Einsum("ij"),
            ValueError,
            "Einsum: expected an equation of letters, got 'ij'.\nHint: write \"nij,njk->nik\".",
        ),
        (
            lambda: Einsum("...i->i"),
            ValueError,
            "Einsum: expected an equation of letters, got '...i->i'.\nHint: write \"nij,njk->nik\".",
        ),
        *[
            (
                lambda equation=equation: Einsum(equation),
                ValueError,
                f"Einsum: expected different axes in each array, got '{equation}'.\nHint: name each axis of an array "
                "once, and after -> only axes that an array has.",
            )
            for equation in ("ii->i", "i->j")
        ],
        (lambda: Einsum(3), TypeError, "Einsum: equation must be a string, got 3."),
        (
            lambda: Einsum("i->ii"),
            ValueError,
            "Einsum: expected different axes in each array, got 'i->ii'.\nHint: name each axis of an array once, and "
            "after -> only axes that an array has.",
        ),
        (
            lambda: MatMul().forward(X[0], X),
            ValueError,
            "MatMul(): expected two arrays with at least two axes, got (4,) and (3, 4).",
        ),
        (lambda: Repeat().forward(X, X), ValueError, "Repeat(): expected one row, got x of shape (3, 4)."),
    ],
)
def test_the_sentences_of_wrong_operations(build, kind, sentence):
    with pytest.raises(kind, match=f"^{re.escape(sentence)}$"):
        build()
