"""The contract of Layer: memory, what is found, modes, types, state, configuration, copies."""

import copy
import pickle

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.layers import Dropout, Layer, Linear, ReLU


class Scale(Layer):
    """y = w x, and it never calls super().__init__()."""

    def __init__(self, factor: float = 1.0) -> None:
        self.w = Parameter(np.array([factor]))

    def forward(self, x):
        self.remember(x=x)
        return self.w.tensor * x

    def backward(self, dy):
        (x,) = self.recall()
        self.w.accumulate(np.array([(dy * x).sum()]))
        return self.w.tensor * dy


class Collection(Layer):
    """Holds layers, parameters and statistics in every way an attribute can."""

    def __init__(self) -> None:
        self.single = Scale(1.0)
        self.many = [Scale(2.0), [Scale(3.0)], "no layer"]
        self.named = {"left": Scale(4.0), "right": (Parameter(np.ones(2)), 5)}
        self.own = Parameter(np.zeros(3))
        self.mean = np.zeros(2, np.float32)
        self._cache = np.ones(7)

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


class Outer(Layer):
    def __init__(self, inner: Layer, sizes=(1, 2), table=None, rng=None) -> None:
        self.inner = inner
        self.sizes = sizes

    def forward(self, x):
        return self.inner(x)

    def backward(self, dy):
        return self.inner.backward(dy)


PATHS = ["single.w", "many.0.w", "many.1.0.w", "named.left.w", "own", "named.right.0"]


# Memory.


def test_forward_and_backward_work_without_super_init():
    layer = Scale(3.0)
    np.testing.assert_array_equal(layer(np.array([1.0, 2.0])), [3, 6])
    np.testing.assert_array_equal(layer.backward(np.array([1.0, 1.0])), [3, 3])
    assert layer.w.gradient == [3]
    assert layer.training is True
    assert layer.dtype == np.float32


def test_recall_before_forward_says_why():
    with pytest.raises(
        RuntimeError, match=r"^Scale\(\): backward was called, but there is no forward to go back through\."
    ):
        Scale().backward(np.ones(1))
    with pytest.raises(RuntimeError, match="Hint: call forward on a batch first, then backward once"):
        Scale().backward(np.ones(1))


def test_forget_frees_the_memory_of_all_inside():
    layer = Outer(Scale())
    layer.forward(np.ones(2))
    layer.forget()
    with pytest.raises(RuntimeError, match="there is no forward"):
        layer.backward(np.ones(2))


def test_the_last_forward_is_remembered():
    layer = Scale()
    layer.forward(np.array([1.0]))
    layer.forward(np.array([5.0]))
    layer.backward(np.array([1.0]))
    assert layer.w.gradient == [5]


def test_forward_and_backward_must_be_written():
    class Half(Layer):
        def forward(self, x):
            return x

    with pytest.raises(TypeError, match="abstract"):
        Half()


# What is found.


def test_parameters_are_found_in_attributes_lists_tuples_and_dicts():
    assert sorted(Collection().parameters()) == sorted(PATHS)


def test_inner_layers_have_paths():
    layer = Collection()
    assert dict(layer.layers_inside()) == {
        "": layer,
        "single": layer.single,
        "many.0": layer.many[0],
        "many.1.0": layer.many[1][0],
        "named.left": layer.named["left"],
    }


def test_parameters_are_found_afresh():
    layer = Scale()
    layer.extra = Parameter(np.zeros(2))
    assert list(layer.parameters()) == ["w", "extra"]
    del layer.extra
    assert list(layer.parameters()) == ["w"]


def test_a_shared_parameter_appears_once_at_its_first_path():
    layer = Collection()
    layer.many[0].w = layer.single.w
    assert "many.0.w" not in layer.parameters()
    assert layer.parameters()["single.w"] is layer.single.w


def test_zero_gradient_reaches_all():
    layer = Collection()
    for parameter in layer.parameters().values():
        parameter.accumulate(np.ones(parameter.shape))
    layer.zero_gradient()
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())


# Modes and types.


def test_train_and_eval_reach_all_and_return_the_layer():
    layer = Outer(Outer(Dropout()))
    assert layer.eval() is layer
    assert [inside.training for _, inside in layer.layers_inside()] == [False] * 3
    assert layer.train() is layer
    assert [inside.training for _, inside in layer.layers_inside()] == [True] * 3


def test_astype_converts_values_gradients_and_statistics():
    layer = Collection()
    layer.own.tensor = np.array([0.5, 1.5, 2.5])
    layer.own.accumulate(np.ones(3))
    assert layer.astype(np.float64) is layer
    assert {parameter.dtype for parameter in layer.parameters().values()} == {np.dtype(np.float64)}
    assert layer.mean.dtype == layer.dtype == layer.single.dtype == np.float64
    np.testing.assert_array_equal(layer.own.tensor, [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(layer.own.gradient, [1, 1, 1])


def test_astype_refuses_integers():
    with pytest.raises(TypeError, match=r"Scale\(\): dtype must be a floating type, got int32\."):
        Scale().astype(np.int32)


# State.


def test_state_holds_parameters_and_statistics_but_nothing_private():
    assert sorted(Collection().state()) == sorted([*PATHS, "mean"])


def test_state_is_a_copy():
    layer = Scale(2.0)
    state = layer.state()
    state["w"][...] = 7
    assert layer.w.tensor == [2]


def test_state_round_trip():
    layer, other = Collection(), Collection()
    layer.own.tensor = np.array([1.0, 2.0, 3.0])
    layer.mean[...] = 4
    other.load_state(layer.state())
    np.testing.assert_array_equal(other.own.tensor, [1, 2, 3])
    np.testing.assert_array_equal(other.mean, [4, 4])


def test_load_state_converts_to_the_layers_type():
    layer = Scale()
    layer.load_state({"w": np.array([0.1], np.float64)})
    assert layer.w.dtype == np.float32
    assert layer.w.tensor[0] == np.float32(0.1)


def test_load_state_names_everything_that_is_off_and_changes_nothing():
    layer = Linear(2, 3)
    before = layer.state()
    with pytest.raises(
        ValueError,
        match=r"^Linear: the state does not fit this network; missing: bias; unexpected: b, c; "
        r"wrong shape: weight \(expected \(3, 2\), got \(2, 3\)\)\.\nHint: ",
    ):
        layer.load_state({"weight": np.ones((2, 3)), "b": np.ones(3), "c": np.ones(1)})
    with pytest.raises(ValueError, match="missing: bias"):
        layer.load_state({"weight": np.ones((3, 2))})
    np.testing.assert_array_equal(layer.weight.tensor, before["weight"])


# Configuration and display.


def test_config_holds_the_arguments_as_they_were_given():
    assert Linear(2, 3, bias=False).config() == {
        "class": "Linear",
        "arguments": {"in_features": 2, "out_features": 3, "bias": False},
    }
    assert Scale().config() == {"class": "Scale", "arguments": {}}


def test_config_encodes_inner_layers_sequences_and_numpy_numbers_and_leaves_rng_out():
    layer = Outer(Scale(2.0), sizes=(np.int64(3), None), table={"a": ReLU()}, rng=np.random.default_rng(0))
    assert layer.config() == {
        "class": "Outer",
        "arguments": {
            "inner": {"class": "Scale", "arguments": {"factor": 2.0}},
            "sizes": (3, None),
            "table": {"a": {"class": "ReLU", "arguments": {}}},
        },
    }


@pytest.mark.parametrize(("value", "what"), [(np.tanh, "a function"), (np.ones(2), "a ndarray"), ({1}, "a set")])
def test_config_refuses_what_no_file_can_hold(value, what):
    with pytest.raises(TypeError, match=f"^Outer: argument table is {what}, which cannot be saved in a configuration"):
        Outer(Scale(), table=value).config()


def test_a_list_or_dict_that_changes_later_changes_no_configuration():
    sizes, table = [1, 2], {"a": 3}
    layer = Outer(Scale(), sizes, table)
    before = layer.config()
    sizes.append(3)
    table["b"] = 4
    assert layer.config() == before
    assert layer.config()["arguments"]["sizes"] == [1, 2]
    assert layer.arguments["inner"] is layer.inner  # a layer is not copied


def test_repr_shows_the_arguments():
    assert repr(Linear(2, 3, bias=False, rng=np.random.default_rng(0))) == (
        "Linear(in_features=2, out_features=3, bias=False)"
    )
    assert repr(Outer(Scale(2.0))) == "Outer(inner=Scale(factor=2.0))"


def test_a_wrong_call_fails_as_in_python():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'out_features'"):
        Linear(3)


# Copies.


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_stands_alone(duplicate):
    layer = Scale(2.0)
    layer.forward(np.ones(1))
    layer.w.accumulate(np.array([3.0]))
    twin = duplicate(layer)
    assert twin.config() == layer.config()
    np.testing.assert_array_equal(twin.w.gradient, [3])
    twin.w.tensor = np.array([9.0])
    assert layer.w.tensor == [2]
    assert repr(twin) == repr(layer)
    with pytest.raises(RuntimeError, match="there is no forward"):
        twin.backward(np.ones(1))
