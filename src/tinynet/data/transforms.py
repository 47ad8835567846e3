"""Changes to a batch of images on its way out of a data set; what is stored stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import pair
from tinynet.data import sentences
from tinynet.data.randomness import generator


class Compose:
    """Apply several transforms, one after the other. A list given to a Dataset becomes one of these.

    Example:
        >>> Compose([Normalize(0.5, 0.5), RandomFlip(p=0.0)])(np.zeros((1, 1, 2, 2))).ravel()
        array([-1., -1., -1., -1.])
    """

    def __init__(self, transforms: Sequence[Callable]) -> None:
        if not isinstance(transforms, (list, tuple)):
            problem = f"transforms must be a list of functions, got {checks.of_kind(transforms)}."
            checks.fail("Compose", problem, "write Compose([RandomFlip()]).", TypeError)
        self.transforms = tuple(sentences.callable_transform("Compose", transform) for transform in transforms)

    def __call__(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def __repr__(self) -> str:
        return f"Compose({list(self.transforms)!r})"


class Normalize:
    """Subtract the mean of each channel and divide by its standard deviation.

    Equation:
        y = (x − mean) / std

    Shapes:
        x: (N, C, ...)    y: (N, C, ...)

    Args:
        mean: One number for all channels, or C numbers.
        std: The same, each greater than 0.

    Raises:
        ValueError: A std is not greater than 0, or the number of channels differs.

    Example:
        >>> Normalize(mean=[0.5, 0.25], std=[0.5, 0.25])(np.ones((1, 2, 1, 1))).ravel()
        array([1., 3.])
    """

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        self.mean, self.std = _mean_and_std(mean, std)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        n_channels = max(self.mean.size, self.std.size)  # 1 serves any number of channels
        if not isinstance(x, np.ndarray) or x.ndim < 2 or n_channels not in (1, x.shape[1]):
            expected = "(N, C, ...)" if n_channels == 1 else f"(N, {n_channels}, ...)"
            problem = f"expected x of shape {expected}, got {_what(x)}."
            checks.fail(self, problem, "give one mean and one std per channel.")
        if x.dtype.kind not in "biuf":
            checks.fail(self, f"expected x to hold numbers, got {x.dtype}.", kind=TypeError)
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
        per_channel = (-1,) + (1,) * (x.ndim - 2)  # broadcasts against (N, C, ...)
        return (x - self.mean.astype(dtype).reshape(per_channel)) / self.std.astype(dtype).reshape(per_channel)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean.tolist()}, std={self.std.tolist()})"


class RandomCrop:
    """Cut a window from a random place of every image, after a border of zeros was put around it.

    With padding=4 and the images' own size, this shifts each image by up to 4 pixels.

    Shapes:
        x: (N, C, H, W)    y: (N, C, size, size)

    Args:
        size: Height and width of the window, or a pair of them.
        padding: Width of the border of zeros in pixels, or a pair (above and below, left and right).
        rng: A generator or a seed; the package's augmentation stream if None.

    Raises:
        ValueError: A size is below 1, a padding below 0, x is not (N, C, H, W), or the window does not fit.

    Example:
        >>> RandomCrop(32, padding=4)(np.ones((8, 3, 32, 32))).shape
        (8, 3, 32, 32)
    """

    size: tuple[int, int]
    padding: tuple[int, int]

    def __init__(
        self,
        size: int | tuple[int, int],
        padding: int | tuple[int, int] = 0,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        checks.arguments(self, locals(), size=pair(1), padding=pair(0))
        self.rng = None if rng is None else generator("RandomCrop", rng)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        _check_images(self, x)
        (above, left), (height, width) = self.padding, self.size
        padded = np.pad(x, ((0, 0), (0, 0), (above, above), (left, left)))
        if height > padded.shape[2] or width > padded.shape[3]:
            most = shape_text(padded.shape[2:])
            problem = f"the window {shape_text(self.size)} is larger than the padded image {most}."
            checks.fail(self, problem, f"take a size of at most {most}, or more padding.")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
        rng = generator(self, self.rng, "augmentation")
        top = rng.integers(windows.shape[2], size=len(x))
        start = rng.integers(windows.shape[3], size=len(x))
        return windows[np.arange(len(x)), :, top, start]  # (N, C, height, width)

    def __repr__(self) -> str:
        return f"RandomCrop(size={self.size}, padding={self.padding})"


class RandomFlip:
    """Mirror each image left to right with probability p.

    Shapes:
        x: (N, C, H, W)    y: (N, C, H, W)

    Args:
        p: The probability, from 0 to 1.
        rng: A generator or a seed; the package's augmentation stream if None.

    Raises:
        ValueError: p is not from 0 to 1, or x is not (N, C, H, W).

    Example:
        >>> RandomFlip(p=1.0)(np.array([[[[1, 2, 3]]]]))
        array([[[[3, 2, 1]]]])
    """

    p: float

    def __init__(self, p: float = 0.5, rng: np.random.Generator | int | None = None) -> None:
        checks.arguments(self, locals(), p=_probability)
        self.rng = None if rng is None else generator("RandomFlip", rng)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        _check_images(self, x)
        flip = generator(self, self.rng, "augmentation").random(len(x)) < self.p
        return np.where(flip[:, None, None, None], x[..., ::-1], x)

    def __repr__(self) -> str:
        return f"RandomFlip(p={self.p})"


def _mean_and_std(mean: object, std: object) -> tuple[np.ndarray, np.ndarray]:
    """Check the numbers of a normalisation: one for all channels or one per channel, and no std of 0."""
    arrays = []
    for name, value in (("mean", mean), ("std", std)):
        array = np.atleast_1d(checks.as_array("Normalize", name, value))
        if array.dtype.kind not in "iuf" or array.ndim > 1:
            checks.fail(
                "Normalize", f"{name} must be a number or one number per channel, got {value!r}.", kind=TypeError
            )
        if not np.isfinite(array).all():
            checks.fail("Normalize", f"{name} must be finite, got {value!r}.")
        arrays.append(array.astype(np.float64))
    if (arrays[1] <= 0).any():
        checks.fail(
            "Normalize", f"std must be greater than 0, got {std!r}.", "a channel that never changes needs std 1."
        )
    if 1 not in (arrays[0].size, arrays[1].size) and arrays[0].size != arrays[1].size:
        checks.fail(
            "Normalize",
            f"mean has {arrays[0].size} channels and std has {arrays[1].size}.",
            "give one of each per channel.",
        )
    return arrays[0], arrays[1]


def _what(x: object) -> str:
    return shape_text(x.shape) if isinstance(x, np.ndarray) else type(x).__name__


def _check_images(transform: RandomCrop | RandomFlip, x: object) -> None:
    if not isinstance(x, np.ndarray) or x.ndim != 4:
        checks.fail(transform, f"expected x of shape (N, C, H, W), got {_what(x)}.", "this transform is for images.")
    if x.dtype.kind not in "biuf":
        checks.fail(transform, f"expected x to hold numbers, got {x.dtype}.", kind=TypeError)


def _probability(who: str, name: str, value: Any, others: Mapping[str, Any]) -> float:
    """A rule for arguments: a number from 0 to 1."""
    p = checks.number(who, name, value)
    if not 0 <= p <= 1:
        checks.fail(who, f"{name} must be from 0 to 1, got {p:g}.")
    return p
