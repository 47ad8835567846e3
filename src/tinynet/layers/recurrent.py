"""Recurrent layers: a state that goes from step to step.

All three share one frame: a stack of passes, each of one layer in one direction. A pass multiplies all steps with the
input weights at once, lets a kernel go through time, and afterwards takes the weight gradients of all steps at once.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.core.initializers import uniform_fan_in
from tinynet.engine.machine.gemm import add_product, at_once, column_sums, product, product_alike
from tinynet.layers.layer import Layer

States = tuple[np.ndarray, ...]
Keep = np.ndarray | None
Rows = np.ndarray | None
Drawn = tuple[np.ndarray, np.ndarray]  # a table (V, D), and which of its rows each step is, (T, N)


class _Recurrent(Layer):
    """What RNN, LSTM and GRU share; they differ in the number of gates and states, and in `_pass` and `_pass_back`."""

    n_gates: int
    n_states: int = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        name = type(self).__name__
        self.input_size = checks.integer(name, "input_size", input_size, minimum=1)
        self.hidden_size = checks.integer(name, "hidden_size", hidden_size, minimum=1)
        self.num_layers = checks.integer(name, "num_layers", num_layers, minimum=1)
        self.bidirectional, self.return_state, self.has_bias = bidirectional, return_state, bias
        directions = ("", "_reverse") if bidirectional else ("",)
        self.suffixes = [f"_l{layer}{direction}" for layer in range(num_layers) for direction in directions]
        for suffix in self.suffixes:
            width = input_size if suffix.startswith("_l0") else hidden_size * len(directions)
            shapes = {"weight_ih": (width,), "weight_hh": (hidden_size,), "bias_ih": (), "bias_hh": ()}
            for kind, tail in shapes.items():
                if tail or bias:
                    shape = (self.n_gates * hidden_size, *tail)
                    setattr(self, kind + suffix, Parameter(uniform_fan_in(shape, rng, fan_in=hidden_size)))

    @abstractmethod
    def _pass(self, suffix: str, gx: np.ndarray, rows: Rows, states: States, keep: Keep) -> tuple[States, tuple]:
        """Go through time; gives the states of all steps, (T + 1, N, H) each and h first, and what else to remember."""

    @abstractmethod
    def _pass_back(
        self, suffix: str, dy: np.ndarray, dstates: States, states: States, kept: tuple, keep: Keep
    ) -> tuple[np.ndarray, np.ndarray, States]:
        """Back through time; gives ∂L/∂gx, the same on the hidden side, and the gradients of the first states."""

    def forward(self, x: np.ndarray, *states: np.ndarray, padding_mask: np.ndarray | None = None) -> Any:
        return self._forward(x, states, padding_mask, None)

    def forward_drawn(self, x: np.ndarray, table: np.ndarray, rows: np.ndarray) -> Any:
        """The forward of x = table[rows] for rows (N, T), which multiplies W_ih with each row of the table once.

        Of a table with 65 letters and 2,048 places that is much less work, and each number is the same one.
        """
        return self._forward(x, (), None, (table, rows.T))

    def _forward(self, x: np.ndarray, states: States, padding_mask: np.ndarray | None, drawn: Drawn | None) -> Any:
        self._check(x, states, padding_mask)
        y, last, passes, keep = self._run(x, states, padding_mask, drawn)
        self.remember(passes, keep, bool(states))
        return (y, *last) if self.return_state else y

    def backward(self, dy: np.ndarray, *dstates: np.ndarray | None) -> Any:
        passes, keep, states_given = self.recall()
        dy = dy.transpose(1, 0, 2)  # (T, N, directions · H)
        shape = (len(self.suffixes), dy.shape[1], self.hidden_size)
        all_zero = np.zeros(shape, dy.dtype)
        dlast = [all_zero if given is None else given for given in (*dstates, *(None,) * self.n_states)]
        dfirst = [np.zeros(shape, dy.dtype) for _ in range(self.n_states)]
        H, width = self.hidden_size, 2 if self.bidirectional else 1
        for start in reversed(range(0, len(self.suffixes), width)):  # the layers, the last first
            parts = []
            for index in range(start, start + width):
                part = dy[:, :, (index - start) * H : (index - start + 1) * H]
                ends = tuple(given[index] for given in dlast[: self.n_states])
                dx_part, firsts = self._one_back(index, part, ends, passes[index], keep)
                parts.append(dx_part)
                for given, first in zip(dfirst, firsts, strict=True):
                    given[index] = first
            dy = parts[0] + parts[1] if len(parts) == 2 else parts[0]
        dx = dy.transpose(1, 0, 2)
        return (dx, *dfirst) if states_given else dx

    def step(self, x: np.ndarray, state: States | None = None) -> tuple[np.ndarray, States]:
        """Go on with a few steps (N, T, input_size) from a state that an earlier call gave; nothing is remembered.

        Returns:
            y (N, T, hidden_size), and the new state, a tuple of (num_layers, N, hidden_size) arrays.
        """
        sequences.one_direction(self, self.bidirectional)
        self._check(x, state or (), None)
        y, last, _, _ = self._run(x, state or (), None, None)
        return y, last

    def multiply_adds(self, x: Any, y: Any) -> int:
        N, T, _ = (x[0] if isinstance(x, tuple) else x).shape
        weights = (parameter for name, parameter in self.parameters().items() if name.startswith("weight"))
        return N * T * sum(weight.size for weight in weights)

    def _check(self, x: np.ndarray, states: States, padding_mask: np.ndarray | None) -> None:
        sequences.sequence(self, x, self.input_size)
        sequences.states(self, states, self.n_states, (len(self.suffixes), len(x), self.hidden_size))
        sequences.mask(self, padding_mask, x.shape[:2])

    def _run(
        self, x: np.ndarray, states: States, padding_mask: np.ndarray | None, drawn: Drawn | None
    ) -> tuple[np.ndarray, States, list, Any]:
        keep = None if padding_mask is None else (~padding_mask.T[..., np.newaxis]).astype(x.dtype)  # (T, N, 1)
        if not states:
            states = (np.zeros((len(self.suffixes), len(x), self.hidden_size), x.dtype),) * self.n_states
        width = 2 if self.bidirectional else 1
        passes: list[tuple] = []
        lasts: list[States] = []
        y = np.ascontiguousarray(x.transpose(1, 0, 2))  # (T, N, input_size)
        for start in range(0, len(self.suffixes), width):
            outputs = []
            for index in range(start, start + width):
                first = tuple(given[index] for given in states)
                output, last, kept = self._one(index, y, first, keep, drawn if start == 0 else None)
                outputs.append(output)
                lasts.append(last)
                passes.append(kept)
            y = outputs[0] if width == 1 else np.concatenate(outputs, axis=-1)
        last = tuple(np.stack(parts) for parts in zip(*lasts, strict=True))
        return np.ascontiguousarray(y.transpose(1, 0, 2)), last, passes, keep

    def _one(
        self, index: int, x: np.ndarray, first: States, keep: Keep, drawn: Drawn | None
    ) -> tuple[np.ndarray, States, tuple]:
        """One pass: x (T, N, D) -> its output (T, N, H), its last states, and what to remember."""
        suffix = self.suffixes[index]
        if suffix.endswith("_reverse"):
            x, keep = x[::-1], None if keep is None else keep[::-1]
        bias = self._input_bias(suffix) if self.has_bias else None
        W = self._get("weight_ih", suffix).tensor
        gx, rows = None, None
        if drawn is not None:
            table, rows = drawn[0], drawn[1][::-1] if suffix.endswith("_reverse") else drawn[1]
            gx = product_alike(table, rows.size, W.T, bias)
        if gx is None:
            gx, rows = product(x.reshape(-1, x.shape[-1]), W.T, bias), None  # all steps at once
            gx = gx.reshape(*x.shape[:2], len(W))
        states, kept = self._pass(suffix, gx, rows, first, keep)
        y = states[0][1:]
        if keep is not None:
            y = y * keep
        last = tuple(state[-1] for state in states)
        return (y[::-1] if suffix.endswith("_reverse") else y), last, (x, states, kept)

    def _one_back(
        self, index: int, dy: np.ndarray, dlast: States, kept: tuple, keep: Keep
    ) -> tuple[np.ndarray, States]:
        suffix = self.suffixes[index]
        reverse = suffix.endswith("_reverse")
        x, states, more = kept
        if reverse:
            dy, keep = dy[::-1], None if keep is None else keep[::-1]
        dy = dy if keep is None else dy * keep
        dgx, dgh, dfirst = self._pass_back(suffix, np.ascontiguousarray(dy), dlast, states, more, keep)
        rows, hidden = dgx.reshape(-1, dgx.shape[-1]), dgh.reshape(-1, dgh.shape[-1])  # (T · N, gates · H)
        if self.has_bias:
            db = column_sums(rows)
            self._get("bias_ih", suffix).accumulate(db)
            self._get("bias_hh", suffix).accumulate(db if dgh is dgx else column_sums(hidden))
        with at_once():
            for kind, d, read in (("weight_ih", rows, x), ("weight_hh", hidden, states[0][:-1])):
                weight = self._get(kind, suffix)
                if weight.trainable:
                    add_product(d.T, read.reshape(-1, read.shape[-1]), to=weight.gradient)  # Σₜ da[t]ᵀ x[t], or h[t−1]
            dx = product(rows, self._get("weight_ih", suffix).tensor)
        dx = dx.reshape(x.shape)
        return (dx[::-1] if reverse else dx), dfirst

    def _get(self, kind: str, suffix: str) -> Any:
        return getattr(self, kind + suffix)

    def _input_bias(self, suffix: str) -> np.ndarray:
        return self._get("bias_ih", suffix).tensor + self._get("bias_hh", suffix).tensor
