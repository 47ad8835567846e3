"""Sentences about training: the parts of a learner, callbacks, and losses that are not finite."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.core.checks.words import fail


def learner_parts(net: Any, loss: Any, optimizer: Any, metrics: Any, callbacks: Any, kinds: tuple[type, type, type]) -> None:
    """Check that each argument of a Learner is of its kind: (Net, Optimizer, Callback)."""
    for name, value, kind in (("net", net, kinds[0]), ("optimizer", optimizer, kinds[1])):
        if isinstance(value, type) and issubclass(value, kind):
            fail("Learner", f"{name} is the class {value.__name__}.", f"write {value.__name__}(...).", TypeError)
        if not isinstance(value, kind):
            hint = "wrap layers as Net([...])." if name == "net" else "write SGD(lr=0.1), for example."
            fail("Learner", f"{name} must be a {kind.__name__}, got {type(value).__name__}.", hint, TypeError)
    if not callable(loss):
        fail("Learner", f"loss must be a function, got {type(loss).__name__}.", "pass cross_entropy itself.", TypeError)
    for name, value in (("metrics", metrics), ("callbacks", callbacks)):
        if not isinstance(value, (list, tuple)):
            fail("Learner", f"{name} must be a list, got {type(value).__name__}.", f"write {name}=[...].", TypeError)
    for metric in metrics:
        if not callable(metric):
            fail("Learner", f"metrics must hold functions, got {metric!r}.", "pass accuracy itself, no name.", TypeError)
    for callback in callbacks:
        if not isinstance(callback, kinds[2]):
            fail("Learner", f"callbacks must hold Callback objects, got {callback!r}.", "write EarlyStopping().", TypeError)


def dataset(who: str, name: str, data: Any) -> Any:
    """Check that data have a length and can be indexed, and that there are some."""
    if isinstance(data, (tuple, list, np.ndarray)):
        fail(who, f"{name} must be a dataset, got a {type(data).__name__}.", "wrap arrays as Dataset(x, y).", TypeError)
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        fail(who, f"{name} must have len(d) and d[indices] -> (x, y), got {type(data).__name__}.", kind=TypeError)
    if not len(data):
        fail(who, f"{name} is empty.", "check how the data were selected or split.")
    return data


def known_hooks(callback: type, hooks: Sequence[str]) -> None:
    """Check that every `on_…` of a callback class is one that a learner calls."""
    for name in vars(callback):
        if name.startswith("on_") and name not in hooks:
            close = difflib.get_close_matches(name, hooks, n=1)
            hint = (f"did you mean {close[0]}? " if close else "") + f"The hooks are {', '.join(hooks)}."
            fail(callback.__name__, f"{name} is no hook that a Learner calls.", hint, TypeError)


def finite_loss(loss: float, x: Any, learning_rate: float) -> None:
    """Check that a loss is a finite number, and say what most likely made it none."""
    if np.isfinite(loss):
        return
    arrays = x if isinstance(x, tuple) else (x,)
    bad = [array for array in arrays if array.dtype.kind == "f" and not np.isfinite(array).all()]
    if bad:
        rows = np.unique(np.argwhere(~np.isfinite(bad[0]))[:, 0])
        problem = f"the loss became {loss} because the batch holds NaN or infinite inputs, first in its row {rows[0]}."
        hint = "clean the data: np.isfinite(x).all() tells where."
    else:
        problem = f"the loss became {loss} although the inputs are finite."
        hint = f"lower the learning rate (now {learning_rate:g}), or clip the gradients with clip_norm=1.0."
    fail("Learner", problem + " This batch changed no weight.", hint, FloatingPointError)
