"""What attention computes between q, k, v and its gradients."""

from __future__ import annotations

import math

import numpy as np

from tinynet.layers.positions import RotaryPosition
from tinynet.probe.trace import LayerStep, Trace, joined


def attention_values(trace: Trace, step: LayerStep) -> dict[str, np.ndarray]:
    """scores and p, and after a backward do, ds, dq, dk and dv, with the shapes of the docstring of attention.

    Where queries and keys are rotated, q, k, dq and dk are those after the rotation, and "q.before_rotation" and so on
    those before it.
    """
    q, k, v, heads, log_sum = (trace[joined(step.path, name)] for name in ("q", "k", "v", "heads", "log_sum"))
    seen, root = seen_keys(trace, step), math.sqrt(q.shape[-1])
    scores = q @ k.swapaxes(-1, -2) / root
    with np.errstate(over="ignore", invalid="ignore"):
        p = np.where(seen, np.exp(scores - log_sum), 0)
    values = {"scores": np.where(seen, scores, -np.inf), "p": p}
    if step.output_gradients:
        do = cut_into_heads(trace[joined(step.path, "out_proj.dx")], q.shape[1])
        ds = np.where(seen, p * (do @ v.swapaxes(-1, -2) - (do * heads).sum(axis=-1, keepdims=True)), 0)
        values |= {"do": do, "ds": ds, "dv": p.swapaxes(-1, -2) @ do}
        values |= {"dq": ds @ k / root, "dk": ds.swapaxes(-1, -2) @ q / root}
    if is_given(step, "rotary"):
        values |= _before_rotation(step, {"q": q, "k": k, **values})
    return values


def seen_keys(trace: Trace, step: LayerStep) -> np.ndarray:
    """Whether a query sees a key: (1 or N, 1, T, S)."""
    T, S = (trace[joined(step.path, name)].shape[2] for name in ("q", "k"))
    seen = np.tri(T, S, S - T if is_given(step, "causal") else S, dtype=bool)[np.newaxis, np.newaxis]
    mask = step.memory["key_padding_mask"]
    return seen if mask is None else seen & ~trace[mask][:, np.newaxis, np.newaxis]


def first_query(step: LayerStep, T: int, S: int) -> int:
    """The position of the first of T queries among S keys."""
    return S - T if is_given(step, "causal") else 0


def is_given(step: LayerStep, name: str) -> bool:
    """Whether an argument that is False by default was True."""
    return step.arguments.get(name) == "True"


def cut_into_heads(x: np.ndarray, n_heads: int) -> np.ndarray:
    """(N, T, embed_dim) -> (N, heads, T, D)."""
    return x.reshape(*x.shape[:2], n_heads, -1).transpose(0, 2, 1, 3)


def _before_rotation(step: LayerStep, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """q, k, dq and dk, each rotated back."""
    rotary = RotaryPosition(values["q"].shape[-1])
    start = first_query(step, values["q"].shape[2], values["k"].shape[2])
    starts = {"q": start, "dq": start, "k": 0, "dk": 0}
    return {
        f"{name}.before_rotation": rotary.turn(values[name], first, direction=-1)
        for name, first in starts.items()
        if name in values
    }
