"""U-Net: a class for every pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least
from tinynet.layers import BatchNorm2D, Conv2D, ConvTranspose2D, Layer, MaxPool2D, ReLU
from tinynet.models.initialize import he_convolutions
from tinynet.net import Concat, Net

DEPTH = 2  # how often a picture is halved by default


def unet(in_channels: int = 1, n_classes: int = 2, width: int = 16, depth: int = DEPTH) -> Net:
    """Down to a small picture with a wide view, and up again beside those from the way down: Ronneberger et al. 2015.

    On every level the pixels take two paths that `Concat` joins: as they are, and through the level below. The
    convolutions are padded, so that the picture keeps its size, and batch norm follows each.

    Shapes:
        x: (N, in_channels, H, W), H and W multiples of 2^depth    y: (N, n_classes, H, W), logits

    Train it with `partial(cross_entropy, axis=1)` and labels (N, H, W).

    Args:
        in_channels: Channels of a picture.
        n_classes: Classes to tell apart.
        width: Channels on the first level; each level below has twice as many.
        depth: How often the picture is halved.

    Example:
        >>> unet(width=4).forward(np.zeros((2, 1, 16, 24), np.float32)).shape
        (2, 2, 16, 24)
    """
    sizes = {"in_channels": at_least(1), "width": at_least(1)}
    checks.arguments("unet", locals(), **sizes, n_classes=at_least(2), depth=halvings)
    return he_convolutions(Net([*_level(in_channels, width, depth), Conv2D(width, n_classes, 1)]))


def halvings(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """A rule for arguments: how often pictures can be halved."""
    depth = checks.integer(who, name, value, minimum=0)
    if depth > 10:
        checks.fail(who, f"{name} must be at most 10, got {depth}.", "pictures would need multiples of 2048 pixels.")
    return depth


def _level(in_channels: int, width: int, depth: int) -> list[Layer]:
    if depth == 0:
        return _two_convolutions(in_channels, width)
    below = [MaxPool2D(2), *_level(width, 2 * width, depth - 1), ConvTranspose2D(2 * width, width, 2, stride=2)]
    return [
        *_two_convolutions(in_channels, width),
        Concat([[], below]),
        *_two_convolutions(2 * width, width),
    ]


def _two_convolutions(in_channels: int, out_channels: int) -> list[Layer]:
    return [
        Conv2D(in_channels, out_channels, 3, padding=1, bias=False),
        BatchNorm2D(out_channels),
        ReLU(),
        Conv2D(out_channels, out_channels, 3, padding=1, bias=False),
        BatchNorm2D(out_channels),
        ReLU(),
    ]
