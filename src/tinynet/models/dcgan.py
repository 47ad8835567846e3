"""DCGAN: a net that draws, and one that tells its pictures from real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.initializers import normal
from tinynet.data import Dataset
from tinynet.layers import BatchNorm2D, Conv2D, ConvTranspose2D, Flatten, LeakyReLU, Linear, ReLU, Reshape, Sigmoid
from tinynet.learner import Learner, recompute_statistics
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.net import Net
from tinynet.optimizers import Optimizer

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


def noise(n: int, latent: int) -> np.ndarray:
    """What a generator draws from: (n, latent) numbers of the normal distribution, from the "dropout" stream.

    Example:
        >>> noise(3, latent=64).shape
        (3, 64)
    """
    return stream("dropout").standard_normal((n, latent), np.float32)


class AdversarialLearner(Learner):
    """Train a generator against a discriminator, one step each in turn: Goodfellow et al. 2014, algorithm 1.

    The discriminator learns to give high logits to real pictures and low ones to those drawn, the generator to draw
    what gets high ones; its loss is −log σ of them, the paper's second form, whose gradient does not fade.

    Args:
        generator: From noise (N, latent) to pictures; it is the learner's net.
        discriminator: From pictures to logits (N, 1).
        optimizer: The rule of the generator.
        discriminator_optimizer: The rule of the discriminator.
        train: The real pictures; their labels are not used.
        latent: Numbers that a picture is drawn from.
        options: `batch_size`, `metrics` (of the logits that the drawn pictures get) and `callbacks`, as in `Learner`.

    Example:
        >>> from tinynet.optimizers import Adam
        >>> pictures = tn.data.digits()[1]
        >>> learner = AdversarialLearner(*dcgan((1, 8, 8), 16, 4), Adam(5e-4), Adam(5e-4), pictures, latent=16)
        >>> history = learner.fit(progress=False)
    """

    def __init__(
        self,
        generator: Net,
        discriminator: Net,
        optimizer: Optimizer,
        discriminator_optimizer: Optimizer,
        train: Any,
        latent: int = 64,
        **options: Any,
    ) -> None:
        super().__init__(generator, binary_cross_entropy_with_logits, optimizer, train, **options)
        self.discriminator, self.discriminator_optimizer = discriminator, discriminator_optimizer
        self.latent = latent

    def train_step(self, x: np.ndarray, y: Any) -> tuple[float, np.ndarray]:
        real, not_real = np.ones((len(x), 1), x.dtype), np.zeros((len(x), 1), x.dtype)
        drawn = self.net.forward(noise(len(x), self.latent))
        for pictures, truth in ((x, real), (drawn, not_real)):
            _, gradient = self.loss(self.discriminator.forward(pictures), truth)
            self.discriminator.backward(gradient, input_gradient=False)
        self.discriminator.update(self.discriminator_optimizer)

        with self.discriminator.frozen():  # the gradient goes through it, to the generator
            judged = self.discriminator.forward(drawn)
            loss, gradient = self.loss(judged, real)
            self.net.backward(self.discriminator.backward(gradient), input_gradient=False)
        self.check_finite(loss, x)
        self.net.update(self.optimizer)
        return loss, judged

    def recompute_statistics(self) -> None:
        """Give the batch norm of the generator the statistics that noise has under the weights as they are now."""
        n = len(self.train)
        recompute_statistics(self.net, Dataset(noise(n, self.latent), np.zeros(n, np.int64)), self.batch_size)
