"""Modes that hold for the length of a `with` block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinynet.core.block_local import local_values
from tinynet.layers import Layer


@contextmanager
def evaluating(net: Layer) -> Iterator[None]:
    """Inside this block, and for this thread only, every layer is in evaluation mode."""
    with local_values(net.every_layer(), training=False):
        yield


@contextmanager
def predicting(net: Layer) -> Iterator[None]:
    """Evaluation mode in which `forward` leaves nothing in the layers: what they remember is gone after the block."""
    with local_values(net.every_layer(), training=False, _memory=None):
        yield


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
