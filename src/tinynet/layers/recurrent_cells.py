"""RNN, LSTM and GRU: three ways to go from one state to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.engine import recurrent
from tinynet.layers.recurrent import Keep, Rows, States, _Recurrent


class RNN(_Recurrent):
    """The plain recurrent layer: Elman 1990.

    Give the state of one call to the next and ignore its gradient, and back-propagation through time is cut off
    there.

    Equation:
        h[t] = f(x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh), f = tanh or ReLU

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · hidden_size), the states h of the last layer
        first and last states: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (hidden_size, input_size)     weight_hh_l0: (hidden_size, hidden_size)     biases: (hidden_size,)

    Gradients (given dh[t] = ∂L/∂y[t] and what comes back from step t + 1):
        da[t] = dh[t] · f′        dx[t] = da[t] W_ih        dh[t−1] = da[t] W_hh
        dW_ih = Σₜ da[t]ᵀ x[t]    dW_hh = Σₜ da[t]ᵀ h[t−1]    db_ih = db_hh = Σ da

    Args:
        input_size: Features of each step.
        hidden_size: The size of the state.
        num_layers: How many layers stand upon each other.
        nonlinearity: "tanh" or "relu".
        bias: If False there are no biases.
        bidirectional: If True, a second pass goes backward in time, and y holds both side by side.
        return_state: If True, forward returns (y, last state) and backward takes a gradient for each.
        rng: Source of the initial weights, U(-k, k) with k = 1/√hidden_size; the package's generator if None.

    `forward(x, h0, padding_mask=…)` takes a first state, zero if left out, and a mask (N, T) that is True at padding,
    over which states go unchanged and where y is 0. Where h0 was given, backward returns (dx, dh0).

    Raises:
        ValueError: x, a state or the mask has another shape.

    Example:
        >>> RNN(3, 5).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 5)
    """

    n_gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.nonlinearity = checks.one_of("RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(input_size, hidden_size, num_layers, bias, bidirectional, return_state, rng)

    def _pass(self, suffix: str, gx: np.ndarray, rows: Rows, states: States, keep: Keep) -> tuple[States, tuple]:
        W = self._get("weight_hh", suffix).tensor
        return (recurrent.rnn_forward(gx, W, states[0], keep, self.nonlinearity == "relu", rows),), ()

    def _pass_back(self, suffix: str, dy: Any, dstates: States, states: States, kept: tuple, keep: Any) -> Any:
        W = self._get("weight_hh", suffix).tensor
        da, dh0 = recurrent.rnn_backward(dy, dstates[0], states[0], W, keep, self.nonlinearity == "relu")
        return da, da, (dh0,)


class LSTM(_Recurrent):
    """Long short-term memory: a cell state that gates let grow, fade and show. Hochreiter and Schmidhuber 1997.

    Equation:
        i, f, o = σ(a_i), σ(a_f), σ(a_o), g = tanh(a_g), where a = x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh
        c[t] = f c[t−1] + i g
        h[t] = o tanh(c[t])

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · hidden_size), the states h of the last layer
        first and last h and c: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (4 · hidden_size, input_size), in the order i, f, g, o
        weight_hh_l0: (4 · hidden_size, hidden_size)

    Gradients (given dh[t] = ∂L/∂y[t] and what comes back from step t + 1):
        dc[t] += dh[t] o (1 − tanh²c[t])        dc[t−1] = dc[t] f
        da_i = dc g i (1 − i)    da_f = dc c[t−1] f (1 − f)    da_g = dc i (1 − g²)    da_o = dh tanh(c) o (1 − o)
        dx[t] = da[t] W_ih    dh[t−1] = da[t] W_hh    dW_ih = Σₜ da[t]ᵀ x[t]    dW_hh = Σₜ da[t]ᵀ h[t−1]

    Args:
        input_size: Features of each step.
        hidden_size: The size of h and of c.
        num_layers: How many layers stand upon each other.
        bias: If False there are no biases.
        bidirectional: If True, a second pass goes backward in time, and y holds both side by side.
        return_state: If True, forward returns (y, last h, last c) and backward takes a gradient for each.
        rng: Source of the initial weights, U(-k, k) with k = 1/√hidden_size; the package's generator if None.

    `forward(x, h0, c0, padding_mask=…)` takes first states, zero if left out, and a mask (N, T) that is True at
    padding, over which states go unchanged and where y is 0. Where states were given, backward returns (dx, dh0, dc0).

    Raises:
        ValueError: x, a state or the mask has another shape.

    Example:
        >>> LSTM(3, 5, num_layers=2, bidirectional=True).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 10)
    """

    n_gates = 4
    n_states = 2

    def _pass(self, suffix: str, gx: np.ndarray, rows: Rows, states: States, keep: Keep) -> tuple[States, tuple]:
        h0, c0 = states
        h, c, gates = recurrent.lstm_forward(gx, self._get("weight_hh", suffix).tensor, h0, c0, keep, rows)
        return (h, c), (gates,)

    def _pass_back(self, suffix: str, dy: Any, dstates: States, states: States, kept: tuple, keep: Any) -> Any:
        W = self._get("weight_hh", suffix).tensor
        (dh, dc), (_, c), (gates,) = dstates, states, kept
        da, dh0, dc0 = recurrent.lstm_backward(dy, dh, dc, c, gates, W, keep)
        return da, da, (dh0, dc0)


class GRU(_Recurrent):
    """The gated recurrent unit, with one state and three gates: Cho et al. 2014, in the form that PyTorch uses.

    Equation:
        r = σ(x[t] W_irᵀ + b_ir + h[t−1] W_hrᵀ + b_hr), z alike
        n = tanh(x[t] W_inᵀ + b_in + r · (h[t−1] W_hnᵀ + b_hn))
        h[t] = (1 − z) n + z h[t−1]

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · hidden_size), the states h of the last layer
        first and last states: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (3 · hidden_size, input_size), in the order r, z, n
        weight_hh_l0: (3 · hidden_size, hidden_size)

    Gradients (given dh[t] = ∂L/∂y[t] and what comes back from step t + 1):
        da_n = dh (1 − z) (1 − n²)    da_z = dh (h[t−1] − n) z (1 − z)    da_r = da_n (h[t−1] W_hnᵀ + b_hn) r (1 − r)
        dx[t] = da[t] W_ih    dh[t−1] = dh z + [da_r, da_z, r · da_n] W_hh    and the weights as in RNN

    Args:
        input_size: Features of each step.
        hidden_size: The size of the state.
        num_layers: How many layers stand upon each other.
        bias: If False there are no biases.
        bidirectional: If True, a second pass goes backward in time, and y holds both side by side.
        return_state: If True, forward returns (y, last state) and backward takes a gradient for each.
        rng: Source of the initial weights, U(-k, k) with k = 1/√hidden_size; the package's generator if None.

    `forward(x, h0, padding_mask=…)` takes a first state, zero if left out, and a mask (N, T) that is True at padding,
    over which states go unchanged and where y is 0. Where h0 was given, backward returns (dx, dh0).

    Raises:
        ValueError: x, a state or the mask has another shape.

    Example:
        >>> GRU(3, 5).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 5)
    """

    n_gates = 3

    def _pass(self, suffix: str, gx: np.ndarray, rows: Rows, states: States, keep: Keep) -> tuple[States, tuple]:
        W = self._get("weight_hh", suffix).tensor
        b = self._get("bias_hh", suffix).tensor if self.has_bias else np.zeros(len(W), gx.dtype)
        h, gates, inner = recurrent.gru_forward(gx, W, b, states[0], keep, rows)
        return (h,), (gates, inner)

    def _pass_back(self, suffix: str, dy: Any, dstates: States, states: States, kept: tuple, keep: Any) -> Any:
        W = self._get("weight_hh", suffix).tensor
        gates, inner = kept
        dgx, dgh, dh0 = recurrent.gru_backward(dy, dstates[0], states[0], gates, inner, W, keep)
        return dgx, dgh, (dh0,)

    def _input_bias(self, suffix: str) -> np.ndarray:
        return self._get("bias_ih", suffix).tensor  # that of the hidden side stands inside, in the product with r
