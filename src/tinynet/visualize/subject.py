"""What a report is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.layers import Dropout, Dropout2D, Layer
from tinynet.net import Net
from tinynet.probe import Course, Guessing, guessing, read_course
from tinynet.visualize.readings import Reading, read

N_TRUTHS = 4096  # samples that tell what guessing reaches


@dataclass(frozen=True)
class Subject:
    """A net with its training and its data, as the sections of a report see it; each part but the net may be None.

    Attributes:
        net: The trained net.
        history: How it was trained.
        test: Data that it has never seen.
        loss: What it was trained to make small.
        initial: The net before training.
        epochs_wanted: How many epochs were planned.
        statistics: What its layers gave over the training.
        diagnoses: What the doctor says of the training.
        told: What the training has come to, where the losses alone do not tell.
    """

    net: Net
    history: Any = None
    test: Any = None
    loss: Callable | None = None
    initial: Net | None = None
    epochs_wanted: int | None = None
    statistics: Any = None
    diagnoses: Any = None
    told: Course | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the history, none if there is none."""
        return [] if self.history is None else self.history.rows

    def batch(self, n: int) -> tuple[Any, Any]:
        """The first n samples of the test data."""
        return self.test[np.arange(min(n, len(self.test)))]

    @cached_property
    def kind(self) -> str:
        """What the net does with the test data, in a word; empty if it is none of the known things."""
        if self.test is None:
            return ""
        x, y = self.batch(2)
        if isinstance(x, tuple) or isinstance(y, tuple):
            return ""
        predicted = self.net.predict(x)
        if isinstance(predicted, tuple):
            return ""
        shape = np.shape(predicted)[1:]
        labels = y.ndim == 1 and y.dtype.kind in "iu"
        if x.shape[1:] == (2,) and x.dtype.kind == "f" and labels:
            return "plane"
        if labels and len(shape) == 1 and shape[0] > 1:
            return "images" if x.ndim == 4 else "classes"
        if x.ndim == 4 and np.prod(shape) == np.prod(x.shape[1:]):
            return "autoencoder"
        return "curve" if x[0].size == y[0].size == np.prod(shape) == 1 else ""

    @cached_property
    def reading(self) -> Reading | None:
        """What a classifier says of the test data; None for another kind of net."""
        if self.kind not in ("images", "classes", "plane") or self.net.predict(self.batch(1)[0]).shape[-1] < 2:
            return None  # one output for two classes is none either
        return read("report", self.net, self.test)

    @cached_property
    def has_dropout(self) -> bool:
        """Whether some layer drops units while it trains."""
        return any(is_dropout(layer) for layer in self.net.every_layer())

    @cached_property
    def course(self) -> Course:
        """What the history shows, in words."""
        if self.told is not None:
            return self.told
        return read_course(
            self.history, guess=self.guess, has_dropout=self.has_dropout, epochs_wanted=self.epochs_wanted
        )

    @cached_property
    def guess(self) -> Guessing:
        """What a net reaches that never looks at its input."""
        y = None if self.test is None else self.batch(N_TRUTHS)[1]
        return guessing(self.loss, y) if isinstance(y, np.ndarray) else Guessing()


def is_dropout(layer: Layer) -> bool:
    """Whether a layer drops units while it trains."""
    return isinstance(layer, (Dropout, Dropout2D)) and layer.p > 0
