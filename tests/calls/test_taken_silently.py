"""Calls that were taken without a word, or that ended in an error of Python's or NumPy's: each has its sentence."""

import re

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Compose, Text, Windows, batches, polynomial
from tinynet.layers import Conv2D, Embedding, Linear, ReLU
from tinynet.learner import EarlyStopping, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.models import mlp, noise, unet
from tinynet.net import Net, Residual
from tinynet.optimizers import (
    SGD,
    Adam,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
    WeightAverage,
    clip_gradient_norm,
    clip_gradient_value,
)

X = np.ones((4, 2), np.float32)


def net() -> Net:
    return Net([Linear(2, 3)])


SENTENCES = [
    (lambda: SGD(net()), TypeError, "SGD: lr must be a number or a function of the step, got a Net."),
    (lambda: Adam(net()), TypeError, "Adam: lr must be a number or a function of the step, got a Net."),
    (lambda: SGD(net().parameters()), TypeError, "SGD: lr must be a number, got {"),
    (lambda: Adam(ReLU), TypeError, "Adam: lr must be a number or a function of the step, got the class ReLU."),
    (lambda: SGD(lambda: 0.1), TypeError, "SGD: lr must be a number or a function of the step, got a function."),
    (lambda: LinearWarmup(net(), 3), TypeError, "LinearWarmup: lr must be a number or a function of the step, got a"),
    (lambda: Net([]), ValueError, "Net: layers must hold at least one entry, got an empty list."),
    (lambda: tn.Parameter(X, dtype="int32"), TypeError, "Parameter: dtype must be a floating type, got int32."),
    (lambda: tn.Parameter(X, dtype=None), TypeError, "Parameter: dtype must be a floating type, got "),
    (lambda: tn.Parameter(X).astype(int), TypeError, "Parameter.astype: dtype must be a floating type, got int64."),
    (lambda: tn.Parameter(X).accumulate([["a"]]), TypeError, "Parameter.accumulate: gradient must hold real numbers"),
    (lambda: tn.Parameter([[1.0], [1.0, 2.0]]), TypeError, "Parameter: tensor must be an array, got rows of different"),
    (lambda: Linear(2, 3, bias="no"), TypeError, "Linear: bias must be True or False, got 'no'."),
    (lambda: Linear(2, 3, rng=0), TypeError, "Linear: rng must be a np.random.Generator, got 0."),
    (lambda: Linear(10**30, 2), ValueError, "Linear: in_features must be at most 9007199254740992, got 1e+30."),
    (lambda: Linear(10**400, 2), ValueError, "got one of 401 digits."),
    (lambda: Linear(10**9, 10**9), ValueError, "(1000000000, 1000000000) has 1e+18 numbers, more than a memory"),
    (lambda: ReLU()(None), TypeError, "ReLU(): expected x to be a NumPy array, got NoneType."),
    (lambda: net()[5], IndexError, "Net: there is no layer 5, they count from 0 to 0."),
    (lambda: net().predict([[1.0], [1.0, 2.0]]), TypeError, "Net: x must be an array, got rows of different lengths."),
    (lambda: net().step(X, 3), TypeError, "Net.step: expected the state of an earlier step, got an int."),
    (lambda: Residual(Linear), TypeError, "Residual: body must be a layer or a list of layers, got the class L"),
    (lambda: Residual([3]), TypeError, "Residual: body[0] must be a Layer, got an int."),
    (lambda: Windows(None, 3), TypeError, "Windows: codes must be integers of shape (n_characters,), got object of"),
    (lambda: Windows(np.arange(9), 3, classes=5), TypeError, "Windows: classes must be a string or a list of characte"),
    (lambda: Text(5), TypeError, "Text: content must be a string, got 5."),
    (lambda: Text("a text", 1, valid=0.0).encode(None), TypeError, "Text.encode: text must be a string, got None."),
    (lambda: Compose(None), TypeError, "Compose: transforms must be a list of functions, got None."),
    (lambda: polynomial(coefficients=5), TypeError, "polynomial: coefficients must be a list of numbers, got 5."),
    (lambda: tn.data.text(5), TypeError, "text: path must be a string or a Path, got 5."),
    (lambda: batches(tn.data.moons(9), 3, shuffle="no"), TypeError, "batches: shuffle must be True or False, got 'no'"),
    (lambda: EarlyStopping(monitor=5), TypeError, "EarlyStopping: monitor must be a string, got 5."),
    (lambda: SequentialLR([0.1, 0.2], 3), TypeError, "SequentialLR: milestones must be a list of steps, got an int."),
    (lambda: StepLR(0.1, 2)(None), TypeError, "StepLR: step must be an integer, got None."),
    (lambda: clip_gradient_norm(5, 1.0), TypeError, "clip_gradient_norm: expected a list of parameters, got an int."),
    (lambda: clip_gradient_value([X], 1.0), TypeError, "clip_gradient_value: expected a list of parameters, got a lis"),
    (lambda: WeightAverage([]), TypeError, "WeightAverage: expected parameters, a dict from path to Parameter, got a"),
    (lambda: SGD(0.1).step(net()), TypeError, "SGD.step: expected parameters, a dict from path to Parameter, got a Ne"),
    (lambda: Adam().load_state({}, {}), TypeError, "Adam.load_state: expected what state(parameters) gave, got a dict"),
    (lambda: mlp(hidden=5), TypeError, "mlp: hidden must be a list of widths, got 5."),
    (lambda: unet(depth=50), ValueError, "unet: depth must be at most 10, got 50."),
    (lambda: noise("no", 2), TypeError, "noise: n must be an integer, got 'no'."),
    (lambda: tn.models.he_convolutions(None), TypeError, "he_convolutions: net must be a Layer, got None."),
    (lambda: tn.models.generate(None, np.array([0]), 1), TypeError, "generate: net must be a Net, got None."),
    (lambda: cross_entropy(X, np.zeros(4, int), axis="no"), TypeError, "cross_entropy: axis must be an integer, got '"),
    (lambda: cross_entropy(X, np.zeros(4, int), ignore_index=[0]), TypeError, "cross_entropy: ignore_index must be an"),
    (lambda: cross_entropy(X, np.zeros(4, int), reduction=X), ValueError, "cross_entropy: reduction must be one of"),
    (lambda: accuracy(X, None), TypeError, "accuracy: expected ground_truth to be a NumPy array, got NoneType."),
    (lambda: tn.gradcheck.check_layer(Linear(2, 2), (4, 2), max_entries="no"), TypeError, "check_layer: max_entries m"),
    (lambda: tn.gradcheck.check_loss(Net, (4, 2), X), TypeError, "check_loss: loss must be a function, got <class"),
    (lambda: tn.core.set_generator_states({}), TypeError, "set_generator_states: expected what generator_states() gav"),
    (lambda: tn.core.initializers.zeros("ab"), TypeError, "zeros: shape must be a tuple of sizes, got 'ab'."),
    (lambda: tn.core.initializers.xavier_normal((2, 2), gain=1e300), ValueError, "gain must fit into a float32"),
    (lambda: tn.visualize.filters(None), TypeError, "filters: net must be a Layer, got None."),
    (lambda: tn.visualize.weight_histograms(Conv2D), TypeError, "weight_histograms: net is the class Conv2D."),
    (lambda: tn.visualize.misclassified(net(), (X, X)), TypeError, "misclassified: dataset must have len(d) and d[ind"),
    (lambda: tn.visualize.report("a.html", net(), history=[]), TypeError, "report: history must be a History, got a l"),
    (lambda: tn.visualize.samples(np.ones((2, 1, 4, 0))), ValueError, "samples: expected images with pixels"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), SENTENCES, ids=[words for _, _, words in SENTENCES])
def test_a_bad_call_has_its_sentence(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_a_refused_state_of_the_streams_changes_nothing():
    tn.seed(3)
    states = tn.core.generator_states()
    with pytest.raises(TypeError, match="set_generator_states: epoch must be an integer, got 'no'"):
        tn.core.set_generator_states({**states, "seed": 5, "epoch": "no"})
    assert tn.core.generator_states() == states


def test_parameters_are_clipped_from_the_dict_that_a_net_gives():
    several = net()
    for parameter in several.parameters().values():
        parameter.gradient = np.full(parameter.shape, 2.0)
    assert clip_gradient_norm(several.parameters(), 3.0) == 6.0
    clip_gradient_value(several.parameters(), 0.5)
    assert {float(parameter.gradient.max()) for parameter in several.parameters().values()} == {0.5}


def test_a_number_beyond_every_float_is_not_finite():
    with pytest.raises(ValueError, match="SGD: lr must be finite, got inf"):
        SGD(lr=10**400)


# Schedules at large steps.


def test_a_rate_that_grows_becomes_infinite_and_an_optimizer_refuses_it():
    assert ExponentialLR(1e-3, 1.1)(10_000) == np.inf
    assert ExponentialLR(0.0, 1.1)(10_000) == 0
    assert StepLR(1.0, step_size=2, gamma=10.0)(2_000) == np.inf
    optimizer = SGD(ExponentialLR(1e-3, 1.1))
    optimizer.n_steps = 10_000
    with pytest.raises(ValueError, match=r"SGD: lr\(10000\) must be finite, got inf"):
        optimizer.learning_rate  # noqa: B018


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        (StepLR(0.1, 10), 0.0),
        (MultiStepLR(0.1, [10, 10**5]), 0.001),
        (PolynomialLR(0.1), 0.0),
        (LinearLR(0.1, end_factor=0.5), 0.05),
        (ConstantLR(0.1), 0.1),
        (ExponentialLR(0.1, 0.99), 0.0),
        (CosineAnnealingLR(0.1, 10, 0.01), 0.01),
        (LinearWarmup(0.1, 10), 0.1),
        (OneCycleLR(1.0, 10, div_factor=10, final_div_factor=10), 0.01),
        (SequentialLR([0.1, ExponentialLR(1.0, 0.5)], [3]), 0.0),
    ],
)
def test_a_schedule_keeps_its_last_value(schedule, last):
    for step in (10**6, 10**12, 2**53):
        assert schedule(step) == pytest.approx(last, abs=1e-12)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_a_cosine_restarts_at_any_step(factor):
    schedule = CosineAnnealingWarmRestarts(0.1, 10, factor, eta_min=0.01)
    for step in (10**6, 10**12, 2**53):
        assert 0.01 <= schedule(step) <= 0.1


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_a_cycle_goes_on_at_any_step(mode):
    schedule = CyclicLR(0.01, 0.1, 10, 7, mode=mode, gamma=0.9)
    for step in (10**6, 10**12, 2**53):
        assert 0.01 <= schedule(step) <= 0.1


# Tokens.


def test_the_hint_of_a_token_counts_past_its_own_type():
    with pytest.raises(ValueError, match=r"expected tokens from 0 to 4, got 255.\nHint: make it Embedding\(256, ...\)"):
        Embedding(5, 2).forward(np.array([[255]], np.uint8))


def test_the_vector_of_padding_gets_no_gradient_and_is_zero_until_weights_are_assigned():
    layer, other = Embedding(4, 2, padding_idx=1), Embedding(4, 2)
    layer.forward(np.array([[1, 2]]))
    layer.backward(np.ones((1, 2, 2), np.float32))
    assert not layer.weight.gradient[1].any()
    assert not layer.weight.tensor[1].any()
    other.weight = layer.weight  # which learns the vector that is padding for the first
    other.forward(np.array([[1, 2]]))
    other.backward(np.ones((1, 2, 2), np.float32))
    assert (layer.weight.gradient[1] == 1).all()
    assert "unless other weights are assigned or loaded, or the Parameter is shared" in " ".join(
        Embedding.__doc__.split()
    )


def test_the_learner_refuses_a_net_and_a_text_as_data():
    for data in (net(), "no", b"no", {}):
        with pytest.raises(TypeError, match="Learner: train must be a dataset, got a"):
            Learner(net(), cross_entropy, SGD(lr=0.1), data)
