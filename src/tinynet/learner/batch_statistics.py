"""The statistics of batch normalization, recomputed for weights that training never had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinynet.core import checks, streams
from tinynet.data import batches
from tinynet.data.own.given import as_dataset
from tinynet.layers import BatchNorm1D, BatchNorm2D, Layer
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.net.tuples import as_tuple


def recompute_statistics(net: Net, data: Any, batch_size: int = 32) -> None:
    """Give every batch norm layer the mean and variance of its inputs over the data, for the weights as they are now.

    The running statistics belong to the weights of the last steps. Averaged weights give other activations, so they
    need statistics of their own: Izmailov et al. 2018 (section 3.2), Wu and Johnson 2021 (PreciseBN). The net reads the
    data once, in drawn order. Batch norm layers use the statistics of each batch, as in training, and all others are in
    evaluation mode. A net without batch norm reads nothing.

    Equation:
        μ = 1/n Σᵢ xᵢ        σ² = 1/(n − 1) Σᵢ (xᵢ − μ)², over all n values of a feature in the data

    Args:
        net: The net; its running statistics are replaced.
        data: The training data.
        batch_size: How many rows the net reads at once. A last batch of one row has no variance and is left out.

    Raises:
        TypeError: net is not a Net, or the data are not a data set.
        ValueError: The data are empty, or the batch size is below 1.

    Example:
        >>> from tinynet.data import Dataset
        >>> net = Net([BatchNorm1D(1)])
        >>> recompute_statistics(net, Dataset(np.array([[1.0], [2.0], [6.0]], np.float32), np.zeros(3, int)))
        >>> net[0].running_mean, net[0].running_var
        (array([3.], dtype=float32), array([7.], dtype=float32))
    """
    if not isinstance(net, Net):
        checks.fail("recompute_statistics", f"net must be a Net, got {type(net).__name__}.", kind=TypeError)
    data = as_dataset("recompute_statistics", "data", data)
    norms = tracking_layers(net)
    if not norms:
        return
    seen = _Moments()
    with statistics_kept(net), streams.place_kept(), predicting(net), net.watch(seen):
        for norm in norms:
            norm.training = True
        for x, _ in batches(data, batch_size, shuffle=True, rng=0):
            if len(as_tuple(x)[0]) > 1 or len(data) % batch_size != 1:
                net.forward(*as_tuple(x))
    for norm, (mean, var) in seen.results():
        if np.isfinite(mean).all() and np.isfinite(var).all():  # else the data hold NaN, or the variance overflows
            largest = np.finfo(norm.running_var.dtype).max  # which the square of a float32 may exceed
            norm.running_mean[...], norm.running_var[...] = mean, np.minimum(var, largest)


@contextmanager
def statistics_kept(net: Net) -> Iterator[None]:
    """Whatever happens in this block, the running statistics are afterwards what they were before."""
    names = ("running_mean", "running_var", "num_batches_tracked")
    kept = [(getattr(norm, name), getattr(norm, name).copy()) for norm in tracking_layers(net) for name in names]
    try:
        yield
    finally:
        for array, before in kept:
            array[...] = before


def tracking_layers(net: Net) -> list[Any]:
    """The layers of a net, however deep, that have running statistics."""
    return [
        layer
        for layer in net.every_layer()
        if isinstance(layer, (BatchNorm1D, BatchNorm2D)) and layer.track_running_stats
    ]


class _Moments:
    """Watches a net, and adds up mean and variance of what enters each batch norm layer, in float64."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[Any, int, Any, Any]] = {}  # by layer: itself, n, mean, Σ (x − mean)²

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        if not isinstance(layer, (BatchNorm1D, BatchNorm2D)) or not layer.track_running_stats:
            return
        over = tuple(axis for axis in range(x.ndim) if axis != layer.feature_axis % x.ndim)
        wide = x.astype(np.float64)
        n_here, here = x.size // layer.num_features, wide.mean(axis=over)
        squares_here = n_here * wide.var(axis=over)
        _, n, mean, squares = self._sums.get(id(layer), (layer, 0, 0.0, 0.0))
        distance, total = here - mean, n + n_here  # Chan et al. 1979: two variances become one
        squares = squares + squares_here + distance**2 * (n * n_here / total)
        self._sums[id(layer)] = layer, total, mean + distance * (n_here / total), squares

    def results(self) -> list[tuple[Any, tuple[np.ndarray, np.ndarray]]]:
        """Each layer with its mean and unbiased variance."""
        return [(layer, (mean, squares / max(n - 1, 1))) for layer, n, mean, squares in self._sums.values()]
