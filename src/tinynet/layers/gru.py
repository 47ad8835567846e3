"""The gated recurrent unit."""

from __future__ import annotations

import numpy as np

from tinynet.core.faster import faster
from tinynet.layers.recurrent import Pass, States, Weights, _Recurrent, cut, sigmoid, states_from


class GRU(_Recurrent):
    """The gated recurrent unit, with one state and three gates: Cho et al. 2014, in the form that PyTorch uses.

    Equation:
        r = σ(x[t] W_irᵀ + b_ir + h[t−1] W_hrᵀ + b_hr), z likewise
        n = tanh(x[t] W_inᵀ + b_in + r · (h[t−1] W_hnᵀ + b_hn))
        h[t] = (1 − z) n + z h[t−1]

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · hidden_size), the states h of the last layer
        first and last states: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (3 · hidden_size, input_size), in the order r, z, n
        weight_hh_l0: (3 · hidden_size, hidden_size)

    Gradients (given dh[t] = ∂L/∂y[t] plus what flows back from step t + 1):
        da_n = dh (1 − z) (1 − n²)    da_z = dh (h[t−1] − n) z (1 − z)    da_r = da_n (h[t−1] W_hnᵀ + b_hn) r (1 − r)
        dx[t] = da[t] W_ih    dh[t−1] = dh z + [da_r, da_z, r · da_n] W_hh    and the weights as in RNN

    Args:
        input_size: Features of each step.
        hidden_size: The size of the state.
        num_layers: The number of layers, each reading the states of the one below.
        bias: If False there are no biases.
        bidirectional: If True, a second pass goes backward in time, and y holds both side by side.
        return_state: If True, forward returns (y, last state) and backward takes a gradient for each.
        rng: Source of the initial weights, U(-k, k) with k = 1/√hidden_size; the package's generator if None.

    `forward(x, h0, padding_mask=…)` takes a first state, zero if left out, and a mask (N, T) that is True at padding,
    where states stay as they are and y is 0. Where h0 was given, backward returns (dx, dh0).

    Raises:
        ValueError: x, a state or the mask has another shape.
        TypeError: x or a state does not hold floating-point numbers, or the mask is not one of bools.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GRU(3, 5).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 5)
    """

    n_gates = 3

    @faster
    def through_time(self, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Pass:
        W_ih, W_hh, b_ih, b_hh = weights.tensors()
        h = states_from(first[0], x)  # (T + 1, N, H)
        gates = np.zeros_like(x, shape=(*x.shape[:2], 4 * self.hidden_size))  # (T, N, 4H)
        for t in range(len(x)):
            x_r, x_z, x_n = cut(x[t] @ W_ih.T + b_ih, 3)  # (N, H) each
            h_r, h_z, h_n = cut(h[t] @ W_hh.T + b_hh, 3)
            r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
            n = np.tanh(x_n + r * h_n)
            h[t + 1] = np.where(padding[t], h[t], (1 - z) * n + z * h[t])
            gates[t] = np.concatenate([r, z, n, h_n], axis=1)
        return Pass(x, padding, (h,), gates)

    @faster
    def back_through_time(
        self, weights: Weights, dy: np.ndarray, dlast: States, done: Pass
    ) -> tuple[np.ndarray, States]:
        W_ih, W_hh, _, _ = weights.tensors()
        x, padding, (h,), gates = done
        da = np.zeros_like(gates, shape=(*x.shape[:2], len(W_hh)))  # (T, N, 3H), of x[t] W_ihᵀ + b_ih
        da_h = np.zeros_like(da)  # the same of h[t−1] W_hhᵀ + b_hh, whose part for n goes through r
        (dh,) = dlast  # of the state that step t leaves, from the later steps that read it
        for t in reversed(range(len(x))):
            r, z, n, h_n = cut(gates[t], 4)
            dh_t = dh + dy[t]
            da_n = dh_t * (1 - z) * (1 - n**2)
            da_z = dh_t * (h[t] - n) * z * (1 - z)
            da_r = da_n * h_n * r * (1 - r)
            da[t] = np.where(padding[t], 0, np.concatenate([da_r, da_z, da_n], axis=1))
            da_h[t] = np.where(padding[t], 0, np.concatenate([da_r, da_z, r * da_n], axis=1))
            dh = np.where(padding[t], dh, dh_t * z + da_h[t] @ W_hh)
        weights.accumulate(da, da_h, done)
        return da @ W_ih, (dh,)
