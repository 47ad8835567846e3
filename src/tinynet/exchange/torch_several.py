"""Which twins take and give several tensors, for PyTorch's Sequential passes on one only."""

from __future__ import annotations

from tinynet.layers import Layer
from tinynet.net import Graph, Net

RECURRENT = ("RNN", "LSTM", "GRU")
OPERATIONS = ("Choose", "Combine", "Join", "MatMul", "Take")
TAKES_SEVERAL = ("MultiHeadAttention", "MaxUnpool1D", "MaxUnpool2D", "EncoderDecoder", *RECURRENT, *OPERATIONS)


def passes_several(net: Net) -> bool:
    """Whether a net passes several tensors on, or may be given several.

    Example:
        >>> from tinynet.layers import Linear, MultiHeadAttention
        >>> passes_several(Net([Linear(4, 4)])), passes_several(Net([MultiHeadAttention(4, 2)]))
        (False, True)
    """
    layers = list(net)
    return bool(layers) and (takes_several(layers[0]) or any(n_outputs(layer) > 1 for layer in layers[:-1]))


def takes_several(layer: Layer) -> bool:
    """Whether a layer may be given several inputs."""
    if isinstance(layer, Graph):
        return len(layer.inputs) > 1
    return passes_several(layer) if isinstance(layer, Net) else type(layer).__name__ in TAKES_SEVERAL


def n_outputs(layer: Layer) -> int:
    """How many tensors a layer gives.

    Example:
        >>> from tinynet.layers import LSTM
        >>> n_outputs(LSTM(3, 2)), n_outputs(LSTM(3, 2, return_state=True))
        (1, 3)
    """
    if isinstance(layer, Net):
        return n_outputs(layer[-1]) if len(layer) else 1
    if isinstance(layer, Graph):
        return len(layer.outputs)
    name = type(layer).__name__
    if getattr(layer, "return_state", False):
        return 3 if name == "LSTM" else 2
    return 3 if name == "VariationalAutoencoder" else 1 + bool(getattr(layer, "return_switches", False))
