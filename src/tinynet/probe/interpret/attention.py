"""Attention maps: which places each place reads from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinynet.core import checks
from tinynet.layers import MultiHeadAttention
from tinynet.layers.attention import attend
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.probe.interpret.subject import named


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The weights of one attention layer.

    Shapes:
        p: (N, heads, T, S); row t says how much place t reads from each of the S places, and adds up to 1

    Attributes:
        path: The path of the layer.
        p: The weights.

    Example:
        >>> found = tn.probe.attention_maps(tn.models.char_gpt(num_layers=1), np.zeros((1, 5), np.int64))
        >>> found[0].path, found[0].p.shape
        ('1.attention', (1, 4, 5, 5))
    """

    path: str
    p: np.ndarray


def attention_maps(net: Net, *inputs: np.ndarray) -> list[AttentionMap]:
    """The weights of every attention layer for a batch, in the order of the layers: Vaswani et al. 2017.

    A layer remembers q, k and log Σ exp(q kᵀ / √D), not the weights. They are computed again, as what attention gives
    where each value is a place of its own.

    Equation:
        p = softmax(q kᵀ / √D), for each head; 0 where a key may not be seen

    Args:
        net: A net with at least one `MultiHeadAttention`.
        inputs: A batch for each input of the net.

    Raises:
        ValueError: There is no attention in the net, or the inputs do not fit.

    Example:
        >>> maps = attention_maps(tn.models.char_gpt(num_layers=2), np.array([[3, 1, 4, 1, 5]]))
        >>> [found.path for found in maps], bool(np.allclose(maps[0].p.sum(axis=-1), 1))
        (['1.attention', '2.attention'], True)
    """
    checks.instance("attention_maps", "net", net, Net, "wrap layers as Net([...]).")
    layers = named(net, MultiHeadAttention)
    if not layers:
        checks.fail("attention_maps", "there is no MultiHeadAttention in this net.", "it is for transformers.")
    with predicting(net):
        net.forward(*inputs)
        return [AttentionMap(path, weights_of(layer)) for path, layer in layers.items()]  # type: ignore[arg-type]


def weights_of(layer: MultiHeadAttention) -> np.ndarray:
    """p (N, heads, T, S) of the last forward of a layer, from what it remembers.

    Example:
        >>> layer = MultiHeadAttention(4, 1, causal=True)
        >>> y = layer.forward(np.zeros((1, 2, 4), np.float32)); weights_of(layer)
        array([[[[1. , 0. ],
                 [0.5, 0.5]]]], dtype=float32)
    """
    memory = layer.recall()
    N, heads, S, _ = memory.k.shape
    places = np.ascontiguousarray(np.broadcast_to(np.eye(S, dtype=memory.k.dtype), (N, heads, S, S)))
    p, _ = attend(memory.q, memory.k, places, layer.causal, memory.key_padding_mask)
    return p
