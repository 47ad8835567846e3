"""The parts of a check by themselves, and layers with one rare fault each."""

from types import SimpleNamespace

import numpy as np
import pytest

from tinynet.core import Parameter, faster, generator_states, stream
from tinynet.gradcheck import GradientError, check_layer, check_loss, check_net
from tinynet.gradcheck.check import _merge
from tinynet.gradcheck.compare import Mismatch
from tinynet.gradcheck.differences import Function, along, is_smooth
from tinynet.gradcheck.evidence import Evidence
from tinynet.gradcheck.report import Report
from tinynet.gradcheck.rules import _close
from tinynet.gradcheck.subject import Subject, draw
from tinynet.layers import Layer, Linear, SiLU, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net


class Square(Layer):
    """y = x², to be spoilt."""

    def forward(self, x):
        self.remember(x=x)
        return x * x

    def backward(self, dy):
        return 2 * self.recall().x * dy


def test_errors_are_small_but_not_nothing() -> None:
    report = check_layer(SiLU(), (4, 3))
    assert 0 < report.errors["x"] < 1e-7
    assert report.max_error == report.errors["x"]
    assert Report("x", {}, {}).max_error == 0


def test_two_reports_joined() -> None:
    both = _merge(Report("a", {"x": 1e-9, "w": 3e-9}, {"x": 1}, 2), Report("a", {"x": 2e-9}, {"x": 1}, 3))
    assert (both.errors, both.n_redrawn) == ({"x": 2e-9, "w": 3e-9}, 5)


def test_the_worst_entry_is_the_one_that_is_farthest_off() -> None:
    found = {"x": np.array([1.0, -5.0, 9.0, 2.0])}
    expected = {(0,): 3.0, (1,): 1.0, (2,): 8.0, (3,): 2.0}
    assert Mismatch("x", None, found, expected, [(0,), (1,), (2,)], 1.0).worst == (1,)


def test_a_parameter_without_numbers() -> None:
    class WithNothing(Square):
        def __init__(self) -> None:
            self.nothing = Parameter(np.zeros((0, 3)))

    assert list(check_layer(WithNothing(), (2, 3)).errors) == ["x", "nothing"]


def test_one_gradient_that_is_not_finite() -> None:
    class OneNaN(Square):
        def backward(self, dy):
            dx = super().backward(dy)
            dx[0, 0] = np.nan
            return dx

    with pytest.raises(GradientError, match="the gradient with respect to x holds NaN or infinity for finite inputs"):
        check_layer(OneNaN(), (2, 3))


@pytest.mark.parametrize(("name", "value"), [("tolerance", 0), ("max_entries", 0), ("seed", -1)])
def test_the_options_of_all_three(name, value) -> None:
    with pytest.raises(ValueError, match=rf"^check_loss: {name} must be"):
        check_loss(mean_squared_error, (2, 3), np.zeros((2, 3)), **{name: value})
    with pytest.raises(ValueError, match=rf"^check_layer: {name} must be"):
        check_layer(Square(), (2, 3), **{name: value})
    with pytest.raises(ValueError, match=rf"^check_net: {name} must be"):
        check_net(Net([Square()]), (2, 3), **{name: value})


def test_what_is_checked_is_the_code_as_written() -> None:
    seen = set()

    class Asks(Square):
        def forward(self, x):
            seen.add(faster.in_use())
            return super().forward(x)

    with faster.use("compiled"):
        check_layer(Asks(), (2, 3))
    assert seen == {"plain"}


def test_a_check_draws_nothing_from_the_packages_streams() -> None:
    class Draws(Square):
        def forward(self, x):
            stream("dropout").random()
            return super().forward(x)

    before = generator_states()
    check_layer(Draws(), (2, 3))
    assert generator_states() == before


@pytest.mark.parametrize("check", ["check_loss", "check_net"])
def test_a_loss_is_checked_as_written_and_draws_nothing_from_the_packages_streams(check) -> None:
    seen = set()

    def loss(predicted, truth):
        seen.add(faster.in_use())
        stream("dropout").random()
        return mean_squared_error(predicted, truth)

    before = generator_states()
    with faster.use("compiled"):
        if check == "check_loss":
            check_loss(loss, (2, 3), np.zeros((2, 3)))
        else:
            check_net(Net([Square()]), (2, 3), loss, np.zeros((2, 3)))
    assert seen == {"plain"}
    assert generator_states() == before


def test_what_is_checked_is_looked_at_before_the_options() -> None:
    with pytest.raises(TypeError, match="^check_layer: expected a layer, got the class Tanh"):
        check_layer(Tanh, (2, 3), seed=-1)
    with pytest.raises(TypeError, match="^check_net: expected a layer, got int"):
        check_net(3, (2, 3), seed=-1)
    with pytest.raises(TypeError, match="^check_loss: loss must be a function, got 3"):
        check_loss(3, (2, 3), None, seed=-1)


class Two(Layer):
    """Two outputs, of which only the second differs in evaluation, where its gradient is wrong."""

    def forward(self, x):
        self.remember(x=x)
        return x + 0.0, x * (2.0 if self.training else 3.0)

    def backward(self, first, second):
        return first + 2.0 * second


def test_evaluation_is_checked_too_where_only_one_output_differs() -> None:
    with pytest.raises(GradientError, match="gradient with respect to x is wrong"):
        check_layer(Two(), (2, 3))


def test_a_large_gradient_is_diagnosed_too() -> None:
    class Negated(Square):
        def backward(self, dy):
            return -super().backward(dy)

    with pytest.raises(GradientError, match="the sign") as caught:
        check_layer(Negated(), (2, 1000))
    assert caught.value.cause == "sign"
    with pytest.raises(GradientError) as caught:
        check_layer(Negated(), (3, 667))
    assert caught.value.cause == ""  # 2,001 slopes would take too long


def test_a_line_begins_where_the_array_is() -> None:
    x = np.array([1.0, 2.0])
    function = Function({"x": x}, lambda: [x**2], [np.ones(2)])
    line = along(function, "x", np.array([1.0, 0.0]))
    assert line.outputs()[0].tolist() == [1.0, 4.0]
    assert line.at("x", (0,), 2.0)[0].tolist() == [9.0, 4.0]
    assert x.tolist() == [1.0, 2.0]


def test_where_a_slope_can_be_trusted() -> None:
    def function(f, at):
        x = np.array([at])
        return Function({"x": x}, lambda: [f(x)], [np.ones(1)])

    assert is_smooth(function(np.tanh, 0.3), "x", (0,), 1e-5)
    assert not is_smooth(function(np.abs, 1e-9), "x", (0,), 1e-5)
    assert not is_smooth(function(np.sign, 1e-9), "x", (0,), 1e-5)


def test_a_net_with_a_loss_is_not_a_layer_by_itself() -> None:
    subject = Subject(Net([Tanh()]), (2, 3), np.random.default_rng(0), mean_squared_error, np.zeros((2, 3)))
    assert not Evidence.is_layer.fget(SimpleNamespace(subject=subject))
    assert Evidence.is_layer.fget(SimpleNamespace(subject=Subject(Tanh(), (2, 3), np.random.default_rng(0))))


def test_a_loss_that_depends_on_memory() -> None:
    def loss(predicted, truth):
        value, gradient = mean_squared_error(predicted, truth)
        return float(value) * (1.0 if predicted.flags.c_contiguous else 1.1), gradient

    with pytest.raises(GradientError, match="another memory order of the predictions gives another loss"):
        check_loss(loss, (3, 4), np.zeros((3, 4)))


def test_a_truth_of_several_arrays_has_the_type_of_the_predictions() -> None:
    seen = []

    def loss(predicted, truth):
        seen.append((predicted.dtype, *(part.dtype for part in truth)))
        value, gradient = mean_squared_error(predicted, truth[0])
        return float(value), gradient

    check_loss(loss, (3, 4), (np.zeros((3, 4), np.float32), np.arange(3)))
    wide, narrow, whole = np.dtype(np.float64), np.dtype(np.float32), np.arange(3).dtype
    assert set(seen) == {(wide, wide, whole), (narrow, narrow, whole)}


def test_what_counts_as_equal_gradients() -> None:
    large = np.array([1e6, 0.0])
    assert _close(large + np.array([0.0, 5e-6]), large)
    assert not _close(large + np.array([0.0, 5e-5]), large)
    small = np.array([1e-3, 0.0])
    assert _close(small + np.array([0.0, 5e-12]), small)
    assert not _close(small + np.array([0.0, 5e-11]), small)
    assert not _close(np.zeros(2), np.zeros(3))


def test_a_gradient_that_is_neither_added_nor_replaced() -> None:
    class Grows(Linear):
        calls = 0

        def backward(self, dy):
            Grows.calls += 1
            self.weight.accumulate(np.full(self.weight.shape, float(Grows.calls)))
            return dy @ self.weight.tensor

    with pytest.raises(GradientError, match="twice the gradient of weight, but they give something else") as caught:
        check_layer(Grows(3, 2), (4, 3))
    assert caught.value.cause == "stale"


class Reuses(Square):
    """It returns one and the same array."""

    def __init__(self) -> None:
        self._y = None

    def forward(self, x):
        y = super().forward(x)
        if self._y is None or self._y.shape != y.shape:
            self._y = y
        self._y[...] = y
        return self._y


def test_a_reused_output_shows_though_the_input_is_given() -> None:
    with pytest.raises(GradientError, match="returns an output that its next forward overwrites"):
        check_layer(Reuses(), np.linspace(1, 2, 6).reshape(2, 3))


def test_what_is_written_into_the_second_input_only() -> None:
    class Writes(Layer):
        def forward(self, a, b):
            b *= 1.5
            return a + b

        def backward(self, dy):
            return dy, dy

    with pytest.raises(GradientError, match="writes into its input"):
        check_layer(Writes(), [(2, 3), (2, 3)])


def test_who_complains_of_another_order() -> None:
    with pytest.raises(TypeError, match=r"^check_layer: the arguments seem to stand in another order: input_shape is"):
        check_layer((2, 3), Square())
    with pytest.raises(ValueError, match=r"^check: the shape of an input\[0\] must be at least 0, got -1"):
        draw([(-1, 3)], np.random.default_rng(0))
    with pytest.raises(GradientError, match=r"^Two\(\): ") as caught:
        check_layer(Two(), (2, 3))
    assert caught.value.name == "x"


def test_no_parameter_keeps_a_recorder() -> None:
    class Wrong(Linear):
        def backward(self, dy):
            self.weight.accumulate(np.ones(7))
            return dy

    layer = Wrong(3, 2)
    subject = Subject(layer, (4, 3), np.random.default_rng(0))
    with pytest.raises(
        GradientError, match=r"backward gives the gradient of weight the shape \(7,\), expected \(2, 3\)"
    ):
        subject.backward([np.ones((4, 2))])
    for parameter in subject.parameters().values():
        assert "accumulate" not in vars(parameter)


def test_a_sum_in_place_names_the_parameter() -> None:
    class Shift(Layer):
        def __init__(self):
            self.bias = Parameter(np.zeros(2))

        def forward(self, x):
            return x + self.bias.tensor

        def backward(self, dy):
            self.bias.gradient += dy
            return dy

    words = r"gives the gradient of bias the shape \(3, 2\), expected \(2,\)\.\nHint: likely cause: a missing sum"
    with pytest.raises(GradientError, match=words) as caught:
        check_layer(Shift(), (3, 2))
    assert (caught.value.name, caught.value.cause) == ("bias", "sum")


@pytest.mark.parametrize("when", ["forward", "backward"])
def test_a_layer_that_changes_its_weights_is_found(when: str) -> None:
    class Learns(Linear):
        def forward(self, x):
            y = super().forward(x)
            self.weight.tensor *= 0.5 if when == "forward" else 1
            return y

        def backward(self, dy):
            dx = super().backward(dy)
            self.weight.tensor -= 0.1 if when == "backward" else 0
            return dx

    words = r"the layer changes its parameter weight\.\nHint: leave that to the optimizer"
    with pytest.raises(GradientError, match=words) as caught:
        check_layer(Learns(3, 2), (4, 3))
    assert (caught.value.name, caught.value.cause) == ("weight", "buffer")


def test_an_overwritten_gradient_inside_a_net_is_called_as_its_layer_calls_it() -> None:
    class Overwrites(Linear):
        def backward(self, dy):
            self.bias.gradient = np.zeros_like(self.bias.gradient)
            return super().backward(dy)

    with pytest.raises(GradientError, match=r"of 1\.bias, but .*\n.*; write self\.bias\.accumulate"):
        check_net(Net([Linear(3, 3), Overwrites(3, 2)]), (4, 3))


def test_a_batch_without_rows_has_no_slopes() -> None:
    with pytest.raises(ValueError, match=r"^check: an input of shape \(0, 3\) holds no numbers to compare\.\nHint: "):
        check_layer(Linear(3, 2), (0, 3))
