"""A loss as a function whose gradient is checked."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.gradcheck import sentences
from tinynet.gradcheck.differences import Function
from tinynet.gradcheck.subject import Loss, draw, is_floating


class LossSubject:
    """A loss at random predictions.

    Args:
        loss: The function.
        predicted: A shape, an array, or a list of these.
        ground_truth: The truth; floating arrays become float64.
        rng: Draws the predictions.
    """

    def __init__(self, loss: Loss, predicted: Any, ground_truth: Any, rng: np.random.Generator) -> None:
        self.loss, self.rng = loss, rng
        self.given = predicted if isinstance(predicted, list) else [predicted]
        self.predicted = draw(self.given, rng)
        self.ground_truth = _as_type(ground_truth, np.float64)

    @property
    def who(self) -> str:
        """The name of the loss, with the options bound to it."""
        if isinstance(self.loss, partial):
            options = ", ".join(f"{name}={value!r}" for name, value in self.loss.keywords.items())
            return f"{self.loss.func.__name__}({options})"
        return getattr(self.loss, "__name__", repr(self.loss))

    def redraw(self) -> None:
        """Take other predictions."""
        self.predicted = draw(self.given, self.rng, again=True)

    def value(self) -> tuple[float, tuple]:
        """The loss, and its gradients as a tuple."""
        single = len(self.predicted) == 1
        returned: Any = self.loss(self.predicted[0] if single else tuple(self.predicted), self.ground_truth)
        if isinstance(returned, tuple) and len(returned) == 2 and returned[1] is None:
            returned = None  # there is no gradient
        if not isinstance(returned, tuple) or len(returned) != 2:  # what each of the two is, a rule says
            checks.loss_and_gradient("check_loss", returned)
        loss, gradient = returned
        return loss, gradient if isinstance(gradient, tuple) else (gradient,)

    def function(self) -> Function:
        """The loss as a function of the predictions."""
        weights = [np.array(self.rng.uniform(0.5, 2))]
        return Function(dict(zip(self._names(), self.predicted, strict=True)), self.outputs, weights)

    def outputs(self) -> list[np.ndarray]:
        """The loss as an array."""
        return [np.array(self.value()[0], np.float64)]

    def gradients(self, weights: list[np.ndarray]) -> dict[str, Any]:
        """The gradient that the loss returns, times the weight of the loss."""
        gradients = self.value()[1]
        return {
            name: gradient * float(weights[0]) if isinstance(gradient, np.ndarray) else None
            for name, gradient in zip(self._names(), gradients, strict=True)
        }

    def _names(self) -> list[str]:
        return ["predicted"] if len(self.given) == 1 else [f"predicted[{i}]" for i in range(len(self.given))]


def check_loss_rules(subject: LossSubject) -> None:
    """A loss returns a finite number, keeps float32, leaves its arguments alone, and takes any memory order."""
    before = copy.deepcopy((subject.predicted, subject.ground_truth))
    loss, gradients = subject.value()
    if not isinstance(loss, float) or not np.isfinite(loss):
        sentences.broken_rule(subject.who, "loss", f"expected the loss as a finite float, got {loss!r}.")
    kept = copy.deepcopy(gradients)
    if not _equal(before, (subject.predicted, subject.ground_truth)):
        sentences.broken_rule(subject.who, "arguments", "the loss writes into its arguments.", "work on a new array.")
    first = subject.predicted
    subject.redraw()
    subject.value()
    subject.predicted = first
    if not _equal(kept, gradients):
        sentences.broken_rule(subject.who, "gradient", "the next call overwrites the gradient that was returned.")
    subject.predicted = [np.asfortranarray(p) for p in first]
    if not np.isclose(loss, subject.value()[0], rtol=1e-12):
        sentences.broken_rule(subject.who, "layout", "another memory order of the predictions gives another loss.")
    truth = subject.ground_truth
    subject.predicted, subject.ground_truth = [p.astype(np.float32) for p in first], _as_type(truth, np.float32)
    for gradient in subject.value()[1]:
        if gradient.dtype != np.float32:
            sentences.wrong_dtype(subject.who, "the gradient", gradient.dtype, np.float32)
    subject.predicted, subject.ground_truth = first, truth


def _as_type(truth: Any, dtype: type) -> Any:
    if isinstance(truth, tuple):
        return tuple(_as_type(part, dtype) for part in truth)
    return truth.astype(dtype) if is_floating(truth) else truth


def _equal(before: Any, after: Any) -> bool:
    if isinstance(before, (tuple, list)):
        return all(_equal(a, b) for a, b in zip(before, after, strict=True))
    return np.array_equal(before, after)
