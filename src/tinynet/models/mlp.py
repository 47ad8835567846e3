"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least
from tinynet.layers import Flatten, Layer, Linear, ReLU
from tinynet.models.initialize import he_before_relu
from tinynet.net import Net

HIDDEN = (256, 128)


def mlp(in_features: int = 784, hidden: Sequence[int] = HIDDEN, n_classes: int = 10) -> Net:
    """Linear layers with ReLUs between them.

    Shapes:
        x: (N, in_features), or (N, ...) with as many numbers in each sample    y: (N, n_classes), logits

    Args:
        in_features: Numbers in each sample.
        hidden: The widths of the hidden layers; without any, the net is a linear classifier.
        n_classes: Classes to tell apart.

    Example:
        >>> mlp(in_features=2, hidden=[16], n_classes=3).forward(np.zeros((5, 2), np.float32)).shape
        (5, 3)
    """
    checks.arguments("mlp", locals(), in_features=at_least(1), hidden=widths, n_classes=at_least(2))
    return linear_layers(in_features, hidden, n_classes)


def linear_layers(in_features: int, hidden: Sequence[int], n_outputs: int) -> Net:
    """What `mlp` is made of; with one output, a net that predicts a number."""
    layers: list[Layer] = [Flatten()]
    width = in_features
    for n_units in hidden:
        layers += [Linear(width, n_units), ReLU()]
        width = n_units
    return he_before_relu(Net([*layers, Linear(width, n_outputs)]))


def widths(who: str, name: str, value: Any, others: Mapping[str, Any]) -> list[int]:
    """A rule for arguments: the width of each hidden layer."""
    if not isinstance(value, (list, tuple)):
        checks.fail(who, f"{name} must be a list of widths, got {value!r}.", f"write {name}=[128].", TypeError)
    return [checks.integer(who, f"{name}[{i}]", width, minimum=1) for i, width in enumerate(value)]
