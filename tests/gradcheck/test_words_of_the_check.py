"""What the checks say, word for word, and what they take."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from tests.gradcheck.planted_bugs import Dense
from tinynet.core import Parameter
from tinynet.gradcheck import GradientError, blame, check, check_layer, check_loss, check_net, sentences
from tinynet.gradcheck.report import Report
from tinynet.gradcheck.rules import leaves_arrays_alone
from tinynet.gradcheck.subject import Subject
from tinynet.layers import Layer, Linear, ReLU, Tanh
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net


class Identity(Layer):
    def forward(self, x):
        return x.copy()

    def backward(self, dy):
        return dy.copy()


def told(layer, given=(4, 3)):
    with pytest.raises(GradientError) as caught:
        check_layer(layer, given)
    return str(caught.value), caught.value.name, caught.value.cause


# A wrong gradient.


@pytest.mark.parametrize(
    ("index", "cause", "words"),
    [
        ((1, 2), ("sign", "the sign: everything is negated."), "[1, 2]"),
        ((3,), ("", ""), "[3]"),
        ((), ("", ""), "(a single number)"),
    ],
)
def test_a_wrong_gradient_word_for_word(index, cause, words) -> None:
    with pytest.raises(GradientError) as caught:
        blame._wrong_gradient("Some(3)", "weight", index, 0.12345678, -2.5, 1.0512, 3, 12, cause)
    hint = f"\nHint: likely cause: {cause[1]}" if cause[1] else ""
    assert str(caught.value) == (
        f"Some(3): the gradient with respect to weight is wrong at {words}: expected 0.123457 by finite differences, "
        f"got -2.5 from backward (largest relative error 1.1; 3 of 12 compared entries are off).{hint}"
    )
    error = caught.value
    assert (error.name, error.index, error.expected, error.found) == ("weight", index, 0.12345678, -2.5)
    assert error.cause == cause[0]


def test_the_worst_entry_of_a_gradient_with_its_error() -> None:
    class Wrong(Identity):
        def backward(self, dy):
            dx = dy.copy()
            dx[0, 1] *= 4
            dx[2, 2] *= -1
            return dx

    words, name, _ = told(Wrong())
    assert "(largest relative error 2; 2 of 12 compared entries are off)" in words  # that of −1 beside 1
    assert name == "x"


def test_a_parameter_that_is_a_single_number() -> None:
    class Scale(Layer):
        def __init__(self):
            self.factor = Parameter(np.array(2.0))

        def forward(self, x):
            self.remember(x=x)
            return x * self.factor.tensor

        def backward(self, dy):
            self.factor.accumulate((dy * self.recall().x).sum() + dy.dtype.type(1))
            return dy * self.factor.tensor

    assert "the gradient with respect to factor is wrong at (a single number): expected " in told(Scale())[0]


def test_a_mistake_inside_is_looked_at_with_the_inputs_that_it_gets() -> None:
    class AboveOne(Layer):
        """y = x, with a gradient that is wrong where x is above 1."""

        def forward(self, x):
            self.remember(x=x)
            return x.copy()

        def backward(self, dy):
            return np.where(self.recall().x > 1, 2 * dy, dy)

    class Plus(Layer):
        def forward(self, x):
            return x + 9

        def backward(self, dy):
            return dy.copy()

    class Both(Layer):
        """Two inputs go on to an inner layer as they come."""

        def __init__(self):
            self.inner = Negated()

        def forward(self, a, b):
            return self.inner.forward(a, b)

        def backward(self, dy):
            return self.inner.backward(dy)

    class Negated(Layer):
        def forward(self, a, b):
            return a + b

        def backward(self, dy):
            return dy, -dy

    assert told(Net([Plus(), AboveOne()]))[0].startswith("layer 1: AboveOne(): the gradient with respect to x is wrong")
    words, name, cause = told(Both(), [(4, 3), (4, 3)])
    assert words.startswith("layer inner: Negated(): the gradient with respect to b is wrong at ")
    assert (name, cause) == ("b", "sign")


def test_inner_layers_are_checked_with_the_same_numbers_each_time(monkeypatch) -> None:
    seeds = []
    draw = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda *seed: seeds.append(seed) or draw(*seed))
    subject = Subject(Net([Tanh(), Tanh()]), (2, 3), draw(5))
    blame._blame_inner_layers(subject, 1e-5, 64)
    assert seeds == [(0,), (0,)]


def test_where_loss_and_layers_are_right_by_themselves_the_net_is_named() -> None:
    """The loss doubles its gradient for a truth of float32, which a check of it alone makes one of float64."""

    def loss(predicted, truth):
        value, gradient = mean_squared_error(predicted, truth.astype(predicted.dtype))
        return value, 2 * gradient if truth.dtype == np.float32 != predicted.dtype else gradient

    with pytest.raises(GradientError, match="^Net: the gradient with respect to x is wrong at ") as caught:
        check_net(Net([Tanh()]), (2, 3), loss, np.zeros((2, 3), np.float32))
    assert caught.value.cause == "factor"


# Broken rules.


def test_other_types_and_shapes_word_for_word() -> None:
    def words(function, *arguments):
        with pytest.raises(GradientError) as caught:
            function("Some()", *arguments)
        return str(caught.value), caught.value.name, caught.value.cause

    assert words(sentences.wrong_dtype, "the output", np.float64, "float32") == (
        "Some(): expected the output of type float32 for inputs of that type, got float64.\n"
        "Hint: keep constants plain Python numbers, or convert them with x.dtype.type(...).",
        "the output",
        "dtype",
    )
    assert words(sentences.wrong_shape, "output", np.zeros((3, 4)), (4, 3), "for a batch of one ") == (
        "Some(): expected the output for a batch of one to have shape (4, 3), got an array of shape (3, 4).\n"
        "Hint: likely cause: a transpose: the axes are in another order.",
        "output",
        "transpose",
    )
    assert words(sentences.wrong_shape, "x", None, (4,)) == (
        "Some(): expected the gradient with respect to x to have shape (4,), got nothing.",
        "x",
        "shape",
    )
    assert words(sentences.not_finite, "the output") == (
        "Some(): the output holds NaN or infinity for finite inputs.",
        "the output",
        "not finite",
    )
    assert words(sentences.broken_rule, "state", "it is lost.") == ("Some(): it is lost.", "state", "")


def test_an_output_that_holds_no_numbers() -> None:
    class Objects(Identity):
        def forward(self, x):
            return x.astype(object)

    assert told(Objects()) == ("Objects(): forward must return numbers, got an array of object.", "output", "")


def test_the_gradient_of_a_float32_input_is_float32() -> None:
    class Widens(Identity):
        def backward(self, dy):
            return dy * np.ones(3)

    words, name, cause = told(Widens())
    assert words.startswith("Widens(): expected the gradient of the input of type float32 for inputs of that type, got")
    assert (name, cause) == ("the gradient of the input", "dtype")


def test_random_numbers_and_evaluation_word_for_word() -> None:
    class Random(Identity):
        def forward(self, x):
            return x + np.random.default_rng().random(x.shape)

    class Drops(Identity):
        def forward(self, x):
            return x.copy() if self.training else x + np.random.default_rng().random(x.shape)

    class Fixed(Layer):
        def __init__(self):
            self._shift = np.random.default_rng().random(3)

        def forward(self, x):
            return x + self._shift.astype(x.dtype)

        def backward(self, dy):
            return dy.copy()

    assert told(Random()) == (
        "Random(): forward gives different outputs for the same input and the same random numbers.\n"
        'Hint: draw random numbers from stream("dropout") or from a generator that is an attribute, self.rng.',
        "output",
        "random",
    )
    words, name, cause = told(Drops())
    assert (name, cause) == ("eval", "")
    assert words == (
        "Drops(): in evaluation the same input gives two outputs.\nHint: draw nothing if not self.training."
    )
    assert told(Fixed()) == (
        "Fixed(): state() loaded into a new layer of the same arguments does not give the same output.\n"
        "Hint: make what forward uses a Parameter, or an array attribute without a leading underscore.",
        "state",
        "",
    )


def test_an_output_that_the_next_backward_overwrites() -> None:
    class Late(Layer):
        """Its backward writes into the output of the forward before the last."""

        def __init__(self):
            self._outputs = [np.zeros(1), np.zeros(1)]

        def forward(self, x):
            y = 2 * x
            self._outputs = [self._outputs[1], y]
            return y

        def backward(self, dy):
            self._outputs[0][...] = 0
            return 2 * dy

    assert told(Late()) == (
        "Late(): the layer returns an output that its next backward overwrites.\nHint: work on a new array.",
        "output",
        "buffer",
    )


def test_after_the_rules_the_inputs_are_the_first_ones() -> None:
    subject = Subject(Linear(3, 2), (4, 3), np.random.default_rng(0))
    inputs = subject.inputs
    leaves_arrays_alone(subject)
    assert subject.inputs is inputs


def test_a_loss_that_writes_or_overwrites_word_for_word() -> None:
    def loss(predicted, truth):
        truth += 1
        return float(predicted.sum()), np.ones_like(predicted)

    with pytest.raises(GradientError) as caught:
        check_loss(loss, (4, 3), np.zeros((4, 3)))
    assert str(caught.value) == "loss: the loss writes into its arguments.\nHint: work on a new array."
    assert caught.value.name == "arguments"


# What is asked for.


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: check_layer(Linear, (4, 3)),
            "check_layer: expected a layer, got the class Linear.\n"
            "Hint: write check_layer(Linear(3, 2), (4, 3)), for example.",
        ),
        (
            lambda: check_net(3, (4, 3)),
            "check_net: expected a layer, got int.\nHint: write check_layer(Linear(3, 2), (4, 3)), for example.",
        ),
        (
            lambda: check_loss(3, (4, 3), None),
            "check_loss: loss must be a function, got 3.\nHint: pass cross_entropy itself.",
        ),
        (lambda: check_loss(abs, (4, 3), None), f"check_loss: loss must be a function, got {abs!r}."),
        (lambda: check_loss(int, (4, 3), None), "check_loss: loss must be a function, got <class 'int'>."),
        (lambda: check_loss(ReLU(), (4, 3), None), "check_loss: loss must be a function, got ReLU()."),
    ],
)
def test_what_cannot_be_checked_is_named(call, sentence) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (cross_entropy, "the function cross_entropy"),
        (partial(cross_entropy, axis=1), "the function cross_entropy"),
        (SimpleNamespace(), "a SimpleNamespace"),
        ((4, 2), "(4, 2)"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        (None, "None"),
        (Linear(3, 2), "a Linear"),
        (Linear, "the class Linear"),
        (4, "an int"),
    ],
)
def test_what_an_argument_is_called(value, words) -> None:
    assert sentences._what(value) == words


def calls(seed=None):
    options = {} if seed is None else {"seed": seed}
    return [
        check_layer(Tanh(), (4, 3), **options),
        check_net(Net([Tanh()]), (4, 3), mean_squared_error, np.zeros((4, 3)), **options),
        check_loss(mean_squared_error, (4, 3), np.zeros((4, 3)), **options),
    ]


def test_the_usual_seed_is_0_and_another_draws_other_numbers() -> None:
    assert calls() == calls(0)
    assert all(first != other for first, other in zip(calls(0), calls(1), strict=True))


def test_as_many_entries_are_compared_as_are_asked_for() -> None:
    assert check_net(Net([Linear(3, 2)]), (4, 3), max_entries=2).n_compared == {"x": 2, "0.weight": 2, "0.bias": 2}
    assert check_loss(mean_squared_error, (4, 3), np.zeros((4, 3)), max_entries=5).n_compared == {"predicted": 5}
    assert check_layer(Tanh(), (9, 9)).n_compared == {"x": check.MAX_ENTRIES} == {"x": 64}


def test_a_tolerance_lets_a_small_error_pass() -> None:
    class Nearly(Dense):
        def dx(self, dy):
            return super().dx(dy) * 1.001

    def loss(predicted, truth):
        value, gradient = mean_squared_error(predicted, truth)
        return value, gradient * 1.001

    assert check_layer(Nearly(), (4, 3), tolerance=1e-2).max_error == pytest.approx(1e-3, rel=1e-2)
    assert check_net(Net([Nearly()]), (4, 3), tolerance=1e-2).max_error == pytest.approx(1e-3, rel=1e-2)
    assert check_loss(loss, (4, 3), np.zeros((4, 3)), tolerance=1e-2).max_error == pytest.approx(1e-3, rel=1e-2)


# A report.


def test_a_report_word_for_word() -> None:
    report = Report("Some()", {"x": 1.26e-9, "weight": 3e-11}, {"x": 12, "weight": 6}, 3, ("b is one.", "c too."))
    assert repr(report) == (
        "Some(): the gradients agree with finite differences.\n"
        "  x       largest relative error 1.3e-09 over 12 entries\n"
        "  weight  largest relative error 3e-11 over 6 entries\n"
        "  inputs were drawn again 3 times, away from kinks\n"
        "  remark: b is one.\n"
        "  remark: c too."
    )
    assert report.max_error == 1.26e-9
    assert repr(Report("Some()", {}, {}, 3, ("b is one.",))) == (
        "Some(): there is nothing to differentiate, and all else is as it must be.\n  remark: b is one."
    )
    assert (Report("a", {}, {}).n_redrawn, Report("a", {}, {}).remarks) == (0, ())


def test_only_what_differs_in_evaluation_is_checked_again(monkeypatch) -> None:
    compared = []
    one = check._compare
    monkeypatch.setattr(
        check, "_compare", lambda subject, *a: compared.append(subject.layer.training) or one(subject, *a)
    )
    check_layer(Tanh(), (4, 3))
    assert compared == [True]
