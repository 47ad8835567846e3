"""A deconvnet: what in the input a feature inside the net has answered to."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Layer, MaxPool1D, MaxPool2D, ReLU
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.pooling import switches
from tinynet.layers.unpooling import unpool
from tinynet.net import Net
from tinynet.probe.interpret.attribution import LayerAttribution
from tinynet.probe.interpret.guided import relu_notes
from tinynet.probe.interpret.inside import from_layer, last_maps, output_of
from tinynet.probe.interpret.subject import Method, named, opened


def deconvnet(net: Net, x: np.ndarray, layer: str | None = None, channel: Any = None) -> LayerAttribution:
    """Project a feature of a layer back to the input, through the net in reverse: Zeiler and Fergus 2014.

    The strongest activation of one channel is kept, all others are set to 0, and what is left goes down:

    Equation:
        at each max pooling: unpooling, x[switch] = y, and 0 elsewhere; the switches are the places that won
        at each ReLU: dx = max(dy, 0), whatever was positive on the way up
        at each convolution: the same kernels, transposed, without the bias
        everywhere else: the transpose of what the layer does, as in back-propagation

    Shapes:
        x, values: (N, ...)

    Args:
        net: A net with one input. Only layers of class `ReLU`, `MaxPool2D` and `MaxPool1D` are changed, for the length
            of the call.
        x: A batch of inputs.
        layer: The path of the layer, as in `net.layers_inside()`; the last one with the maps of the last convolution
            if None, or of a net without convolutions, its output.
        channel: The channel, or one for each sample; that with the strongest activation if None. "all" keeps every
            activation of the layer, and projects the whole of what it passes on.

    Raises:
        ValueError: There is no such layer or channel, or something does not fit, as in `saliency`.

    Example:
        >>> found = deconvnet(tn.models.vgg11(width=4), np.ones((2, 3, 32, 32), np.float32), layer="4")
        >>> found.layer, found.channel.shape, found.values.shape
        ('4', (2,), (2, 3, 32, 32))
    """
    with opened("deconvnet", net, x, reversed_layers) as subject:
        path = last_maps(subject) if layer is None else layer
        A = output_of(subject, path)
        kept, channels = _kept(A, channel)
        aim = subject.aim(None)
        values = from_layer(subject, path, kept)
    told = {**aim.told(), "notes": tuple(relu_notes(net)), "layer": path, "channel": channels}
    return LayerAttribution("deconvnet", values, np.asarray(x), **told)


def reversed_layers(net: Net) -> list[Method]:
    """The backward of each ReLU and max pooling as it is in a deconvnet."""
    relus = [(relu, "backward", lambda dy: np.maximum(dy, 0)) for relu in named(net, ReLU).values()]
    pools = [(pool, "backward", _unpooling(pool)) for pool in named(net, (MaxPool1D, MaxPool2D)).values()]
    return [*relus, *pools]


def _unpooling(pool: Layer) -> Any:
    def unpool_2d(dy: np.ndarray, dindices: object = None) -> np.ndarray:
        cell, size = pool.recall()
        return unpool(dy, switches(cell, size, pool.sliding), size)  # type: ignore[attr-defined]

    def unpool_1d(dy: np.ndarray, dindices: object = None) -> np.ndarray:
        cell, length = pool.recall()
        size = (1, length)
        return as_sequences(unpool(as_images(dy), switches(cell, size, pool.sliding), size))  # type: ignore[attr-defined]

    return unpool_1d if isinstance(pool, MaxPool1D) else unpool_2d


def _kept(A: np.ndarray, channel: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The activations that are projected, others 0; and the channel of each sample."""
    if isinstance(channel, str) and channel == "all":
        return A, None
    axis = 1 if A.ndim in (2, 4) else A.ndim - 1
    maps = np.moveaxis(A, axis, 1).reshape(len(A), A.shape[axis], -1)  # (N, K, places)
    channels = maps.max(axis=2).argmax(axis=1) if channel is None else _channels(channel, *maps.shape[:2])
    n = np.arange(len(A))
    place = maps[n, channels].argmax(axis=1)
    kept = np.zeros_like(maps)
    kept[n, channels, place] = maps[n, channels, place]
    shape = (len(A), A.shape[axis], *np.delete(A.shape, [0, axis]))
    return np.ascontiguousarray(np.moveaxis(kept.reshape(shape), 1, axis)), channels


def _channels(channel: Any, n_samples: int, n_channels: int) -> np.ndarray:
    """Check a channel, or one for each sample."""
    given = checks.as_array("deconvnet", "channel", channel)
    if given.dtype.kind not in "iu" or given.shape not in ((), (n_samples,)):
        expected = f'None, "all", a channel, or an array of {n_samples} channels'
        checks.fail("deconvnet", f"channel must be {expected}, got {channel!r}.", kind=TypeError)
    for index in given.ravel():
        if not 0 <= index < n_channels:
            checks.fail("deconvnet", f"channel must be from 0 to {n_channels - 1}, got {index}.")
    return np.broadcast_to(given, n_samples).astype(np.int64)
