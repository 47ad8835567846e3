"""The plain recurrent layer."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import word
from tinynet.core.faster import faster
from tinynet.layers.recurrent import Pass, States, Weights, _Recurrent, states_from


class RNN(_Recurrent):
    """The plain recurrent layer: Elman 1990.

    To truncate back-propagation through time, give the state of one call to the next and ignore its gradient.

    Equation:
        h[t] = f(x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh), f = tanh or ReLU

    Shapes:
        x: (N, T, input_size)       y: (N, T, directions · hidden_size), the states h of the last layer
        first and last states: (num_layers · directions, N, hidden_size)
        weight_ih_l0: (hidden_size, input_size)     weight_hh_l0: (hidden_size, hidden_size)     biases: (hidden_size,)

    Gradients (given dh[t] = ∂L/∂y[t] plus what flows back from step t + 1):
        da[t] = dh[t] · f′        dx[t] = da[t] W_ih        dh[t−1] = da[t] W_hh
        dW_ih = Σₜ da[t]ᵀ x[t]    dW_hh = Σₜ da[t]ᵀ h[t−1]    db_ih = db_hh = Σ da

    Args:
        input_size: Features of each step.
        hidden_size: The size of the state.
        num_layers: The number of layers, each reading the states of the one below.
        nonlinearity: "tanh" or "relu".
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
        >>> RNN(3, 5).forward(np.ones((2, 7, 3), np.float32)).shape
        (2, 7, 5)
    """

    n_gates = 1
    nonlinearity: str

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
        checks.arguments(self, locals(), nonlinearity=word("tanh", "relu"))
        super().__init__(input_size, hidden_size, num_layers, bias, bidirectional, return_state, rng)

    @faster
    def through_time(self, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Pass:
        W_ih, W_hh, b_ih, b_hh = weights.tensors()
        h = states_from(first[0], x)  # (T + 1, N, H)
        for t in range(len(x)):
            a = x[t] @ W_ih.T + b_ih + h[t] @ W_hh.T + b_hh  # (N, H)
            f = np.tanh(a) if self.nonlinearity == "tanh" else np.maximum(a, 0)
            h[t + 1] = np.where(padding[t], h[t], f)
        return Pass(x, padding, (h,), None)

    @faster
    def back_through_time(
        self, weights: Weights, dy: np.ndarray, dlast: States, done: Pass
    ) -> tuple[np.ndarray, States]:
        W_ih, W_hh, _, _ = weights.tensors()
        x, padding, (h,), _ = done
        da = np.zeros_like(h[1:])  # (T, N, H)
        (dh,) = dlast  # of the state that step t leaves, from the later steps that read it
        for t in reversed(range(len(x))):
            f = h[t + 1]
            dh_t = dh + dy[t]
            da_t = dh_t * (1 - f**2) if self.nonlinearity == "tanh" else np.where(f > 0, dh_t, 0)
            da[t] = np.where(padding[t], 0, da_t)
            dh = np.where(padding[t], dh, da[t] @ W_hh)
        weights.accumulate(da, da, done)
        return da @ W_ih, (dh,)
