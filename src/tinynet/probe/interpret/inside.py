"""Layers inside a net: what they give, and the derivative that starts or ends there."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Conv1D, Conv2D, ConvTranspose2D, Dropout, Dropout2D, Layer, ReLU
from tinynet.net import Net
from tinynet.probe.interpret.subject import Method, Subject, opened, replacing

CONVOLUTIONS = (Conv2D, ConvTranspose2D, Conv1D)


class _Outputs:
    """An observer that keeps the outputs of layers that change something, in the order in which they came."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Layer, np.ndarray]] = []

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        passes_on = isinstance(layer, (Dropout, Dropout2D)) or (self.steps and y is self.steps[-1][2])
        if path and isinstance(y, np.ndarray) and not passes_on:
            self.steps.append((path, layer, y))


def last_maps(subject: Subject) -> str:
    """The path of the last layer that still has the maps of the last convolution with more than one place.

    That is the activation after it, or the sum of a residual, before pooling. A net without convolutions has no maps;
    then it is the last layer.
    """
    outputs = _observed(subject)
    shape: tuple[int, ...] | None = None
    for _, layer, y in outputs.steps:
        if isinstance(layer, CONVOLUTIONS) and np.prod(_places(y)) > 1:
            shape = y.shape
    paths = [path for path, _, y in outputs.steps if shape is None or y.shape == shape]
    return paths[-1]


def activations_of_maps(who: str, net: Net, x: np.ndarray) -> list[str]:
    """The paths of the ReLUs that still have places, in the order in which they work; of the convolutions if none has.

    Example:
        >>> activations_of_maps("deconvnet", tn.models.digits_cnn(), np.zeros((1, 1, 8, 8)))
        ['1', '3']
    """
    with opened(who, net, x) as subject:
        steps = [(path, layer) for path, layer, y in _observed(subject).steps if y.ndim > 2]
    relus = [path for path, layer in steps if isinstance(layer, ReLU)]
    return relus or [path for path, layer in steps if isinstance(layer, CONVOLUTIONS)]


def has_convolutions(net: Net) -> bool:
    """Whether there is a convolution anywhere inside."""
    return any(isinstance(layer, CONVOLUTIONS) for _, layer in net.layers_inside())


def output_of(subject: Subject, path: Any) -> np.ndarray:
    """The output of a layer, for `subject.x`."""
    layer = layer_at(subject, path)
    kept = _Kept(layer)
    with replacing([kept.method()]):
        subject.outputs(subject.x)
    return kept.output(subject.who, path)


def from_layer(subject: Subject, path: str, dy: np.ndarray) -> np.ndarray:
    """What arrives at the input when dy is the gradient of the output of a layer, and nothing comes from above it."""
    layer = layer_at(subject, path)
    backward = layer.backward
    with replacing([(layer, "backward", lambda *_, **__: backward(dy))]):
        outputs = subject.outputs(subject.x)
        dx = subject.net.backward(np.zeros_like(outputs))
    if not isinstance(dx, np.ndarray):
        checks.fail(subject.who, "the net gives no gradient for its input.", "this method is for nets of numbers.")
    return dx


def gradient_at(subject: Subject, path: str, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The output A of a layer, and ∂s/∂A for s = Σ direction · outputs."""
    layer = layer_at(subject, path)
    kept = _Kept(layer)
    backward, arrived = layer.backward, []

    def keep_gradient(*dy: np.ndarray, **options: Any) -> Any:
        arrived.append(dy[0])
        return backward(*dy, **options)

    with replacing([kept.method(), (layer, "backward", keep_gradient)]):
        subject.outputs(subject.x)
        A = kept.output(subject.who, path)
        subject.net.backward(direction)
    return A, np.array(arrived[0])


def layer_at(subject: Subject, path: Any) -> Layer:
    """The layer of a path."""
    layers = dict(subject.net.layers_inside())
    if not isinstance(path, str) or path not in layers or not path:
        checks.fail(
            subject.who,
            f"there is no layer {path!r} in this net.",
            f"its layers are {', '.join(repr(name) for name in layers if name)}.",
        )
    return layers[path]


class _Kept:
    """The output of one layer, kept while it is computed."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.y: Any = None
        self._forward = layer.forward

    def method(self) -> Method:
        return self.layer, "forward", self._keep

    def _keep(self, *x: Any, **options: Any) -> Any:
        self.y = self._forward(*x, **options)
        return self.y

    def output(self, who: str, path: str) -> np.ndarray:
        if not isinstance(self.y, np.ndarray):
            checks.fail(who, f"layer {path} gives no single array that could be looked at.", "choose another layer.")
        return np.array(self.y)


def _observed(subject: Subject) -> _Outputs:
    outputs = _Outputs()
    with subject.net.watch(outputs):
        subject.outputs(subject.x[:1])
    return outputs


def _places(y: np.ndarray) -> tuple[int, ...]:
    """Height and width of images (N, C, H, W), or the length of sequences (N, T, D)."""
    return y.shape[2:] if y.ndim == 4 else y.shape[1:2]
