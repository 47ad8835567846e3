"""ResNet for small pictures."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.layers import BatchNorm2D, Conv2D, GlobalAvgPool2D, Layer, Linear, ReLU
from tinynet.models.initialize import he_convolutions
from tinynet.net import Net, Residual

Shape = tuple[int, int, int]


def resnet20(input_shape: Shape = (3, 32, 32), n_classes: int = 10) -> Net:
    """Twenty layers with weights in nine residual blocks: He et al. 2016, section 4.2, with n = 3.

    Where a block halves the picture and doubles the channels, its shortcut is a 1×1 convolution of stride 2 with batch
    norm, the paper's option B, as in its larger nets; option A, padding with zeros, has 2,752 parameters fewer.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 4.
        n_classes: Classes to tell apart.

    Example:
        >>> resnet20().forward(np.zeros((2, 3, 32, 32), np.float32)).shape
        (2, 10)
    """
    channels, *_ = checks.model_input("resnet20", input_shape, n_classes, smallest=4)
    layers: list[Layer] = [Conv2D(channels, 16, 3, padding=1, bias=False), BatchNorm2D(16), ReLU()]
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        layers += _block(width // stride, width, stride) + _block(width, width) + _block(width, width)
    return he_convolutions(Net([*layers, GlobalAvgPool2D(), Linear(64, n_classes)]))


def _block(in_channels: int, out_channels: int, stride: int = 1) -> list[Layer]:
    body = [
        Conv2D(in_channels, out_channels, 3, stride, padding=1, bias=False),
        BatchNorm2D(out_channels),
        ReLU(),
        Conv2D(out_channels, out_channels, 3, padding=1, bias=False),
        BatchNorm2D(out_channels),
    ]
    if stride == 1:
        return [Residual(body), ReLU()]
    shortcut = [Conv2D(in_channels, out_channels, 1, stride, bias=False), BatchNorm2D(out_channels)]
    return [Residual(body, shortcut), ReLU()]
