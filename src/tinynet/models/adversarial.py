"""The training of a generator against a discriminator."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, instance
from tinynet.data import Dataset
from tinynet.data.own.given import as_dataset
from tinynet.learner import Learner, recompute_statistics
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.models.dcgan import as_one, noise
from tinynet.net import Net
from tinynet.optimizers import SGD, Optimizer


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
        >>> from tinynet.models import dcgan
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
