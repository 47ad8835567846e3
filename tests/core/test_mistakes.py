"""A mistake that only NumPy notices, within a formula, is told in a sentence of ours."""

import re

import numpy as np
import pytest

from tests.calls.outcome import is_phrased
from tests.contract.table import LAYERS, OPTIMIZERS
from tinynet.core import faster
from tinynet.core.checks.vocabulary import check_again
from tinynet.layers import BatchNorm1D, Conv2D, Dropout, Flatten, Layer, LayerNorm, Linear, ReLU
from tinynet.net import Net, Residual
from tinynet.net.operations import Elementwise, MatMul, Take, Transpose
from tinynet.optimizers import Adam

X = np.ones((4, 2), np.float32)
WRONG = {
    "None": lambda dy: None,
    "a text": lambda dy: "dy",
    "a list": lambda dy: dy.tolist(),
    "what a loss returns": lambda dy: (0.5, dy),
    "objects": lambda dy: np.full(dy.shape, None),
    "too many rows": lambda dy: np.concatenate([dy, dy, dy]),
    "no axes": lambda dy: dy.ravel(),
    "a column less": lambda dy: dy[..., :-1],
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("body", ["plain", "auto"])
def test_a_layer_alone_names_what_is_wrong_with_a_gradient(wrong, body):
    for row in LAYERS:
        layer = row.build()
        given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
        with faster.use(body):
            y = layer.forward(*[x if isinstance(x, np.ndarray) else np.ones(x, np.float32) for x in given])
            dy = WRONG[wrong](y[0] if isinstance(y, tuple) else y)
            assert is_phrased_or_none(layer.backward, dy), layer


def is_phrased_or_none(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return is_phrased(error)
    return True


class Own(Layer):
    """A layer of a user's own, whose backward is wrong."""

    def __init__(self, backward):
        self.wrong = backward

    def forward(self, x):
        self.remember(x=x)
        return x

    def backward(self, dy):
        return self.wrong(dy)


SENTENCES = [
    (lambda: backward(Linear(2, 3), None), TypeError, "Linear(in_features=2, out_features=3): expected dy, an array"),
    (lambda: backward(Linear(2, 3), X), ValueError, "expected dy of the shape of the last output, got (4, 2).\nHint"),
    (lambda: backward(ReLU(), "dy"), TypeError, "ReLU(): expected dy, an array of floating-point numbers, got a str."),
    (lambda: backward(Flatten(), [X]), TypeError, "Flatten(): expected dy, an array of floating-point numbers, got"),
    (lambda: trained(Own(lambda dy: None)), TypeError, "backward must return the gradient of the input, an array; it"),
    (lambda: trained(Own(lambda dy: dy[:, :1])), ValueError, "layer 0: Linear(in_features=2, out_features=2): expec"),
    (lambda: trained(Own(lambda dy: dy @ X)), ValueError, "layer 1: matmul: Input operand"),  # the user's own mistake
    (lambda: assigned(Linear(2, 3), "weight", 3), TypeError, "out_features=3): weight must be a Parameter, got an i"),
    (lambda: assigned(Linear(2, 3), "weight", X), TypeError, "weight must be a Parameter, got a ndarray.\nHint: ass"),
    (lambda: assigned(Linear(2, 3), "weight", None), TypeError, "weight must be a Parameter, got None.\nHint: assig"),
    (lambda: assigned(LayerNorm(2), "bias", "b"), TypeError, "normalized_shape=2): bias must be a Parameter, got a"),
    (lambda: assigned(Net([BatchNorm1D(2), ReLU()]), "0.weight", X), TypeError, "layer 0: BatchNorm1D(num_features="),
    (lambda: assigned(Net([Linear(2, 3), ReLU()]), "0.bias", X), TypeError, "layer 0: Linear(in_features=2, out_fea"),
    (lambda: assigned(Dropout(0.5), "p", "half"), TypeError, "Dropout: p must be a number, got 'half'."),
    (lambda: assigned(LayerNorm(2), "eps", "1e-5"), TypeError, "LayerNorm: eps must be a number, got '1e-5'."),
    (lambda: MatMul()(X, X), ValueError, "MatMul(): it cannot be computed from (4, 2) float32 and (4, 2) float32: ma"),
    (lambda: Take(1)(X, np.array([7])), IndexError, "Take(axis=1): it cannot be computed from (4, 2) float32 and (1,"),
    (lambda: Elementwise("exp")("x"), TypeError, "Elementwise(function='exp'): it cannot be computed from a str: ufu"),
    (lambda: backward(Transpose(1, 0), None), TypeError, "Transpose(1, 0): expected dy, an array of floating-point n"),
    (lambda: stepped("lr", "0.1"), TypeError, "Adam: lr must be a number, got '0.1'."),
    (lambda: stepped("betas", 0.9), TypeError, "Adam: betas must be a pair of numbers, got 0.9."),
]  # fmt: skip


def backward(layer, dy):
    layer.forward(X)
    layer.backward(dy)


def trained(own):
    net = Net([Linear(2, 2), own])
    net.backward(np.ones_like(net(X)))


def assigned(layer, path, value):
    index, _, name = path.rpartition(".")
    setattr(layer[int(index)] if index else layer, name, value)
    layer.forward(X)


def stepped(name, value):
    net, optimizer = Net([Linear(2, 2)]), Adam()
    setattr(optimizer, name, value)
    net.backward(np.ones_like(net(X)))
    net.update(optimizer)


@pytest.mark.parametrize(("call", "kind", "words"), SENTENCES, ids=[words for _, _, words in SENTENCES])
@pytest.mark.parametrize("body", ["plain", "auto"])
def test_a_mistake_has_its_sentence(call, kind, words, body):
    with faster.use(body), pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # NumPy's error is not printed before


def test_what_a_constructor_has_made_is_right():
    for row in LAYERS:
        for _, layer in row.build().layers_inside():
            check_again(layer)
    for make in OPTIMIZERS:
        check_again(make.build())


def test_an_error_of_the_users_own_stays_as_it_is():
    def raises(dy):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        backward(Residual(Own(raises)), X)
    layer = Conv2D(1, 1, 3)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        layer.backward(None)
