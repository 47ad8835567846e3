"""Saliency: the derivative of a score with respect to the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.net import Net
from tinynet.probe.interpret.attribution import Attribution
from tinynet.probe.interpret.subject import opened


def saliency(net: Net, x: np.ndarray, target: Any = None) -> Attribution:
    """How a score changes with each number of the input: Simonyan, Vedaldi and Zisserman 2014.

    Equation:
        values = ∂s/∂x, where s is the score of the target; `strength()` is the paper's map, max_c |∂s/∂x_c|

    Shapes:
        x, values: (N, ...)

    The net is left as it was: it is in evaluation mode for the length of the call, and no parameter gets a gradient.

    Args:
        net: A net with one input. If that is tokens, an `Embedding` comes first, and its vectors are looked at.
        x: A batch of inputs.
        target: The class whose score is looked at, one for each sample if it is an array; the one with the highest
            score if None. Of outputs (N, T, C) the last place counts, of images of classes (N, C, H, W) the mean of
            each class's map. A tuple is the index of a single number of an output. A last softmax, log-softmax or
            sigmoid is left out, because its derivative fades where the net is sure.

    Raises:
        TypeError: The net, the input or the target is of a wrong type.
        ValueError: There is no such target, or the net gives several outputs or no gradient for its input.

    Example:
        >>> found = saliency(tn.models.digits_cnn(), tn.data.digits()[1].x[:3])
        >>> found.values.shape, found.strength().shape
        ((3, 1, 8, 8), (3, 8, 8))
    """
    with opened("saliency", net, x) as subject:
        aim = subject.aim(target)
        values = subject.gradient(subject.x, aim.direction)
    return Attribution("saliency", values, np.asarray(x), **aim.told())
