"""The singular values of weights."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.layers import Layer


def singular_values(net: Layer) -> dict[str, np.ndarray]:
    """The singular values of each weight, the greatest first: how much it stretches inputs, in each direction.

    The greatest is the most that the layer can amplify an input. Where most are near zero, the layer passes on only as
    many directions as there are others, and could be smaller. A kernel (out_channels, in_channels, kh, kw) counts as
    the matrix (out_channels, in_channels · kh · kw) that multiplies each patch. Biases and scales are left out.

    Equation:
        W = U diag(σ₁, σ₂, …) Vᵀ, with orthonormal columns in U and V, and σ₁ ≥ σ₂ ≥ … ≥ 0

    Args:
        net: The net, or any layer.

    Returns:
        From the path of each parameter with two axes or more to its min(rows, columns) singular values, in float64.

    Raises:
        ValueError: No parameter has two axes, or one holds NaN or infinity.

    Example:
        >>> from tinynet.layers import Linear
        >>> layer = Linear(2, 2)
        >>> layer.weight.tensor = np.array([[0.0, 3.0], [-2.0, 0.0]])
        >>> singular_values(layer)
        {'weight': array([3., 2.])}
    """
    checks.instance("singular_values", "net", net, Layer)
    matrices = {
        path: parameter.tensor.reshape(len(parameter.tensor), -1).astype(np.float64)
        for path, parameter in net.parameters().items()
        if len(parameter.shape) >= 2
    }
    if not matrices:
        checks.fail(
            "singular_values", f"{type(net).__name__} has no weight with two axes.", "give it a net that learns."
        )
    for path, W in matrices.items():
        if not np.isfinite(W).all():
            checks.fail(
                "singular_values", f"{path} holds NaN or infinity.", "look at the net before training diverged."
            )
    return {path: np.linalg.svd(W, compute_uv=False) for path, W in matrices.items()}
