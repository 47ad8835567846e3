"""Parameter."""

import copy
import pickle

import numpy as np
import pytest

from tinynet.core import Parameter

DUPLICATES = [copy.deepcopy, copy.copy, lambda parameter: pickle.loads(pickle.dumps(parameter))]


def test_holds_a_copy_in_float32():
    values = np.array([[1.0, 2.0]])
    parameter = Parameter(values)
    values[...] = 9
    np.testing.assert_array_equal(parameter.tensor, [[1, 2]])
    np.testing.assert_array_equal(parameter.gradient, [[0, 0]])
    assert (parameter.shape, parameter.size, parameter.dtype) == ((1, 2), 2, np.float32)
    assert parameter.trainable is True


def test_dtype_is_as_asked():
    assert Parameter(np.ones(2, np.float32), dtype=np.float64).gradient.dtype == np.float64


def test_a_number_is_a_parameter_too():
    parameter = Parameter(np.float64(3))
    assert (parameter.shape, parameter.size) == ((), 1)
    parameter.accumulate(np.float32(2))
    assert parameter.gradient == 2


def test_accumulate_adds():
    parameter = Parameter(np.zeros(2))
    parameter.accumulate(np.array([1.0, 2.0]))
    parameter.accumulate(np.array([10.0, 20.0]))
    np.testing.assert_array_equal(parameter.gradient, [11, 22])
    parameter.zero_gradient()
    np.testing.assert_array_equal(parameter.gradient, [0, 0])


def test_a_frozen_parameter_accumulates_nothing():
    parameter = Parameter(np.zeros(2), trainable=False)
    parameter.accumulate(np.ones(2))
    np.testing.assert_array_equal(parameter.gradient, [0, 0])


def test_assigning_writes_into_the_same_memory():
    parameter = Parameter(np.zeros(2))
    tensor, gradient = parameter.tensor, parameter.gradient
    parameter.tensor = [1, 2]
    parameter.gradient = np.array([3.0, 4.0])
    parameter.tensor += 1
    parameter.gradient *= 2
    np.testing.assert_array_equal(tensor, [2, 3])
    np.testing.assert_array_equal(gradient, [6, 8])


def test_shapes_are_checked():
    parameter = Parameter(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"^Parameter\.tensor: expected shape \(2, 3\), got \(3,\)\."):
        parameter.tensor = np.zeros(3)  # NumPy alone would broadcast it
    with pytest.raises(ValueError, match=r"^Parameter\.gradient: expected shape \(2, 3\), got \(\)\."):
        parameter.gradient = 0.0
    with pytest.raises(ValueError, match=r"^Parameter\.accumulate: expected shape \(2, 3\), got \(3, 2\)\."):
        parameter.accumulate(np.zeros((3, 2)))


@pytest.mark.parametrize("values", [np.ones(2, int), [1, 2], np.array(["a"]), np.ones(2, complex)])
def test_values_must_be_floating(values):
    with pytest.raises(TypeError, match=r"^Parameter: tensor must hold floating-point numbers, got "):
        Parameter(values)


def test_astype_keeps_values_and_gradient():
    parameter = Parameter(np.array([0.5, 1.5]))
    parameter.accumulate(np.array([2.0, 3.0]))
    parameter.astype(np.float64)
    assert parameter.tensor.dtype == parameter.gradient.dtype == np.float64
    np.testing.assert_array_equal(parameter.tensor, [0.5, 1.5])
    np.testing.assert_array_equal(parameter.gradient, [2, 3])


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_a_copy_has_memory_of_its_own(duplicate):
    original = Parameter(np.ones(3))
    original.accumulate(np.ones(3))
    original.trainable = False
    twin = duplicate(original)
    assert (twin.trainable, twin.dtype) == (False, np.float32)
    np.testing.assert_array_equal(twin.gradient, [1, 1, 1])
    twin.tensor = np.full(3, 7.0)
    twin.gradient *= 2
    np.testing.assert_array_equal(original.tensor, [1, 1, 1])
    np.testing.assert_array_equal(original.gradient, [1, 1, 1])


def test_the_values_lie_in_c_order_whatever_they_were_made_of():
    parameter = Parameter(np.zeros((2, 3)).T)
    parameter.astype(np.float64)
    assert parameter.tensor.flags.c_contiguous
    assert parameter.gradient.flags.c_contiguous


def test_a_copy_keeps_float64():
    assert copy.deepcopy(Parameter(np.array([0.1]), dtype=np.float64)).tensor[0] == 0.1


def test_repr():
    assert repr(Parameter(np.zeros((2, 3)))) == "Parameter(shape=(2, 3), dtype=float32)"
    assert repr(Parameter(np.zeros(1), trainable=False)).endswith("trainable=False)")
