"""DCGAN: a net that draws, and one that tells its pictures from real ones."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.checks.vocabulary import at_least, instance, optional
from tinynet.core.initializers import normal
from tinynet.layers import BatchNorm2D, Conv2D, ConvTranspose2D, Flatten, LeakyReLU, Linear, ReLU, Reshape, Sigmoid
from tinynet.net import Named, Net

Shape = tuple[int, int, int]


def dcgan(input_shape: Shape = (1, 28, 28), latent: int = 64, width: int = 32) -> tuple[Net, Net]:
    """A generator and a discriminator of two strided convolutions each: Radford et al. 2016, made smaller.

    As there, weights are drawn from N(0, 0.02), batch norm follows every convolution inside, the generator has ReLUs,
    the discriminator leaky ones. Pixels are in [0, 1], so the last activation is a sigmoid, where the paper has a tanh.

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
    channels, height, breadth = checks.model_input("dcgan", input_shape, smallest=4, multiple=4)
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


def as_one(generator: Net, discriminator: Net) -> Net:
    """The two nets as one, from noise to what the discriminator says of the picture that the generator draws from it.

    Each is there by its number and its name: `net[0]` draws, and "discriminator.0.weight" is a parameter.

    Shapes:
        x: (N, latent), normal noise    y: (N, 1), logits: high for pictures taken to be real

    Example:
        >>> as_one(*dcgan(width=4)).predict(noise(2, latent=64)).shape
        (2, 1)
    """
    net = Named({"generator": generator, "discriminator": discriminator})
    net.dtype = generator.dtype
    return net


def adversaries(input_shape: Shape = (1, 28, 28), latent: int = 64, width: int = 32) -> Net:
    """What `dcgan` gives, as one net.

    Example:
        >>> net = adversaries((1, 8, 8), width=4)
        >>> net.names, net[0].predict(noise(2, latent=64)).shape
        (('generator', 'discriminator'), (2, 1, 8, 8))
    """
    return as_one(*dcgan(input_shape, latent, width))


def noise(n: int, latent: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """What a generator draws from: (n, latent) numbers of the normal distribution.

    Args:
        n: How many pictures.
        latent: Numbers for each.
        rng: Where they come from; the package's "dropout" stream if None.

    Example:
        >>> noise(3, latent=64).shape
        (3, 64)
    """
    checks.arguments("noise", locals(), n=at_least(0), latent=at_least(1), rng=optional(instance(np.random.Generator)))
    shape = checks.sizes("noise", "shape", (n, latent))
    return (stream("dropout") if rng is None else rng).standard_normal(shape, np.float32)
