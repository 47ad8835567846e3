"""Sentences about summaries, pictures and reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.checks.shapes import numbers, shape_text
from tinynet.core.checks.values import instance, of_kind
from tinynet.core.checks.words import fail
from tinynet.net import Net


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
    if 0 in shape[1:]:
        fail(who, f"expected images with pixels, got shape {shape_text(shape)}.")
    return numbers(who, "the images", x)


def samples_of(who: str, net: object, dataset: object) -> None:
    """Check that a picture is given a net and the data for it."""
    instance(who, "net", net, Net, "wrap layers as Net([...]).")
    if isinstance(dataset, (tuple, list, np.ndarray, str, bytes, dict, Net, type)) or not hasattr(dataset, "__len__"):
        problem = f"dataset must have len(d) and d[indices] -> (x, y), got {of_kind(dataset)}."
        fail(who, problem, "wrap arrays as Dataset(x, y).", TypeError)
    if not len(dataset):
        fail(who, "dataset has no samples.", "check how the data were selected or split.")


def names(who: str, classes: Any, labels: np.ndarray) -> None:
    """Check that every label has a name, where names are given."""
    if classes is None:
        return
    is_list = isinstance(classes, (list, tuple)) or (isinstance(classes, np.ndarray) and classes.ndim == 1)
    if not is_list or not all(isinstance(name, str) for name in classes):
        fail(who, f"classes must be a list of names, got {classes!r}.", 'write classes=["cat", "dog"].', TypeError)
    if labels.dtype.kind in "iu" and labels.size and not 0 <= labels.min() <= labels.max() < len(classes):
        fail(who, f"labels must lie in 0 to {len(classes) - 1}, for {len(classes)} names, got {labels.max()}.")


def words(who: str, given: Any, tokens: np.ndarray) -> None:
    """Check that every token has a word, where words are given."""
    if given is None:
        return
    is_list = isinstance(given, (list, tuple)) and all(isinstance(word, str) for word in given)
    if not isinstance(given, str) and not is_list:
        fail(who, f"words must be a text or a list of words, got {of_kind(given)}.", kind=TypeError)
    if tokens.dtype.kind in "iu" and tokens.size and not 0 <= tokens.min() <= tokens.max() < len(given):
        fail(who, f"tokens must lie in 0 to {len(given) - 1}, for {len(given)} words, got {tokens.max()}.")
