"""VGG, narrowed to pictures of 32×32 pixels."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.layers import Conv2D, Dropout, Flatten, Layer, Linear, MaxPool2D, ReLU
from tinynet.models.initialize import he_before_relu
from tinynet.net import Net

Shape = tuple[int, int, int]


def vgg11(input_shape: Shape = (3, 32, 32), n_classes: int = 10, width: int = 16) -> Net:
    """Eight 3×3 convolutions in five blocks, and three linear layers: Simonyan and Zisserman 2015, table 1, column A.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 32.
        n_classes: Classes to tell apart.
        width: Channels of the first convolution; the later ones have 2, 4 and 8 times as many. The paper's is 64.

    Example:
        >>> vgg11(width=4).forward(np.zeros((2, 3, 32, 32), np.float32)).shape
        (2, 10)
    """
    return _vgg("vgg11", (1, 1, 2, 2, 2), input_shape, n_classes, width)


def vgg16(input_shape: Shape = (3, 32, 32), n_classes: int = 10, width: int = 16) -> Net:
    """Thirteen 3×3 convolutions in five blocks, and three linear layers: Simonyan and Zisserman 2015, column D.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 32.
        n_classes: Classes to tell apart.
        width: Channels of the first convolution; the later ones have 2, 4 and 8 times as many. The paper's is 64.

    Example:
        >>> vgg16(width=4).forward(np.zeros((2, 3, 32, 32), np.float32)).shape
        (2, 10)
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3), input_shape, n_classes, width)


def _vgg(name: str, depths: tuple[int, ...], input_shape: Shape, n_classes: int, width: int) -> Net:
    channels, height, width_of_image = checks.model_input(name, input_shape, n_classes, smallest=32)
    checks.integer(name, "width", width, minimum=1)
    layers: list[Layer] = []
    for depth, factor in zip(depths, (1, 2, 4, 8, 8), strict=True):
        for _ in range(depth):
            layers += [Conv2D(channels, factor * width, 3, padding=1), ReLU()]
            channels = factor * width
        layers.append(MaxPool2D(2))
    n_features, n_units = channels * (height // 32) * (width_of_image // 32), 8 * width
    layers += [Flatten(), Linear(n_features, n_units), ReLU(), Dropout(0.5)]
    layers += [Linear(n_units, n_units), ReLU(), Dropout(0.5), Linear(n_units, n_classes)]
    return he_before_relu(Net(layers))
