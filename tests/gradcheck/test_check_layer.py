"""What check_layer accepts, refuses and reports."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tests.gradcheck.planted_bugs import Dense, MaskInverted
from tinynet.core import Parameter, generator_states
from tinynet.gradcheck import GradientError, check_layer
from tinynet.layers import (
    LSTM,
    AvgPool2D,
    Conv2D,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2D,
    ReLU,
    Tanh,
)
from tinynet.net import Net, Residual


class Identity(Layer):
    def forward(self, x):
        return x.copy()

    def backward(self, dy):
        return dy.copy()


def broken(cause: str, name: str, sentence: str, layer: Layer, inputs: object = (4, 3)) -> None:
    with pytest.raises(GradientError, match=sentence) as caught:
        check_layer(layer, inputs)
    assert (caught.value.cause, caught.value.name) == (cause, name)


def test_report_names_every_gradient() -> None:
    report = check_layer(Linear(3, 2), (4, 3))
    assert list(report.errors) == ["x", "weight", "bias"]
    assert report.n_compared == {"x": 12, "weight": 6, "bias": 2}
    assert report.max_error == max(report.errors.values()) < 1e-8
    assert repr(report).startswith("Linear(in_features=3, out_features=2): the gradients agree")
    assert repr(report).count("\n") == 3


def test_report_of_a_layer_without_gradients() -> None:
    class Sign(Layer):
        def forward(self, x):
            return np.sign(x).astype(np.int64)

        def backward(self, dy):
            return None

    assert "nothing to differentiate" in repr(check_layer(Sign(), np.arange(3)))


def test_layer_and_streams_stay_as_they_are() -> None:
    tn.seed(3)
    layer = Net([Linear(3, 4), Dropout(), Linear(4, 2)])
    before, streams = layer.state(), generator_states()
    check_layer(layer, (4, 3))
    assert all(np.array_equal(before[path], array) for path, array in layer.state().items())
    assert all(parameter.dtype == np.float32 for parameter in layer.parameters().values())
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())
    assert generator_states() == streams


def test_frozen_parameters_are_left_out() -> None:
    layer = Linear(3, 2)
    layer.weight.trainable = False
    assert list(check_layer(layer, (4, 3)).errors) == ["x", "bias"]


def test_error_says_where_and_how_much() -> None:
    class Wrong(Dense):
        def dx(self, dy):
            dx = super().dx(dy)
            dx[1, 2] += 1
            return dx

    with pytest.raises(
        GradientError, match=r"Wrong\(\): the gradient with respect to x is wrong at \[1, 2\]"
    ) as caught:
        check_layer(Wrong(), (4, 3))
    assert caught.value.index == (1, 2)
    assert abs(caught.value.found - caught.value.expected - 1) < 1e-6
    assert "1 of 12 compared entries" in str(caught.value)


def test_one_wrong_entry_of_many_is_found() -> None:
    class Wrong(Dense):
        def weight_gradient(self, x, dy):
            gradient = super().weight_gradient(x, dy)
            gradient[17, 23] *= 1.01
            return gradient

    for seed in range(5):
        with pytest.raises(GradientError, match=r"weight is wrong at \[17, 23\]"):
            check_layer(Wrong(60, 50), (3, 60), seed=seed)


def test_layer_inside_a_net_is_named() -> None:
    net = Net([Linear(3, 4), Net([Tanh(), MaskInverted()]), Linear(4, 2)])
    with pytest.raises(GradientError, match=r"layer 1.1: MaskInverted\(\): the gradient with respect to x") as caught:
        check_layer(net, (4, 3))
    assert caught.value.cause == "mask"


def test_wrong_evaluation_backward_is_found() -> None:
    class Wrong(Layer):
        def forward(self, x):
            return 2 * x if self.training else 3 * x

        def backward(self, dy):
            return 2 * dy

    broken("factor", "x", "1.5 times too small", Wrong())


def test_eval_must_be_deterministic() -> None:
    class Wrong(Dropout):
        def forward(self, x):
            self.training = True
            return super().forward(x)

    broken("", "eval", "in evaluation the same input gives two outputs", Wrong())


def test_eval_must_not_change_statistics() -> None:
    class Wrong(Identity):
        def __init__(self):
            self.running_mean = np.zeros(3, np.float32)

        def forward(self, x):
            self.running_mean = self.running_mean + 1
            return x.copy()

    broken("", "eval", "a forward in evaluation changes the layer's state", Wrong())


def test_randomness_must_come_from_a_known_place() -> None:
    class Wrong(Identity):
        def forward(self, x):
            return x * np.random.default_rng().random(x.shape)

    broken("random", "output", "different outputs for the same input", Wrong())

    class WrongInOneOfTwo(Wrong):
        def forward(self, x):
            return x.copy(), super().forward(x)

        def backward(self, dy, of_random):
            return dy + of_random

    broken("random", "output", "different outputs for the same input", WrongInOneOfTwo())


def test_randomness_of_an_own_generator_is_put_back() -> None:
    assert check_layer(Dropout(0.5, rng=np.random.default_rng()), (4, 6)).max_error < 1e-8


def test_input_must_stay() -> None:
    class Wrong(Identity):
        def forward(self, x):
            x += 1
            return x.copy()

    broken("buffer", "inputs", "the layer writes into its input", Wrong())


def test_incoming_gradient_must_stay() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            dy *= 1.5
            return dy / 1.5

    broken("buffer", "incoming gradient", "writes into the incoming gradient", Wrong())


def test_returned_output_must_stay() -> None:
    class Wrong(Identity):
        def forward(self, x):
            if getattr(self, "_buffer", np.empty(0)).shape != x.shape:
                self._buffer = np.empty_like(x)
            self._buffer[...] = x
            return self._buffer

    broken("buffer", "output", "an output that its next forward overwrites", Wrong())


def test_returned_gradient_must_stay() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            if getattr(self, "_buffer", np.empty(0)).shape != dy.shape:
                self._buffer = np.empty_like(dy)
            self._buffer[...] = dy
            return self._buffer

    broken("buffer", "gradient", "a gradient that its next backward overwrites", Wrong())


def test_output_must_survive_backward() -> None:
    class Wrong(Layer):
        def forward(self, x):
            y = np.tanh(x)
            self.remember(y=y)
            return y

        def backward(self, dy):
            (y,) = self.recall()
            y *= y
            return dy * (1 - y)

    broken("buffer", "output", "changes in backward the output", Wrong())


def test_types_must_be_kept() -> None:
    class Wrong(Identity):
        def forward(self, x):
            return x * np.float64(2)

        def backward(self, dy):
            return dy * 2

    broken("dtype", "the output", "expected the output of type float32 .* got float64", Wrong())


def test_float64_must_be_kept() -> None:
    class Wrong(Identity):
        def forward(self, x):
            return x.astype(np.float32)

    broken("dtype", "the output", "expected the output of type float64 .* got float32", Wrong())


def test_type_of_the_gradient_must_be_kept() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            return dy.astype(np.float32)

    broken("dtype", "the gradient with respect to x", "of type float64 .* got float32", Wrong())


def test_output_must_be_an_array() -> None:
    class Wrong(Identity):
        def forward(self, x):
            return x.tolist()

    broken("", "output", "forward must return an array, got list", Wrong())


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_output_and_gradient_must_be_finite(where: str) -> None:
    class Wrong(Identity):
        def forward(self, x):
            return x * np.nan if where == "forward" else x.copy()

        def backward(self, dy):
            return dy * np.inf

    what = "the output" if where == "forward" else "the gradient with respect to x"
    broken("not finite", what, f"{what} holds NaN or infinity", Wrong())


def test_gradient_must_have_the_shape_of_the_input() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            return dy[:, :2]

    broken("shape", "x", r"with respect to x to have shape \(4, 3\), got an array of shape \(4, 2\)", Wrong())


def test_broadcast_axis_must_be_summed() -> None:
    class Wrong(Layer):
        def forward(self, x):
            return x + np.zeros((1, 5), x.dtype)

        def backward(self, dy):
            return dy.copy()

    broken("sum", "x", "missing sum over the axes that were broadcast", Wrong(), (4, 1))


def test_backward_must_return_something() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            pass

    broken("shape", "x", "got nothing", Wrong())


def test_there_must_be_as_many_gradients_as_inputs() -> None:
    class Wrong(Layer):
        def forward(self, a, b):
            return a + b

        def backward(self, dy):
            return dy.copy()

    broken("", "backward", "expected 2 gradients from backward, got 1", Wrong(), [(4, 3), (4, 3)])


def test_error_in_backward_is_passed_on() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            raise ValueError("something else")

    broken("", "backward", "backward raised: something else", Wrong())


def test_state_must_hold_all_that_forward_uses() -> None:
    class Wrong(Layer):
        def __init__(self):
            self._factor = np.random.default_rng().random()

        def forward(self, x):
            return x * self._factor

        def backward(self, dy):
            return dy * self._factor

    broken("", "state", "does not give the same output", Wrong())


def test_batch_axis_must_stay() -> None:
    class Wrong(Layer):
        def forward(self, x):
            self.remember(shape=x.shape)
            return x.sum(axis=1) if len(x) > 1 else x.sum(axis=1)[0]

        def backward(self, dy):
            (shape,) = self.recall()
            return np.ones(shape, dy.dtype) * np.reshape(dy, (-1, 1))

    broken("shape", "output", r"the output for a batch of one to have shape \(1,\)", Wrong())


def test_gradient_of_a_batch_of_one_must_have_its_shape() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            return dy.squeeze()

    broken("shape", "x", r"x for a batch of one to have shape \(1, 3\)", Wrong())


def test_batch_of_one_can_be_left_out() -> None:
    class Refusing(Identity):
        def forward(self, x):
            if len(x) == 1:
                raise ValueError("more than one, please")
            return x.copy()

    with pytest.raises(ValueError, match="more than one, please"):
        check_layer(Refusing(), (4, 3))
    assert check_layer(Refusing(), (4, 3), batch_of_one=False).max_error < 1e-8


def test_step_function_has_no_derivative() -> None:
    class Ripples(Identity):  # far finer than the steps
        def forward(self, x):
            return np.sin(1e7 * x)

    broken("kink", "x", r"kink or a jump along x at \[\d\] at each of 30 points", Ripples(), (2,))


@pytest.mark.parametrize("given", ["(4, 3)", (4.0, 3), None])
def test_input_must_be_a_shape_or_array(given: object) -> None:
    with pytest.raises(TypeError, match="must be a shape such as"):
        check_layer(Linear(3, 2), given)


def test_inputs_are_named_as_in_forward() -> None:
    class Product(Layer):
        def forward(self, left, right):
            self.remember(left=left, right=right)
            return left * right

        def backward(self, dy):
            left, right = self.recall()
            return dy * right, dy * left

    assert list(check_layer(Product(), [(4, 3), np.ones((4, 3), np.float32)]).errors) == ["left", "right"]
    assert list(check_layer(Net([Product()]), [(4, 3), (4, 3)]).errors) == ["x[0]", "x[1]"]


def test_an_input_does_not_hide_a_parameter_of_its_name() -> None:
    class Shift(Layer):
        def __init__(self):
            self.x = Parameter(np.zeros(3))

        def forward(self, x):
            return x + self.x.tensor

        def backward(self, dy):
            self.x.accumulate(dy.sum(axis=0))
            return dy.copy()

    assert list(check_layer(Shift(), (4, 3)).errors) == ["input x", "x"]


@pytest.mark.parametrize("input_scale", [1e-7, 3e-6])
def test_inputs_at_kinks_are_drawn_again(input_scale: float) -> None:
    x = np.random.default_rng(0).normal(size=(4, 5)) * input_scale
    report = check_layer(ReLU(), x)
    assert report.n_redrawn > 0
    assert "drawn again" in repr(report)
    assert report.max_error < 1e-6


def test_ties_are_drawn_again() -> None:
    assert check_layer(MaxPool2D(2), np.zeros((1, 1, 4, 4))).n_redrawn > 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["relu", "pool", "net", "residual"]))
def test_raises_no_alarm_at_kinks(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    layer, shape = {
        "relu": (LeakyReLU(0.2), (3, 7)),
        "pool": (MaxPool2D((2, 3), stride=1, padding=1), (1, 2, 4, 5)),
        "net": (Net([Linear(4, 6, rng=rng), ReLU(), Linear(6, 5, rng=rng), ReLU(), Linear(5, 2, rng=rng)]), (3, 4)),
        "residual": (
            Net([Residual([Conv2D(1, 1, 3, padding=1, rng=rng), ReLU()]), MaxPool2D(2), AvgPool2D(2), Flatten()]),
            (2, 1, 4, 4),
        ),
    }[kind]
    assert check_layer(layer, shape, seed=seed, max_entries=24).max_error < 1e-5


class Frozen(Embedding):
    """An embedding whose backward does with the vector of the padding what it is told."""

    def __init__(self, *sizes: int, padding_idx: int, padding_gradient: float) -> None:
        super().__init__(*sizes, padding_idx=padding_idx)
        self.padding_gradient = padding_gradient

    def backward(self, dy):
        super().backward(dy)
        self.weight.gradient[self.padding_idx] += self.padding_gradient


def test_what_a_layer_holds_fixed_is_a_constant() -> None:
    tokens = np.array([[0, 2, 1], [2, 2, 3]])
    assert check_layer(Embedding(4, 3, padding_idx=2), tokens).n_compared == {"weight": 12}
    assert check_layer(Net([Embedding(4, 3, padding_idx=2), Linear(3, 2)]), tokens).max_error < 1e-8
    check_layer(Frozen(4, 3, padding_idx=2, padding_gradient=0.0), tokens)
    with pytest.raises(GradientError, match=r"weight is wrong at \[2, .*expected 0 by finite differences, got 0\.5"):
        check_layer(Frozen(4, 3, padding_idx=2, padding_gradient=0.5), tokens)


def test_a_state_with_as_many_layers_as_samples_is_no_batch() -> None:
    # Its shape is (2 directions, 2 samples, 1): the first axis stays when one sample comes alone.
    assert check_layer(LSTM(3, 1, bidirectional=True, return_state=True), (2, 4, 3)).max_error < 1e-6


def test_a_slope_that_bends_within_a_step_is_no_alarm() -> None:
    class Steep(Layer):
        """tanh(590 x): at 0 a central difference with the usual step errs by 1.2e-5."""

        error = 0.0

        def forward(self, x):
            self.remember(y=np.tanh(590 * x))
            return np.tanh(590 * x)

        def backward(self, dy):
            (y,) = self.recall()
            return (1 + self.error) * 590 * (1 - y * y) * dy

    wrong = Steep()
    wrong.error = 2e-5
    for x in (np.zeros((2, 3)), np.zeros((9, 9))):  # the larger one is also compared along a direction
        assert check_layer(Steep(), x).max_error < 1e-5
        with pytest.raises(GradientError, match="x is wrong"):
            check_layer(wrong, x)


# Mistakes in a lesson that a replacement would hide.


def slope_of_the_input(self, dy):
    (y,) = self.recall()
    return dy * (y < 0)


def twice_the_bias(self, dy):
    (x,) = self.recall()
    self.weight.accumulate(dy.T @ x)
    self.bias.accumulate(2 * dy.sum(axis=0))
    return dy @ self.weight.tensor


def without_the_bias(self, x):
    self.remember(x=x)
    return x @ self.weight.tensor.T


@pytest.mark.parametrize(
    ("marked", "wrong", "build", "shape"),
    [
        (ReLU.backward, slope_of_the_input, ReLU, (4, 3)),
        (Linear.backward, twice_the_bias, lambda: Linear(3, 2), (4, 3)),
        (Linear.forward, without_the_bias, lambda: Linear(3, 2), (4, 3)),
    ],
    ids=["ReLU.backward", "Linear.backward", "Linear.forward"],
)
def test_a_bug_in_a_lesson_is_found_although_a_replacement_hides_it(monkeypatch, marked, wrong, build, shape) -> None:
    monkeypatch.setattr(marked.lesson, "__code__", wrong.__code__)
    with pytest.raises(GradientError):
        check_layer(build(), shape)
