"""What the passes of a recurrent layer compute backward through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.layers import GRU, LSTM, RNN
from tinynet.layers.recurrent import Pass, States
from tinynet.probe.trace import LayerStep, Trace, joined

KINDS: dict[str, Any] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


@dataclass
class KeptWeights:
    """The weights of a pass, in the place of `recurrent.Weights`: they keep the gradients of each step."""

    arrays: tuple[Any, ...]
    W_hr: Any = None
    da: Any = None
    da_h: Any = None

    def tensors(self) -> tuple[Any, ...]:
        """W_ih, W_hh, b_ih and b_hh; 0 for a bias if the layer has none."""
        return self.arrays

    def accumulate_projection(self, dh: np.ndarray, s: np.ndarray, padding: np.ndarray) -> None:
        """Nothing: dh is derived by itself."""

    def accumulate(self, da: np.ndarray, da_h: np.ndarray, done: Pass) -> None:
        """Keep ∂L/∂a of each step."""
        self.da, self.da_h = da, da_h


def names(step: LayerStep) -> list[str]:
    """For each pass k, after a backward, with time first as in the pass and in the order in which it reads:

    "passes.k.dy"    ∂L/∂h of each step from the layer above, (T, N, H)
    "passes.k.dh"    ∂L/∂h of each step in all: dy, and what flows back from the next step
    "passes.k.dc"    the same of an LSTM's c
    "passes.k.da"    ∂L/∂(x W_ihᵀ + b_ih), (T, N, gates · H)
    "passes.k.da_h"  ∂L/∂(h W_hhᵀ + b_hh) of a GRU, where it is another
    "passes.k.dx"    ∂L/∂x of each step
    """
    kinds = ["dy", "dh", "da", "dx", *{"LSTM": ["dc"], "GRU": ["da_h"]}.get(step.kind, [])]
    passes = range(len(suffixes_of(step))) if step.output_gradients else ()
    return [f"passes.{k}.{kind}" for k in passes for kind in kinds]


def compute(trace: Trace, step: LayerStep, name: str) -> dict[str, np.ndarray]:
    """The values of all passes, for each needs those of later steps and of the passes above."""
    suffixes = suffixes_of(step)
    n_directions = 2 if suffixes[-1].endswith("_reverse") else 1
    dy, dlast = _given(trace, step, len(suffixes))
    values: dict[str, np.ndarray] = {}
    for layer in reversed(range(len(suffixes) // n_directions)):
        dx = np.zeros_like(dy, shape=())
        for direction in range(n_directions):
            k = layer * n_directions + direction
            H = done_pass(trace, step, k).states[0].shape[-1]
            dh = in_order(suffixes[k], dy[..., direction * H : (direction + 1) * H])
            found = _through(trace, step, k, dh, tuple(d[k] for d in dlast))
            values |= {f"passes.{k}.{name}": array for name, array in found.items()}
            dx = dx + in_order(suffixes[k], found["dx"])
        dy = dx
    return values


def suffixes_of(step: LayerStep) -> list[str]:
    """The suffixes of the parameters of each pass, in the order of the passes: ["_l0", "_l0_reverse", …]."""
    names = [name for name in step.parameters if name.startswith("weight_ih")]
    return [name.removeprefix("weight_ih") for name in names]


def done_pass(trace: Trace, step: LayerStep, k: int) -> Pass:
    """What pass k remembered."""
    at = joined(step.path, f"passes.{k}")
    states = [trace[f"{at}.states.{i}"] for i in range(KINDS[step.kind].n_states)]
    gates = trace[f"{at}.gates"] if f"{at}.gates" in trace.values else None
    return Pass(trace[f"{at}.x"], trace[f"{at}.padding"], tuple(states), gates)


def weights_of(trace: Trace, step: LayerStep, k: int) -> tuple[Any, ...]:
    """W_ih, W_hh, b_ih and b_hh of pass k; 0 for a bias if the layer has none."""
    suffix = suffixes_of(step)[k]
    paths = [step.parameters.get(kind + suffix) for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    return tuple(0 if path is None else trace[path] for path in paths)


def projection_of(trace: Trace, step: LayerStep, k: int) -> np.ndarray | None:
    """W_hr of pass k, if the states are projected."""
    path = step.parameters.get(f"weight_hr{suffixes_of(step)[k]}")
    return None if path is None else trace[path]


def in_order(suffix: str, x: np.ndarray) -> np.ndarray:
    """x (T, …) in the order in which a pass reads it; applied twice, it gives x again."""
    return x[::-1] if suffix.endswith("_reverse") else x


def _given(trace: Trace, step: LayerStep, n_passes: int) -> tuple[np.ndarray, States]:
    """∂L/∂y (T, N, …), and ∂L of the last states, zero where none came."""
    names = set(step.output_gradients)
    first = step.output_gradients[0]
    dy = trace[first]
    dlast = []
    for i, states in enumerate(done_pass(trace, step, 0).states, start=1):
        name, shape = joined(step.path, f"dy.{i}"), (n_passes, len(dy), states.shape[-1])
        dlast.append(trace[name] if name in names else np.zeros_like(dy, shape=shape))
    return dy.transpose(1, 0, 2), tuple(dlast)


def _through(trace: Trace, step: LayerStep, k: int, dy: np.ndarray, dlast: States) -> dict[str, np.ndarray]:
    """The gradients of all steps of pass k."""
    cell, done = KINDS[step.kind], done_pass(trace, step, k)
    weights = KeptWeights(weights_of(trace, step, k), projection_of(trace, step, k))
    layer = cell(1, 1, rng=np.random.default_rng(0), **_nonlinearity(step))  # for its formula, which reads no size
    dx, _ = cell.back_through_time.lesson(layer, weights, dy, dlast, done)
    dh, dc = _states_backward(done, weights, dy, dlast)
    found = {"dy": dy, "dh": dh, "da": weights.da, "dx": dx}
    if dc is not None:
        found["dc"] = dc
    if weights.da_h is not weights.da:
        found["da_h"] = weights.da_h
    return found


def _nonlinearity(step: LayerStep) -> dict[str, str]:
    given = step.arguments.get("nonlinearity")
    return {} if given is None else {"nonlinearity": given.strip("'")}


def _states_backward(done: Pass, weights: KeptWeights, dy: np.ndarray, dlast: States) -> tuple[np.ndarray, Any]:
    """∂L/∂h and, of an LSTM, ∂L/∂c of all steps: what came from above and what the later steps gave back."""
    _, W_hh, _, _ = weights.tensors()
    dh, dc = np.zeros_like(dy), np.zeros_like(done.states[-1][1:])
    from_later, c_from_later = dlast[0], dlast[-1]
    is_lstm, H = len(dlast) == 2, dc.shape[-1]
    is_gru = weights.da_h is not weights.da
    for t in reversed(range(len(dy))):
        dh[t] = from_later + np.where(done.padding[t], 0, dy[t])
        back = weights.da_h[t] @ W_hh
        if is_gru:
            z = done.gates[t][:, H : 2 * H]
            back = back + dh[t] * z
        from_later = np.where(done.padding[t], from_later, back)
        if is_lstm:
            f, o = done.gates[t][:, H : 2 * H], done.gates[t][:, 3 * H :]
            ds = dh[t] if weights.W_hr is None else dh[t] @ weights.W_hr
            through_s = ds * o * (1 - np.tanh(done.states[1][t + 1]) ** 2)
            dc[t] = c_from_later + np.where(done.padding[t], 0, through_s)
            c_from_later = np.where(done.padding[t], c_from_later, dc[t] * f)
    return dh, dc if is_lstm else None
