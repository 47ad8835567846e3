"""Long short-term memory."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least
from tinynet.core.faster import faster
from tinynet.layers.recurrent import Pass, States, Weights, _Recurrent, cut, sigmoid, states_from


class LSTM(_Recurrent):
    """Long short-term memory: a cell state that gates let grow, fade and show. Hochreiter and Schmidhuber 1997.

    Equation:
        i, f, o = σ(a_i), σ(a_f), σ(a_o), g = tanh(a_g), where a = x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh
        c[t] = f c[t−1] + i g
        s[t] = o tanh(c[t])
        h[t] = s[t], or s[t] W_hrᵀ if it is projected: Sak et al. 2014

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · P), the states h of the last layer
        first and last h: (num_layers · directions, N, P), with P = proj_size, or hidden_size without a projection
        first and last c: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (4 · hidden_size, input_size), in the order i, f, g, o
        weight_hh_l0: (4 · hidden_size, P)       weight_hr_l0: (P, hidden_size)

    Gradients (given dh[t] = ∂L/∂y[t] plus what flows back from step t + 1):
        ds[t] = dh[t], or dh[t] W_hr with dW_hr = Σₜ dh[t]ᵀ s[t]
        dc[t] += ds[t] o (1 − tanh²c[t])        dc[t−1] = dc[t] f
        da_i = dc g i (1 − i)    da_f = dc c[t−1] f (1 − f)    da_g = dc i (1 − g²)    da_o = ds tanh(c) o (1 − o)
        dx[t] = da[t] W_ih    dh[t−1] = da[t] W_hh    dW_ih = Σₜ da[t]ᵀ x[t]    dW_hh = Σₜ da[t]ᵀ h[t−1]

    Args:
        input_size: Features of each step.
        hidden_size: The size of h and of c.
        num_layers: The number of layers, each reading the states of the one below.
        bias: If False there are no biases.
        bidirectional: If True, a second pass goes backward in time, and y holds both side by side.
        return_state: If True, forward returns (y, last h, last c) and backward takes a gradient for each.
        proj_size: The size of h if it is projected, below hidden_size; 0 for no projection.
        rng: Source of the initial weights, U(-k, k) with k = 1/√hidden_size; the package's generator if None.

    `forward(x, h0, c0, padding_mask=…)` takes first states, zero if left out, and a mask (N, T) that is True at
    padding, where states stay as they are and y is 0. Where states were given, backward returns (dx, dh0, dc0).

    Raises:
        ValueError: A size is out of range, or x, a state or the mask has another shape.
        TypeError: x or a state does not hold floating-point numbers, or the mask is not one of bools.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LSTM(3, 5, num_layers=2, bidirectional=True).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 10)
    """

    n_gates = 4
    n_states = 2
    proj_size: int

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
        proj_size: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(self, locals(), hidden_size=at_least(1), proj_size=at_least(0))
        if self.proj_size >= self.hidden_size:
            problem = f"proj_size must be below hidden_size={self.hidden_size}, got {self.proj_size}."
            checks.fail("LSTM", problem, "leave it out if h is to have hidden_size features.")
        super().__init__(input_size, hidden_size, num_layers, bias, bidirectional, return_state, rng)

    def _size_of_h(self) -> int:
        return self.proj_size or self.hidden_size

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        projection = {"weight_hr": (self.proj_size, self.hidden_size)} if self.proj_size else {}
        return super()._shapes(width) | projection

    @faster
    def through_time(self, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Pass:
        W_ih, W_hh, b_ih, b_hh = weights.tensors()
        h, c = [states_from(state, x) for state in first]  # (T + 1, N, P), (T + 1, N, H)
        gates = np.zeros_like(x, shape=(*x.shape[:2], len(W_hh)))  # (T, N, 4H)
        for t in range(len(x)):
            a = x[t] @ W_ih.T + b_ih + h[t] @ W_hh.T + b_hh  # (N, 4H)
            a_i, a_f, a_g, a_o = cut(a, 4)  # (N, H) each
            i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
            c[t + 1] = np.where(padding[t], c[t], f * c[t] + i * g)
            s = o * np.tanh(c[t + 1])
            h[t + 1] = np.where(padding[t], h[t], s if weights.W_hr is None else s @ weights.W_hr.T)
            gates[t] = np.concatenate([i, f, g, o], axis=1)
        return Pass(x, padding, (h, c), gates)

    @faster
    def back_through_time(
        self, weights: Weights, dy: np.ndarray, dlast: States, done: Pass
    ) -> tuple[np.ndarray, States]:
        W_ih, W_hh, _, _ = weights.tensors()
        x, padding, (_, c), gates = done
        da = np.zeros_like(gates)  # (T, N, 4H)
        dh, dc = dlast  # of the states that step t leaves, from the later steps that read them
        for t in reversed(range(len(x))):
            i, f, g, o = cut(gates[t], 4)
            tanh_c = np.tanh(c[t + 1])
            ds = dh + dy[t]
            if weights.W_hr is not None:
                weights.accumulate_projection(ds, o * tanh_c, padding[t])
                ds = ds @ weights.W_hr
            dc_t = dc + ds * o * (1 - tanh_c**2)
            da_i = dc_t * g * i * (1 - i)
            da_f = dc_t * c[t] * f * (1 - f)
            da_g = dc_t * i * (1 - g**2)
            da_o = ds * tanh_c * o * (1 - o)
            da[t] = np.where(padding[t], 0, np.concatenate([da_i, da_f, da_g, da_o], axis=1))
            dh = np.where(padding[t], dh, da[t] @ W_hh)
            dc = np.where(padding[t], dc, dc_t * f)
        weights.accumulate(da, da, done)
        return da @ W_ih, (dh, dc)
