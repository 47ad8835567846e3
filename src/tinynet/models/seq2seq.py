"""From one sequence to another, with attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, divisor_of, instance, optional
from tinynet.layers import Embedding, Layer, LayerNorm, LearnedPosition, Linear, MultiHeadAttention, TransformerBlock
from tinynet.net import Net
from tinynet.net.masks import with_mask


class EncoderDecoder(Layer):
    """Read a sequence, and write another one token at a time, looking at the first: Vaswani et al. 2017.

    Equation:
        memory = encoder(source)
        h = reader(written)
        y = writer(h + attention(norm(h), memory))

    Shapes:
        source: (N, S) integers    written: (N, T) integers, the tokens before each one to be predicted
        y: what the writer gives, (N, T, vocabulary)    memory: (N, S, embed_dim)    h: (N, T, embed_dim)
        padding_mask: (N, S), True where the source is padding, which nothing reads; None if that follows from `padding`

    Gradients (given dy = ∂L/∂y, f′ being the backward of f):
        dh = writer′ dy
        dq, dmemory = attention′ dh
        reader′ (dh + norm′ dq) and encoder′ dmemory go on to the embeddings; integers have no gradient

    Args:
        encoder: From source to memory.
        reader: From written to h; position t sees only itself and earlier positions.
        attention: Of the places of h, over the memory.
        writer: From h to logits; position t sees only itself and earlier positions.
        padding: The token that fills up a source that is shorter than others; None if all tokens are read.

    Example:
        >>> net = seq2seq(vocabulary=5, embed_dim=8, max_length=6)
        >>> net.forward(np.zeros((2, 6), np.int64), np.zeros((2, 4), np.int64)).shape
        (2, 4, 5)
    """

    encoder: Net
    reader: Net
    attention: MultiHeadAttention
    writer: Net
    padding: int | None

    def __init__(
        self, encoder: Net, reader: Net, attention: MultiHeadAttention, writer: Net, padding: int | None = None
    ) -> None:
        nets = {"encoder": instance(Layer), "reader": instance(Layer), "writer": instance(Layer)}
        others = {"attention": instance(MultiHeadAttention), "padding": optional(at_least(0))}
        checks.arguments(self, locals(), **nets, **others)
        self.norm = LayerNorm(attention.embed_dim)

    def forward(self, source: np.ndarray, written: np.ndarray, padding_mask: np.ndarray | None = None) -> np.ndarray:
        if padding_mask is None and self.padding is not None:
            padding_mask = source == self.padding
        encoder = self.encoder if padding_mask is None else with_mask(self, self.encoder, padding_mask)
        memory = encoder.forward(source)
        h = self.reader.forward(written)
        read = self.attention.forward(self.norm.forward(h), memory, key_padding_mask=padding_mask)
        return self.writer.forward(h + read)

    def backward(self, dy: np.ndarray) -> Any:
        dh = self.writer.backward(dy)
        dq, dmemory = self.attention.backward(dh)
        self.reader.backward(dh + self.norm.backward(dq))
        self.encoder.backward(dmemory)
        return None, None

    def to_onnx(self, graph: Any, source: str, written: str) -> str:
        """How export_onnx writes it."""
        h = graph.layer(self.reader, written)
        with graph.padded_with(self.padding, source):
            memory = graph.layer(self.encoder, source)
            read = graph.layer(self.attention, graph.layer(self.norm, h), memory)
        return graph.layer(self.writer, graph.node("Add", h, read))


def seq2seq(
    vocabulary: int = 14, embed_dim: int = 64, num_heads: int = 4, max_length: int = 16, padding: int | None = None
) -> Net:
    """A transformer that turns one sequence into another: two blocks read, two write, linked by cross attention.

    `tn.load` needs `layers=[EncoderDecoder]`.

    Shapes:
        source: (N, S) integers    written: (N, T) integers    y: (N, T, vocabulary), logits

    Args:
        vocabulary: How many different tokens there are, on both sides together.
        embed_dim: Features of every place.
        num_heads: Heads of each attention.
        max_length: The longest sequence on either side.
        padding: The token that fills up a source that is shorter than others, which nothing reads; None if all are.

    Example:
        >>> seq2seq().forward(np.zeros((2, 9), np.int64), np.zeros((2, 8), np.int64)).shape
        (2, 8, 14)
    """
    checks.arguments(
        "seq2seq",
        locals(),
        vocabulary=at_least(1),
        embed_dim=at_least(1),
        num_heads=divisor_of("embed_dim"),
        max_length=at_least(1),
        padding=optional(at_least(0)),
    )

    def embedding() -> list[Layer]:
        return [Embedding(vocabulary, embed_dim), LearnedPosition(max_length, embed_dim)]

    def block(causal: bool) -> Layer:
        return TransformerBlock(embed_dim, num_heads, causal=causal)

    encoder = Net([*embedding(), block(causal=False), block(causal=False), LayerNorm(embed_dim)])
    reader = Net([*embedding(), block(causal=True)])
    writer = Net([block(causal=True), LayerNorm(embed_dim), Linear(embed_dim, vocabulary)])
    return Net([EncoderDecoder(encoder, reader, MultiHeadAttention(embed_dim, num_heads), writer, padding)])


def transcribe(net: Net, source: np.ndarray, start: int, length: int, end: int | None = None) -> np.ndarray:
    """Let a `seq2seq` net write, always the most likely token.

    Args:
        net: A net from (source, written) to logits.
        source: What it reads, (N, S) integers.
        start: The token before the first one written.
        length: How many tokens it writes, at least 1.
        end: The token after the last one: writing stops as soon as it is in every row. What a row has after its first
            is of no meaning.

    Returns:
        What it wrote, (N, length), or fewer where all rows have ended.

    Example:
        >>> transcribe(seq2seq(), np.zeros((3, 5), np.int64), start=11, length=4).shape
        (3, 4)
    """
    numbers = {"start": at_least(0), "length": at_least(1), "end": optional(at_least(0))}
    checks.arguments("transcribe", locals(), net=instance(Net), **numbers)
    checks.array("transcribe", source, "source")
    checks.input_shape("transcribe", source, ("N", "S"), name="source")
    written = np.full((len(source), 1), start)
    for _ in range(length):
        logits = net.predict(source, written)
        written = np.concatenate([written, logits[:, -1:].argmax(axis=-1)], axis=1)
        if end is not None and (written == end).any(axis=1).all():
            break
    return written[:, 1:]
