"""DCGAN: a net that draws, and one that tells its pictures from real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.checks.vocabulary import at_least, instance, optional
from tinynet.core.initializers import normal
from tinynet.data import Dataset
from tinynet.data.own.given import as_dataset
from tinynet.layers import BatchNorm2D, Conv2D, ConvTranspose2D, Flatten, LeakyReLU, Linear, ReLU, Reshape, Sigmoid
from tinynet.learner import Learner, recompute_statistics
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.net import Named, Net
from tinynet.optimizers import SGD, Optimizer

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


def to_be_judged(n: int, latent: int) -> Dataset:
    """Noise, always the same, with the truth that its pictures are real: what a generator is examined with.

    Example:
        >>> data = to_be_judged(3, latent=64)
        >>> data.x.shape, data.y.tolist()
        ((3, 64), [[1.0], [1.0], [1.0]])
    """
    return Dataset(noise(n, latent, np.random.default_rng(0)), np.ones((n, 1), np.float32))


class AdversarialLearner(Learner):
    """Train a generator against a discriminator, one step each in turn: Goodfellow et al. 2014, algorithm 1.

    The discriminator learns to give high logits to real pictures and low ones to those drawn, the generator to draw
    what gets high ones; its loss is −log σ of them, the paper's second form, whose gradient does not fade. Each net has
    an optimizer of its own. Both nets and both optimizers are in every checkpoint, as all are that a learner holds.

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

    discriminator: Net
    discriminator_optimizer: Optimizer
    latent: int

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
        checks.arguments(
            self,
            locals(),
            discriminator=instance(Net),
            discriminator_optimizer=instance(Optimizer),
            latent=at_least(1),
        )

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

    @property
    def as_one(self) -> Net:
        """The two nets as one, from noise to logits; `tn.save` keeps both in one file."""
        return as_one(self.net, self.discriminator)

    def evaluate(self, data: Any) -> dict[str, Any]:
        """The generator's loss and the metrics, over as many pictures as there are in the data, drawn from fixed noise.

        The loss is measured against this discriminator, so it cannot be compared with that of another training.
        """
        judged = Learner(
            self.as_one,
            self.loss,
            SGD(lr=1.0),  # which is not used
            to_be_judged(len(as_dataset("AdversarialLearner.evaluate", "data", data)), self.latent),
            batch_size=self.batch_size,
            metrics=list(self.metrics.values()),
        )
        return judged.evaluate(judged.train)

    def recompute_statistics(self) -> None:
        """Give the batch norm of the generator the statistics that noise has under the weights as they are now.

        The noise is fixed: a training that is resumed after its last step comes to the same statistics.
        """
        recompute_statistics(self.net, to_be_judged(len(self.train), self.latent), self.batch_size)
