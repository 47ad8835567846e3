"""Causes of NaN and infinity that people meet, each named by its operation, its operands and its sample."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.layers import BatchNorm1D, Dropout, Layer, Linear, LogSoftmax, ReLU, Softmax
from tinynet.losses import cross_entropy, kl_divergence, mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD, Adagrad, Adam, RMSProp
from tinynet.probe import where_not_finite

N = 6


def rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((N, *shape)).astype(np.float32)


class Own(Layer):
    """A layer whose backward does not matter here."""

    def backward(self, dy):
        return np.zeros_like(dy)


class NaiveSoftmax(Own):
    def forward(self, x):
        e = np.exp(x)
        return e / e.sum(axis=1, keepdims=True)


class Standardized(Own):
    def forward(self, x):
        centred = x - x.mean(axis=1, keepdims=True)
        return centred / x.std(axis=1, keepdims=True)


class Root(Layer):
    def forward(self, x):
        y = np.sqrt((x**2).sum(axis=1, keepdims=True))
        self.remember(x=x, y=y)
        return y

    def backward(self, dy):
        x, y = self.recall()
        return dy * x / y


class Masked(Own):
    """Attention to nothing: a row in which everything is masked."""

    def forward(self, x):
        scores = np.where(x > 0, x, -np.inf)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


class Safe(Own):
    """Two branches of which one is not finite, and is not chosen."""

    def forward(self, x):
        return np.where(x > 0, np.log(x), 0)


class Inverse(Own):
    def forward(self, x):
        return 1 / (x - 1)


class Entropy(Own):
    def forward(self, x):
        p = np.maximum(x, 0)
        return -p * np.log(p)


class Power(Own):
    def forward(self, x):
        return x**1.5


class Loop(Own):
    """Written in place, row by row and number by number."""

    def forward(self, x):
        y = np.zeros_like(x)
        for n in range(len(x)):
            for i in range(x.shape[1]):
                y[n, i] = 1 / x[n, i]
        return y


class InPlace(Own):
    def forward(self, x):
        y = x.copy()
        y -= 5
        np.sqrt(y, out=y)
        return y


class Narrow(Own):
    def forward(self, x):
        wide = x.astype(np.float64) * 1e30
        return (wide * 1e10).astype(np.float32)


class Kernel(Layer):
    """Weights that are used through a logarithm."""

    def __init__(self) -> None:
        self.scale = Parameter(np.array([1.0, -2.0, 1.0]))

    def forward(self, x):
        return x * np.log(self.scale.tensor)

    def backward(self, dy):
        return dy


class Written(Own):
    def forward(self, x):
        y = x.copy()
        y[4, 1] = np.nan
        return y


def found_in(layer: Layer, x: np.ndarray):
    return where_not_finite(Net([layer]), x, np.zeros_like(layer.forward(x)), mean_squared_error)


def spoiled(value: float, row: int = 4, column: int = 1) -> np.ndarray:
    x = np.abs(rows(3)) + 0.5
    x[row, column] = value
    return x


def constant_row() -> np.ndarray:
    x = rows(3)
    x[4] = 0
    return x


CASES = {
    "an exponent without its maximum": (NaiveSoftmax(), spoiled(100.0), "exp of 100 = inf", "e = np.exp(x)"),
    "a row without spread": (Standardized(), constant_row(), "0 / 0 = nan", "return centred / x.std"),
    "a product of 0 and the logarithm of 0": (Entropy(), spoiled(-3.0), "log of 0 = -inf", "np.log(p)"),
    "a broken power": (Power(), spoiled(-2.0), "-2 to the power of 1.5 = nan", "x**1.5"),
    "number by number": (Loop(), spoiled(0.0), "1 / 0 = inf", "y[n, i] = 1 / x[n, i]"),
    "written as it is": (Written(), spoiled(1.0), "nan, written into an array", "y[4, 1] = np.nan"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore")
def test_layers_of_ones_own(case):
    layer, x, words, code = CASES[case]
    found = found_in(layer, x)
    assert (found.found_in, found.path, found.row) == ("forward", "0", 4), str(found)
    assert found.operation.text == words
    assert code in found.operation.code


@pytest.mark.filterwarnings("ignore")
def test_a_row_in_which_all_is_masked():
    x = np.abs(rows(3))
    x[4] *= -1
    found = found_in(Masked(), x)
    assert (found.row, found.operation.text) == (4, "-inf - (-inf) = nan")
    assert "scores - scores.max" in found.operation.code


@pytest.mark.filterwarnings("ignore")
def test_a_branch_that_is_not_chosen_is_no_cause():
    x = np.abs(rows(3)) + 1
    x[2] = -1
    assert found_in(Safe(), x) is None
    x[4, 1] = np.exp(1)
    found = where_not_finite(Net([Safe(), Inverse()]), x, np.zeros((N, 3)), mean_squared_error)
    assert (found.path, found.row, found.operation.text) == ("1", 4, "1 / 0 = inf")


def test_the_slope_of_a_root_at_0():
    x = rows(3)
    x[4] = 0
    net = Net([Linear(3, 3, bias=False), Root()])
    found = where_not_finite(net, x, np.zeros((N, 1), np.float32), mean_squared_error)
    assert (found.found_in, found.path, found.row, found.operation.text) == ("backward", "1", 4, "0 / 0 = nan")


@pytest.mark.filterwarnings("ignore")
def test_numbers_written_in_place():
    x = np.full((N, 3), 9.0, np.float32)
    x[4, 1] = 1
    found = found_in(InPlace(), x)
    assert (found.row, found.operation.text, found.operation.code) == (
        4,
        "square root of -4 = nan",
        "np.sqrt(y, out=y)",
    )


@pytest.mark.filterwarnings("ignore")
def test_a_number_that_float32_cannot_hold():
    x = np.zeros((N, 3), np.float32)
    x[4, 1] = 2
    found = found_in(Narrow(), x)
    assert (found.row, found.operation.text) == (4, "2e+40 in float32 = inf")
    assert "scale the numbers down" in found.hint


@pytest.mark.filterwarnings("ignore")
def test_a_weight_used_through_a_logarithm_concerns_all_samples():
    found = found_in(Kernel(), rows(3))
    assert (found.row, found.n_samples, found.operation.text) == (None, N, "log of -2 = nan")
    assert "all samples of the batch" in str(found)


def test_data_too_large_for_the_net():
    x = np.ones((N, 3))
    x[4, 2] = 1e300
    found = where_not_finite(Net([Linear(3, 2)]), x, np.zeros((N, 2)), mean_squared_error)
    assert (found.found_in, found.row, found.value) == ("data", 4, 1e300)


def test_nan_under_a_mask_is_not_blamed():
    class Chosen(Own):
        def forward(self, x):
            return np.where(np.isnan(x), 0, x) / np.where(np.isnan(x), 1, x)

    x = np.abs(rows(3)) + 1
    x[1, 0], x[4, 1] = np.nan, 0
    found = where_not_finite(Net([Chosen()]), x, np.zeros((N, 3)), mean_squared_error)
    assert (found.found_in, found.path, found.row, found.operation.text) == ("forward", "0", 4, "0 / 0 = nan")


def test_batch_norm_without_eps_over_a_constant_feature():
    x = rows(3)
    x[:, 1] = 2
    net = Net([Linear(3, 3), BatchNorm1D(3, eps=0.0)])
    net[0].weight.tensor, net[0].bias.tensor = np.eye(3), np.zeros(3)
    found = where_not_finite(net, x, np.zeros((N, 3)), mean_squared_error)
    assert (found.found_in, found.path, found.row, found.operation.text) == ("forward", "1", None, "1 / 0 = inf")
    assert "batch_norm.py" in found.operation.file


def test_batch_norm_is_left_as_it_was():
    net = Net([BatchNorm1D(3), Dropout(0.5), Linear(3, 2)])
    net.forward(rows(3))
    net.forget()
    before = net.state()
    assert where_not_finite(net, rows(3), np.full((N, 2), np.inf), mean_squared_error).found_in == "data"
    assert all(np.array_equal(before[path], array) for path, array in net.state().items())


def test_a_product_that_overflows():
    net = Net([Linear(3, 4), ReLU(), Linear(4, 2)])
    net[2].weight.tensor = np.full((2, 4), 2e25)
    x = np.full((N, 3), 1.0, np.float32)
    net[0].weight.tensor, net[0].bias.tensor = np.full((4, 3), 1.0), np.zeros(4)
    x[4] = 1e20
    found = where_not_finite(net, x, np.zeros((N, 2)), mean_squared_error)
    assert (found.found_in, found.path, found.row) == ("forward", "2", 4)
    assert found.operation.text == "a sum of 4 products up to 3e+20 · 2e+25 = inf"
    assert "lower the learning rate" in found.hint


def test_the_sum_of_two_ways_that_overflows():
    net = Net([Residual([Linear(1, 1)])])
    net[0].body[0].weight.tensor, net[0].body[0].bias.tensor = [[1.0]], [0.0]
    x = np.ones((N, 1), np.float32)
    x[4] = 3e38
    found = where_not_finite(net, x, np.zeros((N, 1)), mean_squared_error)
    assert (found.found_in, found.path, found.row, found.operation.text) == (
        "forward",
        "0",
        4,
        "3e+38 + 3e+38 = inf",
    )


def test_a_gradient_that_overflows_in_the_sum_over_the_batch():
    net = Net([Linear(1, 1)])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]

    def steep(predicted, truth):
        return 1.0, np.full_like(predicted, 1e38)

    found = where_not_finite(net, np.ones((N, 1)), np.zeros((N, 1)), steep)
    assert (found.found_in, found.path) == ("backward", "0")
    assert found.operation.text == "a sum of 6 products up to 1e+38 · 1 = inf"


def test_a_truth_without_probability():
    net = Net([Linear(2, 2), LogSoftmax()])
    net[0].weight.tensor, net[0].bias.tensor = [[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0]
    x = np.zeros((N, 2), np.float32)

    def surprise(predicted, truth):
        p = np.exp(predicted * truth)
        return float(-np.log(p - 1).mean()), np.zeros_like(predicted)

    y = np.ones((N, 2), np.float32)
    y[4] = 0
    found = where_not_finite(net, x, y, surprise)
    assert (found.found_in, found.kind, found.path) == ("loss", "surprise", "")
    assert found.operation.name == "log"


def test_a_class_that_softmax_has_made_impossible():
    def naive(predicted, truth):
        p = predicted[np.arange(len(truth)), truth]
        return -np.log(p).mean(), np.zeros_like(predicted)

    net = Net([Softmax()])
    x = np.zeros((N, 3), np.float32)
    x[4, 0] = 200
    found = where_not_finite(net, x, np.ones(N, int), naive)
    assert (found.found_in, found.row, found.operation.text) == ("loss", 4, "log of 0 = -inf")
    assert "a loss that takes logits" in found.hint


def test_kl_divergence_of_an_impossible_class():
    y = np.full((N, 2), 0.5)
    x = np.zeros((N, 2), np.float32)
    x[4, 1] = -np.inf
    found = where_not_finite(Net([LogSoftmax()]), x, y, kl_divergence)
    assert (found.found_in, found.row) == ("data", 4)


@pytest.mark.parametrize(
    "optimizer", [Adam(eps=0.0), RMSProp(eps=0.0), Adagrad(eps=0.0)], ids=lambda o: type(o).__name__
)
def test_a_rule_that_divides_by_a_gradient_of_0(optimizer):
    net = Net([Linear(2, 2), ReLU(), Linear(2, 2)])
    net[0].weight.tensor, net[0].bias.tensor = np.eye(2), [1.0, -1.0]
    net[2].bias.trainable = False
    x = np.zeros((N, 2), np.float32)
    found = where_not_finite(net, x, np.zeros(N, int), cross_entropy, optimizer)
    assert (found.found_in, found.path, found.kind) == ("update", "0.weight", type(optimizer).__name__)
    assert found.operation.text == "0 / 0 = nan"


def test_a_rate_beyond_all_bounds():
    net = Net([Linear(1, 1)])
    found = where_not_finite(net, np.full((N, 1), 1e6), np.full((N, 1), 1e9), mean_squared_error, SGD(lr=1e30))
    assert (found.found_in, found.path, found.place) == ("update", "0.weight", (0, 0))
    assert found.operation.name == "multiply"
    assert "lower the learning rate" in found.hint


def test_a_square_that_overflows_in_a_slot():
    net = Net([Linear(1, 1)])
    found = where_not_finite(net, np.full((N, 1), 1e15), np.full((N, 1), 1e15), mean_squared_error, Adam())
    assert (found.found_in, found.path) == ("update", "0.weight")
    assert np.isinf(found.value)


def test_who_is_who():
    with pytest.raises(TypeError, match="net must be a"):
        where_not_finite("net", rows(2), rows(2), mean_squared_error)
    with pytest.raises(TypeError, match="optimizer must be a"):
        where_not_finite(Net([Linear(2, 2)]), rows(2), rows(2), mean_squared_error, "sgd")


class Converted(Own):
    """Makes a plain array of what it is given, as many functions do."""

    def forward(self, x):
        x = np.asarray(x, dtype=np.float64)
        y = np.array(np.ascontiguousarray(x))
        return np.log(y).astype(np.float32)


@pytest.mark.filterwarnings("ignore")
def test_arrays_that_are_converted():
    found = found_in(Converted(), spoiled(-0.3))
    assert (found.row, found.operation.text) == (4, "log of -0.3 = nan")
    assert np.asarray is np.asarray
    assert type(np.asarray(np.ones(2))) is np.ndarray


def test_a_loss_that_computes_with_plain_numbers():
    def plain(predicted, truth):
        total = 0.0
        for row in predicted.tolist():
            total += float("inf") if row[0] > 50 else row[0]
        return total, np.zeros_like(predicted)

    x = np.ones((N, 1), np.float32)
    x[4] = 100
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = [[1.0]]
    found = where_not_finite(net, x, np.zeros((N, 1)), plain)
    assert (found.found_in, found.row, found.operation) == ("loss", 4, None)
    assert str(found) == "inf in the loss plain, row 4 of the batch."


def test_the_slot_is_named():
    net = Net([Linear(1, 1)])
    found = where_not_finite(net, np.full((N, 1), 1e15), np.full((N, 1), 1e15), mean_squared_error, Adam())
    assert (found.slot, found.operation.name) == ("v", "multiply")
    assert "inf in v of 0.weight[0, 0], update by Adam" in str(found)


def test_a_power_of_0_is_no_overflow():
    class Negative(Own):
        def forward(self, x):
            return (x - 1) ** -1

    x = np.full((N, 3), 3.0, np.float32)
    x[4, 1] = 1
    found = where_not_finite(Net([Negative()]), x, np.zeros((N, 3)), mean_squared_error)
    assert found.operation.text in ("0 to the power of -1 = inf", "1 / 0 = inf")
    assert "learning rate" not in found.hint


def test_a_gradient_that_the_code_writes_itself_belongs_to_no_sample():
    class Writing(Linear):
        def backward(self, dy):
            dx = super().backward(dy)
            self.weight.gradient[2, 1] = np.nan
            return dx

    net = Net([Writing(3, N)])  # whose gradient has as many rows as the batch
    found = where_not_finite(net, rows(3), np.zeros((N, N)), mean_squared_error)
    assert (found.found_in, found.path, found.row) == ("backward", "0", None)
    assert found.operation.code == "self.weight.gradient[2, 1] = np.nan"
