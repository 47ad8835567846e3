"""Layers that ready models are built of, explained. They stand on a lower floor, so their rows go by name."""

from __future__ import annotations

import numpy as np

from tinynet.probe.explain.expressions import Expression, Index, Number, zero
from tinynet.probe.explain.functions import exp
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def written(layer: LayerView, index: Index, part: int) -> Expression:
    """y = writer(h + attention(norm(h), memory)), which the layer inside computes"""
    return layer.at("writer.y", index)


def tokens_have_none(layer: LayerView, index: Index, part: int) -> Expression:
    """Tokens have no gradient."""
    return zero("integers have no gradient")


def in_encoder_decoder(layer: LayerView, short: str, index: Index) -> Expression:
    """h + attended, dh, and what goes from one part to the next."""
    if short == "writer.x":
        return layer.at("reader.y", index, "h") + layer.at("attention.y", index)
    if short == "reader.dy":
        return layer.at("writer.dx", index, "dh") + layer.at("norm.dx", index)
    return layer.at(ENCODER_DECODER_WIRES[short], index)


ENCODER_DECODER_WIRES = {
    "encoder.x": "x.0",
    "reader.x": "x.1",
    "norm.x": "reader.y",
    "attention.x.0": "norm.y",
    "attention.x.1": "encoder.y",
    "writer.dy": "dy",
    "attention.dy": "writer.dx",
    "norm.dy": "attention.dx.0",
    "encoder.dy": "attention.dx.1",
}


def decoded(layer: LayerView, index: Index, part: int) -> Expression:
    """y = decoder(z); μ and log σ² are the two halves of encoder(x)"""
    if part == 0:
        return layer.at("decoder.y", index)
    n, i = index
    return layer.at("encoder.y", (n, i + (part - 1) * latent(layer)))


def encoder_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = encoder′ […], which the layer inside computes"""
    return layer.at("encoder.dx", index)


def deviation(layer: LayerView, index: Index) -> Expression:
    """σ ε = exp(log σ² / 2) ε, with ε drawn from N(0, 1)"""
    log_variance = layer.at("y.2", index, "log σ²")
    noise = float(layer.array("deviation")[index]) / float(np.exp(np.float64(log_variance.value) / 2))
    return exp(log_variance / 2) * Number("ε", noise)


def in_autoencoder(layer: LayerView, short: str, index: Index) -> Expression:
    """z = μ + σ ε, and the gradients of μ and log σ²"""
    if short == "decoder.x":
        return layer.at("y.1", index, "μ") + layer.at("deviation", index, "σε")
    if short == "encoder.dy":
        n, i = index
        if i < latent(layer):
            return layer.at("dy.1", index, "∂L/∂μ") + layer.at("decoder.dx", index, "dz")
        at = (n, i - latent(layer))
        through_draw = layer.at("decoder.dx", at, "dz") * layer.at("deviation", at, "σε") / 2
        return layer.at("dy.2", at, "∂L/∂log σ²") + through_draw
    return layer.at({"encoder.x": "x", "decoder.dy": "dy.0"}[short], index)


def latent(layer: LayerView) -> int:
    """The size of the code."""
    return layer.array("y.1").shape[-1]


ROWS: dict[str, LayerRow] = {
    "EncoderDecoder": LayerRow(written, tokens_have_none, inside=in_encoder_decoder),
    "VariationalAutoencoder": LayerRow(
        decoded, encoder_gradient, memory={"deviation": deviation}, inside=in_autoencoder
    ),
}
