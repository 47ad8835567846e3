"""Recurrent cells over time, and back through it.

Shapes: time comes first. gx (T, N, gates · H) is what the input and the biases give to each step, W (gates · H, H)
multiplies the state of the step before, h (T + 1, N, H) holds all states with the first one, dy (T, N, H) is the
gradient that reaches each state from outside and dh (N, H) the one that reaches the last state. `keep` (T, N, 1) is 1
where a step counts and 0 where it is padding, over which the state goes unchanged; None if all count. With `rows`
(T, N) gx is a table (V, gates · H) instead, and each step takes a row of it.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.engine.selection import body

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

LARGE = 1000  # gates from which on compiling pays: Python is slow at going through steps, however small they are

Arrays = tuple[np.ndarray, ...]
Keep = np.ndarray | None
Rows = np.ndarray | None


def rnn_forward(gx: np.ndarray, W: np.ndarray, h0: np.ndarray, keep: Keep, relu: bool, rows: Rows = None) -> np.ndarray:
    """h[t+1] = f(gx[t] + h[t] Wᵀ), f = tanh or ReLU; gives h.

    Example:
        >>> rnn_forward(np.ones((2, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)), None, relu=True).ravel()
        array([0., 1., 2.])
    """
    return _body(gx if rows is None else rows, W).rnn_forward(gx, W, h0, keep, relu, rows)


def rnn_backward(dy: np.ndarray, dh: np.ndarray, h: np.ndarray, W: np.ndarray, keep: Keep, relu: bool) -> Arrays:
    """∂L/∂gx and ∂L/∂h0.

    Example:
        >>> h = rnn_forward(np.ones((2, 1, 1)), np.ones((1, 1)), np.zeros((1, 1)), None, relu=True)
        >>> rnn_backward(np.ones((2, 1, 1)), np.zeros((1, 1)), h, np.ones((1, 1)), None, relu=True)[0].ravel()
        array([2., 1.])
    """
    return _body(dy, W).rnn_backward(dy, dh, h, W, keep, relu)


def lstm_forward(
    gx: np.ndarray, W: np.ndarray, h0: np.ndarray, c0: np.ndarray, keep: Keep, rows: Rows = None
) -> Arrays:
    """c[t+1] = f c[t] + i g, h[t+1] = o tanh(c[t+1]); gives h, c and the gates i, f, g, o (T, N, 4H).

    Example:
        >>> lstm_forward(np.zeros((1, 1, 4)), np.ones((4, 1)), np.zeros((1, 1)), np.ones((1, 1)), None)[1].ravel()
        array([1. , 0.5])
    """
    return _body(gx if rows is None else rows, W).lstm_forward(gx, W, h0, c0, keep, rows)


def lstm_backward(
    dy: np.ndarray, dh: np.ndarray, dc: np.ndarray, c: np.ndarray, gates: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """∂L/∂gx, ∂L/∂h0 and ∂L/∂c0.

    Example:
        >>> h, c, gates = lstm_forward(np.zeros((1, 1, 4)), np.ones((4, 1)), np.zeros((1, 1)), np.ones((1, 1)), None)
        >>> zero = np.zeros((1, 1))
        >>> lstm_backward(np.zeros((1, 1, 1)), zero, np.ones((1, 1)), c, gates, np.ones((4, 1)), None)[2].ravel()
        array([0.5])
    """
    return _body(dy, W).lstm_backward(dy, dh, dc, c, gates, W, keep)


def gru_forward(gx: np.ndarray, W: np.ndarray, b: np.ndarray, h0: np.ndarray, keep: Keep, rows: Rows = None) -> Arrays:
    """h[t+1] = (1 − z) n + z h[t]; gives h, the gates r, z, n (T, N, 3H), and what r multiplies (T, N, H).

    b (3H,) are the biases of the hidden side.

    Example:
        >>> gru_forward(np.zeros((1, 1, 3)), np.zeros((3, 1)), np.zeros(3), np.ones((1, 1)), None)[0].ravel()
        array([1. , 0.5])
    """
    return _body(gx if rows is None else rows, W).gru_forward(gx, W, b, h0, keep, rows)


def gru_backward(
    dy: np.ndarray, dh: np.ndarray, h: np.ndarray, gates: np.ndarray, inner: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """∂L/∂gx, the same before W and b on the hidden side (T, N, 3H), and ∂L/∂h0.

    Example:
        >>> h, gates, inner = gru_forward(np.zeros((1, 1, 3)), np.zeros((3, 1)), np.zeros(3), np.ones((1, 1)), None)
        >>> gru_backward(np.ones((1, 1, 1)), np.zeros((1, 1)), h, gates, inner, np.zeros((3, 1)), None)[2].ravel()
        array([0.5])
    """
    return _body(dy, W).gru_backward(dy, dh, h, gates, inner, W, keep)


def _body(x: np.ndarray, W: np.ndarray) -> ModuleType:
    return body("recurrent", len(x) * len(W), LARGE)  # as many gates as a sample has, over all steps
