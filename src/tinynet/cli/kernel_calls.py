"""Calls of each kernel on arrays of a usual size, and on small ones that nested loops get through, to time them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinynet.engine import layer_norm, pooling, recurrent


class Call(NamedTuple):
    """What one kernel is called with, and how much there is to do."""

    arguments: tuple
    multiply_adds: int = 0  #: Of a kernel whose work is sums of products.
    numbers: int = 0  #: That pass through any other kernel.

    @property
    def work(self) -> int:
        """What its time should be in proportion to."""
        return self.multiply_adds or self.numbers


def calls(family: str, large: bool) -> dict[str, Call]:
    """A call of each kernel of a family, by name; none for a family that is not known here.

    Example:
        >>> list(calls("relu", large=False))
        ['forward', 'gradient']
    """
    return _FAMILIES[family](large) if family in _FAMILIES else {}


def _convolution(large: bool) -> dict[str, Call]:
    n, c, size = (16, 32, 32) if large else (1, 4, 6)
    x, dy, W = _numbers(n, c, size, size), _numbers(n, c, size, size), _numbers(c, c, 3, 3)
    setting = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)  # stride, padding, dilation, groups
    products = x.size * c * 9
    alone = (*setting[:3], c)  # each channel by itself
    return {
        "forward": Call((x, W, _numbers(c), *setting), products),
        "input_gradient": Call((dy, W, (size, size), *setting), products),
        "weight_gradient": Call((x, dy, (3, 3), *setting), products),
        "forward, depthwise": Call((x, _numbers(c, 1, 3, 3), None, *alone), x.size * 9),
    }


def _pooling(large: bool) -> dict[str, Call]:
    n, c, size = (32, 32, 32) if large else (1, 2, 8)
    x, dy = _numbers(n, c, size, size), _numbers(n, c, size // 2, size // 2)
    window = ((2, 2), (2, 2), ((0, 0), (0, 0)))  # kernel size, stride, padding
    cells = pooling.maximum(x, *window, (1, 1))[1]
    switches = pooling.switches(cells, (size, size), *window, (1, 1))
    made = {
        "maximum": (x, *window, (1, 1)),
        "maximum_gradient": (dy, cells, (size, size), *window, (1, 1)),
        "average": (x, *window, True),
        "average_gradient": (dy, (size, size), *window, True),
        "unpool": (dy, switches, (size, size)),
        "unpool_gradient": (x, switches),
    }
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _recurrent(large: bool) -> dict[str, Call]:
    t, n, h = (32, 32, 128) if large else (3, 2, 6)
    state, dy, b = _numbers(n, h), _numbers(t, n, h), _numbers(3 * h)
    gx, W = {k: _numbers(t, n, k * h) for k in (1, 3, 4)}, {k: _numbers(k * h, h) for k in (1, 3, 4)}
    hidden = recurrent.rnn_forward(gx[1], W[1], state, None, False)
    _, cells, gates = recurrent.lstm_forward(gx[4], W[4], state, state, None)
    passed, turned, inner = recurrent.gru_forward(gx[3], W[3], b, state, None)
    made = {
        "rnn_forward": (1, (gx[1], W[1], state, None, False)),
        "rnn_backward": (1, (dy, state, hidden, W[1], None, False)),
        "lstm_forward": (4, (gx[4], W[4], state, state, None)),
        "lstm_backward": (4, (dy, state, state, cells, gates, W[4], None)),
        "gru_forward": (3, (gx[3], W[3], b, state, None)),
        "gru_backward": (3, (dy, state, passed, turned, inner, W[3], None)),
    }
    return {name: Call(arguments, gates * dy.size * h) for name, (gates, arguments) in made.items()}


def _batch_norm(large: bool) -> dict[str, Call]:
    n, c, size = (32, 32, 32) if large else (1, 4, 6)
    x, dy = (_numbers(n, size, size, c).transpose(0, 3, 1, 2) for _ in range(2))
    mean, scale, shift, slope = (_numbers(c) for _ in range(4))
    made = {
        "statistics": (x, 1),
        "normalize": (x, mean, scale, shift, 1),
        "sums": (dy, x, mean, 1),
        "input_gradient": (dy, x, mean, scale, shift, slope, 1),
    }
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _relu(large: bool) -> dict[str, Call]:
    x, dy = (_numbers(*((32, 32, 32, 32) if large else (1, 4, 6, 6))) for _ in range(2))
    made: dict[str, tuple] = {"forward": (x,), "gradient": (dy, np.maximum(x, 0))}
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _activations(large: bool) -> dict[str, Call]:
    x = _numbers(*((32, 32, 32, 32) if large else (1, 4, 6, 6)))
    made: dict[str, tuple] = {
        "forward, sigmoid": ("sigmoid", x),
        "forward, elu": ("elu", x, 1.0, 1.0),
        "gradient, sigmoid": ("sigmoid", x, x),
        "silu": (x,),
    }
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _layer_norm(large: bool) -> dict[str, Call]:
    x, dy = (_numbers(*((16, 128, 128) if large else (1, 4, 8))) for _ in range(2))
    weight, bias = _numbers(x.shape[-1]), _numbers(x.shape[-1])
    _, x_hat, inverse_std = layer_norm.forward(x, weight, bias, 1e-5)
    made = {
        "forward": (x, weight, bias, 1e-5),
        "forward_of_sum": (x, dy, weight, bias, 1e-5),
        "backward": (dy, x_hat, inverse_std, weight),
    }
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _gelu(large: bool) -> dict[str, Call]:
    x = _numbers(*((16, 128, 256) if large else (1, 4, 8)))
    made: dict[str, tuple] = {"forward": (x, "none"), "forward, tanh": (x, "tanh"), "backward": (x, x)}
    return {name: Call(arguments, numbers=x.size) for name, arguments in made.items()}


def _cross_entropy(large: bool) -> dict[str, Call]:
    logits = _numbers(*((16, 128, 65) if large else (1, 4, 5)))
    labels, w = np.zeros(logits.shape[:-1], np.intp), np.ones(logits.shape[:-1], np.float32)
    return {"of_labels": Call((logits, labels, w, 1.0), numbers=logits.size)}


def _scatter_add(large: bool) -> dict[str, Call]:
    rows = _numbers(*((16, 128, 128) if large else (1, 4, 8)))
    index = np.arange(rows[..., 0].size).reshape(rows.shape[:-1]) % 3
    return {"scatter_add": Call((index, rows, 3), numbers=rows.size)}


def _descent(large: bool) -> dict[str, Call]:
    w, g, m, v = _numbers(4, 1 << 20 if large else 64)
    made = {
        "plain": (w, g, 0.01),
        "momentum": (w, g, m, 0.01, 0.9, False),
        "adam": (w, g, m, np.abs(v), None, 0.001, (0.9, 0.999), 1e-8, 1),
    }
    return {name: Call(arguments, numbers=w.size) for name, arguments in made.items()}


def _matrix(large: bool) -> dict[str, Call]:
    n, inner, width = (64, 784, 256) if large else (2, 3, 4)
    A, B, C = _numbers(n, inner), _numbers(width, inner).T, _numbers(n, width)
    return {"multiply": Call((A, B, C, None), n * inner * width)}


_FAMILIES: dict[str, Callable[[bool], dict[str, Call]]] = {
    "activations": _activations,
    "batch_norm": _batch_norm,
    "convolution": _convolution,
    "cross_entropy": _cross_entropy,
    "descent": _descent,
    "gelu": _gelu,
    "layer_norm": _layer_norm,
    "matrix": _matrix,
    "pooling": _pooling,
    "recurrent": _recurrent,
    "relu": _relu,
    "scatter_add": _scatter_add,
}


def _numbers(*shape: int) -> Any:
    return np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)
