"""The variational autoencoder, and the loss that it learns by."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.checks.vocabulary import instance
from tinynet.layers import Flatten, Layer, Linear, ReLU, Reshape
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.models.initialize import he_before_relu
from tinynet.net import Net

Shape = tuple[int, int, int]
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


class VariationalAutoencoder(Layer):
    """Encode x as a normal distribution, draw a point from it, and decode that point: Kingma and Welling 2014.

    The draw is written as a function of noise that does not depend on x, so that it has a derivative with respect to
    the mean and the variance. In evaluation the noise is 0.

    Equation:
        μ, log σ² = the two halves of encoder(x)
        z = μ + σ ε with ε ~ N(0, 1)
        y = decoder(z)

    Shapes:
        x: (N, ...)    y: what the decoder gives    μ, log σ²: (N, latent)

    Gradients (given ∂L/∂y, ∂L/∂μ and ∂L/∂log σ²):
        dz = decoder′ ∂L/∂y
        dx = encoder′ [∂L/∂μ + dz, ∂L/∂log σ² + ½ dz σ ε], where f′ is the backward of f

    Args:
        encoder: From x to (N, 2 · latent).
        decoder: From (N, latent) on.

    Example:
        >>> layer = VariationalAutoencoder(Linear(5, 4), Linear(2, 5))
        >>> [part.shape for part in layer.forward(np.ones((3, 5), np.float32))]
        [(3, 5), (3, 2), (3, 2)]
    """

    encoder: Layer
    decoder: Layer

    def __init__(self, encoder: Layer, decoder: Layer) -> None:
        checks.arguments(self, locals(), encoder=instance(Layer), decoder=instance(Layer))

    def forward(self, x: np.ndarray) -> Three:
        mean, log_variance = np.split(self.encoder.forward(x), 2, axis=-1)
        deviation = np.zeros_like(mean)
        if self.training:
            noise = stream("dropout").standard_normal(mean.shape).astype(mean.dtype)
            deviation = np.exp(log_variance / 2) * noise  # σ ε
        self.remember(deviation=deviation)
        return self.decoder.forward(mean + deviation), mean, log_variance

    def to_onnx(self, graph: Any, x: str) -> tuple[str, str, str]:
        """How export_onnx writes it: in evaluation mode, without noise."""
        mean, log_variance = graph.node("Split", graph.layer(self.encoder, x), n_outputs=2, axis=-1)
        return graph.layer(self.decoder, mean), mean, log_variance

    def backward(self, dy: np.ndarray, dmean: np.ndarray, dlog_variance: np.ndarray) -> np.ndarray:
        (deviation,) = self.recall()
        dz = self.decoder.backward(dy)
        return self.encoder.backward(np.concatenate([dmean + dz, dlog_variance + dz * deviation / 2], axis=-1))


def vae(input_shape: Shape = (1, 28, 28), latent: int = 2, hidden: int = 256) -> Net:
    """A variational autoencoder of linear layers. `net[0].encoder` and `net[0].decoder` work alone, too.

    Train it with `evidence_loss` and the pictures themselves as the truth; `tn.load` needs
    `layers=[VariationalAutoencoder]`.

    Shapes:
        x: (N, *input_shape), pixels in [0, 1]
        y: (N, *input_shape), logits of the pixels; and μ and log σ², (N, latent) each

    Args:
        input_shape: Channels, height and width of a picture.
        latent: The size of the code; with 2, it can be drawn as a map.
        hidden: Units of each of the two hidden layers on both sides.

    Example:
        >>> logits, mean, log_variance = vae().forward(np.zeros((2, 1, 28, 28), np.float32))
        >>> logits.shape, mean.shape
        ((2, 1, 28, 28), (2, 2))
    """
    shape = checks.model_input("vae", input_shape, smallest=1)
    checks.integer("vae", "latent", latent, minimum=1)
    checks.integer("vae", "hidden", hidden, minimum=1)
    n_pixels = int(np.prod(shape))
    encoder = Net(
        [Flatten(), Linear(n_pixels, hidden), ReLU(), Linear(hidden, hidden), ReLU(), Linear(hidden, 2 * latent)]
    )
    decoder = Net(
        [
            *[Linear(latent, hidden), ReLU(), Linear(hidden, hidden), ReLU()],
            *[Linear(hidden, n_pixels), Reshape(*shape)],
        ]
    )
    return Net([VariationalAutoencoder(he_before_relu(encoder), he_before_relu(decoder))])


def evidence_loss(predicted: Three, ground_truth: np.ndarray) -> tuple[float, Three]:
    """The negative evidence lower bound: the reconstruction error, and the distance of the code from N(0, 1).

    Equation:
        L = 1/N Σₙ (Σ_p log(1 + e^a) − x a  +  ½ Σ (μ² + σ² − 1 − log σ²)), a the logit and x the truth of a pixel

    Shapes:
        predicted: logits (N, ...), means μ and log σ² (N, latent), as `vae` gives them
        ground_truth: (N, ...), pixels in [0, 1]

    Gradients (with respect to predicted):
        ∂L/∂a = (1 / (1 + e^−a) − x) / N        ∂L/∂μ = μ / N        ∂L/∂log σ² = (σ² − 1) / 2N

    Args:
        predicted: What the net gave.
        ground_truth: The pictures.

    Returns:
        The loss in nats for each picture, and its three gradients.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> zero = np.zeros((1, 2))
        >>> round(evidence_loss((zero, zero, zero), zero)[0], 4)  # 2 log 2
        1.3863
    """
    _check_three(predicted)
    a, mean, log_variance = predicted
    n, variance = len(a), np.exp(log_variance)
    drawing, da = binary_cross_entropy_with_logits(a, ground_truth, reduction="sum")
    distance = float((np.square(mean, dtype=np.float64) + variance - 1 - log_variance).sum()) / 2
    return (drawing + distance) / n, (da / n, mean / n, (variance - 1) / (2 * n))


def _check_three(predicted: object) -> None:
    """Check that predictions are logits, means and log-variances, the last two in one shape (N, latent)."""
    if not isinstance(predicted, tuple) or len(predicted) != 3:
        came = f"a tuple of {len(predicted)}" if isinstance(predicted, tuple) else checks.of_kind(predicted)
        problem = f"expected predicted to be (logits, mean, log_variance), got {came}."
        checks.fail("evidence_loss", problem, "pass what a vae gives.", TypeError)
    for name, x in zip(("the logits", "the mean", "the log-variance"), predicted, strict=True):
        checks.floating_input("evidence_loss", x, name)
    checks.input_shape("evidence_loss", predicted[1], (len(predicted[0]), "latent"), name="the mean")
    checks.input_shape("evidence_loss", predicted[2], predicted[1].shape, name="the log-variance")
