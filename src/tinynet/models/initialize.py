"""Initial weights for deep stacks of ReLU layers."""

from __future__ import annotations

from tinynet.core import checks
from tinynet.core.initializers import he_normal, zeros
from tinynet.layers import Conv2D, Layer, Linear, ReLU
from tinynet.net import Net


def he_before_relu(net: Net) -> Net:
    """Draw anew, by He's rule, the weights of every convolution and linear layer that a ReLU follows.

    A ReLU lets half of the signal through. With the layers' own U(−1/√fan_in, 1/√fan_in) its size falls by √6 from
    layer to layer, so that a net of ten layers gives nearly the same for every input, and learns very slowly.

    Args:
        net: A plain stack; its weights are changed in place.

    Returns:
        The same net.

    Example:
        >>> net = he_before_relu(Net([Linear(200, 100), ReLU(), Linear(100, 10)]))
        >>> bool(abs(net[0].weight.tensor.std() - (2 / 200) ** 0.5) < 0.01), bool(net[0].bias.tensor.any())
        (True, False)
    """
    checks.instance("he_before_relu", "net", net, Net)
    for layer, following in zip(net.layers, net.layers[1:], strict=False):
        if isinstance(layer, (Conv2D, Linear)) and isinstance(following, ReLU):
            layer.weight.tensor = he_normal(layer.weight.shape)
            if layer.bias is not None:
                layer.bias.tensor = zeros(layer.bias.shape)
    return net


def he_convolutions(net: Net) -> Net:
    """Draw the weights of every convolution in the whole tree again, by He's rule: each is followed by a batch norm.

    Args:
        net: A net, whose weights are changed in place.

    Returns:
        The same net.

    Example:
        >>> net = he_convolutions(Net([Conv2D(50, 100, 2, bias=False)]))
        >>> bool(abs(net[0].weight.tensor.std() - (2 / 200) ** 0.5) < 0.01)
        True
    """
    checks.instance("he_convolutions", "net", net, Layer)
    for _, layer in net.layers_inside():
        if isinstance(layer, Conv2D):
            layer.weight.tensor = he_normal(layer.weight.shape)
    return net
