"""Attention maps: which places each place reads from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Embedding, Layer, MultiHeadAttention
from tinynet.layers.scaled_dot_product import attend
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
        queries: The tokens whose places read, (N, T); None where the sequence does not come from an `Embedding`.
        keys: The tokens that are read, (N, S), or None.

    Example:
        >>> found = tn.probe.attention_maps(tn.models.char_gpt(num_layers=1), np.zeros((1, 5), np.int64))
        >>> found[0].path, found[0].p.shape
        ('1.attention', (1, 4, 5, 5))
    """

    path: str
    p: np.ndarray
    queries: np.ndarray | None = None
    keys: np.ndarray | None = None


def attention_maps(net: Net, *inputs: np.ndarray) -> list[AttentionMap]:
    """The weights of every attention layer for a batch, in the order in which they work: Vaswani et al. 2017.

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
    if not named(net, MultiHeadAttention):
        checks.fail("attention_maps", "there is no MultiHeadAttention in this net.", "it is for transformers.")
    with predicting(net), net.watch(_Maps()) as observer:
        net.forward(*inputs)
    return observer.maps


class _Maps:
    """An observer that keeps the weights of attention, with the tokens that were embedded before."""

    def __init__(self) -> None:
        self.maps: list[AttentionMap] = []
        self._tokens: list[np.ndarray] = []  # the latest last

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        if isinstance(layer, Embedding):
            self._tokens.append(x)
        if isinstance(layer, MultiHeadAttention):
            p, crosses = weights_of(layer), isinstance(x, tuple)
            queries = self._fitting(p.shape[2], self._tokens[-1:])
            keys = self._fitting(p.shape[3], self._tokens[-2:-1] if crosses else self._tokens[-1:])
            self.maps.append(AttentionMap(path, p, queries, keys))

    def _fitting(self, length: int, tokens: list[np.ndarray]) -> np.ndarray | None:
        """The tokens, if there are some, and of this length."""
        fits = tokens and tokens[0].ndim == 2 and tokens[0].shape[1] == length
        return tokens[0] if fits else None


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
    p, _ = attend(memory.q, memory.k, places, layer.causal, memory.key_padding_mask, memory.attn_mask)
    return p
