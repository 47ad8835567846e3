"""An error from inside a layer carries the path of the layer, whatever its type."""

import json

import numpy as np
import pytest

from tinynet.core import Parameter, faster
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Layer, Linear, ReLU
from tinynet.learner import Learner
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD

X = np.ones((4, 2), np.float32)


class OwnError(Exception):
    def __init__(self, code, words):
        super().__init__(code, words)
        self.code = code

    def __str__(self):
        return f"code {self.code}"


class Broken(Layer):
    def __init__(self, error, where):
        self.error, self.where = error, where

    def forward(self, x):
        if self.where == "forward":
            raise self.error
        return x

    def backward(self, dy):
        raise self.error

    def step(self, x, state=None):
        raise self.error


@pytest.fixture(params=["plain", "auto"], autouse=True)
def body(request):
    with faster.use(request.param):
        yield


ERRORS = [
    (ValueError, ("odd",), "odd"),
    (KeyError, ("key",), "'key'"),
    (IndexError, ("out",), "out"),
    (AttributeError, ("no x",), "no x"),
    (ZeroDivisionError, (), "ZeroDivisionError"),
    (AssertionError, (), "AssertionError"),
    (NotImplementedError, (), "NotImplementedError"),
    (FloatingPointError, ("nan",), "nan"),
    (MemoryError, ("full",), "full"),
    (np.linalg.LinAlgError, ("singular",), "singular"),
    (OSError, ("no number",), "no number"),
]


@pytest.mark.parametrize(("kind", "arguments", "words"), ERRORS)
@pytest.mark.parametrize("where", ["forward", "backward", "step"])
def test_the_words_begin_with_the_path(kind, arguments, words, where):
    net = Net([Linear(2, 2), Residual([ReLU(), Broken(kind(*arguments), where)])])
    if where == "step":
        net = Net([Linear(2, 2), Net([ReLU(), Broken(kind(*arguments), where)])])
    call = (lambda: net.step(X[:, np.newaxis])) if where == "step" else (lambda: net.backward(net.forward(X)))
    with pytest.raises(kind) as caught:
        call()
    path = "1.1" if where == "step" else "1.body.1"
    assert str(caught.value).startswith(f"layer {path}: {words}")
    assert ("What came is the output of layer" in str(caught.value)) == (where != "backward")


def unreadable():
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(2, "No such file", "weights.bin"), OwnError(3, "a"), unreadable()],
    ids=repr,
)
def test_where_the_words_are_not_ours_a_note_has_the_path(error):
    words, arguments = str(error), error.args
    net = Net([Linear(2, 2), Net([Net([Broken(error, "forward")])])])
    with pytest.raises(type(error)) as caught:
        net.forward(X)
    assert (str(caught.value), caught.value.args) == (words, arguments)
    assert caught.value.__notes__ == [f"In layer 1.0.0: {words}"]


def test_ctrl_c_is_no_error_of_a_layer():
    with pytest.raises(KeyboardInterrupt) as caught:
        Net([Broken(KeyboardInterrupt(), "forward")]).forward(X)
    assert caught.value.args == ()


def test_errors_can_be_raised_again_and_copied():
    error = KeyError("key")
    net = Net([Broken(error, "forward")])
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            net.forward(X)
        assert str(caught.value) == "layer 0: 'key'"
    assert json.dumps(caught.value.args) == "[\"layer 0: 'key'\"]"


# A gradient that does not fit its parameter.


class Shift(Layer):
    def __init__(self, how):
        self.bias, self.how = Parameter(np.zeros(2)), how

    def forward(self, x):
        return x + self.bias.tensor

    def backward(self, dy):
        if self.how == "accumulate":
            self.bias.accumulate(dy)
        elif self.how == "gradient +=":
            self.bias.gradient += dy
        else:
            self.bias.gradient = self.bias.gradient + dy
        return dy


class Scale(Layer):
    def __init__(self):
        self.inside = {"weight": Parameter(np.ones((1, 2)))}

    def forward(self, x):
        return x * self.inside["weight"].tensor

    def backward(self, dy):
        self.inside["weight"].accumulate(dy)
        return dy


@pytest.mark.parametrize("how", ["accumulate", "gradient", "gradient +="])
def test_a_missing_sum_over_the_batch_names_the_parameter(how):
    learner = Learner(Net([Linear(2, 2), Net([Shift(how)])]), mean_squared_error, SGD(lr=0.1), Dataset(X, X))
    with pytest.raises(ValueError) as caught:
        learner.fit(progress=False)
    assert str(caught.value) == (
        f"layer 1.0: bias.{how.removesuffix(' +=')}: expected shape (2,), got (4, 2).\n"
        "Hint: likely cause: a missing sum over the batch, or over another leading axis."
    )


def test_other_wrong_shapes_have_their_own_causes():
    net = Net([Scale()])
    with pytest.raises(
        ValueError, match=r"layer 0: inside\.weight\.accumulate: .*\(1, 2\), got \(4, 2\)\.\nHint: .*keepdims"
    ):
        net.backward(net.forward(X))
    weight = Parameter(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"^Parameter\.accumulate: expected .*\nHint: likely cause: a transpose"):
        weight.accumulate(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"^Parameter\.accumulate: expected shape \(2, 3\), got \(7,\)\.$"):
        weight.accumulate(np.zeros(7))


class Returns(Layer):
    def __init__(self, returned):
        self.returned = returned

    def forward(self, x):
        return x + 1

    def backward(self, dy):
        return self.returned


@pytest.mark.parametrize("table", ["auto", "plain"])
@pytest.mark.parametrize(
    "before",
    [
        [Linear(2, 2)],
        [Linear(2, 2), ReLU()],
        [Net([Linear(2, 2)])],
        [Residual([Linear(2, 2)])],
        [BatchNorm1D(2), ReLU()],
    ],
)
def test_a_backward_that_returns_nothing_is_named_and_not_the_layer_that_gets_it(before, table):
    net = Net([*before, Returns(None)])
    with faster.use(table):
        y = net.forward(X)
        words = (
            rf"^layer {len(before)}: Returns\(.*\): backward must return the gradient of the input, an array.*\nHint: "
        )
        with pytest.raises(TypeError, match=words):
            net.backward(y)


def test_a_backward_that_returns_a_list_is_named():
    net = Net([Net([Linear(2, 2), Returns([1.0])]), ReLU()])
    with pytest.raises(TypeError, match=r"^layer 0\.1: Returns\(.*it returned a list\.$"):
        net.backward(net.forward(X))


def test_a_transpose_in_a_sum_in_place_is_told_and_other_errors_stay():
    class Transposed(Layer):
        def __init__(self, error=None):
            self.weight, self.error = Parameter(np.zeros((2, 3))), error

        def forward(self, x):
            return x @ self.weight.tensor

        def backward(self, dy):
            if self.error is not None:
                raise self.error
            self.weight.gradient += np.zeros((3, 2))

    net = Net([Transposed()])
    with pytest.raises(
        ValueError, match=r"^layer 0: weight\.gradient: expected shape \(2, 3\), .*\nHint: .*a transpose"
    ):
        net.backward(net.forward(X))
    net = Net([Transposed(ValueError("output operand with shape (9,) doesn't match the broadcast shape (2, 9)"))])
    with pytest.raises(ValueError, match=r"^layer 0: output operand"):
        net.backward(net.forward(X))
