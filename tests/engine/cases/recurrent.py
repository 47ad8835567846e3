"""Recurrent cells through time and back, and the layers around them."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import GRU, LSTM, RNN

KINDS = {"rnn": RNN, "rnn of ReLU": RNN, "lstm": LSTM, "gru": GRU}


def layer_of(draw: Draw, name: str, longest: int) -> Any:
    options: dict[str, Any] = {"num_layers": draw.choice(1, 1, 2), "bias": draw.choice(True, True, False)}
    options |= {"bidirectional": draw.choice(False, True), "return_state": True}
    if "ReLU" in name:
        options["nonlinearity"] = "relu"
    hidden_size = draw.size(9 if draw.nasty else 1, longest)  # gates that are 0 but for rounding are not all there is
    return draw.layer(KINDS[name](draw.size(1, longest), hidden_size, **options))


def forward(name: str, longest: int) -> Callable[[Draw], Callable[[], Any]]:
    """A whole layer of up to so many features and hidden units."""

    def build(draw: Draw) -> Callable[[], Any]:
        layer = layer_of(draw, name, longest)
        N, T = draw.size(), draw.size(0, 6)
        x = draw.array(N, T, layer.input_size)
        states = [np.tanh(draw.array(len(layer.suffixes), N, layer.hidden_size))] * draw.choice(0, layer.n_states)
        mask = draw.choice(None, draw.booleans(N, T))

        def call() -> Any:
            twin = deepcopy(layer)
            return twin.forward(x, *states, padding_mask=mask), twin.recall()

        return call

    build.__name__ = name
    return build


def backward(name: str, longest: int) -> Callable[[Draw], Callable[[], Any]]:
    """A whole layer, forward and back.

    Only gradients are nasty: where tanh is 1 but for rounding, its slope is noise. And of a weight that is one number
    the sum over all steps may cancel.
    """

    def build(draw: Draw) -> Callable[[], Any]:
        layer = layer_of(draw, name, longest)
        N, T, H, n_passes = draw.size(), draw.size(0, 6), layer.hidden_size, len(layer.suffixes)
        x = draw.arranged(draw.rng.normal(0, 0.3, (N, T, layer.input_size)).astype(draw.dtype))
        states = [np.full((n_passes, N, H), 0.1, draw.dtype)] * draw.choice(0, layer.n_states)
        mask = draw.choice(None, draw.booleans(N, T))
        dy, *dlast = draw.array(N, T, H * len(layer.directions)), *[draw.array(n_passes, N, H)] * layer.n_states

        def call() -> Any:
            twin = deepcopy(layer)
            twin.forward(x, *states, padding_mask=mask)
            inputs = twin.backward(dy, *dlast)
            return inputs, [parameter.gradient for parameter in twin.parameters().values()]

        return call

    build.__name__ = name
    return build


SERVES = {"compiled": (np.float32,), "loops": (np.float64, np.float32)}  # proofs in float64 are left to the lessons
CASES = [
    Case(entry, build(name, longest), float32=bound, table=table, serves=SERVES[table])
    for table, longest in (("compiled", 80), ("loops", 20))
    for name, kind in KINDS.items()
    for entry, build, bound in ((kind.through_time, forward, 1e-5), (kind.back_through_time, backward, 1e-3))
]
