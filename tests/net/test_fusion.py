"""Fusion: neighbours that work as one change no number, and nothing that a user can see."""

import pickle
from copy import deepcopy
from typing import ClassVar

import numpy as np
import pytest

from tinynet.core import Parameter, checks
from tinynet.layers import Layer, Linear
from tinynet.layers.fused import Fused
from tinynet.net import Net, Residual

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


class Scale(Layer):
    """y = a x, which offers to add b in the same pass."""

    def __init__(self) -> None:
        self.factor = Parameter(np.full(1, 3.0))

    def forward(self, x):
        checks.input_shape(self, x, ("N", 3))
        self.remember(x)
        return self.factor.tensor * x

    def backward(self, dy):
        (x,) = self.recall()
        self.factor.accumulate((dy * x).sum(keepdims=True)[0])
        return self.factor.tensor * dy

    def fuse_with(self, following):
        return ScaleAndShift(self, following) if type(following) is Shift else None


class Shift(Layer):
    """y = x + b."""

    def __init__(self) -> None:
        self.bias = Parameter(np.full(1, 2.0))

    def forward(self, x):
        return x + self.bias.tensor

    def backward(self, dy):
        self.bias.accumulate(dy.sum(keepdims=True)[0])
        return dy


class ScaleAndShift(Fused):
    """y = a x + b; it notes how often it ran."""

    ran: ClassVar[list[str]] = []

    def forward(self, x):
        self.ran.append("forward")
        return self.second.forward(self.first.forward(x))

    def backward(self, dy):
        self.ran.append("backward")
        return self.first.backward(self.second.backward(dy))


class Notes:
    def __init__(self):
        self.paths = []

    def on_forward(self, path, layer, x, y):
        self.paths.append(path)

    def on_backward(self, path, layer, dy, dx):
        self.paths.append(path)


@pytest.fixture(autouse=True)
def ran():
    ScaleAndShift.ran.clear()
    return ScaleAndShift.ran


def net() -> Net:
    first, last = (Linear(3, size, rng=np.random.default_rng(size)) for size in (3, 2))
    return Net([first, Scale(), Shift(), last])


def gradients(one: Net) -> dict:
    return {path: parameter.gradient.copy() for path, parameter in one.parameters().items()}


def assert_same(one: dict, other: dict) -> None:
    assert list(one) == list(other)
    for path, array in one.items():
        np.testing.assert_array_equal(array, other[path])


def by_hand(one: Net) -> tuple[np.ndarray, np.ndarray]:
    """y and dx, layer by layer."""
    y = X
    for layer in one:
        y = layer.forward(y)
    dx = np.ones_like(y)
    for layer in reversed(one.layers):
        dx = layer.backward(dx)
    return y, dx


def test_neighbours_work_as_one(ran):
    one, other = net(), net()
    y, dx = by_hand(other)
    np.testing.assert_array_equal(one.forward(X), y)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert_same(gradients(one), gradients(other))
    assert ran == ["forward", "backward"]


def test_nothing_shows_it(ran):
    one, other = net(), net()
    one.forward(X)
    assert ran
    assert [path for path, _ in one.layers_inside()] == ["", "0", "1", "2", "3"]
    assert one.config() == other.config()
    assert repr(one) == repr(other)
    assert_same(one.state(), other.state())


def test_a_net_that_is_watched_is_not_fused(ran):
    one = net()
    with one.watch(Notes()) as notes:
        one.backward(np.ones_like(one.forward(X)))
    assert notes.paths == ["0", "1", "2", "3", "", "3", "2", "1", "0", ""]
    assert not ran
    one.forward(X)
    assert ran


@pytest.mark.parametrize("index", [1, 2])
def test_nor_are_layers_of_which_one_is_shadowed(ran, index):
    one = net()
    one[index].forward = one[index].forward
    one.forward(X)
    assert not ran


def test_a_watch_may_begin_or_end_between_forward_and_backward(ran):
    one, other = net(), net()
    y, dx = by_hand(other)
    y = one.forward(X)
    with one.watch(Notes()):
        np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert ran == ["forward", "backward"]
    with one.watch(Notes()):
        one.forward(X)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert ran == ["forward", "backward"]


@pytest.mark.parametrize("changed", ["forward", "backward", "backward_parameters"])
def test_a_subclass_with_methods_of_its_own_is_not_fused(ran, changed):
    kind = type("Own", (Scale,), {changed: getattr(Scale, changed)})
    Net([kind(), Shift()]).forward(X)
    assert not ran
    Net([type("Same", (Scale,), {})(), Shift()]).forward(X)
    assert ran


def test_what_is_fused_can_offer_again(ran):
    class Twice(Scale):
        forward, backward = Scale.forward, Scale.backward

        def fuse_with(self, following):
            return Longer(self, following) if type(following) is Shift else None

    class Longer(ScaleAndShift):
        forward, backward = ScaleAndShift.forward, ScaleAndShift.backward

        def fuse_with(self, following):
            return ScaleAndShift(self, following) if type(following) is Shift else None

    layers = [Twice(), Shift(), Shift(), Shift()]
    y = Net(layers).forward(X)
    np.testing.assert_array_equal(y, ((3 * X + np.float32(2)) + np.float32(2)) + np.float32(2))
    assert ran == ["forward", "forward"]  # of the three, one within the other; the last Shift by itself


@pytest.mark.parametrize("frozen", [[0], [0, 1], [0, 1, 2], [0, 2], [0, 1, 2, 3]], ids=str)
def test_without_the_gradient_of_the_input(frozen):
    one, other = net(), net()
    for some in (one, other):
        for index in frozen:
            for parameter in some[index].parameters().values():
                parameter.trainable = False
    by_hand(other)
    assert one.backward(np.ones_like(one.forward(X)), input_gradient=False) is None
    assert_same(gradients(one), gradients(other))


def test_memory_is_freed_and_missed():
    one = net()
    y = one.forward(X)
    one.forget()
    for layer in (one, one[1]):
        with pytest.raises(RuntimeError, match="there is no forward"):
            layer.backward(np.ones_like(y))
    one.backward(np.ones_like(one.forward(X)))
    assert one[1]._memory is None
    with pytest.raises(RuntimeError, match="there is no forward"):
        one.backward(np.ones_like(y))


def test_copies_and_pickles_go_on_alike():
    one = net()
    y, dx = by_hand(net())
    one.forward(X)
    for copy in (deepcopy(one), pickle.loads(pickle.dumps(one))):
        np.testing.assert_array_equal(copy.forward(X), y)
        np.testing.assert_array_equal(copy.backward(np.ones_like(y)), dx)


def test_an_error_names_the_layer_at_fault():
    with pytest.raises(ValueError, match=r"layer 1\.body\.1: Scale\(\): expected x of shape \(N, 3\), got \(5, 2\)"):
        Net([Linear(3, 2), Residual([Linear(2, 2), Scale(), Shift()])]).forward(X)
    with pytest.raises(ValueError, match=r"What came is the output of layer 0: Linear"):
        Net([Linear(3, 2), Scale(), Shift()]).forward(X)


def test_bodies_of_branches_are_fused_too(ran):
    one = Net([Residual([Scale(), Shift()])])
    np.testing.assert_array_equal(one.forward(X), 3 * X + np.float32(2) + X)
    one.backward(X)
    assert ran == ["forward", "backward"]
