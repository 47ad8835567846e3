"""SmoothGrad: the mean of saliency maps around an input."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, generator, number, optional
from tinynet.net import Net
from tinynet.probe.interpret.attribution import Attribution
from tinynet.probe.interpret.subject import opened


def smooth_grad(
    net: Net,
    x: np.ndarray,
    target: Any = None,
    *,
    noise: float = 0.15,
    n_samples: int = 50,
    rng: np.random.Generator | None = None,
) -> Attribution:
    """Saliency with its flicker averaged out: Smilkov et al. 2017.

    All samples get the same noise, so the map of one does not depend on which others are in the batch.

    Equation:
        values = 1/n Σᵢ ∂s/∂x at x + σ εᵢ, with εᵢ ~ N(0, 1) and σ = noise · (max x − min x)

    Shapes:
        x, values: (N, ...)

    Args:
        net: A net with one input, as in `saliency`.
        x: A batch of inputs.
        target: The class, as in `saliency`; that of the input without noise if None.
        noise: The standard deviation of the noise, as a share of the range of each sample. The paper recommends 0.1 to
            0.2.
        n_samples: How many noisy copies, n; the paper sees little change after 50.
        rng: Where the noise comes from. If None it is the same at each call, and no stream of the package moves on.

    Raises:
        ValueError: A number is out of range, or something does not fit, as in `saliency`.

    Example:
        >>> smooth_grad(tn.models.digits_cnn(), tn.data.digits()[1].x[:3], n_samples=10).values.shape
        (3, 1, 8, 8)
    """
    rules = {"noise": number(0), "n_samples": at_least(1), "rng": optional(generator)}
    checks.arguments("smooth_grad", locals(), **rules)
    rng = np.random.default_rng(0) if rng is None else rng
    with opened("smooth_grad", net, x) as subject:
        aim = subject.aim(target)
        inner = tuple(range(1, subject.x.ndim))
        sigma = noise * (subject.x.max(axis=inner, keepdims=True) - subject.x.min(axis=inner, keepdims=True))
        total = np.zeros_like(subject.x, dtype=np.float64)
        for _ in range(n_samples):
            noise_of_all = rng.standard_normal(subject.x.shape[1:]).astype(subject.x.dtype)
            noisy = subject.x + sigma * noise_of_all
            total += subject.gradient(noisy, aim.direction)
    values = (total / n_samples).astype(subject.x.dtype)
    return Attribution("smooth_grad", values, np.asarray(x), **aim.told())
