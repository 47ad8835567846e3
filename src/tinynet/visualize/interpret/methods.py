"""A picture for each method that looks at one input: a method of `tinynet.probe`, and its map drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.net import Net
from tinynet.probe import interpret
from tinynet.probe.interpret.inside import activations_of_maps
from tinynet.visualize.interpret.attributions import attributions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Names = Sequence[str] | None
MAX_LAYERS = 6


def saliency(net: Net, x: np.ndarray, target: Any = None, *, classes: Names = None, words: Any = None) -> Figure:
    """How strongly each number of the input changes a score: Simonyan et al. 2014.

    Args:
        net: A net with one input.
        x: A batch of inputs; the first eight are drawn.
        target: The class, as in `tinynet.probe.saliency`.
        classes: The names of the classes; their numbers if None.
        words: For tokens, a list or a text with the word or character of each.

    Raises:
        ValueError: Something does not fit, as in `tinynet.probe.saliency`.

    Example:
        >>> saliency(tn.models.digits_cnn(), tn.data.digits()[1].x[:2]).get_suptitle()
        'Saliency: how strongly each pixel changes the score'
    """
    return attributions(interpret.saliency(net, x, target), classes=classes, words=words)


def smooth_grad(
    net: Net, x: np.ndarray, target: Any = None, *, classes: Names = None, words: Any = None, **options: Any
) -> Figure:
    """Saliency with its flicker averaged out: Smilkov et al. 2017.

    Arguments as in `saliency`, and the options of `tinynet.probe.smooth_grad`: noise, n_samples and rng.

    Example:
        >>> smooth_grad(tn.models.digits_cnn(), tn.data.digits()[1].x[:2], n_samples=5).get_suptitle()
        'SmoothGrad: the mean saliency of noisy copies'
    """
    return attributions(interpret.smooth_grad(net, x, target, **options), classes=classes, words=words)


def integrated_gradients(
    net: Net, x: np.ndarray, target: Any = None, *, classes: Names = None, words: Any = None, **options: Any
) -> Figure:
    """What each number of the input adds to a score, and how far the sum is from the whole: Sundararajan et al. 2017.

    Arguments as in `saliency`, and the options of `tinynet.probe.integrated_gradients`: baseline and steps.

    Example:
        >>> integrated_gradients(tn.models.digits_cnn(), tn.data.digits()[1].x[:2]).get_suptitle()
        'Integrated gradients: what each pixel adds to the score'
    """
    return attributions(interpret.integrated_gradients(net, x, target, **options), classes=classes, words=words)


def guided_backpropagation(
    net: Net, x: np.ndarray, target: Any = None, *, classes: Names = None, words: Any = None
) -> Figure:
    """What positive gradients alone bring back to the input, with the warning below: Springenberg et al. 2015.

    Arguments as in `saliency`.

    Example:
        >>> guided_backpropagation(tn.models.digits_cnn(), tn.data.digits()[1].x[:2]).get_suptitle()
        'Guided back-propagation: positive gradients alone'
    """
    return attributions(interpret.guided_backpropagation(net, x, target), classes=classes, words=words)


def deconvnet(
    net: Net, x: np.ndarray, layer: str | None = None, channel: Any = None, *, classes: Names = None
) -> Figure:
    """What in each input the strongest activation of a layer has answered to: Zeiler and Fergus 2014.

    Without a layer there is a column for each ReLU with maps, six at most, from the first to the last: how the features
    grow with the depth.

    Arguments as in `tinynet.probe.deconvnet`; classes are the names of the classes.

    Example:
        >>> figure = deconvnet(tn.models.vgg11(width=4), np.ones((2, 3, 32, 32), np.float32))
        >>> [text.get_text() for text in figure.axes[0].texts][-6:]
        ['layer 1', 'layer 4', 'layer 9', 'layer 12', 'layer 17', 'layer 19']
    """
    paths: list[Any] = [layer] if layer is not None else activations_of_maps("deconvnet", net, x) or [None]
    chosen = np.unique(np.linspace(0, len(paths) - 1, MAX_LAYERS).round().astype(int))
    return attributions(*[interpret.deconvnet(net, x, paths[index], channel) for index in chosen], classes=classes)


def grad_cam(
    net: Net, x: np.ndarray, target: Any = None, *, layer: str | None = None, classes: Names = None, words: Any = None
) -> Figure:
    """Where the evidence for a class lies, over each picture; the layer is named below: Selvaraju et al. 2017.

    Arguments as in `saliency`; layer is the path of the layer, as in `tinynet.probe.grad_cam`.

    Example:
        >>> grad_cam(tn.models.digits_cnn(), tn.data.digits()[1].x[:2]).get_suptitle()
        'Grad-CAM: where the evidence for the class lies'
    """
    return attributions(interpret.grad_cam(net, x, target, layer=layer), classes=classes, words=words)


def occlusion(
    net: Net, x: np.ndarray, target: Any = None, *, classes: Names = None, words: Any = None, **options: Any
) -> Figure:
    """What a score loses when a part of the input is covered: Zeiler and Fergus 2014, section 4.2.

    Arguments as in `saliency`, and the options of `tinynet.probe.occlusion`: size, stride and fill.

    Example:
        >>> occlusion(tn.models.digits_cnn(), tn.data.digits()[1].x[:2], size=2).get_suptitle()
        'Occlusion: what the score loses when a part is covered'
    """
    return attributions(interpret.occlusion(net, x, target, **options), classes=classes, words=words)
