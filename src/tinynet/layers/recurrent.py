"""What RNN, LSTM and GRU share: stacked layers, two directions, padding, first and last states.

A *pass* is one layer in one direction, from the first step of a sequence to the last; each cell defines what
happens in a step. Inside, time comes first: x is (T, N, D), and the states h are (T + 1, N, H), where h[t] is the state
before step t and h[t + 1] the state after it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, flag, switch, weights_rng
from tinynet.core.faster import explained
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.layer import Layer

States = tuple[np.ndarray, ...]  # h, and c of an LSTM


class Weights(NamedTuple):
    """The parameters of one pass; the biases are None if there are none, and so is the weight of a projection.

    Example:
        >>> weights = Weights(Parameter(np.ones((4, 3))), Parameter(np.ones((4, 4))), None, None)
        >>> W_ih, W_hh, b_ih, b_hh = weights.tensors()
        >>> W_ih.shape, b_ih
        ((4, 3), 0)
    """

    weight_ih: Parameter  # (gates · H, D)
    weight_hh: Parameter  # (gates · H, H)
    bias_ih: Parameter | None  # (gates · H,)
    bias_hh: Parameter | None
    weight_hr: Parameter | None = None  # (P, H), of an LSTM that projects its states

    def tensors(self) -> tuple[Any, ...]:
        """W_ih, W_hh, b_ih and b_hh; 0 for a bias if the layer has none."""
        return tuple(0 if parameter is None else parameter.tensor for parameter in self[:4])

    @property
    def W_hr(self) -> np.ndarray | None:  # noqa: N802 - the symbol of the formula
        """The weight of the projection, if there is one."""
        return None if self.weight_hr is None else self.weight_hr.tensor

    def accumulate_projection(self, dh: np.ndarray, s: np.ndarray, padding: np.ndarray) -> None:
        """Add dhᵀ s of one step, where h = s W_hrᵀ: (N, P), (N, H), and (N, 1), True where the step is padding."""
        if self.weight_hr is not None:
            self.weight_hr.accumulate(np.where(padding, 0, dh).T @ np.where(padding, 0, s))

    def accumulate(self, da: np.ndarray, da_h: np.ndarray, done: Pass) -> None:
        """Add the gradients of all steps, but for that of a projection.

        Args:
            da: ∂L/∂(x[t] W_ihᵀ + b_ih) of each step, (T, N, gates · H).
            da_h: ∂L/∂(h[t−1] W_hhᵀ + b_hh), the same in most cells.
            done: What the pass remembers.
        """
        x = done.x  # (T, N, D)
        h = np.where(done.padding, 0, done.states[0][:-1])  # before each step; 0 at padding, which may hold a NaN
        self.weight_ih.accumulate(np.tensordot(da, x, ([0, 1], [0, 1])))  # Σₜ da[t]ᵀ x[t]
        self.weight_hh.accumulate(np.tensordot(da_h, h, ([0, 1], [0, 1])))  # Σₜ da[t]ᵀ h[t−1]
        if self.bias_ih is not None and self.bias_hh is not None:
            self.bias_ih.accumulate(sum_of(da, (0, 1)))
            self.bias_hh.accumulate(sum_of(da_h, (0, 1)))


class Pass(NamedTuple):
    """What one pass remembers.

    Example:
        >>> done = Pass(np.ones((5, 2, 3)), np.zeros((5, 2, 1), bool), (np.zeros((6, 2, 4)),), None)
        >>> len(done.states[0]) - len(done.x)  # the first state came before the first step
        1
    """

    x: np.ndarray  #: Its input, (T, N, D), in the order in which it was read.
    padding: np.ndarray  #: True where a step is padding, (T, N, 1).
    states: States  #: h, and c of an LSTM, (T + 1, N, H) each.
    gates: Any  #: The gates of each step, (T, N, gates · H); None for a cell without gates.


class _Recurrent(Layer):
    """The base class. A cell defines its numbers of gates and states, and a pass through time and back."""

    n_gates: int
    n_states: int = 1
    input_size: int
    hidden_size: int
    num_layers: int
    bidirectional: bool
    return_state: bool

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
        sizes = {"input_size": at_least(1), "hidden_size": at_least(1), "num_layers": at_least(1)}
        checks.arguments(self, locals(), **sizes)
        checks.arguments(self, locals(), bidirectional=flag, return_state=flag, bias=switch, rng=weights_rng)
        self.has_bias = bias
        self.directions = ("", "_reverse") if bidirectional else ("",)
        self.suffixes = [f"_l{layer}{direction}" for layer in range(num_layers) for direction in self.directions]
        self.output_size = self._size_of_h()  #: The size of h, and of y in one direction.
        self.state_sizes = (self.output_size, hidden_size)[: self.n_states]  #: Of h, and of an LSTM's c.
        for suffix in self.suffixes:
            width = input_size if suffix.startswith("_l0") else self.output_size * len(self.directions)
            for kind, shape in self._shapes(width).items():
                if bias or not kind.startswith("bias"):
                    setattr(self, kind + suffix, Parameter(uniform_fan_in(shape, rng, fan_in=hidden_size)))

    def _size_of_h(self) -> int:
        return self.hidden_size

    def _shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        """The shapes of the parameters of a pass that reads `width` features."""
        rows = self.n_gates * self.hidden_size
        weights = {"weight_ih": (rows, width), "weight_hh": (rows, self.output_size)}
        return {**weights, "bias_ih": (rows,), "bias_hh": (rows,)}

    @abstractmethod
    def through_time(self, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Pass:
        """Run all steps of x (T, N, D) from the first states (N, H)."""

    @abstractmethod
    def back_through_time(
        self, weights: Weights, dy: np.ndarray, dlast: States, done: Pass
    ) -> tuple[np.ndarray, States]:
        """Given ∂L/∂h of all steps (T, N, H) and that of the last states: ∂L/∂x, and that of the first states."""

    def forward(self, x: np.ndarray, *states: np.ndarray, padding_mask: np.ndarray | None = None) -> Any:
        self._check(x, states, padding_mask)
        y, last, passes = self._run(x, states, padding_mask)
        self.remember(passes=passes, states_given=bool(states))
        return (y, *last) if self.return_state else y

    @explained
    def backward(self, dy: np.ndarray, *dlast: np.ndarray | None) -> Any:
        passes, states_given = self.recall()
        H, n_directions = self.output_size, len(self.directions)
        nothing = [np.zeros_like(dy, shape=(len(passes), len(dy), size)) for size in self.state_sizes]
        given = (*dlast, *[None] * self.n_states)[: self.n_states]
        dends = [zero if dend is None else dend for zero, dend in zip(nothing, given, strict=True)]
        dfirst: list[Any] = [None] * len(passes)
        dy = dy.transpose(1, 0, 2)  # (T, N, directions · H)
        for layer in reversed(range(self.num_layers)):
            parts = []
            for direction in range(n_directions):
                index = layer * n_directions + direction
                suffix = self.suffixes[index]
                dh = _in_order(suffix, dy[..., direction * H : (direction + 1) * H])
                dend = tuple(d[index] for d in dends)
                dx, dfirst[index] = self.back_through_time(self._weights(suffix), dh, dend, passes[index])
                parts.append(_in_order(suffix, dx))
            dy = parts[0] + parts[1] if self.bidirectional else parts[0]
        dx = dy.transpose(1, 0, 2)  # (N, T, input_size)
        return (dx, *[np.stack(of_each) for of_each in zip(*dfirst, strict=True)]) if states_given else dx

    def step(self, x: np.ndarray, state: States | None = None) -> tuple[np.ndarray, States]:
        """Process the next steps (N, T, input_size) from the state that the last call returned; nothing is remembered.

        Returns:
            y (N, T, output_size), and the new state: h (num_layers, N, output_size), and an LSTM's c with hidden_size.
        """
        if self.bidirectional:
            hint = "use forward on the whole sequence."
            checks.fail(self, "step cannot go on in both directions of time.", hint, RuntimeError)
        self._check(x, () if state is None else state, None)
        y, last, _ = self._run(x, state or (), None)
        return y, last

    def multiply_adds(self, x: Any, y: Any) -> int:
        N, T, _ = (x[0] if isinstance(x, tuple) else x).shape
        weights = (parameter for name, parameter in self.parameters().items() if name.startswith("weight"))
        return N * T * sum(weight.size for weight in weights)

    def _run(
        self, x: np.ndarray, states: States, padding_mask: np.ndarray | None
    ) -> tuple[np.ndarray, States, list[Pass]]:
        """y, the last states of all passes, and what each pass remembers."""
        y = x.transpose(1, 0, 2)  # (T, N, input_size)
        padding = np.zeros_like(x, shape=(*y.shape[:2], 1), dtype=bool)
        if padding_mask is not None:
            padding = padding_mask.T[..., np.newaxis]
            y = np.where(padding, 0, y)  # so that the padding has no influence, not even through a NaN
        if not states:
            sizes = self.state_sizes
            states = tuple(np.zeros_like(x, shape=(len(self.suffixes), len(x), size)) for size in sizes)
        passes: list[Pass] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in self.directions:
                suffix = f"_l{layer}{direction}"
                first = tuple(state[len(passes)] for state in states)
                done = self.through_time(self._weights(suffix), _in_order(suffix, y), first, _in_order(suffix, padding))
                h = _in_order(suffix, done.states[0][1:])  # (T, N, H)
                outputs.append(h if padding_mask is None else np.where(padding, 0, h))
                passes.append(done)
            y = np.concatenate(outputs, axis=-1) if self.bidirectional else outputs[0]
        last = tuple(np.stack([done.states[i][-1] for done in passes]) for i in range(self.n_states))
        return y.transpose(1, 0, 2), last, passes

    def _weights(self, suffix: str) -> Weights:
        parameters: list[Any] = [getattr(self, kind + suffix, None) for kind in Weights._fields]
        return Weights(*parameters)

    def _check(self, x: np.ndarray, states: States, padding_mask: np.ndarray | None) -> None:
        checks.sequence(self, x, self.input_size)
        n = self.n_states
        if not isinstance(states, tuple) or len(states) not in (0, n):
            got = len(states) if isinstance(states, tuple) else checks.of_kind(states)
            came = f"expected {n} first state{'s' * (n > 1)} or none, got {got}."
            checks.fail(self, came, kind=TypeError)
        for state, size in zip(states, self.state_sizes, strict=False):
            shape = (len(self.suffixes), len(x), size)
            checks.floating_input(self, state, "a first state")
            if state.shape != shape:
                came = f"expected a first state of shape {shape_text(shape)}, got {shape_text(state.shape)}."
                checks.fail(self, came)
        checks.mask(self, padding_mask, x.shape[:2])


def _in_order(suffix: str, x: np.ndarray) -> np.ndarray:
    """x (T, …) in the order in which a pass reads it; applied twice, it gives x again."""
    return x[::-1] if suffix.endswith("_reverse") else x


def states_from(first: np.ndarray, x: np.ndarray) -> np.ndarray:
    """An array for the states of all steps of x, (T + 1, N, H), that starts with the first one.

    Example:
        >>> states_from(np.ones((2, 4)), np.zeros((5, 2, 3)))[:2, 0, 0]
        array([1., 0.])
    """
    states = np.zeros_like(x, shape=(len(x) + 1, *first.shape))
    states[0] = first
    return states


def cut(a: np.ndarray, n: int) -> np.ndarray:
    """a (N, n · H) cut into its n parts, (N, H) each.

    Example:
        >>> i, f = cut(np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), 2)
        >>> f
        array([[3, 4],
               [7, 8]])
    """
    N, width = a.shape
    return a.reshape(N, n, width // n).swapaxes(0, 1)  # (n, N, H)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ˣ), written with tanh so that nothing overflows.

    Example:
        >>> sigmoid(np.array([-1e9, 0.0]))
        array([0. , 0.5])
    """
    return 0.5 * np.tanh(0.5 * x) + 0.5
