"""How layers and their arguments are called in PyTorch."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np

from tinynet.layers import Layer

#: The layers that PyTorch has, alike in everything but the name. All others have a class in `twins`.
TORCH_NAMES = {
    "Linear": "Linear",
    "Flatten": "Flatten",
    "Dropout": "Dropout",
    "Dropout2D": "Dropout2d",
    "ReLU": "ReLU",
    "LeakyReLU": "LeakyReLU",
    "ReLU6": "ReLU6",
    "Hardtanh": "Hardtanh",
    "Sigmoid": "Sigmoid",
    "Hardsigmoid": "Hardsigmoid",
    "LogSigmoid": "LogSigmoid",
    "Tanh": "Tanh",
    "GELU": "GELU",
    "SiLU": "SiLU",
    "Hardswish": "Hardswish",
    "Mish": "Mish",
    "ELU": "ELU",
    "SELU": "SELU",
    "Softplus": "Softplus",
    "PReLU": "PReLU",
    "GLU": "GLU",
    "Softmax": "Softmax",
    "LogSoftmax": "LogSoftmax",
    "Conv2D": "Conv2d",
    "ConvTranspose2D": "ConvTranspose2d",
    "MaxPool2D": "MaxPool2d",
    "AvgPool2D": "AvgPool2d",
    "AdaptiveAvgPool2D": "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2D": "AdaptiveMaxPool2d",
    "Upsample": "Upsample",
    "ZeroPad2D": "ZeroPad2d",
    "ReflectionPad2D": "ReflectionPad2d",
    "ReplicationPad2D": "ReplicationPad2d",
    "BatchNorm2D": "BatchNorm2d",
    "LayerNorm": "LayerNorm",
    "GroupNorm": "GroupNorm",
    "RMSNorm": "RMSNorm",
    "Embedding": "Embedding",
}
#: Arguments with another name in PyTorch, by layer.
RENAMED = {
    "GLU": {"axis": "dim"},
    "Softmax": {"axis": "dim"},
    "LogSoftmax": {"axis": "dim"},
    "MaxPool1D": {"return_switches": "return_indices"},
    "MaxPool2D": {"return_switches": "return_indices"},
    "AdaptiveMaxPool1D": {"return_switches": "return_indices"},
    "AdaptiveMaxPool2D": {"return_switches": "return_indices"},
}


def arguments_of(layer: Layer) -> dict[str, Any]:
    """The arguments that build the layer as it is now, without those at their defaults, under the layer's own names.

    Example:
        >>> from tinynet.layers import Conv2D
        >>> layer = Conv2D(1, 4, 3, stride=1, padding=2)
        >>> arguments_of(layer)
        {'in_channels': 1, 'out_channels': 4, 'kernel_size': 3, 'padding': 2}
    """
    found = {}
    for name, parameter in parameters_of(type(layer)).items():
        value = layer.arguments.get(name, parameter.default)
        now = vars(layer).get(name, value)  # a rate or a momentum may have been changed since
        unset = now is None and isinstance(value, float)
        if unset or isinstance(now, (bool, int, float, str, np.generic)) or isinstance(value, Layer):
            value = now
        if name != "rng" and (parameter.default is parameter.empty or not _same(value, parameter.default)):
            found[name] = value
    return found


@cache
def parameters_of(kind: type) -> dict[str, inspect.Parameter]:
    """The parameters of a constructor, by name, without `self`; none where the class has no constructor of its own.

    Example:
        >>> from tinynet.layers import Dropout
        >>> list(parameters_of(Dropout))
        ['p', 'rng']
    """
    if kind.__init__ is object.__init__:  # type: ignore[misc]
        return {}
    return dict(list(inspect.signature(kind.__init__).parameters.items())[1:])  # type: ignore[misc]


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
