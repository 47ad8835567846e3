"""MobileNet for small pictures."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.layers import BatchNorm2D, Conv2D, GlobalAvgPool2D, Layer, Linear, ReLU
from tinynet.models.initialize import he_convolutions
from tinynet.net import Net

Shape = tuple[int, int, int]


def mobilenet(input_shape: Shape = (3, 32, 32), n_classes: int = 10, width: int = 32) -> Net:
    """Convolutions cut in two, one over the pixels of each channel and one over the channels: Howard et al. 2017.

    A 3×3 convolution of C into D channels takes 9 C D multiplications a pixel; a depthwise one (`groups=C`) and a 1×1
    convolution take 9 C + C D. It is the paper's net with fewer blocks, for pictures of 32×32 pixels.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 8.
        n_classes: Classes to tell apart.
        width: Channels of the first convolution; the later ones have up to 16 times as many.

    Example:
        >>> mobilenet(width=4).forward(np.zeros((2, 3, 32, 32), np.float32)).shape
        (2, 10)
    """
    channels, *_ = checks.model_input("mobilenet", input_shape, n_classes, smallest=8)
    checks.integer("mobilenet", "width", width, minimum=1)
    layers: list[Layer] = [Conv2D(channels, width, 3, padding=1, bias=False), BatchNorm2D(width), ReLU()]
    channels = width
    for factor, stride in ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), (16, 1)):
        layers += _separable(channels, factor * width, stride)
        channels = factor * width
    return he_convolutions(Net([*layers, GlobalAvgPool2D(), Linear(channels, n_classes)]))


def _separable(in_channels: int, out_channels: int, stride: int) -> list[Layer]:
    return [
        Conv2D(in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False),  # depthwise
        BatchNorm2D(in_channels),
        ReLU(),
        Conv2D(in_channels, out_channels, 1, bias=False),  # pointwise
        BatchNorm2D(out_channels),
        ReLU(),
    ]
