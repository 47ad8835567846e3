"""What a layer makes of each sample of a data set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinynet.core import checks
from tinynet.layers import Linear
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.probe.interpret.inside import layer_at
from tinynet.probe.interpret.subject import ROWS, Subject, replacing, title_of


class Representations(NamedTuple):
    """The numbers that stand for each sample inside a net.

    Attributes:
        values: (N, D).
        where: In words, where in the net they were taken.

    Example:
        >>> tn.probe.representations(tn.models.digits_cnn(), np.zeros((2, 1, 8, 8))).where
        'the input of layer 10: Linear(128, 10)'
    """

    values: np.ndarray
    where: str


def representations(net: Net, x: np.ndarray, layer: str | None = None) -> Representations:
    """How a net represents each input: the output of a layer, or what the last `Linear` reads from.

    Shapes:
        x: (N, ...)    values: (N, D); images are made flat, and of a sequence the last place is taken

    Args:
        net: A net with one input.
        x: A batch of inputs of any length.
        layer: The path of the layer whose output is taken; the input of the last `Linear` if None.

    Raises:
        ValueError: There is no such layer, or no `Linear` in the net.

    Example:
        >>> representations(tn.models.digits_cnn(), np.zeros((2, 1, 8, 8)), layer="4").values.shape
        (2, 512)
    """
    checks.instance("representations", "net", net, Net, "wrap layers as Net([...]).")
    x = checks.numbers("representations", "x", x)
    if not len(x):
        checks.fail("representations", "expected at least one sample, got none.")
    path = _last_linear(net) if layer is None else layer
    place = layer_at(Subject("representations", net, x), path)
    plain, found = place.forward, []

    def keep(*inputs: Any, **options: Any) -> Any:
        y = plain(*inputs, **options)
        found.append(inputs[0] if layer is None else y)
        return y

    with predicting(net), replacing([(place, "forward", keep)]):
        for start in range(0, len(x), ROWS):
            net.forward(x[start : start + ROWS])
    where = f"the {'input' if layer is None else 'output'} of layer {title_of(net, path)}"
    return Representations(np.concatenate([_flat(y, path) for y in found]), where)


def _flat(y: Any, path: str) -> np.ndarray:
    if not isinstance(y, np.ndarray) or y.ndim < 2:
        checks.fail("representations", f"layer {path} gives no row for each sample.", "choose another layer.")
    return np.array(y[:, -1] if y.ndim == 3 else y.reshape(len(y), -1))


def _last_linear(net: Net) -> str:
    paths = [path for path, layer in net.layers_inside() if isinstance(layer, Linear)]
    if not paths:
        hint = "name the layer, as in layer='3'."
        checks.fail("representations", "there is no Linear in this net, whose input could be taken.", hint)
    return paths[-1]
