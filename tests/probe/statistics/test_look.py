"""A look at one step: every number of a two-layer net by hand."""

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.layers import BatchNorm1D, Conv1D, Dropout, Embedding, Flatten, Layer, Linear, MaxPool2D, ReLU, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD
from tinynet.probe.statistics.bins import N_BINS, edges
from tinynet.probe.statistics.look import Look, _some, layers_to_watch, norm, update_ratio

X = np.array([[1.0, 0.0], [2.0, 0.0]], np.float32)
Y = np.array([[0.0], [1.0]], np.float32)


def two_layers():
    net = Net([Linear(2, 3), ReLU(), Linear(3, 1)])
    net[0].weight.tensor = [[1, 5], [-1, 5], [2, 5]]
    net[0].bias.tensor = [0, 0, -3]
    net[2].weight.tensor = [[1, 2, 4]]
    net[2].bias.tensor = [0.5]
    return net


def seen(net, x, y, rule=None, most=1000, deep=False, **more):
    look = Look(layers_to_watch(net), most, deep)
    with net.watch(look):
        _, gradient = mean_squared_error(net.forward(x), y)
        net.backward(gradient, input_gradient=False)
        net.update(rule or SGD(lr=0.1))
    return look.seen(**more)


def test_every_number_of_two_layers_by_hand():
    found = seen(two_layers(), X, Y)
    # a = (1, −1, −1), (2, −2, 1)    h = relu(a)    ŷ = 1.5, 6.5    L = (1.5² + 5.5²) / 2    dŷ = 1.5, 5.5
    a, h = np.array([1, -1, -1, 2, -2, 1]), np.array([1, 0, 0, 2, 0, 1])
    numbers = found.numbers
    np.testing.assert_allclose(numbers["mean"], [0, 2 / 3, 4], atol=1e-7)
    np.testing.assert_allclose(numbers["spread"], [a.std(), h.std(), 2.5], rtol=1e-6)
    np.testing.assert_array_equal(numbers["dead"], [0, 1 / 3, 0])
    np.testing.assert_array_equal(numbers["saturated"], [np.nan] * 3)
    # dW₂ = Σ dŷ h = (1.5 + 11, 0, 5.5)    db₂ = 7
    norm_2 = np.sqrt(12.5**2 + 5.5**2 + 7**2)
    # da = dŷ W₂ where a > 0: (1.5, 0, 0), (5.5, 0, 22)    dW₁ = Σ da x = 12.5, 0, 44    db₁ = 7, 0, 22
    norm_1 = np.sqrt(12.5**2 + 44**2 + 7**2 + 22**2)
    np.testing.assert_allclose(numbers["gradient_norm"], [norm_1, np.nan, norm_2], rtol=1e-6)
    size_1, size_2 = np.sqrt(1 + 1 + 4 + 75 + 9), np.sqrt(21.25)
    ratios = [0.1 * norm_1 / size_1, np.nan, 0.1 * norm_2 / size_2]
    np.testing.assert_allclose(numbers["update_ratio"], ratios, rtol=1e-5)


def test_histograms_of_two_layers_by_hand():
    found = seen(two_layers(), X, Y, SGD(lr=0), deep=True)
    assert {name: counts.shape[0] for name, counts in found.histograms.items()} == dict.fromkeys(
        ("outputs", "weights", "gradients"), 3
    )

    def counted(name, layer):
        counts = found.histograms[name][layer]
        return {edges()[i]: counts[i] for i in np.flatnonzero(counts)}

    zero = -(2.0**-32)
    assert counted("outputs", 0) == {-4: 1, -2: 2, 1: 2, 2: 1}
    assert counted("outputs", 1) == {zero: 3, 1: 2, 2: 1}
    assert counted("outputs", 2) == {1: 1, 4: 1}
    assert counted("weights", 2) == {0.5: 1, 1: 1, 2: 1, 4: 1}
    assert counted("weights", 1) == {}
    assert counted("gradients", 2) == {zero: 1, 4: 2, 8: 1}


def test_without_depth_only_outputs_are_counted():
    assert list(seen(two_layers(), X, Y).histograms) == ["outputs"]


def test_gradients_of_several_batches_count_as_their_mean_and_without_update_there_is_no_ratio():
    alone = seen(two_layers(), X, Y).numbers["gradient_norm"]
    net, rule = two_layers(), SGD(lr=0.1, gradient_accumulation_steps=2)
    _, gradient = mean_squared_error(net.forward(X), Y)
    net.backward(gradient)
    found = seen(net, X, Y, rule, n_added=2, updated=False).numbers
    np.testing.assert_allclose(found["gradient_norm"], alone, rtol=1e-6)
    assert np.isnan(found["update_ratio"]).all()


def test_a_frozen_layer_has_neither_gradient_nor_update():
    net = two_layers()
    for parameter in net[0].parameters().values():
        parameter.trainable = False
    found = seen(net, X, Y).numbers
    assert np.isnan(found["gradient_norm"]).tolist() == [True, True, False]
    assert np.isnan(found["update_ratio"]).tolist() == [True, True, False]


def test_layers_that_only_hold_others_and_dropout_are_not_watched():
    net = Net([Flatten(), Residual([Linear(4, 4), Dropout(0.5)]), BatchNorm1D(4), Tanh()])
    assert [one.path for one in layers_to_watch(net)] == ["0", "1.body.0", "2", "3"]
    found = seen(net, np.random.default_rng(0).normal(size=(6, 2, 2)), np.zeros((6, 4))).numbers
    assert np.isnan(found["spread"]).tolist() == [True, False, False, False]  # Flatten changes no number
    assert np.isnan(found["saturated"]).tolist() == [True, True, True, False]


def test_pooling_and_integers_have_no_spread():
    look = Look(layers_to_watch(Net([MaxPool2D(2), Embedding(5, 3)])), 100)
    look.on_forward("0", MaxPool2D(2), np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)))
    look.on_forward("1", Embedding(5, 3), np.array([[1]]), np.array([[1]]))
    look.on_forward("not watched", ReLU(), X, X)
    look.on_backward("not watched", ReLU(), X, X)
    found = look.seen()
    assert np.isnan(found.numbers["spread"]).all()
    assert list(found.histograms) == ["outputs"]
    assert found.histograms["outputs"].shape == (2, N_BINS)
    assert found.histograms["outputs"].sum() == 0


@pytest.mark.parametrize(
    ("y", "mean"),
    [
        (np.array(3.0), np.nan),
        (np.ones((0, 3)), np.nan),
        (np.array([3.0]), 3),
        (np.array([3, 4]), np.nan),
        (4.0, np.nan),
    ],
)
def test_outputs_of_odd_shapes_and_kinds(y, mean):
    look = Look(layers_to_watch(Net([ReLU()])), 100)
    look.on_forward("0", ReLU(), y, y)
    np.testing.assert_array_equal(look.seen().numbers["mean"], [mean])


def test_of_weights_and_gradients_some_are_counted():
    net = Net([Linear(20, 10)])
    found = seen(net, np.ones((3, 20)), np.ones((3, 10)), most=60, deep=True)
    assert found.histograms["weights"].sum() == found.histograms["gradients"].sum() == 50 + 3  # every fourth


def test_of_several_outputs_the_first_is_seen():
    class Two(Layer):
        def forward(self, x):
            self.remember(x=x)
            return x, 2 * x

        def backward(self, dy, dz):
            return dy + 2 * dz

    look = Look(layers_to_watch(Net([Two()])), 100)
    look.on_forward("0", Two(), X, (X, 2 * X))
    assert look.seen().numbers["mean"] == [0.75]


def test_drawn_outputs_say_nearly_the_same_as_all():
    rng = np.random.default_rng(0)
    net, x = Net([Linear(20, 50, rng=rng), ReLU()]), rng.normal(size=(2000, 20))
    y = np.zeros((2000, 50))
    everything = seen(net, x, y, SGD(lr=0), most=10**9)
    some = seen(net, x, y, SGD(lr=0), most=2**12)
    assert some.histograms["outputs"][0].sum() == 4050
    for name in ("mean", "spread"):
        np.testing.assert_allclose(some.numbers[name], everything.numbers[name], atol=0.03)
    np.testing.assert_array_equal(some.numbers["dead"], everything.numbers["dead"])


@pytest.mark.parametrize("scale", [1e-30, 1e-25, 1.0, 1e25, 1e30])
def test_norms_beyond_the_squares_of_float32(scale):
    assert norm([np.array([3 * scale, 4 * scale], np.float32)]) == pytest.approx(5 * scale, rel=1e-6)


def test_norms_of_what_is_not_finite_warn_of_nothing():
    assert norm([np.array([np.inf])]) == np.inf
    assert np.isnan(norm([np.array([np.nan, 1.0], np.float32)]))


def test_weights_that_are_zero_have_no_ratio():
    weight = Parameter(np.zeros(2))
    assert np.isnan(update_ratio([weight], [np.zeros(2)]))


def test_numbers_at_equal_distances():
    first, second = np.arange(7.0), np.arange(10.0, 14).reshape(2, 2)
    assert _some([first, second], 11).tolist() == [*range(7), 10, 11, 12, 13]
    assert _some([first, second], 10).tolist() == [0, 2, 4, 6, 10, 12]
    assert _some([first, second], 4).tolist() == [0, 3, 6, 10, 13]
    assert _some([first, second], 1).tolist() == [0, 10]


@pytest.mark.parametrize(("scale", "dtype"), [(1e-20, np.float32), (1e25, np.float32), (1e-170, np.float64)])
def test_norms_of_the_numbers_that_are_squared(scale, dtype):
    found = norm([np.array([3 * scale], dtype), np.array([[4 * scale]], dtype)])
    assert found == (pytest.approx(5 * scale, rel=1e-6) if dtype == np.float32 else 0)
    assert type(found) is float
    assert norm([]) == 0


def test_the_ratio_counts_only_what_can_learn():
    one, two = Parameter(np.array([3.0, 4.0])), Parameter(np.array([100.0]))
    two.trainable = False
    assert update_ratio([one, two], [np.array([6.0, 8.0]), np.array([1.0])]) == 0.5
    assert np.isnan(update_ratio([two], [np.array([1.0])]))


def test_a_layer_that_runs_twice_counts_the_last_time():
    net = Net([Linear(1, 1)])
    look = Look(layers_to_watch(net), 100)
    look.on_forward("0", net[0], np.ones((2, 1)), np.array([[1.0], [3.0]]))
    look.on_forward("0", net[0], np.ones((2, 1)), np.array([[5.0], [9.0]]))
    found = look.seen(updated=False)
    assert (found.numbers["mean"].tolist(), found.numbers["spread"].tolist()) == ([7], [2])
    assert found.histograms["outputs"].sum() == 2


def test_the_axis_goes_on_from_layer_to_layer():
    net = Net([Conv1D(1, 2, 1), ReLU(), Flatten(), ReLU()])
    look = Look(layers_to_watch(net), 100)
    y = np.array([[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]])  # 2 channels, the first of which is dead
    for index in (0, 1):
        look.on_forward(str(index), net[index], y, y)
    flat = y.reshape(1, 6)
    look.on_forward("2", net[2], y, flat)
    look.on_forward("3", net[3], flat, flat)
    dead = look.seen(updated=False).numbers["dead"]
    assert dead.tolist()[:2] == [0.5, 0.5]
    assert np.isnan(dead[2])
    assert dead[3] == 0.5
