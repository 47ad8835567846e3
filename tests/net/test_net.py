"""Net: the chain rule, paths, memory, input gradient, errors that name the place."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative, slope
from tinynet.core import Parameter
from tinynet.layers import Dropout, Flatten, Layer, Linear, ReLU, Sigmoid, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def mlp() -> Net:
    return Net([Linear(4, 3), Tanh(), Linear(3, 2)])


class Recorder(Layer):
    """Passes everything on and counts what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def forward(self, x):
        self.calls.append("forward")
        return x

    def backward(self, dy):
        self.calls.append("backward")
        return dy


class Weighted(Recorder):
    def __init__(self) -> None:
        super().__init__()
        self.weight = Parameter(np.ones(1))


def test_forward_by_hand():
    net = Net([Linear(2, 1), ReLU()]).astype(np.float64)
    net[0].weight.tensor, net[0].bias.tensor = np.array([[1.0, -2.0]]), np.array([0.5])
    np.testing.assert_allclose(net(np.array([[3.0, 1.0], [1.0, 3.0]])), [[1.5], [0.0]])


def test_derivative_of_nested_nets():
    assert_derivative(Net([Linear(4, 3), Net([Sigmoid(), Linear(3, 3)]), Linear(3, 2)]), X.astype(np.float64))


def test_loss_falls_by_the_gradient():
    net = mlp().astype(np.float64)
    x, y = X.astype(np.float64), np.ones((5, 2))
    _, dy = mean_squared_error(net.forward(x), y)
    net.backward(dy)
    for parameter in net.parameters().values():
        expected = slope(lambda: mean_squared_error(net.forward(x), y)[0], parameter.tensor)
        np.testing.assert_allclose(parameter.gradient, expected, rtol=1e-6, atol=1e-10)


def test_paths_of_nested_nets():
    net = Net([Linear(4, 4), Net([ReLU(), Linear(4, 4, bias=False)]), Residual([Linear(4, 4)])])
    assert list(net.parameters()) == ["0.weight", "0.bias", "1.1.weight", "2.body.0.weight", "2.body.0.bias"]
    assert [path for path, _ in net.layers_inside()] == ["", "0", "1", "1.0", "1.1", "2", "2.body", "2.body.0"]


def test_is_a_sequence():
    net = mlp()
    assert len(net) == 3
    assert net[-1] is net.layers[2]
    assert list(net) == list(net.layers)
    longer = Net([*net, ReLU()])
    assert len(longer) == 4
    assert longer[0] is net[0]


def test_an_empty_net_is_the_identity():
    net = Net([])
    np.testing.assert_array_equal(net.forward(X), X)
    np.testing.assert_array_equal(net.backward(X), X)
    net.forward(X)
    assert net.backward(X, input_gradient=False) is None
    assert net.parameters() == {}
    net.update(SGD(lr=0.1))
    assert repr(net) == "Net()"


def test_a_net_is_its_layers_in_order():
    first, second = Linear(4, 3), Linear(3, 2)
    expected = second.forward(first.forward(X))
    np.testing.assert_array_equal(Net([first, second]).forward(X), expected)


def test_floating_inputs_are_cast_once_to_the_type_of_the_net():
    net = mlp()
    assert net.forward(X.astype(np.float64)).dtype == np.float32
    assert net.astype(np.float64).forward(X).dtype == np.float64
    assert Net([]).forward(np.arange(3)).dtype == np.int64


# Backward.


def test_input_gradient_is_skipped_where_it_is_not_wanted():
    layers = [Recorder(), Weighted(), Recorder(), Weighted()]
    net = Net(layers)
    net.forward(X)
    assert net.backward(X, input_gradient=False) is None
    assert [layer.calls[1:] for layer in layers] == [[], ["backward"], ["backward"], ["backward"]]


def test_backward_stops_at_the_first_trainable_parameter():
    layers = [Weighted(), Weighted(), Weighted()]
    layers[0].weight.trainable = layers[1].weight.trainable = False
    net = Net(layers)
    net.forward(X)
    net.backward(X, input_gradient=False)
    assert [layer.calls[1:] for layer in layers] == [[], [], ["backward"]]


def test_gradients_are_the_same_without_input_gradient():
    net = mlp()
    net.forward(X)
    net.backward(np.ones((5, 2), np.float32))
    whole = {path: parameter.gradient.copy() for path, parameter in net.parameters().items()}
    net.zero_gradient()
    net.forward(X)
    net.backward(np.ones((5, 2), np.float32), input_gradient=False)
    for path, parameter in net.parameters().items():
        np.testing.assert_array_equal(parameter.gradient, whole[path])


def test_zero_gradient_and_update_clear():
    net = mlp()
    for clear in (net.zero_gradient, lambda: net.update(SGD(lr=0.1))):
        net.forward(X)
        net.backward(np.ones((5, 2), np.float32))
        assert any(parameter.gradient.any() for parameter in net.parameters().values())
        clear()
        assert not any(parameter.gradient.any() for parameter in net.parameters().values())


def test_backward_frees_what_forward_kept():
    net = mlp()
    net.forward(X)
    net.backward(np.ones((5, 2), np.float32))
    with pytest.raises(RuntimeError, match=r"^Net: backward was called, but there is no forward to go back through"):
        net.backward(np.ones((5, 2), np.float32))


# Predict.


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_predict_is_evaluation_in_batches(batch_size):
    net = Net([Linear(4, 3), Dropout(0.5), Linear(3, 2)])
    net[0].eval()
    expected = net[2].forward(net[0].forward(X))
    np.testing.assert_allclose(net.predict(X, batch_size=batch_size), expected, rtol=1e-5, atol=1e-6)
    assert [layer.training for layer in net] == [False, True, True]  # each as it was


def test_predict_keeps_nothing_for_backward():
    net = mlp()
    net.predict(X)
    with pytest.raises(RuntimeError, match="predict and evaluate keep nothing for backward"):
        net.backward(np.ones((5, 2), np.float32))


def test_predict_nothing():
    assert mlp().predict(X[:0]).shape == (0, 2)


class AddAndSubtract(Layer):
    def forward(self, a, b):
        return a + b, a - b

    def backward(self, da, db):
        return da + db, da - db


def test_several_inputs_and_outputs():
    net = Net([AddAndSubtract()])
    total, difference = net.forward(X, 2 * X)
    np.testing.assert_allclose(total, 3 * X)
    np.testing.assert_allclose(difference, -X)
    da, _ = net.backward(X, X)
    np.testing.assert_allclose(da, 2 * X)
    total, _ = net.predict(X, 2 * X, batch_size=2)
    np.testing.assert_allclose(total, 3 * X)


def test_predict_refuses_bad_input():
    with pytest.raises(ValueError, match=r"Net\.predict: batch_size must be at least 1, got 0\."):
        mlp().predict(X, batch_size=0)
    with pytest.raises(ValueError, match=r"Net\.predict: expected inputs with as many rows, got 5 and 4\."):
        Net([AddAndSubtract()]).predict(X, X[:4])
    with pytest.raises(TypeError, match=r"Net\.predict: expected at least one input array, got none\."):
        mlp().predict()
    with pytest.raises(ValueError, match=r"expected arrays with a batch axis, got a single number\."):
        mlp().predict(np.float32(1))


def test_evaluating_puts_modes_back_after_an_error():
    net = Net([Dropout(), Linear(4, 2)])
    with pytest.raises(ValueError, match="expected x"), net.evaluating():
        net.forward(X[:, :3])
    assert [layer.training for layer in net] == [True, True]


def test_frozen_parameters_collect_nothing_and_stay():
    net = mlp()
    net[0].bias.trainable = False
    before = net.state()
    with net.frozen():
        net.forward(X)
        dx = net.backward(np.ones((5, 2), np.float32))
        net.update(SGD(lr=1.0))
    assert dx.any()
    for path, array in net.state().items():
        np.testing.assert_array_equal(array, before[path])
    assert [parameter.trainable for parameter in net.parameters().values()] == [True, False, True, True]


# Errors.


def test_an_error_names_the_layer_and_the_one_before():
    net = Net([Linear(4, 3), ReLU(), Linear(5, 2)])
    with pytest.raises(
        ValueError, match=r"^layer 2: Linear\(in_features=5.*expected x of shape \(N, 5\), got \(5, 3\)\."
    ):
        net.forward(X)
    with pytest.raises(ValueError, match=r"\(What came is the output of layer 1: ReLU\(\)\.\)$"):
        net.forward(X)


def test_an_error_of_the_first_layer_names_no_other():
    with pytest.raises(ValueError, match=r"^layer 0: Linear.*\nHint: [^\n]*$"):
        mlp().forward(X[:, :3])


class Wrapper(Layer):
    def __init__(self, encoder: Net) -> None:
        self.encoder = encoder

    def forward(self, x):
        return self.encoder(x)

    def backward(self, dy):
        return self.encoder.backward(dy)


def test_an_error_inside_nested_nets_and_branches_has_the_whole_path():
    net = Net([Flatten(), Wrapper(Net([Residual([ReLU(), Linear(7, 4)])]))])
    with pytest.raises(ValueError, match=r"^layer 1\.encoder\.0\.body\.1: Linear") as caught:
        net.forward(X)
    assert str(caught.value).endswith("(What came is the output of layer 1.encoder.0.body.0: ReLU().)")
    with pytest.raises(RuntimeError, match=r"^Net: backward was called, but there is no forward to go back through"):
        net.backward(X)


def test_a_layer_used_twice_is_refused():
    layer = Linear(4, 4)
    with pytest.raises(
        ValueError,
        match=r"^Net: the layer Linear\(in_features=4, out_features=4\) is used twice, as 0 and as 1\.0, but",
    ):
        Net([layer, Net([layer])])
    with pytest.raises(ValueError, match=r"as 0\.body\.0 and as 1, .*\nHint: make a second layer; to share weights"):
        Net([Residual([layer]), layer])


def test_only_a_list_of_layers_is_taken():
    with pytest.raises(TypeError, match=r"Net: layers must be a list of layers, got Linear\.\nHint: write Net\(\["):
        Net(Linear(2, 3))
    with pytest.raises(TypeError, match=r"Net: layers\[1\] is the class ReLU\.\nHint: write ReLU\(\.\.\.\)\."):
        Net([Linear(2, 3), ReLU])
    with pytest.raises(TypeError, match=r"Net: layers\[0\] must be a layer, got function\."):
        Net([lambda x: x])


def test_repr_is_a_tree():
    assert repr(Net([ReLU(), Net([Tanh()])])) == "Net(\n  (0): ReLU()\n  (1): Net(\n    (0): Tanh()\n  )\n)"
