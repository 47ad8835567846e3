"""Sentences about summaries, pictures and reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import integer
from tinynet.core.checks.words import fail


def input_shapes(who: object, value: object) -> list[tuple[int, ...]]:
    """Check the shape of one input without its batch axis, or a list of such shapes, and return a list of them."""
    shapes: list[Any] = value if isinstance(value, list) else [value]
    if not shapes or not all(isinstance(shape, tuple) for shape in shapes):
        fail(
            who,
            f"input_shape must be a tuple of integers, got {value!r}.",
            "leave out the batch axis, as in (1, 28, 28) or (784,); for several inputs give a list of tuples.",
            TypeError,
        )
    return [
        tuple(integer(who, f"input_shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape))
        for shape in shapes
    ]


def history_rows(who: object, history: Any) -> list[dict[str, Any]]:
    """Check that a history has epochs, and return them."""
    rows = getattr(history, "rows", None)
    if not isinstance(rows, list):
        fail(
            who, f"expected a history, got {type(history).__name__}.", "pass what learner.fit(...) returns.", TypeError
        )
    if not rows:
        fail(who, "the history has no epoch yet.", "call learner.fit(...) first.")
    return rows


def curves_found(who: object, names: list[str]) -> None:
    """Check that there is something to draw."""
    if not names:
        fail(who, "the history holds no loss and no metric.", 'give it rows such as {"epoch": 1, "loss": 0.5}.')


def counts_matrix(who: object, matrix: object, classes: object) -> np.ndarray:
    """Check a confusion matrix and the names of its classes."""
    array = np.asarray(matrix)
    if array.dtype.kind not in "iufb":
        fail(who, f"matrix must hold counts, got {array.dtype}.", kind=TypeError)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        fail(
            who,
            f"expected a matrix of shape (C, C), got {shape_text(array.shape)}.",
            "make it of predictions with metrics.confusion_matrix(predicted, ground_truth).",
        )
    if not (array >= 0).all():
        fail(who, "matrix must hold counts from 0 on, and it holds a smaller number or NaN.")
    if classes is not None and len(classes) != len(array):  # type: ignore[arg-type]
        fail(who, f"expected {len(array)} names of classes, got {len(classes)}.")  # type: ignore[arg-type]
    return array


def classification(who: object, outputs: np.ndarray, labels: np.ndarray) -> None:
    """Check that a net answers with classes, and that the labels are among them."""
    integer_labels(who, labels)
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        fail(
            who,
            f"expected a net that gives (N, classes) for two or more classes, got {shape_text(outputs.shape)}.",
            "this picture is for classifiers of whole samples.",
        )
    if labels.min() < 0 or labels.max() >= outputs.shape[1]:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        fail(who, f"the net has {outputs.shape[1]} classes, counted from 0, but a label is {wrong}.")


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


def codes_of_samples(who: object, shape: tuple[int, ...], n_samples: int) -> None:
    """Check that there is a code of at least two numbers for each sample."""
    if len(shape) != 2 or shape[0] != n_samples or shape[1] < 2:
        expected = f"expected codes of shape ({n_samples}, 2) or wider, one for each label"
        fail(who, f"{expected}, got {shape_text(shape)}.", "a map needs two numbers for each sample.")


def first_layer(who: object, net: Any, kind: type) -> tuple[str, Any]:
    """The first layer of a class inside a net, and its path."""
    for path, layer in net.layers_inside():
        if isinstance(layer, kind):
            return path, layer
    fail(
        who,
        f"there is no {kind.__name__} in {type(net).__name__}.",
        "for a net without convolutions, weight_histograms(net) shows the weights.",
    )


def one_input(who: object, x: object) -> np.ndarray:
    """Check that x is an array, one input without the batch axis."""
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        fail(who, f"expected x to be the array of one input, got {type(x).__name__}.", "pass dataset[0][0].", TypeError)
    if x.ndim > 3:
        fail(who, f"expected one input without the batch axis, got shape {shape_text(x.shape)}.", "pass x[0].")
    return x


def some_parameters(who: object, net: Any) -> dict[str, Any]:
    """Check that a net has parameters, and return them."""
    parameters = net.parameters()
    if not parameters:
        fail(who, f"{type(net).__name__} has no parameters.", "this picture is for nets that learn.")
    return parameters


def points(who: object, x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check that inputs are points of a plane with integer labels."""
    if np.ndim(x) != 2 or np.shape(x)[1] != 2:
        fail(
            who,
            f"expected points of shape (N, 2), got {shape_text(np.shape(x))}.",
            "this picture is for data in a plane.",
        )
    integer_labels(who, labels)
    return x, labels


def plane_outputs(who: object, outputs: np.ndarray, labels: np.ndarray) -> None:
    """Check that outputs are one per class, or a single one for two classes."""
    n_classes = int(labels.max()) + 1
    if outputs.ndim != 2 or max(outputs.shape[1], 2) < n_classes:
        fail(
            who, f"expected outputs of shape (N, {n_classes}) for {n_classes} classes, got {shape_text(outputs.shape)}."
        )


def curve(who: object, x: np.ndarray, y: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check that inputs, truth and outputs are one number per sample, and return them as (N,)."""
    for name, array in (("x", x), ("y", y), ("outputs", outputs)):
        if np.ndim(array) == 0 or np.size(array) != len(array):
            fail(
                who,
                f"expected {name} of shape (N, 1), got {shape_text(np.shape(array))}.",
                "this picture is for one number in and one number out.",
            )
    return np.ravel(x), np.ravel(y), np.ravel(outputs)


def same_size(who: object, outputs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Check that outputs have as many numbers as the inputs, and give them their shape."""
    if outputs.size != x.size:
        fail(
            who,
            f"expected outputs of the shape {shape_text(x.shape)} of the images, got {shape_text(outputs.shape)}.",
            "this picture is for autoencoders.",
        )
    return outputs.reshape(x.shape)
