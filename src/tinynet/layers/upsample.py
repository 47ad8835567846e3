"""Upsampling of images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import optional, pair, word
from tinynet.core.faster import explained
from tinynet.layers.layer import Layer
from tinynet.layers.resampling import resample
from tinynet.layers.windows import Pair


class Upsample(Layer):
    """Make images larger or smaller: each pixel of the output is interpolated from pixels of the input.

    Equation:
        y = A x Bᵀ for each channel; row r of A (OH, H) weights the rows of pixels, and B likewise the columns
        nearest: Aᵣₚ = 1 for p = ⌊r / scale⌋, else 0
        bilinear: Aᵣₚ = max(0, 1 − |p − u|) at u = (r + ½) / scale − ½, clipped to the range from 0 to H − 1;
        with align_corners u = r (H − 1) / (OH − 1)

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)
        OH = ⌊H · scale⌋, and OW likewise; or both as given by size

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

    size: Pair
    scale_factor: tuple[float, float] | None
    mode: str
    align_corners: bool

    def __init__(
        self,
        size: int | tuple[int, int] | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        if (size is None) == (scale_factor is None):
            came = "neither" if size is None else "both"
            hint = "write Upsample(scale_factor=2)."
            checks.fail("Upsample", f"expected either size or scale_factor, got {came}.", hint, TypeError)
        checks.arguments(
            self,
            locals(),
            size=optional(pair(1)),
            scale_factor=optional(_scales),
            mode=word("nearest", "bilinear"),
            align_corners=_for_bilinear,
        )

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        H, W = x.shape[2:]
        OH, OW = self.output_size((H, W))
        checks.positive_size(self, (OH, OW), (H, W))
        A, B = self.matrix(H, OH, axis=0), self.matrix(W, OW, axis=1)
        self.remember(A=A, B=B)
        return resample(A, B, x)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        A, B = self.recall()
        return resample(A.T, B.T, dy)  # dx

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return 4 * y.size if self.mode == "bilinear" else 0

    def output_size(self, size: Pair) -> Pair:
        """OH and OW for images of this size."""
        if self.scale_factor is None:
            return self.size
        return math.floor(size[0] * self.scale_factor[0]), math.floor(size[1] * self.scale_factor[1])

    def matrix(self, size: int, out: int, axis: int) -> np.ndarray:
        """The matrix (out, size) of one axis."""
        places = np.arange(out)
        # Like PyTorch: a scale that happens to keep the size counts as 1, and one that doubles it as 2 for "nearest".
        round_scale = out == size or (out == 2 * size and self.mode == "nearest")
        # A fraction, divided last: what should be a whole number is one, and the pixel beside it has the weight 0.
        over, under = (size, out) if self.scale_factor is None or round_scale else (1, self.scale_factor[axis])
        if self.mode == "nearest":
            p = np.floor(places * over / under + 1e-9).astype(np.intp)  # 3 · (1/3) may round to just below 1
            return np.eye(size)[np.minimum(p, size - 1)]
        u = places * (size - 1) / max(1, out - 1) if self.align_corners else (places + 0.5) * over / under - 0.5
        u = np.clip(u, 0, size - 1)
        return np.maximum(0, 1 - np.abs(np.arange(size) - u[:, np.newaxis]))


def _scales(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[float, float]:
    """A rule for arguments: a number above 0 as (value, value), or a pair (height, width) of them."""
    if not isinstance(value, (tuple, list)):
        return (checks.number(who, name, value, above=0),) * 2
    if len(value) != 2:
        problem = f"{name} must be a number or a pair (height, width), got {value!r}."
        checks.fail(who, problem, kind=TypeError)
    first, second = [checks.number(who, f"{name}[{i}]", scale, above=0) for i, scale in enumerate(value)]
    return first, second


def _for_bilinear(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: an option that only mode="bilinear" has."""
    if checks.flag(who, name, value) and others["mode"] != "bilinear":
        checks.fail(who, f"{name} is for mode='bilinear', not for mode={others['mode']!r}.", "leave it out.")
    return value
