"""Sentences about summaries, pictures and reports."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail


def integer_labels(who: object, labels: np.ndarray) -> None:
    """Check that the ground truth is one integer per sample."""
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        got = f"{labels.dtype} of shape {shape_text(labels.shape)}"
        fail(who, f"expected integer labels of shape (N,), got {got}.", "this picture is for classifiers.", TypeError)


def images(who: object, x: object) -> np.ndarray:
    """Check that inputs are a batch of images."""
    shape = np.shape(x) if isinstance(x, np.ndarray) else ()
    if len(shape) != 4:
        fail(who, f"expected images of shape (N, C, H, W), got {shape_text(shape) if shape else type(x).__name__}.")
    return np.asarray(x)
