"""What a net says about a data set, read once for all pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.data import batches
from tinynet.layers import Layer, Softmax
from tinynet.net import Net
from tinynet.visualize.sentences import integer_labels, samples_of


@dataclass(frozen=True)
class Reading:
    """The probabilities that a classifier gives to each class, and the truth.

    Shapes:
        probabilities: (N, C)    labels: (N,)
    """

    probabilities: np.ndarray
    labels: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class of each sample."""
        return self.probabilities.argmax(axis=1)

    @property
    def sureness(self) -> np.ndarray:
        """The probability that each sample's most probable class has, (N,)."""
        return self.probabilities.max(axis=1)

    @property
    def mistakes(self) -> np.ndarray:
        """The numbers of the samples whose most probable class is not the true one, in their order."""
        return np.flatnonzero(self.predicted != self.labels)

    def matrix(self) -> np.ndarray:
        """How often each true class (row) was taken for each class (column)."""
        n_classes = self.probabilities.shape[1]
        counts = np.bincount(self.labels * n_classes + self.predicted, minlength=n_classes**2)
        return counts.reshape(n_classes, n_classes)


def read(who: str, net: Net, dataset: Any) -> Reading:
    """Let a classifier predict all samples of a data set."""
    samples_of(who, net, dataset)
    outputs, truth = predictions(net, dataset)
    _classification(who, outputs, truth)
    return Reading(probabilities(net, outputs), truth.astype(np.int64))


def predictions(net: Net, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """The outputs of a net for a whole data set in its order, and the truth."""
    outputs, truth = [], []
    for x, y in batches(dataset, 256, shuffle=False):
        outputs.append(net.predict(*(x if isinstance(x, tuple) else (x,))))
        truth.append(y)
    return np.concatenate(outputs), np.concatenate(truth)


def probabilities(net: Net, outputs: np.ndarray) -> np.ndarray:
    """The softmax of logits (or of log-probabilities); the output of a net that ends with `Softmax` is left unchanged.

    Example:
        >>> from tinynet.layers import Linear
        >>> probabilities(Net([Linear(2, 2)]), np.array([[3.0, 3.0]]))
        array([[0.5, 0.5]])
    """
    if ends_with(net, Softmax):
        return outputs
    e = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def ends_with(net: Net, kind: type[Layer]) -> bool:
    """Whether the last layer, in however many inner nets, is of a class."""
    return isinstance(list(net.layers_inside())[-1][1], kind)


def class_name(classes: Any, label: int, longest: int = 14) -> str:
    """The name of a class, cut to what fits under a picture; its number if there are no names."""
    name = str(classes[label]) if classes is not None and label < len(classes) else str(label)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def class_names(dataset: Any) -> Any:
    """The names of the classes of a data set, or None."""
    return getattr(dataset, "classes", None)


def _classification(who: object, outputs: np.ndarray, labels: np.ndarray) -> None:
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
