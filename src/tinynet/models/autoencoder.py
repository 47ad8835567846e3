"""The convolutional autoencoder."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.layers import Conv2D, ConvTranspose2D, ReLU, Sigmoid
from tinynet.models.initialize import he_before_relu
from tinynet.net import Net

Shape = tuple[int, int, int]


def conv_autoencoder(input_shape: Shape = (1, 28, 28), code_channels: int = 8) -> Net:
    """Squeeze a picture to a quarter of its height and width, and draw it again from that.

    The first half, two convolutions of stride 2, is the encoder; the second, two transposed convolutions, the decoder.
    Train it with `mean_squared_error` and the pictures themselves as the truth.

    Shapes:
        x, y: (N, *input_shape), pixels in [0, 1]    the code between: (N, code_channels, H / 4, W / 4)

    Args:
        input_shape: Channels, height and width of a picture; height and width multiples of 4.
        code_channels: Channels of the code, which decide how much must be left out.

    Example:
        >>> conv_autoencoder().forward(np.zeros((2, 1, 28, 28), np.float32)).shape
        (2, 1, 28, 28)
    """
    channels, *_ = checks.model_input("conv_autoencoder", input_shape, smallest=4, multiple=4)
    checks.integer("conv_autoencoder", "code_channels", code_channels, minimum=1)
    encoder = [Conv2D(channels, 16, 3, stride=2, padding=1), ReLU(), Conv2D(16, code_channels, 3, stride=2, padding=1)]
    decoder = [ConvTranspose2D(code_channels, 16, 4, stride=2, padding=1), ReLU()]
    picture = [ConvTranspose2D(16, channels, 4, stride=2, padding=1), Sigmoid()]
    return he_before_relu(Net([*encoder, ReLU(), *decoder, *picture]))
