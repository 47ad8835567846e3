"""Activation maximization: the input that a unit of a net answers to most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, generator, number, optional
from tinynet.net import Net
from tinynet.probe.interpret.inside import from_layer, output_of
from tinynet.probe.interpret.subject import Subject, opened


@dataclass(frozen=True, eq=False)
class Maximization:
    """Inputs that were made to excite units of a net.

    Shapes:
        x: (M, ...), one input for each unit    activations: (steps + 1, M)

    Attributes:
        x: The inputs.
        target: The class or channel of each, (M,).
        layer: The path of the layer that the channels belong to; None for the scores of the net.
        activations: The score or activation at the start, and after each step.

    Example:
        >>> net = tn.models.digits_cnn()
        >>> found = tn.probe.activation_maximization(net, (1, 8, 8), [0, 7], steps=5)
        >>> found.x.shape, found.activations.shape
        ((2, 1, 8, 8), (6, 2))
    """

    x: np.ndarray
    target: np.ndarray
    layer: str | None
    activations: np.ndarray


def activation_maximization(
    net: Net,
    input_shape: tuple[int, ...],
    target: Any = None,
    *,
    layer: str | None = None,
    steps: int = 200,
    lr: float = 0.05,
    decay: float = 0.02,
    blur: float = 0.5,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    rng: np.random.Generator | None = None,
) -> Maximization:
    """Climb from noise to an input that excites a unit most: Erhan et al. 2009, Simonyan et al. 2014.

    The gradient is divided by its root mean square, so that one rate serves every net. Without the decay and the blur
    (Yosinski et al. 2015) the result would be noise that means something to the net alone.

    Equation:
        x ← (1 − decay) x + lr g / √(mean g²), with g = ∂a/∂x, a the score of a class or the mean of a channel;
        then a Gaussian blur every fourth step, and the bounds

    Args:
        net: A net with one input of numbers.
        input_shape: The shape of one input, without the batch axis.
        target: A class or channel, or several; every class if None.
        layer: The path of the layer whose channels are meant; the scores of the net, before a last softmax, if None.
        steps: How often the input is changed.
        lr: How far it moves at each step, in the units of the input.
        decay: The share of the input that is taken away at each step.
        blur: The standard deviation of the blur of images, in pixels; none if 0.
        bounds: The lowest and highest value of an input; none if None.
        rng: Where the first noise comes from. If None it is the same at each call.

    Raises:
        ValueError: A number is out of range, or there is no such layer or target.

    Example:
        >>> found = activation_maximization(tn.models.digits_cnn(), (1, 8, 8), target=3, steps=20)
        >>> bool(found.activations[-1, 0] > found.activations[0, 0])
        True
    """
    rules = {"steps": at_least(1), "lr": number(above=0), "decay": number(0), "blur": number(0)}
    checks.arguments("activation_maximization", locals(), **rules, rng=optional(generator))
    checks.instance("activation_maximization", "net", net, Net, "wrap layers as Net([...]).")
    shape = checks.sizes("activation_maximization", "input_shape", input_shape)
    low, high = _bounds(bounds)
    rng = np.random.default_rng(0) if rng is None else rng
    middle = 0.0 if bounds is None else (low + high) / 2
    with opened("activation_maximization", net, np.full((1, *shape), middle, net.dtype)) as subject:
        targets, ascent = _ascent(subject, layer, target)
        noise = rng.standard_normal((len(targets), *shape)) * (0.1 if bounds is None else (high - low) / 10)
        x = np.clip(middle + noise, low, high).astype(net.dtype)
        activations = []
        for step in range(steps):
            a, g = ascent(x)
            activations.append(a)
            size = np.sqrt(np.square(g, dtype=np.float64).mean(axis=tuple(range(1, g.ndim)), keepdims=True))
            x = (1 - decay) * x + lr * np.divide(g, size, out=np.zeros_like(g), where=size > 0)
            if blur and x.ndim == 4 and step % 4 == 3 and step < steps - 4:
                x = _blurred(x, blur)
            x = np.clip(x, low, high).astype(net.dtype)
        activations.append(ascent(x)[0])
    return Maximization(x, targets, layer, np.array(activations))


Ascent = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def _ascent(subject: Subject, layer: str | None, target: Any) -> tuple[np.ndarray, Ascent]:
    """The units that are meant, and a function of x that gives the activation a of each, and ∂a/∂x."""
    A = subject.outputs(subject.x) if layer is None else output_of(subject, layer)
    axis = 1 if A.ndim in (2, 4) else A.ndim - 1
    targets = _units(target, A.shape[axis])
    dA = np.zeros((len(targets), *A.shape[1:]), A.dtype)
    np.moveaxis(dA, axis, 1)[np.arange(len(targets)), targets] = A.shape[axis] / A[0].size

    def ascent(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if layer is None:
            return subject.scores(x, dA), subject.gradient(x, dA)
        subject.x = x
        a = (output_of(subject, layer) * dA).reshape(len(x), -1).sum(axis=1)
        return a, from_layer(subject, layer, dA)

    return targets, ascent


def _units(target: Any, n_units: int) -> np.ndarray:
    """Check a unit, or several."""
    given = np.atleast_1d(np.arange(n_units) if target is None else np.asarray(target))
    if given.ndim != 1 or given.dtype.kind not in "iu" or len(given) == 0:
        problem = f"target must be None, a class or channel, or a list of them, got {target!r}."
        checks.fail("activation_maximization", problem, kind=TypeError)
    if given.min() < 0 or given.max() >= n_units:
        wrong = given.min() if given.min() < 0 else given.max()
        checks.fail("activation_maximization", f"target must be from 0 to {n_units - 1}, got {wrong}.")
    return given


def _bounds(bounds: Any) -> tuple[float, float]:
    """Check the lowest and the highest value of an input."""
    if bounds is None:
        return -np.inf, np.inf
    who = "activation_maximization"
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        checks.fail(who, f"bounds must be a pair of numbers or None, got {bounds!r}.", kind=TypeError)
    low, high = (checks.number(who, f"bounds[{i}]", value) for i, value in enumerate(bounds))
    if low >= high:
        checks.fail(who, f"bounds must go up, got {low:g} and {high:g}.")
    return low, high


def _blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(x, sigma=(0, 0, sigma, sigma), mode="nearest")
