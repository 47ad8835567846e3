"""What attention computes between q, k, v and its gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinynet.layers import scaled_dot_product as lesson
from tinynet.layers.positions import RotaryPosition
from tinynet.probe.trace import LayerStep, Trace, joined

Value = Callable[[Trace, LayerStep], np.ndarray]


def names(step: LayerStep) -> list[str]:
    """scores and p, and after a backward do, ds, dq, dk and dv, in the shapes of the docstring of attention.

    Where queries and keys are rotated, q, k, dq and dk are those after the rotation, and "q.before_rotation" and so on
    those before it.
    """
    return list(_values(step))


def compute(trace: Trace, step: LayerStep, name: str) -> dict[str, np.ndarray]:
    """The value of that name."""
    return {name: _values(step)[name](trace, step)}


def _values(step: LayerStep) -> dict[str, Value]:
    values: dict[str, Value] = {"scores": _scores, "p": _p}
    if step.output_gradients:
        values |= {"do": _do, "ds": _ds, "dv": _dv, "dq": _dq, "dk": _dk}
    if is_given(step, "rotary"):
        turned = [name for name in ("q", "k", "dq", "dk") if name in ("q", "k") or name in values]
        values |= {f"{name}.before_rotation": _before_rotation(name) for name in turned}
    return values


def seen_keys(trace: Trace, step: LayerStep) -> np.ndarray:
    """Whether a query sees a key: (1 or N, 1 or heads, T, S)."""
    q, k = (_of(trace, step, name) for name in ("q", "k"))
    return lesson.seen_keys(q, k, is_given(step, "causal"), mask_of(trace, step), mask_of(trace, step, "attn_mask"))


def mask_of(trace: Trace, step: LayerStep, name: str = "key_padding_mask") -> np.ndarray | None:
    """A mask that was given, or None."""
    at = step.memory[name]
    return None if at is None else trace[at]


def added_to_scores(trace: Trace, step: LayerStep) -> np.ndarray | None:
    """The mask of numbers, in the shape of the scores, if one was given."""
    mask, n_keys = mask_of(trace, step, "attn_mask"), _of(trace, step, "k").shape[2]
    if mask is None or mask.dtype == bool:
        return None
    return np.broadcast_to(mask, (*_of(trace, step, "q").shape[:3], n_keys))


def first_query(step: LayerStep, T: int, S: int) -> int:
    """The position of the first of T queries among S keys."""
    return S - T if is_given(step, "causal") else 0


def is_given(step: LayerStep, name: str) -> bool:
    """Whether an argument that is False by default was True."""
    return step.arguments.get(name) == "True"


def _of(trace: Trace, step: LayerStep, name: str) -> np.ndarray:
    return trace[joined(step.path, name)]


def _scores(trace: Trace, step: LayerStep) -> np.ndarray:
    """q kᵀ / √D plus a mask of numbers, and −∞ where the query does not see the key."""
    q, k, added = _of(trace, step, "q"), _of(trace, step, "k"), added_to_scores(trace, step)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    seen = seen_keys(trace, step)
    return np.where(seen, scores if added is None else scores + np.where(seen, added, 0), -np.inf)


def _p(trace: Trace, step: LayerStep) -> np.ndarray:
    """exp(scores − log Σ exp(scores))"""
    scores, log_sum = _of(trace, step, "scores"), _of(trace, step, "log_sum")
    with np.errstate(invalid="ignore"):
        return np.where(seen_keys(trace, step), np.exp(scores - log_sum), 0)


def _do(trace: Trace, step: LayerStep) -> np.ndarray:
    """∂L/∂heads, (N, heads, T, D)."""
    x, n_heads = _of(trace, step, "out_proj.dx"), _of(trace, step, "q").shape[1]
    return x.reshape(*x.shape[:2], n_heads, -1).transpose(0, 2, 1, 3)


def _ds(trace: Trace, step: LayerStep) -> np.ndarray:
    """p (do vᵀ − Σ do · heads)"""
    do, v, heads, p = (_of(trace, step, name) for name in ("do", "v", "heads", "p"))
    mean = (do * heads).sum(axis=-1, keepdims=True)
    return np.where(seen_keys(trace, step), p * (do @ v.swapaxes(-1, -2) - mean), 0)


def _dv(trace: Trace, step: LayerStep) -> np.ndarray:
    """pᵀ do"""
    return _of(trace, step, "p").swapaxes(-1, -2) @ _of(trace, step, "do")


def _dq(trace: Trace, step: LayerStep) -> np.ndarray:
    """ds k / √D"""
    k = _of(trace, step, "k")
    return _of(trace, step, "ds") @ k / math.sqrt(k.shape[-1])


def _dk(trace: Trace, step: LayerStep) -> np.ndarray:
    """dsᵀ q / √D"""
    q = _of(trace, step, "q")
    return _of(trace, step, "ds").swapaxes(-1, -2) @ q / math.sqrt(q.shape[-1])


def _before_rotation(name: str) -> Value:
    """q, k, dq or dk, rotated back."""

    def rotated_back(trace: Trace, step: LayerStep) -> np.ndarray:
        x = _of(trace, step, name)
        start = 0
        if name.endswith("q"):
            start = first_query(step, x.shape[2], _of(trace, step, "k").shape[2])
        return RotaryPosition(x.shape[-1]).turn(x, start, direction=-1)

    return rotated_back
