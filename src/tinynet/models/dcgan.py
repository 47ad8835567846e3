"""DCGAN: a net that draws, and one that tells its pictures from real ones."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.core.checks import models as model_checks
from tinynet.core.initializers import normal
from tinynet.layers import BatchNorm2D, Conv2D, ConvTranspose2D, Flatten, LeakyReLU, Linear, ReLU, Reshape, Sigmoid
from tinynet.net import Net

Shape = tuple[int, int, int]


def dcgan(input_shape: Shape = (1, 28, 28), latent: int = 64, width: int = 32) -> tuple[Net, Net]:
    """A generator and a discriminator of two strided convolutions each: Radford et al. 2016, made smaller.

    As there, weights are drawn from N(0, 0.02), batch norm follows every convolution inside, the generator has ReLUs,
    the discriminator leaky ones. Pixels lie in [0, 1], so a sigmoid stands where the paper has a tanh.

    Shapes:
        generator: (N, latent), normal noise -> (N, *input_shape), pixels in [0, 1]
        discriminator: (N, *input_shape) -> (N, 1), logits: high for pictures taken to be real

    Args:
        input_shape: Channels, height and width of a picture; height and width multiples of 4.
        latent: Numbers that a picture is drawn from.
        width: Channels next to the picture; twice as many further in.

    Example:
        >>> generator, discriminator = dcgan(width=4)
        >>> discriminator(generator(np.zeros((2, 64), np.float32))).shape
        (2, 1)
    """
    channels, height, breadth = model_checks.model_input("dcgan", input_shape, smallest=4, multiple=4)
    checks.integer("dcgan", "latent", latent, minimum=1)
    checks.integer("dcgan", "width", width, minimum=1)
    inside = (2 * width, height // 4, breadth // 4)
    n_inside = inside[0] * inside[1] * inside[2]
    generator = Net(
        [
            *[Linear(latent, n_inside, bias=False), Reshape(*inside), BatchNorm2D(2 * width), ReLU()],
            *[ConvTranspose2D(2 * width, width, 4, 2, padding=1, bias=False), BatchNorm2D(width), ReLU()],
            *[ConvTranspose2D(width, channels, 4, 2, padding=1), Sigmoid()],
        ]
    )
    discriminator = Net(
        [
            *[Conv2D(channels, width, 4, 2, padding=1), LeakyReLU(0.2)],
            *[Conv2D(width, 2 * width, 4, 2, padding=1, bias=False), BatchNorm2D(2 * width), LeakyReLU(0.2)],
            *[Flatten(), Linear(n_inside, 1)],
        ]
    )
    for net in (generator, discriminator):
        for layer in net:
            if isinstance(layer, (Conv2D, ConvTranspose2D, Linear)):
                layer.weight.tensor = normal(layer.weight.shape, std=0.02)
    return generator, discriminator
