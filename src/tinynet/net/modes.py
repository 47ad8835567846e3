"""Modes that hold for the length of a `with` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinynet.layers import Layer


@contextmanager
def evaluating(net: Layer) -> Iterator[None]:
    """Put every layer into evaluation mode, and each back into its own mode on leaving."""
    before = [(layer, layer.training) for layer in net.every_layer()]
    for layer, _ in before:
        layer.training = False
    try:
        yield
    finally:
        for layer, training in before:
            layer.training = training


@contextmanager
def frozen(net: Layer) -> Iterator[None]:
    """Make every parameter untrainable, and each as trainable as it was on leaving."""
    before = [(parameter, parameter.trainable) for parameter in net.parameters().values()]
    for parameter, _ in before:
        parameter.trainable = False
    try:
        yield
    finally:
        for parameter, trainable in before:
            parameter.trainable = trainable
