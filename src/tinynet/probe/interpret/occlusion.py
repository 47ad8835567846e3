"""Occlusion: what a score loses when a part of the input is covered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, number, optional
from tinynet.net import Net
from tinynet.probe.interpret.attribution import Attribution
from tinynet.probe.interpret.subject import ROWS, Subject, opened
from tinynet.probe.interpret.target import Aim


def occlusion(
    net: Net,
    x: np.ndarray,
    target: Any = None,
    *,
    size: int | None = None,
    stride: int | None = None,
    fill: float | None = None,
) -> Attribution:
    """Cover one part of the input after the other, and see what the score loses: Zeiler and Fergus 2014, section 4.2.

    It needs no derivative, and answers a plain question: is this part needed? A number of the result is the mean of
    what all patches over that place have cost.

    Equation:
        values[p] = mean over the patches P that cover p of s(x) − s(x with P covered)

    Shapes:
        x: (N, ...)    values: (N, 1, H, W) for images, (N, T, 1) for sequences, (N, D) for vectors

    Args:
        net: A net with one input, as in `saliency`.
        x: A batch of inputs.
        target: The class, as in `saliency`.
        size: The side of the square patch in pixels, or its length in places; if None, a quarter of the smaller side of
            images, and 1 of anything else.
        stride: How far the patch moves at each step; half of its size if None, at least 1.
        fill: What covers; the mean of each sample if None, 0 for vectors of tokens.

    Raises:
        ValueError: A number is out of range, the patch does not fit, or something does not fit, as in `saliency`.

    Example:
        >>> occlusion(tn.models.digits_cnn(), tn.data.digits()[1].x[:3], size=2).values.shape
        (3, 1, 8, 8)
    """
    rules = {"size": optional(at_least(1)), "stride": optional(at_least(1)), "fill": optional(number())}
    checks.arguments("occlusion", locals(), **rules)
    with opened("occlusion", net, x) as subject:
        aim = subject.aim(target)
        area = _area(subject.x)
        side = (max(1, min(area) // 4) if len(area) == 2 else 1) if size is None else size
        if side > min(area):
            checks.fail("occlusion", f"size must be at most {min(area)}, the smaller side of the input, got {side}.")
        patches = list(_patches(area, side, max(1, side // 2) if stride is None else stride))
        cover = _cover(subject, np.asarray(x), fill)
        lost = _lost(subject, aim, patches, cover)
    total, count = np.zeros((len(lost), *area)), np.zeros(area)
    for patch, loss in zip(patches, lost.T, strict=True):
        total[:, *patch] += loss.reshape(-1, *[1] * len(area))
        count[patch] += 1
    values = total / count
    values = values[:, np.newaxis] if len(area) == 2 else values[..., np.newaxis] if subject.x.ndim == 3 else values
    note = f"The patch is {' × '.join([str(side)] * len(area))}, in steps of {_step(patches, area)}."
    return Attribution("occlusion", values, np.asarray(x), **aim.told(), notes=(note,))


def _area(x: np.ndarray) -> tuple[int, ...]:
    """The places that a patch can cover: rows and columns, steps of a sequence, or numbers of a vector."""
    return x.shape[2:] if x.ndim == 4 else x.shape[1:2]


def _patches(area: tuple[int, ...], side: int, stride: int) -> Iterator[tuple[slice, ...]]:
    """The places that each patch covers; the last of each axis ends at its end, so that none is left out."""
    starts = [sorted({*range(0, length - side + 1, stride), length - side}) for length in area]
    for corner in np.stack(np.meshgrid(*starts, indexing="ij"), axis=-1).reshape(-1, len(area)):
        yield tuple(slice(int(start), int(start) + side) for start in corner)


def _step(patches: list[tuple[slice, ...]], area: tuple[int, ...]) -> int:
    return patches[1][-1].start - patches[0][-1].start if len(patches) > 1 else area[-1]


def _cover(subject: Subject, x: np.ndarray, fill: float | None) -> np.ndarray:
    """What each sample is covered with, (N, 1, ...)."""
    inner = tuple(range(1, subject.x.ndim))
    if fill is not None or x.dtype.kind in "iu":
        return np.full((len(x), *[1] * len(inner)), fill or 0, subject.x.dtype)
    return subject.x.mean(axis=inner, keepdims=True)


def _lost(subject: Subject, aim: Aim, patches: list[tuple[slice, ...]], cover: np.ndarray) -> np.ndarray:
    """s(x) − s(x with a patch covered), for each sample and patch, (N, patches)."""
    N = len(subject.x)
    together = max(1, ROWS // N)
    lost = []
    for start in range(0, len(patches), together):
        some = patches[start : start + together]
        covered = np.repeat(subject.x[np.newaxis], len(some), axis=0)  # (patches, N, ...)
        for copy, patch in zip(covered, some, strict=True):
            where = (slice(None), slice(None), *patch) if copy.ndim == 4 else (slice(None), *patch)
            copy[where] = cover
        direction = np.repeat(aim.direction[np.newaxis], len(some), axis=0)
        rows = covered.reshape(-1, *covered.shape[2:])
        scores = subject.scores(rows, direction.reshape(-1, *direction.shape[2:])).reshape(len(some), N)
        lost.append(aim.scores - scores)
    return np.concatenate(lost).T
