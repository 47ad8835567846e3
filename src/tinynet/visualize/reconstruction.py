"""What an autoencoder makes of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.net import Net
from tinynet.visualize import sentences
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.style import MUTED, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def reconstructions(net: Net, dataset: Any, n: int = 10) -> Figure:
    """The first images of a data set above what an autoencoder makes of them.

    Args:
        net: A net whose output is an image of its input's shape, or that image as a vector.
        dataset: Images (N, C, H, W).
        n: How many to show at most.

    Raises:
        ValueError: The data are not images, the output has another size, or n is below 1.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> figure = reconstructions(Net([Flatten(), Linear(64, 64)]), tn.data.digits()[1], n=3)
        >>> len(figure.axes[0].images)
        6
    """
    sentences.samples_of("reconstructions", net, dataset)
    n = min(checks.integer("reconstructions", "n", n, minimum=1), len(dataset))
    x = sentences.images("reconstructions", dataset[np.arange(n)][0])
    y = _same_size(net.predict(x), x)
    error = np.sqrt(np.mean((y - x) ** 2, axis=(1, 2, 3)))
    sheet = Sheet(2 * n, x.shape[2:], "Images, and below each what the autoencoder makes of it", below=0.12, columns=n)
    for column in range(n):
        sheet.put(column, picture(x[column]), cmap="gray", vmin=0, vmax=1)
        sheet.put(n + column, picture(np.clip(y[column], x.min(), x.max())), cmap="gray", vmin=0, vmax=1)
        sheet.words_below(n + column, f"error {error[column]:.2g}", color=MUTED, fontsize=8)
    return sheet.figure


def _same_size(outputs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Check that outputs have as many numbers as the inputs, and give them their shape."""
    if outputs.size != x.size:
        fail(
            "reconstructions",
            f"expected outputs of the shape {shape_text(x.shape)} of the images, got {shape_text(outputs.shape)}.",
            "this picture is for autoencoders.",
        )
    return outputs.reshape(x.shape)
