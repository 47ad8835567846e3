"""What a norm computes on the way: x̂, the numbers with mean 0 and variance 1, and σ, what they were divided by."""

from __future__ import annotations

import numpy as np

from tinynet.probe.trace import LayerStep, Trace, joined


def names(step: LayerStep) -> list[str]:
    """x_hat where the layer does not remember it, and std; rms for RMS norm."""
    if step.kind == "RMSNorm":
        return ["rms"]
    return ["std"] if "x_hat" in step.memory else ["x_hat", "std"]


def compute(trace: Trace, step: LayerStep, name: str) -> dict[str, np.ndarray]:
    """The value of that name."""
    if name == "x_hat":
        return {name: _batch_norm_x_hat(trace, step)}
    inverse = trace[joined(step.path, "inverse_rms" if name == "rms" else "inverse_std")]
    return {name: 1 / inverse}


def _batch_norm_x_hat(trace: Trace, step: LayerStep) -> np.ndarray:
    """(x − μ) / σ, with a μ and a σ for each feature."""
    x, mean, inverse_std = (trace[joined(step.path, name)] for name in ("x", "mean", "inverse_std"))
    axis = 1 if step.kind == "BatchNorm2D" else -1
    return ((x.swapaxes(axis, -1) - mean) * inverse_std).swapaxes(axis, -1)
