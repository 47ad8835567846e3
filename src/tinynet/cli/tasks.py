"""What a model is asked for: the truth that it learns from, its loss, and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, r2_score
from tinynet.models import MODELS


class Itself:
    """A data set whose truth is its input, for a net that reconstructs it.

    Example:
        >>> x, y = Itself(tn.data.digits()[1])[:3]
        >>> x is y, x.shape
        (True, (3, 1, 8, 8))
    """

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        x = self.data[indices][0]
        return x, x


def reconstructs(model: str) -> bool:
    """Whether a model draws its input again; an own net does not."""
    return model in MODELS and MODELS[model].reconstructs


def loss_and_metrics(model: str, data: Any) -> tuple[Callable, list[Callable]]:
    """The loss of a model on data, and its metrics: those of classes, of numbers, or of a picture drawn again."""
    if reconstructs(model):
        return mean_squared_error, []
    return (mean_squared_error, [r2_score]) if has_numbers(data) else (cross_entropy, [accuracy])


def has_numbers(data: Any) -> bool:
    """Whether the truth of data is numbers, not classes.

    Example:
        >>> has_numbers(tn.data.digits()[1]), has_numbers(tn.data.line(10))
        (False, True)
    """
    return data[:1][1].dtype.kind == "f"


def for_model(model: str, data: Any) -> Any:
    """The data with the truth that a model learns from."""
    return Itself(data) if reconstructs(model) else data
