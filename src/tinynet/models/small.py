"""Small convolutional classifiers for grey pictures of digits and the like."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.layers import AvgPool2D, Conv2D, Dropout, Flatten, Linear, MaxPool2D, ReLU, Tanh
from tinynet.models.initialize import he_before_relu
from tinynet.net import Net

Shape = tuple[int, int, int]


def digits_cnn(input_shape: Shape = (1, 8, 8), n_classes: int = 10) -> Net:
    """Two convolutions, one pooling and two linear layers: enough to read 8×8 digits.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 2.
        n_classes: Classes to tell apart.

    Example:
        >>> digits_cnn().forward(np.zeros((2, 1, 8, 8), np.float32)).shape
        (2, 10)
    """
    channels, height, width = checks.model_input("digits_cnn", input_shape, n_classes, smallest=2)
    body = [Conv2D(channels, 16, 3, padding=1), ReLU(), Conv2D(16, 32, 3, padding=1), ReLU(), MaxPool2D(2)]
    n_features = 32 * (height // 2) * (width // 2)
    head = [Dropout(0.25), Flatten(), Linear(n_features, 128), ReLU(), Dropout(0.5), Linear(128, n_classes)]
    return he_before_relu(Net([*body, *head]))


def mnist_cnn(input_shape: Shape = (1, 28, 28), n_classes: int = 10) -> Net:
    """Convolutions of 32 and 64 channels, pooling, dropout and two linear layers: the MNIST net of the first Tinynet.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 6.
        n_classes: Classes to tell apart.

    Example:
        >>> mnist_cnn().forward(np.zeros((2, 1, 28, 28), np.float32)).shape
        (2, 10)
    """
    channels, height, width = checks.model_input("mnist_cnn", input_shape, n_classes, smallest=6)
    body = [Conv2D(channels, 32, 3), ReLU(), Conv2D(32, 64, 3), ReLU(), MaxPool2D(2)]
    n_features = 64 * ((height - 4) // 2) * ((width - 4) // 2)  # each convolution without padding takes a border of 1
    head = [Dropout(0.25), Flatten(), Linear(n_features, 128), ReLU(), Dropout(0.5), Linear(128, n_classes)]
    return he_before_relu(Net([*body, *head]))


def lenet5(input_shape: Shape = (1, 28, 28), n_classes: int = 10) -> Net:
    """LeNet-5 as in LeCun et al. 1998, section II: tanh, average pooling, 61,706 parameters for MNIST.

    The paper's 28×28 pictures had a frame that made them 32×32; the padding of the first convolution does the same. The
    partly connected second convolution and the output by distances are left out, as is usual.

    Shapes:
        x: (N, *input_shape)    y: (N, n_classes), logits

    Args:
        input_shape: Channels, height and width of a picture; height and width at least 12.
        n_classes: Classes to tell apart.

    Example:
        >>> sum(parameter.size for parameter in lenet5().parameters().values())
        61706
    """
    channels, height, width = checks.model_input("lenet5", input_shape, n_classes, smallest=12)
    body = [Conv2D(channels, 6, 5, padding=2), Tanh(), AvgPool2D(2), Conv2D(6, 16, 5), Tanh(), AvgPool2D(2)]
    n_features = 16 * ((height // 2 - 4) // 2) * ((width // 2 - 4) // 2)
    head = [Flatten(), Linear(n_features, 120), Tanh(), Linear(120, 84), Tanh(), Linear(84, n_classes)]
    return Net([*body, *head])
