"""Nets, parameters, random streams, kernels and gradient checks."""

import numpy as np

import tinynet as tn
from tests.errors.case import Case, forwarded, net, ones
from tinynet.core import Parameter, initializers, stream
from tinynet.gradcheck import check_layer, check_loss, check_net
from tinynet.layers import Flatten, Linear, ReLU
from tinynet.losses import cross_entropy
from tinynet.net import Concat, Net, Residual
from tinynet.optimizers import SGD


def _twice(wrap):
    layer = Linear(2, 2)
    return Net([layer, ReLU(), wrap(layer)])


CASES = [
    Case(
        "a layer instead of a list",
        lambda: Net(Linear(2, 3)),
        TypeError,
        r"Net: layers must be a list of layers, got Linear\.\nHint: write Net\(\[Linear\(2, 3\), ReLU\(\)\]\)",
    ),
    Case(
        "a class instead of a layer",
        lambda: Net([Linear]),
        TypeError,
        r"Net: layers\[0\] is the class Linear\.\nHint: write Linear\(\.\.\.\)",
    ),
    Case(
        "a function instead of a layer",
        lambda: Net([Linear(2, 3), np.tanh]),
        TypeError,
        r"Net: layers\[1\] must be a layer, got ufunc\.\nHint: a function needs a Layer",
    ),
    Case(
        "a layer used twice",
        lambda: _twice(lambda layer: layer),
        ValueError,
        r"Net: the layer Linear\(.*\) is used twice, as 0 and as 2, .*\nHint: make a second layer; to share weights",
    ),
    Case(
        "a layer used again deep inside",
        lambda: _twice(lambda layer: Net([Residual(layer)])),
        ValueError,
        r"is used twice, as 0 and as 2\.0\.body\.0",
    ),
    Case(
        "an error inside a net",
        lambda: net().forward(ones(4, 7)),
        ValueError,
        r"layer 0: Linear\(.*\): expected x of shape \(N, 2\), got \(4, 7\)",
    ),
    Case(
        "an error deep inside",
        lambda: Net([Net([Flatten(), Linear(5, 3)])]).forward(ones(4, 7)),
        ValueError,
        r"layer 0\.1: Linear\(.*\): expected .*\nHint: make it Linear\(7, .*\n\(What came is .* layer .*Flatten\(\)",
    ),
    Case(
        "a net's backward before its forward",
        lambda: net().backward(ones(2, 3)),
        RuntimeError,
        r"(layer 0: Linear\(.*\)|Net): backward was called, but there is no forward",
    ),
    Case(
        "backward after predict",
        lambda: (tested := net(), tested.predict(ones(4, 2)), tested.backward(ones(4, 3))),
        RuntimeError,
        r"there is no forward.*\nHint: .*predict and evaluate keep nothing for backward",
    ),
    Case(
        "backward twice",
        lambda: [(tested := forwarded())] + [tested.backward(ones(4, 3)) for _ in range(2)],
        RuntimeError,
        r"backward was called, but there is no forward.*\nHint: .*then backward once",
    ),
    Case(
        "the loss instead of its gradient",
        lambda: forwarded().backward(0.5),
        TypeError,
        r"Net\.backward: expected a gradient, an array of shape \(4, 3\), got float\.\nHint: .*pass the gradient",
    ),
    Case(
        "a gradient of another shape",
        lambda: forwarded().backward(ones(1, 3)),
        ValueError,
        r"Net\.backward: expected a gradient of the output's shape \(4, 3\), got \(1, 3\)",
    ),
    Case(
        "no gradient",
        lambda: forwarded().backward(),
        TypeError,
        r"Net\.backward: expected as many gradients as outputs, 1, got 0",
    ),
    Case(
        "a rate instead of an optimizer",
        lambda: net().update(0.1),
        TypeError,
        r"Net\.update: expected an optimizer, got float\.\nHint: write net\.update\(SGD\(lr=0\.1\)\)",
    ),
    Case("an optimizer's class", lambda: net().update(SGD), TypeError, r"expected an optimizer, got the class SGD"),
    Case(
        "batches of no rows",
        lambda: net().predict(ones(4, 2), batch_size=0),
        ValueError,
        r"Net\.predict: batch_size must be at least 1, got 0",
    ),
    Case(
        "a single number to predict from",
        lambda: net().predict(3.0),
        ValueError,
        r"Net\.predict: expected arrays with a batch axis, got a single number\.\nHint: pass x\[np\.newaxis\]",
    ),
    Case("nothing to predict from", lambda: net().predict(), TypeError, r"expected at least one input array, got none"),
    Case(
        "an integer net",
        lambda: net().astype(int),
        TypeError,
        r"Net: dtype must be a floating type, got int64\.\nHint: use np\.float32 or np\.float64",
    ),
    Case(
        "an unknown type", lambda: net().astype("float33"), TypeError, r"dtype must be a floating type, got 'float33'"
    ),
    Case(
        "a state with other entries",
        lambda: net().load_state({"0.weight": ones(3, 3), "0.bias": ones(3), "1.bias": ones(3)}),
        ValueError,
        r"unexpected: 1\.bias; wrong shape: 0\.weight \(expected \(3, 2\), got \(3, 3\)\)\.\nHint: build the network",
    ),
    Case(
        "no state",
        lambda: net().load_state(None),
        TypeError,
        r"Net: expected a state, a dict from path to array, got NoneType\.\nHint: net\.state\(\) gives one",
    ),
    Case(
        "a state of words",
        lambda: net().load_state({"0.weight": ones(3, 2), "0.bias": np.array(["a"] * 3)}),
        ValueError,
        r"the state does not fit this network; no real numbers: 0\.bias",
    ),
    Case(
        "a summary without a shape",
        lambda: net().summary(4),
        TypeError,
        r"summary: input_shape must be a tuple of integers, got 4\.\nHint: leave out the batch axis",
    ),
    Case(
        "branches that cannot be added",
        lambda: Residual([Linear(2, 3)]).forward(ones(4, 2)),
        ValueError,
        r"Residual: the body gives shape \(4, 3\), the shortcut \(4, 2\); .*\nHint: give a shortcut",
    ),
    Case(
        "branches that cannot be joined",
        lambda: Concat([Linear(2, 3), []], axis=0).forward(ones(4, 2)),
        ValueError,
        r"Concat: the branches give \(4, 3\), \(4, 2\); they may differ in axis 0 only",
    ),
    Case("no branches", lambda: Concat([]), ValueError, r"Concat: branches must hold at least one entry, got an empty"),
    # Parameters and what fills them.
    Case(
        "integer weights",
        lambda: Parameter([1, 2]),
        TypeError,
        r"Parameter: tensor must hold floating-point numbers, got int64\.\nHint: convert with \.astype",
    ),
    Case(
        "a gradient that does not fit its parameter",
        lambda: Parameter(ones(2)).accumulate(ones(3)),
        ValueError,
        r"Parameter\.accumulate: expected shape \(2,\), got \(3,\)",
    ),
    Case(
        "values that do not fit their parameter",
        lambda: setattr(Parameter(ones(2)), "tensor", ones(3)),
        ValueError,
        r"Parameter\.tensor: expected shape \(2,\), got \(3,\)",
    ),
    Case(
        "a weight without fan-in",
        lambda: initializers.he_normal((3,)),
        ValueError,
        r"he_normal: a weight of shape \(3,\) has no fan-in: it needs at least \(out, in\)",
    ),
    Case(
        "a negative spread",
        lambda: initializers.normal((2, 2), std=-1),
        ValueError,
        r"initializers\.normal: std must be at least 0, got -1",
    ),
    Case("a negative seed", lambda: tn.seed(-1), ValueError, r"seed: number must be at least 0, got -1"),
    Case("a seed in words", lambda: tn.seed("zero"), TypeError, r"seed: number must be an integer, got 'zero'"),
    Case(
        "an unknown stream",
        lambda: stream("noise"),
        ValueError,
        r"stream: name must be one of 'weights', 'shuffling', .*; got 'noise'",
    ),
    Case(
        "an unknown kernel body",
        lambda: tn.core.faster.use("cuda"),
        ValueError,
        r"use: choice must be one of 'auto', .*; got 'cuda'",
    ),
    # Gradient checks.
    Case(
        "checking a class",
        lambda: check_layer(Linear, (4, 2)),
        TypeError,
        r"check_layer: expected a layer, got the class Linear\.\nHint: write check_layer\(",
    ),
    Case(
        "checking for words",
        lambda: check_layer(Linear(2, 3), "x"),
        TypeError,
        r"each input must be a shape such as \(4, 3\), an array, or a list of these .*; got 'x'",
    ),
    Case(
        "checking a number",
        lambda: check_loss(3, (2, 3), None),
        TypeError,
        r"check_loss: loss must be a function, got 3\.\nHint: pass cross_entropy itself",
    ),
    Case(
        "checking without a truth",
        lambda: check_net(net(), (4, 2), cross_entropy),
        ValueError,
        r"check_net: loss was given without ground_truth.*\nHint: give both or none",
    ),
]
