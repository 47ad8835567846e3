"""Training changes just the values that it should, whoever holds the parameters."""

import copy
import pickle

import numpy as np
import pytest

from tinynet.core import seed
from tinynet.layers import Dropout, Linear, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 4))
Y = RNG.normal(size=(16, 2))
OPTIMIZERS = [lambda: SGD(lr=0.1), lambda: SGD(lr=0.1, momentum=0.9), lambda: Adam(lr=0.01)]


def mlp() -> Net:
    return Net([Linear(4, 5), Tanh(), Linear(5, 2)]).astype(np.float64)


def step(net, optimizer, x=X, y=Y) -> float:
    loss, gradient = mean_squared_error(net.forward(x), y)
    net.backward(gradient)
    net.update(optimizer)
    return loss


def one_by_one(net, rules) -> None:
    """A step in which every parameter has a rule of its own."""
    _, gradient = mean_squared_error(net.forward(X), Y)
    net.backward(gradient)
    for path, parameter in net.parameters().items():
        rules[path].step({path: parameter})


def by_hand(net, n_steps, lr=0.1) -> dict[str, np.ndarray]:
    """The weights of `mlp` after so many steps of plain SGD, with no framework at all."""
    W1, b1, W2, b2 = (array.copy() for array in net.state().values())
    for _ in range(n_steps):
        H = np.tanh(X @ W1.T + b1)
        dy = 2 * (H @ W2.T + b2 - Y) / Y.size
        dh = (dy @ W2) * (1 - H**2)
        W2 -= lr * dy.T @ H
        b2 -= lr * dy.sum(0)
        W1 -= lr * dh.T @ X
        b1 -= lr * dh.sum(0)
    return dict(zip(net.state(), (W1, b1, W2, b2), strict=True))


def assert_states(got, expected):
    assert list(got) == list(expected)
    for path, array in expected.items():
        np.testing.assert_allclose(got[path], array, rtol=1e-10, err_msg=path)


def test_plain():
    net = mlp()
    expected = by_hand(net, 3)
    optimizer = SGD(lr=0.1)
    for _ in range(3):
        step(net, optimizer)
    assert_states(net.state(), expected)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_after_a_copy(duplicate):
    net = mlp()
    net.forward(X)
    twin = duplicate(net)
    expected, before = by_hand(net, 2), net.state()
    optimizer = SGD(lr=0.1)
    for _ in range(2):
        step(twin, optimizer)
    assert_states(twin.state(), expected)
    assert_states(net.state(), before)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_copying_net_and_optimizer_together_goes_on_as_the_original(optimizer):
    net, rule = mlp(), optimizer()
    step(net, rule)
    twin, twin_rule = copy.deepcopy((net, rule))
    third, third_rule = pickle.loads(pickle.dumps((net, rule)))
    for _ in range(3):
        step(net, rule)
        step(twin, twin_rule)
        step(third, third_rule)
    assert_states(twin.state(), net.state())
    assert_states(third.state(), net.state())


def test_through_an_inner_net():
    inner = Net([Tanh(), Linear(5, 2)])
    net = Net([Linear(4, 5), inner]).astype(np.float64)
    before, expected = net.state(), by_hand(net, 1)
    _, gradient = mean_squared_error(net.forward(X), Y)
    net.backward(gradient)
    inner.update(SGD(lr=0.1))
    after = net.state()
    for path in after:  # the outer layer has its gradient still, and its values
        np.testing.assert_allclose(after[path], (expected if path.startswith("1.") else before)[path], rtol=1e-12)
    Net([net[0]]).update(SGD(lr=0.1))
    assert_states(net.state(), expected)


def test_an_inner_net_alone_then_the_whole():
    inner = Net([Linear(4, 5), Tanh()])
    net = Net([inner, Linear(5, 2)]).astype(np.float64)
    inner.update(SGD(lr=0.1))  # there is no gradient yet
    expected = by_hand(net, 1)
    step(net, SGD(lr=0.1))
    assert_states(net.state(), expected)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_layer_in_two_nets(optimizer):
    """A shared encoder, trained by two heads in turn, ends as it does with a rule of its own for every parameter."""
    seed(0)
    encoder, left, right = Linear(4, 5), Linear(5, 2), Linear(5, 2)
    nets = [Net([encoder, Tanh(), left]).astype(np.float64), Net([encoder, Tanh(), right]).astype(np.float64)]
    twins = copy.deepcopy(nets)
    assert twins[0][0] is twins[1][0]
    rules = [optimizer(), optimizer()]
    single_rules = [{path: optimizer() for path in net.parameters()} for net in twins]
    for _ in range(4):
        for net, rule in zip(nets, rules, strict=True):
            step(net, rule)
        for net, single in zip(twins, single_rules, strict=True):
            one_by_one(net, single)
    for net, twin in zip(nets, twins, strict=True):
        assert_states(net.state(), twin.state())
    np.testing.assert_array_equal(nets[0][0].weight.tensor, nets[1][0].weight.tensor)


def test_one_layer_in_two_nets_by_hand():
    encoder = Linear(4, 2)
    first, second = Net([encoder]).astype(np.float64), Net([encoder]).astype(np.float64)
    W, b = encoder.weight.tensor.copy(), encoder.bias.tensor.copy()
    optimizer = SGD(lr=0.1)
    for net in (first, second, first):
        dy = 2 * (X @ W.T + b - Y) / Y.size
        W, b = W - 0.1 * dy.T @ X, b - 0.1 * dy.sum(0)
        step(net, optimizer)
    np.testing.assert_allclose(encoder.weight.tensor, W)
    np.testing.assert_allclose(encoder.bias.tensor, b)


@pytest.mark.parametrize("n_copies", [0, 1])
def test_tied_weights(n_copies):
    net = Net([Linear(4, 4, bias=False), Linear(4, 4, bias=False)])
    net[1].weight = net[0].weight
    net.astype(np.float64)
    for _ in range(n_copies):
        net = copy.deepcopy(net)
    assert net[0].weight is net[1].weight
    assert list(net.parameters()) == ["0.weight"]
    W, target = net[0].weight.tensor.copy(), np.ones((16, 4))
    H = X @ W.T
    dy = 2 * (H @ W.T - target) / target.size
    W -= 0.1 * (dy.T @ H + (dy @ W).T @ X)
    step(net, SGD(lr=0.1), X, target)
    np.testing.assert_allclose(net[1].weight.tensor, W)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("frozen", ["0.weight", "0.bias", "2.bias"])
def test_frozen_parameters_stay_and_the_others_learn_as_ever(optimizer, frozen):
    net = mlp()
    twin = copy.deepcopy(net)
    before = net.parameters()[frozen].tensor.copy()
    net.parameters()[frozen].trainable = False
    rule, twin_rule = optimizer(), optimizer()
    for _ in range(3):
        step(net, rule)
        step(twin, twin_rule)
        twin.parameters()[frozen].tensor = before  # as if it had never moved
    assert_states(net.state(), twin.state())
    np.testing.assert_array_equal(net.parameters()[frozen].tensor, before)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_freezing_midway_twice(optimizer):
    """What the optimizer keeps stays with each parameter, whichever learn beside it."""
    net = mlp()
    twin = copy.deepcopy(net)
    rule, single = optimizer(), {path: optimizer() for path in net.parameters()}
    for frozen in (None, "0.bias", None, "0.bias", "2.weight", None):
        for one in (net, twin):
            for path, parameter in one.parameters().items():
                parameter.trainable = path != frozen
        for _ in range(2):
            step(net, rule)
            one_by_one(twin, single)
    assert_states(net.state(), twin.state())


def run(number: int) -> dict[str, np.ndarray]:
    seed(number)
    net = Net([Linear(4, 8), Tanh(), Dropout(0.3), Linear(8, 2)])
    optimizer = Adam(lr=0.01)
    for _ in range(5):
        step(net, optimizer, X.astype(np.float32), Y.astype(np.float32))
    return net.state()


def test_one_seed_gives_the_same_bits_and_another_gives_others():
    first, second, third = run(1), run(1), run(2)
    for path, array in first.items():
        assert array.tobytes() == second[path].tobytes()
        assert array.tobytes() != third[path].tobytes()
