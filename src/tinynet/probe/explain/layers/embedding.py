"""The embedding and the positions that are added to it, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Embedding, Layer, LearnedPosition, RotaryPosition, SinusoidalPosition
from tinynet.probe.explain.expressions import Expression, Index, constant, named, zero
from tinynet.probe.explain.functions import cos, sin
from tinynet.probe.explain.layers.linear import wide
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView


def looked_up(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, t, d] = W[x[n, t], d]"""
    *place, d = index
    return layer.at("weight", (int(layer.array("x")[tuple(place)]), d), "W")


def no_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """Integers have no gradient."""
    return zero("integers have no gradient")


def looked_up_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW[k, d] = Σ dy[n, t, d] over all places that hold the token k"""
    token, d = index
    x, dy = layer.array("x"), layer.array("dy")[..., d]
    is_padding = token == layer.setting("padding_idx")
    values = np.where((x == token) & (not is_padding), dy, 0)
    n_here, n_others = int((x == token).sum()), int((x != token).sum())
    cut = {"the place holds another token": n_others}
    if is_padding:
        cut[f"the token {token} is padding"] = n_here
    return total_of(
        values,
        lambda at: layer.at("dy", (*unraveled(at, x.shape), d)),
        f"Σ dy[n, t, {d}] where x[n, t] = {token}",
        cut,
    )


def learned(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, t, d] = x[n, t, d] + W[t, d]"""
    return layer.at("x", index) + layer.at("weight", index[1:], "W")


def passed_on(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy"""
    return layer.at("dy", index)


def learned_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW[t, d] = Σₙ dy[n, t, d]"""
    dy = layer.array("dy")
    if index[0] >= dy.shape[1]:
        return zero("no sequence of the batch is so long")
    values = wide(dy[:, index[0], index[1]])
    return total_of(values, lambda n: layer.at("dy", (n, *index)), f"Σₙ dy[n, {index[0]}, {index[1]}]")


def waves(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, t, 2i] = x[n, t, 2i] + sin(t / 10000^(2i/D)), and the cosine at 2i + 1"""
    _, t, d = index
    phi = angle(t, d, layer.array("x").shape[-1], 10000.0)
    return layer.at("x", index) + (cos(phi) if d % 2 else sin(phi))


def angle(t: int, d: int, D: int, base: float) -> Expression:
    """φ = t / base^(2i/D), for the pair i that feature d belongs to."""
    exponent = constant(2 * (d // 2)) / constant(D, "D")
    return named("φ", constant(t, "t") / constant(base, "base") ** exponent)


def rotated(layer: LayerView, short: str, index: Index, t: int, D: int, base: float, back: bool) -> Expression:
    """A number of a rotated pair: a cos φ − b sin φ, or a sin φ + b cos φ; `back` rotates by −φ."""
    *place, d = index
    a, b = layer.at(short, (*place, d - d % 2)), layer.at(short, (*place, d - d % 2 + 1))
    phi = angle(t, d, D, base)
    if d % 2 == 0:
        return a * cos(phi) + b * sin(phi) if back else a * cos(phi) - b * sin(phi)
    return b * cos(phi) - a * sin(phi) if back else a * sin(phi) + b * cos(phi)


def turned(layer: LayerView, index: Index, part: int) -> Expression:
    """(y[2i], y[2i+1]) = R(φ) (x[2i], x[2i+1])"""
    return rotated(layer, "x", index, index[-2], layer.setting("dim"), layer.setting("base"), back=False)


def turned_back(layer: LayerView, index: Index, part: int) -> Expression:
    """(dx[2i], dx[2i+1]) = R(−φ) (dy[2i], dy[2i+1])"""
    return rotated(layer, "dy", index, index[-2], layer.setting("dim"), layer.setting("base"), back=True)


ROWS: dict[type[Layer], LayerRow] = {
    Embedding: LayerRow(looked_up, no_input_gradient, looked_up_gradient),
    LearnedPosition: LayerRow(learned, passed_on, learned_gradient),
    SinusoidalPosition: LayerRow(waves, passed_on),
    RotaryPosition: LayerRow(turned, turned_back),
}
