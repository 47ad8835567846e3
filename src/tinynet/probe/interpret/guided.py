"""Guided back-propagation: the gradient, with all that is negative cut off at each ReLU."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.layers import ELU, GELU, Hardswish, Layer, LeakyReLU, Mish, PReLU, ReLU, SiLU
from tinynet.net import Net
from tinynet.probe.interpret.attribution import Attribution
from tinynet.probe.interpret.subject import Method, listed, named, opened

WARNING = (
    "Guided back-propagation may ignore the weights: it restores edges of the input, and hardly changes when the upper "
    "layers are drawn anew (Adebayo et al. 2018); randomization_check shows how it is here."
)
LIKE_RELU = (LeakyReLU, PReLU, ELU, GELU, SiLU, Hardswish, Mish)


def guided_backpropagation(net: Net, x: np.ndarray, target: Any = None) -> Attribution:
    """The gradient of a score, of which each ReLU lets only what is positive pass: Springenberg et al. 2015.

    Equation:
        at each ReLU: dx = dy where y > 0 and dy > 0, else 0; everywhere else as in back-propagation

    Shapes:
        x, values: (N, ...)

    What it shows is sharp and need not be what the net has learned. `randomization_check` draws the weights anew, layer
    by layer, and shows whether the picture changes.

    Args:
        net: A net with one input, as in `saliency`. Only its layers of class `ReLU` are changed, for the length of the
            call; a note names others that are like it.
        x: A batch of inputs.
        target: The class, as in `saliency`.

    Raises:
        ValueError: Something does not fit, as in `saliency`.

    Example:
        >>> found = guided_backpropagation(tn.models.digits_cnn(), tn.data.digits()[1].x[:3])
        >>> found.values.shape, found.notes[0].split(":")[0]
        ((3, 1, 8, 8), 'Guided back-propagation may ignore the weights')
    """
    with opened("guided_backpropagation", net, x, guided) as subject:
        aim = subject.aim(target)
        values = subject.gradient(subject.x, aim.direction)
    notes = (WARNING, *relu_notes(net))
    return Attribution("guided_backpropagation", values, np.asarray(x), **aim.told(), notes=notes)


def guided(net: Net) -> list[Method]:
    """The backward of each ReLU that lets only positive gradients pass."""

    def backward(relu: Layer) -> Method:
        plain = relu.backward
        return relu, "backward", lambda dy: np.maximum(plain(dy), 0)

    return [backward(relu) for relu in named(net, ReLU).values()]


def relu_notes(net: Net) -> list[str]:
    """Sentences about layers that are like a ReLU and none."""
    others = {
        path: layer
        for path, layer in net.layers_inside()
        if not isinstance(layer, ReLU) and (isinstance(layer, LIKE_RELU) or "relu" in _words(layer))
    }
    notes = [] if named(net, ReLU) else ["There is no ReLU in this net, so nothing is cut off."]
    return [*notes, f"Only ReLU is changed; the plain derivative stays in {listed(others)}."] if others else notes


def _words(layer: Layer) -> str:
    """The name of a class and its text arguments: a custom LeakyReLU6, or RNN(..., nonlinearity="relu")."""
    texts = [value for value in layer.arguments.values() if isinstance(value, str)]
    return " ".join([type(layer).__name__, *texts]).lower()
