"""Grad-CAM: where in a picture the evidence for a class lies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.layers import Upsample
from tinynet.net import Net
from tinynet.probe.interpret.attribution import LayerAttribution
from tinynet.probe.interpret.inside import gradient_at, has_convolutions, last_maps
from tinynet.probe.interpret.subject import opened, title_of


def grad_cam(net: Net, x: np.ndarray, target: Any = None, *, layer: str | None = None) -> LayerAttribution:
    """Weigh the maps of a layer by how much a score depends on each, and add them up: Selvaraju et al. 2017.

    Equation:
        αₖ = mean over the places of ∂s/∂Aₖ, where A is the output of the layer and s the score before the softmax
        raw = Σₖ αₖ Aₖ        values = ReLU(raw), enlarged to the size of the input

    Shapes:
        A: (N, K, h, w), or (N, t, K) for sequences    weights α: (N, K)    raw: (N, h, w) or (N, t)
        values: (N, 1, H, W) for images (N, C, H, W), (N, T, 1) for sequences

    Where no place speaks for the target, raw has no positive number and the map is empty; `all_negative` says so.

    Args:
        net: A net with one input and a layer that still has places: a convolution, or what works along a sequence.
        x: A batch of inputs.
        target: The class, as in `saliency`.
        layer: The path of the layer; the last one with the maps of the last convolution if None. The result names it.

    Raises:
        ValueError: There is no such layer, its output has no maps, or something does not fit, as in `saliency`.

    Example:
        >>> found = grad_cam(tn.models.digits_cnn(), tn.data.digits()[1].x[:3])
        >>> found.layer, found.raw.shape, found.values.shape
        ('3', (3, 8, 8), (3, 1, 8, 8))
    """
    with opened("grad_cam", net, x) as subject:
        if layer is None and not has_convolutions(net):
            hint = "use saliency or occlusion, or name a layer that has places, as in layer='1'."
            checks.fail("grad_cam", "there is no convolution in this net, whose maps could be weighed.", hint)
        path = last_maps(subject) if layer is None else layer
        aim = subject.aim(target)
        A, dA = gradient_at(subject, path, aim.direction)
    A, dA = _maps(A, path), _maps(dA, path)
    weights = dA.mean(axis=tuple(range(2, dA.ndim)))
    raw = np.einsum("nk,nk...->n...", weights, A)
    values = _enlarged(np.maximum(raw, 0), np.shape(x))
    found = LayerAttribution("grad_cam", values, np.asarray(x), **aim.told(), layer=path, weights=weights, raw=raw)
    chosen = f"The layer is {title_of(net, path)}, with maps of {' × '.join(map(str, raw.shape[1:]))}."
    return replace(found, notes=(chosen, *_without_evidence(found.all_negative)))


def _without_evidence(all_negative: np.ndarray) -> list[str]:
    """A sentence about the samples whose map is empty."""
    samples = np.flatnonzero(all_negative)
    which = f"sample {', '.join(map(str, samples))}" if len(samples) <= 8 else f"{len(samples):,} samples"
    return [f"All evidence is negative for {which}."] if len(samples) else []


def _maps(A: np.ndarray, path: str) -> np.ndarray:
    """(N, K, h, w) as it is, (N, t, K) as (N, K, t)."""
    if A.ndim == 3:
        return A.swapaxes(1, 2)
    if A.ndim != 4:
        problem = f"layer {path} gives shape {shape_text(A.shape)}, in which there are no maps."
        checks.fail("grad_cam", problem, "choose a layer that gives (N, K, H, W) or (N, T, K).")
    return A


def _enlarged(maps: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Maps in the size of the input: bilinear for images, linear for sequences."""
    if maps.ndim == 3 and len(shape) == 4:
        return Upsample(size=shape[2:], mode="bilinear").forward(maps[:, np.newaxis])
    if maps.ndim == 2 and len(shape) in (2, 3):
        length = shape[1]
        u = np.clip((np.arange(length) + 0.5) * maps.shape[1] / length - 0.5, 0, maps.shape[1] - 1)
        lines = [np.interp(u, np.arange(maps.shape[1]), line) for line in maps]
        return np.array(lines, maps.dtype)[..., np.newaxis]
    problem = f"maps of {shape_text(maps.shape[1:])} do not fit inputs of shape {shape_text(shape)}."
    checks.fail("grad_cam", problem, "choose a layer whose maps have the axes of the input.")
