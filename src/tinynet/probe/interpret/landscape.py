"""The loss around a solution, along random directions."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, generator, number, optional
from tinynet.net import Net
from tinynet.net.tuples import as_tuple


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss on a line or a plane through the weights of a net.

    Shapes:
        steps: (n,), from −radius to radius    losses: (n,) on a line; on a plane (n, n), β in rows and α in columns

    Attributes:
        steps: How far along each direction; 1 is as far as the weights of each filter are long.
        losses: The loss there; infinity where it is not finite.
        at_solution: The loss at the weights themselves.
        n_samples: The rows that the loss was computed on.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> x, y = tn.data.moons(50)[:]
        >>> tn.probe.loss_landscape(tn.models.mlp(2, [8], 2), cross_entropy, x, y, n=5, dimensions=1).losses.shape
        (5,)
    """

    steps: np.ndarray
    losses: np.ndarray
    at_solution: float
    n_samples: int


def loss_landscape(
    net: Net,
    loss: Callable[[Any, Any], tuple[float, Any]],
    x: Any,
    y: Any,
    *,
    n: int = 21,
    radius: float = 1.0,
    dimensions: int = 2,
    rng: np.random.Generator | None = None,
) -> Landscape:
    """The loss around the weights of a net, along random directions of the right length: Li et al. 2018, section 4.

    A net with ReLUs computes the same with weights twice as large in one layer and half as large in the next. So each
    filter of a direction gets the length of the filter of the net; only then are two pictures comparable.

    Equation:
        L(α, β) = loss(θ + α d₁ + β d₂), d drawn from N(0, 1),
        then for filter j of layer i dᵢⱼ ← dᵢⱼ / ‖dᵢⱼ‖ · ‖θᵢⱼ‖

    Biases and the parameters of norms stay as they are, as in the paper: a direction is 0 for all that has one axis. A
    copy of the net does the work, in evaluation mode.

    Args:
        net: A trained net.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        x: A batch of inputs; a tuple for several. Some hundred rows are enough.
        y: The truth.
        n: Points along each direction; odd, so that the solution is one of them.
        radius: How far to go on both sides.
        dimensions: 1 for a line, 2 for a plane, which takes n² evaluations.
        rng: Where the directions come from. If None they are the same at each call.

    Raises:
        ValueError: A number is out of range, or the net has no weights.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> x, y = tn.data.moons(50)[:]
        >>> found = loss_landscape(tn.models.mlp(2, [8], 2), cross_entropy, x, y, n=5)
        >>> found.losses.shape, bool(found.losses[2, 2] == found.at_solution)
        ((5, 5), True)
    """
    rules = {"n": at_least(3), "radius": number(above=0), "dimensions": at_least(1), "rng": optional(generator)}
    checks.arguments("loss_landscape", locals(), **rules)
    checks.instance("loss_landscape", "net", net, Net, "wrap layers as Net([...]).")
    checks.function("loss_landscape", "loss", loss, 2, "pass cross_entropy itself.")
    if dimensions > 2 or n % 2 == 0:
        wrong = f"n must be odd, got {n}" if n % 2 == 0 else f"dimensions must be 1 or 2, got {dimensions}"
        checks.fail("loss_landscape", f"{wrong}.")
    rng = np.random.default_rng(0) if rng is None else rng
    copy = deepcopy(net)
    solution = {path: parameter.tensor.copy() for path, parameter in copy.parameters().items()}
    directions = [_direction(solution, rng) for _ in range(dimensions)]
    steps = np.linspace(-radius, radius, n)
    places = np.stack(np.meshgrid(*[steps] * dimensions), axis=-1)  # (n, dimensions), or (n, n, 2): α in columns

    def loss_at(place: np.ndarray) -> float:
        for path, parameter in copy.parameters().items():
            ways = zip(place, directions, strict=True)
            parameter.tensor = solution[path] + sum(a * direction[path] for a, direction in ways)
        with np.errstate(over="ignore", invalid="ignore"):
            found = loss(copy.predict(*as_tuple(x)), y)[0]
        return float(found) if np.isfinite(found) else np.inf

    losses = np.array([loss_at(place) for place in places.reshape(-1, dimensions)])
    return Landscape(steps, losses.reshape(places.shape[:-1]), loss_at(np.zeros(dimensions)), len(as_tuple(x)[0]))


def _direction(solution: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A random direction, each filter as long as that of the solution."""
    if not any(theta.ndim > 1 for theta in solution.values()):
        checks.fail("loss_landscape", "the net has no weights to move along.", "it is for nets that learn.")
    return {path: _filters(theta, rng) for path, theta in solution.items()}


def _filters(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if theta.ndim < 2:
        return np.zeros_like(theta)
    d = rng.standard_normal(theta.shape)
    inner = tuple(range(1, theta.ndim))
    length = np.sqrt((d**2).sum(axis=inner, keepdims=True))
    return d / length * np.sqrt(np.square(theta, dtype=np.float64).sum(axis=inner, keepdims=True))
