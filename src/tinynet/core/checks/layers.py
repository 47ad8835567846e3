"""Sentences about layers, nets and their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from tinynet.core.checks.shapes import floating_input, shape_text
from tinynet.core.checks.words import fail


def no_memory(layer: object) -> NoReturn:
    """`backward` came without a `forward` to go back through."""
    fail(
        layer,
        "backward was called, but there is no forward to go back through.",
        "call forward on a batch first, then backward once; predict and evaluate keep nothing for backward.",
        RuntimeError,
    )


def output_gradients(who: str, gradients: tuple, shapes: tuple[tuple[int, ...], ...]) -> None:
    """Check that what goes back are arrays of the shapes that came out."""
    if len(gradients) != len(shapes):
        fail(who, f"expected as many gradients as outputs, {len(shapes)}, got {len(gradients)}.", kind=TypeError)
    for gradient, shape in zip(gradients, shapes, strict=True):
        if not isinstance(gradient, np.ndarray):
            fail(
                who,
                f"expected a gradient, an array of shape {shape_text(shape)}, got {type(gradient).__name__}.",
                "a loss returns (loss, gradient); pass the gradient.",
                TypeError,
            )
        if gradient.shape != shape:
            fail(
                who,
                f"expected a gradient of the output's shape {shape_text(shape)}, got {shape_text(gradient.shape)}.",
                "pass the derivative of the loss with respect to the output of the last forward.",
            )


def an_optimizer(who: str, optimizer: Any) -> None:
    """Check that a value can update parameters."""
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else type(optimizer).__name__
        fail(who, f"expected an optimizer, got {what}.", "write net.update(SGD(lr=0.1)), for example.", TypeError)


def floating_dtype(who: object, dtype: Any) -> np.dtype:
    """Check that a dtype is a floating type."""
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        fail(who, f"dtype must be a floating type, got {dtype!r}.", "use np.float32 or np.float64.", TypeError)
    if dtype.kind != "f":
        fail(who, f"dtype must be a floating type, got {dtype}.", "use np.float32 or np.float64.", TypeError)
    return dtype


def not_configurable(layer: object, name: str, value: object) -> NoReturn:
    """An argument cannot be written into a configuration."""
    what = "a function" if callable(value) else f"a {type(value).__name__}"
    fail(
        type(layer).__name__,
        f"argument {name} is {what}, which cannot be saved in a configuration.",
        "take a number, a string or a layer instead, or save only the weights with net.state().",
        TypeError,
    )


def matching_state(layer: object, state: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that a state has just the entries of a layer, numbers in their shapes, and name every one that is off."""
    if not isinstance(state, Mapping):
        came = type(state).__name__
        hint = "net.state() gives one, and tn.load_weights(net, path) reads a file."
        fail(type(layer).__name__, f"expected a state, a dict from path to array, got {came}.", hint, TypeError)
    missing = [path for path in shapes if path not in state]
    unexpected = [path for path in state if path not in shapes]
    wrong = [
        f"{path} (expected {shape_text(shape)}, got {shape_text(np.shape(state[path]))})"
        for path, shape in shapes.items()
        if path in state and np.shape(state[path]) != tuple(shape)
    ]
    no_numbers = [path for path in shapes if path in state and np.asarray(state[path]).dtype.kind not in "biuf"]
    kinds = {"missing": missing, "unexpected": unexpected, "wrong shape": wrong, "no real numbers": no_numbers}
    problems = [f"{what}: {', '.join(map(str, entries))}" for what, entries in kinds.items() if entries]
    if problems:
        fail(
            type(layer).__name__,
            f"the state does not fit this network; {'; '.join(problems)}.",
            "build the network with the arguments it was saved with, or use tn.load(path), which rebuilds it.",
        )


def list_of_layers(who: str, layers: object, kind: type) -> tuple:
    """Check that `layers` is a list or tuple of layer objects."""
    if not isinstance(layers, (list, tuple)):
        fail(
            who,
            f"layers must be a list of layers, got {type(layers).__name__}.",
            "write Net([Linear(2, 3), ReLU()]).",
            TypeError,
        )
    for index, layer in enumerate(layers):
        if isinstance(layer, type) and issubclass(layer, kind):
            fail(who, f"layers[{index}] is the class {layer.__name__}.", f"write {layer.__name__}(...).", TypeError)
        if not isinstance(layer, kind):
            fail(
                who,
                f"layers[{index}] must be a layer, got {type(layer).__name__}.",
                "a function needs a Layer with a backward.",
                TypeError,
            )
    return tuple(layers)


def used_twice(who: str, layer: object, first: str, second: str) -> NoReturn:
    """One layer object stands at two places of a tree."""
    fail(
        who,
        f"the layer {layer!r} is used twice, as {first} and as {second}, but it remembers only its last forward.",
        "make a second layer; to share weights, let both hold the same Parameter: second.weight = first.weight.",
    )


def same_length(who: str, arrays: tuple) -> int:
    """Check that several arrays have as many rows, and return how many."""
    if not arrays:
        fail(who, "expected at least one input array, got none.", kind=TypeError)
    if 0 in [np.ndim(x) for x in arrays]:
        fail(who, "expected arrays with a batch axis, got a single number.", "pass x[np.newaxis] for a batch of one.")
    lengths = [len(x) for x in arrays]
    if len(set(lengths)) > 1:
        fail(who, f"expected inputs with as many rows, got {' and '.join(map(str, lengths))}.")
    return lengths[0]


def non_empty_list(who: str, name: str, value: object) -> None:
    """Check that a value is a list or tuple with something in it."""
    if not isinstance(value, (list, tuple)):
        fail(who, f"{name} must be a list, got {type(value).__name__}.", kind=TypeError)
    if not value:
        fail(who, f"{name} must hold at least one entry, got an empty list.")


def linear_input(layer: object, x: np.ndarray, in_features: int) -> None:
    """Check that the last axis of x is in_features, and say how to make it so."""
    floating_input(layer, x)
    if x.ndim >= 2 and x.shape[-1] == in_features:
        return
    flat = int(np.prod(x.shape[1:]))
    if x.ndim > 2 and flat == in_features:
        hint = "put Flatten() before this layer."
    elif x.ndim == 1 and x.shape[0] == in_features:
        hint = "the batch axis is missing; pass x[np.newaxis] for a batch of one."
    elif x.ndim > 2:
        hint = f"put Flatten() before this layer and make it Linear({flat}, ...)."
    elif x.ndim == 2:
        hint = f"make it Linear({x.shape[-1]}, ...), or change what comes before."
    else:
        hint = ""
    fail(layer, f"expected x of shape (N, {in_features}), got {shape_text(x.shape)}.", hint)


def same_paths(who: object, got: list[str], expected: list[str]) -> None:
    """Check that a saved state speaks of the same parameters."""
    missing, unexpected = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    problems = [
        f"{what}: {', '.join(paths)}" for what, paths in (("missing", missing), ("unexpected", unexpected)) if paths
    ]
    if problems:
        fail(type(who).__name__, f"the state does not fit these parameters; {'; '.join(problems)}.")
