"""What is computed while a file is read: ONNX's own cases, and what they leave out."""

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx

from tests.exchange.onnx.test_backend import cases
from tests.exchange.onnx.test_operators import loaded
from tests.exchange.onnx.test_unreadable import F, model
from tinynet.exchange.onnx.read.file import Unreadable, _node
from tinynet.exchange.onnx.read.folding import FOLDS, axes_of, fold, new_shape, shape_of, slices_of


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("op", sorted({*FOLDS, "Split"} - {"Cast", "Size"}))
def test_the_cases_of_onnx_itself(op):
    n_right = 0
    for case in cases()[op]:
        node, (inputs, outputs) = case.model.graph.node[0], case.data_sets[0]
        if any(y.dtype.kind not in "biuf" for y in outputs):
            continue  # as bfloat16, which no file is read with
        given = iter(inputs)
        arrays = [next(given) if name else None for name in node.input]
        try:
            found = fold(op, arrays, _node(onnx, node, None).attributes, len(node.output))
        except Unreadable:
            continue
        assert len(found) == len(outputs), case.name
        for y, expected in zip(found, outputs, strict=True):
            assert y.shape == expected.shape, case.name
            assert y.dtype == expected.dtype, case.name
            np.testing.assert_allclose(
                y.astype(np.float64), expected.astype(np.float64), rtol=1e-3, atol=1e-5, err_msg=case.name
            )
        n_right += 1
    assert n_right > 0


def test_other_operators_are_not_computed():
    assert fold("Relu", [np.ones(2)], {}, 1) is None


def test_axes_stand_in_an_attribute_or_in_an_input():
    assert axes_of([None, np.array([1])], {"axes": [0]}) == (0,)
    assert axes_of([None, None], {}) is axes_of([None], {}) is None
    assert axes_of([None, None, np.array(2)], {}, at=2) == (2,)


@pytest.mark.parametrize(
    ("old", "wanted", "allow_zero", "found"),
    [
        ((2, 3), [0, -1], False, (2, 3)),
        ((2, 3), [3, 0], False, None),
        ((2, 3), [-1, 1, 2], False, (3, 1, 2)),
        ((0, 3), [0, 5], True, (0, 5)),
        ((0, 3), [0, 3], False, (0, 3)),
        ((0, 3), [0, -1], True, None),
        ((2, 3), [2, 3, 0], False, None),
        ((2, 3), [-1, 4], False, None),
        ((2, 3), [-1, -1], False, None),
        ((2, 3), [-2, 3], False, None),
        ((2, 3), [6, 1, 1], False, (6, 1, 1)),
        ((2, 3), [7], False, None),
    ],
)
def test_what_reshape_asks_for(old, wanted, allow_zero, found):
    if found is not None:
        assert new_shape(np.zeros(old), np.array(wanted), allow_zero) == found
        return
    impossible = rf"^an array of shape \({old[0]}, {old[1]}\) cannot become \[.*\]\.$"
    with pytest.raises(Unreadable, match=rf"{impossible}|^it asks for the shape \[.*\]\.$"):
        new_shape(np.zeros(old), np.array(wanted), allow_zero)


def test_a_cut_names_its_axis_and_its_places():
    x = np.zeros((4, 5, 6))
    assert slices_of(x, [x, [1, 0], [3, 9]], {}) == [(0, 1, 3, 1), (1, 0, None, 1)]
    assert slices_of(x, [x, [1], [3], [-1]], {}) == [(2, 1, 3, 1)]
    assert slices_of(x, [x, [4], [-99], [1], [-2]], {}) == [(1, 4, None, -2)]
    old = {"starts": [1], "ends": [5], "axes": [1]}  # before opset 10
    assert slices_of(x, [x], old) == [(1, 1, None, 1)]
    assert slices_of(x, [x], {"starts": [1, 2], "ends": [2, 4]}) == [(0, 1, 2, 1), (1, 2, 4, 1)]
    assert slices_of(x, [x, [0], [2**62]], {}) == [(0, 0, None, 1)]


def test_some_of_a_shape():
    x = np.zeros((4, 5, 6))
    assert shape_of(x, {}).tolist() == [4, 5, 6]
    assert shape_of(x, {"start": 1, "end": -1}).tolist() == [5]
    assert shape_of(x, {"start": -1}).dtype == np.int64


def test_whole_numbers_are_divided_towards_zero_and_by_zero_without_a_word():
    def quotient(x, y):
        return fold("Div", [np.array(x), np.array(y)], {}, 1)[0]

    assert quotient([7, -7, 7], [2, 2, -2]).tolist() == [3, -3, -3]
    assert quotient([7], [2]).dtype == np.int64
    assert quotient([7], [0]).tolist() == [7]
    assert quotient([1.0, -1.0], [2.0, 0.0]).tolist() == [0.5, -np.inf]


def test_numbers_that_are_all_alike_are_zeros_unless_it_is_said():
    (zeros,) = fold("ConstantOfShape", [np.array([2])], {}, 1)
    assert (zeros.tolist(), zeros.dtype) == ([0, 0], np.float32)
    (sevens,) = fold("ConstantOfShape", [np.array([2])], {"value": np.array([7])}, 1)
    assert (sevens.tolist(), sevens.dtype) == ([7, 7], np.int64)


def test_the_size_of_an_array_is_counted_in_both_examples(tmp_path):
    nodes = [("Size", ["x"], ["s"], {}), ("Cast", ["s"], ["f"], {"to": onnx.TensorProto.FLOAT})]
    with pytest.raises(ValueError, match=r"needs an array that depends on the shape of the input: \(\) for one shape"):
        loaded(model([*nodes, ("Mul", ["x", "f"], ["y"], {})]), tmp_path)
    net = loaded(model([*nodes, ("Mul", ["x", "f"], ["y"], {})], (2, 4)), tmp_path)
    assert net.predict(np.ones((2, 4), F)).tolist() == [[8.0] * 4] * 2
