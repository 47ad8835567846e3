"""Draws configurations: which piece, with which arguments, on arrays of which shape.

A configuration is a dict of plain values that fits into JSON; `arrays.py` makes the numbers from its seed. To add a
piece, write its strategy here, put it into LAYERS, LOSSES or OPTIMIZERS, and say in `in_torch.py` what it is there.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.parity import image_strategies, loss_strategies, sequence_strategies
from tests.parity.drawing import Configuration, Draw, shape, size


@st.composite
def linear(draw: Draw) -> Configuration:
    arguments = {"in_features": draw(size(1, 5)), "out_features": draw(size(1, 5)), "bias": draw(st.booleans())}
    return {"arguments": arguments, "shape": [*draw(shape(1, 3)), arguments["in_features"]]}


@st.composite
def flatten(draw: Draw) -> Configuration:
    dims = draw(shape(2, 4))
    start = draw(size(0, len(dims) - 1))
    end = draw(size(start, len(dims) - 1))
    if draw(st.booleans()):
        end -= len(dims)
    return {"arguments": {"start_dim": start, "end_dim": end}, "shape": dims}


@st.composite
def elementwise(draw: Draw, **arguments: Any) -> Configuration:
    return {"arguments": {name: draw(values) for name, values in arguments.items()}, "shape": draw(shape())}


def enlarged(drawn: Configuration) -> Configuration:
    """With numbers beyond the places where the function bends."""
    return {**drawn, "scale": 4}


@st.composite
def along_axis(draw: Draw) -> Configuration:
    dims = draw(shape())
    return {"arguments": {"axis": draw(size(-len(dims), len(dims) - 1))}, "shape": dims}


@st.composite
def in_halves(draw: Draw) -> Configuration:
    """Any axis, with an even number along it."""
    drawn = draw(along_axis())
    drawn["shape"][drawn["arguments"]["axis"]] *= 2
    return drawn


@st.composite
def gated(draw: Draw) -> Configuration:
    arguments = {
        "in_features": draw(size(1, 4)),
        "hidden_features": draw(size(1, 4)),
        "out_features": draw(size(1, 4)),
        "bias": draw(st.booleans()),
    }
    return {"arguments": arguments, "shape": [*draw(shape(1, 2)), arguments["in_features"]]}


@st.composite
def learned_slope(draw: Draw) -> Configuration:
    dims = draw(shape(4, 4))
    return {"arguments": {"num_parameters": draw(st.sampled_from([1, dims[1]]))}, "shape": dims}


@st.composite
def reshaped(draw: Draw) -> Configuration:
    n, a, b, c = draw(shape(4, 4))
    return {
        "arguments": {},
        "positional": draw(st.sampled_from([[c, a * b], [-1, b], [a * b * c]])),
        "shape": [n, a, b, c],
    }


@st.composite
def permuted(draw: Draw) -> Configuration:
    n_axes = draw(size(1, 3))
    return {
        "arguments": {},
        "positional": draw(st.permutations(range(n_axes))),
        "shape": draw(shape(n_axes + 1, n_axes + 1)),
    }


@st.composite
def optimizer(draw: Draw, **arguments: Any) -> Configuration:
    drawn = {name: draw(values) for name, values in arguments.items()}
    if drawn.get("nesterov") and not drawn["momentum"]:
        drawn["nesterov"] = False
    return {"arguments": drawn, "shapes": [draw(shape(1, 2)), draw(shape(1, 3))]}


@st.composite
def of_matrices(draw: Draw, **arguments: Any) -> Configuration:
    return {**draw(optimizer(**arguments)), "shapes": [draw(shape(2, 2)), draw(shape(2, 4))]}


RATE, DECAY = st.sampled_from([0.001, 0.05, 0.3]), st.sampled_from([0.0, 0.01, 0.2])
MOMENTUM, EPS = st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([1e-8, 1e-3])
BETAS = st.tuples(MOMENTUM, st.sampled_from([0.5, 0.99, 0.999])).map(list)
GROUP = st.tuples(RATE, DECAY).map(list)
ADAM = {"lr": RATE, "betas": BETAS, "eps": EPS, "weight_decay": DECAY}

LAYERS: dict[str, Any] = {
    "Linear": linear(),
    "Flatten": flatten(),
    "Reshape": reshaped(),
    "Permute": permuted(),
    # In evaluation, since the two draw different masks.
    "Dropout": elementwise(p=st.sampled_from([0.0, 0.3])).map(lambda drawn: {**drawn, "training": False}),
    "Dropout2D": elementwise(p=st.just(0.3)).map(lambda drawn: {**drawn, "training": False, "shape": [2, 3, 2, 1]}),
    "ReLU": elementwise(),
    "LeakyReLU": elementwise(negative_slope=st.sampled_from([0.0, 0.01, 0.3])),
    "ReLU6": elementwise().map(enlarged),
    "Hardtanh": elementwise(min_val=st.sampled_from([-1.0, -0.2]), max_val=st.sampled_from([0.1, 1.0])),
    "Sigmoid": elementwise(),
    "Hardsigmoid": elementwise().map(enlarged),
    "LogSigmoid": elementwise().map(enlarged),
    "Tanh": elementwise(),
    "GELU": elementwise(approximate=st.sampled_from(["none", "tanh"])),
    "SiLU": elementwise(),
    "Hardswish": elementwise().map(enlarged),
    "Mish": elementwise().map(enlarged),
    "ELU": elementwise(alpha=st.sampled_from([0.5, 1.0, 2.0])),
    "SELU": elementwise(),
    "Softplus": elementwise(beta=st.sampled_from([0.5, 1.0, 3.0]), threshold=st.sampled_from([1.0, 20.0])),
    "PReLU": learned_slope(),
    "GLU": in_halves(),
    "SwiGLU": gated(),
    "Softmax": along_axis(),
    "LogSoftmax": along_axis(),
    **image_strategies.LAYERS,
    **sequence_strategies.LAYERS,
}
LOSSES = loss_strategies.LOSSES
OPTIMIZERS = {
    "SGD": optimizer(lr=RATE, momentum=MOMENTUM, weight_decay=DECAY, nesterov=st.booleans()),
    "Adagrad": optimizer(lr=RATE, lr_decay=DECAY, weight_decay=DECAY, initial_accumulator_value=DECAY, eps=EPS),
    "Adadelta": optimizer(lr=RATE, rho=st.sampled_from([0.5, 0.9]), eps=EPS, weight_decay=DECAY),
    "RMSProp": optimizer(
        lr=RATE,
        alpha=st.sampled_from([0.5, 0.99]),
        eps=EPS,
        weight_decay=DECAY,
        momentum=MOMENTUM,
        centered=st.booleans(),
    ),
    "Adam": optimizer(**ADAM, amsgrad=st.booleans()),
    "AdamW": optimizer(**ADAM, amsgrad=st.booleans()),
    "NAdam": optimizer(**ADAM, momentum_decay=st.sampled_from([0.004, 0.1])),
    "RAdam": optimizer(**ADAM, decoupled_weight_decay=st.booleans()),
    "Adamax": optimizer(**ADAM),
    "Lion": optimizer(lr=RATE, betas=BETAS, weight_decay=DECAY),
    # Newton-Schulz magnifies small singular values by up to 3.44 a time: with a larger rate the trajectory is chaotic.
    "Muon": of_matrices(
        lr=st.sampled_from([1e-5, 1e-4]),
        momentum=MOMENTUM,
        nesterov=st.booleans(),
        weight_decay=DECAY,
        ns_steps=size(1, 6),
    ),
    "ParameterGroups": optimizer(first=GROUP, rest=GROUP, clip_norm=st.sampled_from([None, 0.5])),
}


def configurations(piece: str) -> st.SearchStrategy[Configuration]:
    """The configurations of one piece, each with its name and a seed."""
    drawn = (LAYERS | LOSSES | OPTIMIZERS)[piece]
    return st.builds(lambda rest, seed: {"piece": piece, **rest, "seed": seed}, drawn, st.integers(0, 2**31))


PIECES = sorted(LAYERS | LOSSES | OPTIMIZERS)
