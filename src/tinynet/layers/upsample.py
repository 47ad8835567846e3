"""Upsampling of images."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import images, resizing
from tinynet.engine.machine import layout
from tinynet.layers.adaptive_pooling import along_both
from tinynet.layers.layer import Layer


class Upsample(Layer):
    """Make images larger, or smaller: each pixel of the output is read between the pixels of the input.

    Equation:
        y = A x Bᵀ for each channel; row r of A (OH, H) picks and mixes the rows of pixels, and B alike for columns
        nearest: Aᵣₚ = 1 for p = ⌊r / scale⌋, else 0
        bilinear: Aᵣₚ = max(0, 1 − |p − u|) for the place u = (r + ½) / scale − ½, moved into the image from 0 to H − 1;
        with align_corners u = r (H − 1) / (OH − 1)

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)
        OH = ⌊H · scale⌋, and OW alike; or both as given by size

    Gradients (given dy = ∂L/∂y):
        dx = Aᵀ dy B

    Args:
        size: OH and OW, an integer meaning both; the scale is then OH / H. Give this or scale_factor.
        scale_factor: How many times higher and wider; a number means both.
        mode: "nearest" repeats pixels, "bilinear" mixes the four around.
        align_corners: For "bilinear": whether the centres of the corner pixels stay where they are, and not the edges
            of the image.

    Raises:
        ValueError: A size or scale is not above 0, the mode is unknown, align_corners comes with "nearest", x is not
            (N, C, H, W) with pixels, or y would have no pixels.
        TypeError: Neither or both of size and scale_factor are given, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Upsample(scale_factor=2).forward(np.array([[[[1.0, 2.0]]]]))
        array([[[[1., 1., 2., 2.],
                 [1., 1., 2., 2.]]]])
    """

    any_layout = True

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        resizing.scale_or_size("Upsample", size, scale_factor)
        self.sizes = None if size is None else checks.pair("Upsample", "size", size, minimum=1)
        self.scales = (1.0, 1.0) if scale_factor is None else resizing.scales("Upsample", scale_factor)
        self.mode = checks.one_of("Upsample", "mode", mode, ("nearest", "bilinear"))
        resizing.corners_to_align("Upsample", align_corners, mode)
        self.align_corners = align_corners

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.not_empty(self, x)
        size = self._output_size(x.shape[2:])
        images.positive_size(self, size, x.shape[2:])
        A, B = (self._matrix(x.shape[2 + axis], size[axis], axis).astype(x.dtype) for axis in (0, 1))
        self.remember(A, B)
        if self.mode == "nearest":  # copied and not multiplied, so that an infinite pixel stays by itself
            rows = layout.channels_last(x).transpose(0, 2, 3, 1)  # (N, H, W, C)
            return rows[:, A.argmax(axis=1)[:, np.newaxis], B.argmax(axis=1)].transpose(0, 3, 1, 2)
        return along_both(A, B, x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        A, B = self.recall()
        return along_both(A.T, B.T, dy)  # dx

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return 4 * y.size if self.mode == "bilinear" else 0

    def _output_size(self, size: tuple[int, int]) -> tuple[int, int]:
        if self.sizes is not None:
            return self.sizes
        return math.floor(size[0] * self.scales[0]), math.floor(size[1] * self.scales[1])

    def _matrix(self, size: int, out: int, axis: int) -> np.ndarray:
        places = np.arange(out)
        # Like PyTorch: a scale that happens to keep the size counts as 1, and one that doubles it as 2 for "nearest".
        round_scale = out == size or (out == 2 * size and self.mode == "nearest")
        step = size / out if self.sizes is not None or round_scale else 1 / self.scales[axis]
        if self.mode == "nearest":
            p = np.floor(places * step + 1e-9).astype(np.intp)  # a hair more, lest 3 · (1/3) rounds down
            return np.eye(size)[np.minimum(p, size - 1)]
        u = places * ((size - 1) / max(1, out - 1)) if self.align_corners else (places + 0.5) * step - 0.5
        u = np.clip(u, 0, size - 1)
        return np.maximum(0, 1 - np.abs(np.arange(size) - u[:, np.newaxis]))
