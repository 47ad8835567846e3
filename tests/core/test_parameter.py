"""Parameter, Store and runs."""

import copy
import pickle

import numpy as np
import pytest

from tinynet.core import Parameter, Run, Store, pack, runs

DUPLICATES = [copy.deepcopy, copy.copy, lambda parameter: pickle.loads(pickle.dumps(parameter))]


def parameters(*sizes: int) -> list[Parameter]:
    return [Parameter(np.full(size, float(index))) for index, size in enumerate(sizes)]


# Parameter.


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
    neighbours = parameters(2, 3)
    pack(neighbours)
    original = neighbours[1]
    original.accumulate(np.ones(3))
    original.trainable = False
    twin = duplicate(original)
    assert twin.store is not original.store
    assert twin.store.tensors.size == 3  # its neighbours did not come along
    assert (twin.trainable, twin.dtype) == (False, np.float32)
    np.testing.assert_array_equal(twin.gradient, [1, 1, 1])
    twin.tensor = np.full(3, 7.0)
    np.testing.assert_array_equal(original.tensor, [1, 1, 1])


def test_a_copy_keeps_float64():
    assert copy.deepcopy(Parameter(np.array([0.1]), dtype=np.float64)).tensor[0] == 0.1


def test_repr():
    assert repr(Parameter(np.zeros((2, 3)))) == "Parameter(shape=(2, 3), dtype=float32)"
    assert repr(Parameter(np.zeros(1), trainable=False)).endswith("trainable=False)")


# Store, pack and runs.


def test_a_new_store_is_zero():
    store = Store(3, np.float64)
    np.testing.assert_array_equal(store.tensors, [0, 0, 0])
    np.testing.assert_array_equal(store.gradients, [0, 0, 0])


def test_pack_lays_side_by_side_and_keeps_everything():
    a, b = parameters(2, 3)
    b.accumulate(np.array([1.0, 2.0, 3.0]))
    pack([a, b])
    np.testing.assert_array_equal(a.store.tensors, [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(b.store.gradients, [0, 0, 1, 2, 3])
    b.tensor = np.full(3, 5.0)
    np.testing.assert_array_equal(a.store.tensors, [0, 0, 5, 5, 5])


def test_pack_makes_a_store_for_each_dtype():
    a, b, c = parameters(1, 1, 1)
    b.astype(np.float64)
    pack([a, b, c])
    assert a.store is c.store
    assert a.store is not b.store
    assert (a.start, c.start) == (0, 1)
    pack([])


def test_a_run_is_a_view_of_its_parameters():
    a, b = parameters(2, 3)
    pack([a, b])
    (run,) = runs([a, b])
    assert run.parameters == [a, b]
    run.tensor += 1
    run.gradient[...] = 2
    np.testing.assert_array_equal(b.tensor, [2, 2, 2])
    np.testing.assert_array_equal(a.gradient, [2, 2])
    Run([b]).zero_gradient()
    np.testing.assert_array_equal(run.gradient, [2, 2, 0, 0, 0])


def members(found: list[Run], names: dict[int, str]) -> list[str]:
    return ["".join(names[id(parameter)] for parameter in run.parameters) for run in found]


def test_runs_end_at_frozen_parameters_at_gaps_and_where_they_are_not_alike():
    a, b, c, d = group = parameters(1, 2, 3, 4)
    names = dict(zip(map(id, group), "abcd", strict=True))
    assert members(runs(group), names) == ["a", "b", "c", "d"]  # each in a store of its own
    pack(group)
    assert members(runs(group), names) == ["abcd"]
    assert members(runs([a, b, d]), names) == ["ab", "d"]
    assert members(runs([b, a, c]), names) == ["b", "a", "c"]  # neighbours, but in another order
    assert members(runs(group, alike=lambda parameter: parameter.size > 2), names) == ["ab", "cd"]
    b.trainable = False
    assert members(runs(group), names) == ["a", "cd"]
    pack([c])
    assert members(runs(group), names) == ["a", "c", "d"]
    pack([a])
    pack(others := parameters(1, 2))
    assert len(runs([a, others[1]])) == 2  # it begins where the other ends, but in another store
    assert runs([]) == []
