"""Attention, explained: q, k and v, the scores, what each query sees of each key, and the gradients."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Layer, MultiHeadAttention
from tinynet.layers.attention import SOURCES
from tinynet.probe.derived.attention import added_to_scores, first_query, is_given, mask_of, seen_keys
from tinynet.probe.explain.expressions import Expression, Index, Leaf, constant, named, zero
from tinynet.probe.explain.functions import exp, log, sqrt
from tinynet.probe.explain.layers.embedding import rotated
from tinynet.probe.explain.layers.linear import wide
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView

PARTS = ("q", "k", "v")
UNTURNED = ".before_rotation"


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = [heads] W_oᵀ + b_o, which the layer inside computes"""
    return layer.at("out_proj.y", index)


def heads(layer: LayerView, index: Index) -> Expression:
    """p v: Σₛ p[n, h, t, s] v[n, h, s, d]"""
    n, h, t, d = index
    p, v = wide(layer.array("p")[n, h, t]), wide(layer.array("v")[n, h, :, d])
    values = np.where(p != 0, p * v, 0)

    def term(s: int) -> Expression:
        return layer.at("p", (n, h, t, s)) * layer.at("v", (n, h, s, d))

    return total_of(values, term, f"Σₛ p[{n}, {h}, {t}, s]·v[{n}, {h}, s, {d}]", unseen(layer, n, h, t, slice(None)))


def weight(layer: LayerView, index: Index) -> Expression:
    """p = exp(score − log Σ exp(scores)), 0 where the query does not see the key"""
    if not seen(layer, index):
        return zero("the query does not see the key")
    return exp(layer.at("scores", index) - layer.at("log_sum", (*index[:3], 0)))


def log_sum(layer: LayerView, index: Index) -> Expression:
    """log Σₛ exp(scores[t, s]), over the keys that the query sees"""
    n, h, t, _ = index
    scores = wide(layer.array("scores")[n, h, t])
    top = int(scores.argmax())
    if np.isneginf(scores[top]):
        return constant(np.inf)
    shift = layer.at("scores", (n, h, t, top))

    def term(s: int) -> Expression:
        return exp(layer.at("scores", (n, h, t, s)) - shift)

    symbols = f"Σₛ exp(scores[{n}, {h}, {t}, s] − their maximum)"
    e = total_of(np.exp(scores - scores[top]), term, symbols, unseen(layer, n, h, t, slice(None)))
    return log(named("Σexp", e)) + shift


def score(layer: LayerView, index: Index) -> Expression:
    """q kᵀ / √D + attn_mask"""
    n, h, t, s = index
    if not seen(layer, index):
        return constant(-np.inf)
    product, added = product_over_root(layer, "q", (n, h, t), "k", (n, h, s)), added_to_scores(layer.trace, layer.step)
    return product if added is None else product + constant(float(added[index]), "attn_mask")


def product_over_root(layer: LayerView, left: str, row: Index, right: str, column: Index) -> Expression:
    """Σ_d left[row, d] right[column, d] / √D"""
    values = wide(layer.array(left)[row]) * wide(layer.array(right)[column])
    dot = total_of(values, lambda d: layer.at(left, (*row, d)) * layer.at(right, (*column, d)), "Σ_d q[d]·k[d]")
    return named("q·k", dot) / root(layer)


def root(layer: LayerView) -> Expression:
    """√D"""
    return sqrt(constant(layer.array("q").shape[-1], "D"))


def projected(layer: LayerView, which: int, index: Index) -> Expression:
    """q, k or v = x Wᵀ + b, before any rotation"""
    n, h, t, d = index
    name, row = source(layer, which), row_of(layer, which, h, d)
    weights, x = wide(layer.array("in_proj_weight")[row]), wide(layer.array(name)[n, t])

    def term(e: int) -> Expression:
        return layer.at("in_proj_weight", (row, e), "W") * layer.at(name, (n, t, e))

    y = total_of(weights * x, term, f"Σₑ W[{row}, e]·{name}[{n}, {t}, e]")
    return y + layer.at("in_proj_bias", (row,), "b") if "in_proj_bias" in layer.step.parameters else y


def q_or_k(layer: LayerView, which: int, index: Index) -> Expression:
    """q or k: the projection, rotated by its position if the layer rotates."""
    if not is_given(layer.step, "rotary"):
        return projected(layer, which, index)
    return turned(layer, PARTS[which] + UNTURNED, which, index, back=False)


def turned(layer: LayerView, short: str, which: int, index: Index, back: bool) -> Expression:
    """A number of q, k, dq or dk, rotated by its position."""
    T, S = layer.array("q").shape[2], layer.array("k").shape[2]
    t = index[2] + (first_query(layer.step, T, S) if which == 0 else 0)
    return rotated(layer, short, index, t, layer.array("q").shape[-1], 10000.0, back)


def do(layer: LayerView, index: Index) -> Expression:
    """∂L/∂heads = dy W_o, cut into heads; the layer inside computes it"""
    n, h, t, d = index
    return layer.at("out_proj.dx", (n, t, h * layer.array("q").shape[-1] + d))


def ds(layer: LayerView, index: Index) -> Expression:
    """ds = p (do vᵀ − Σ do · heads)"""
    n, h, t, s = index
    if not seen(layer, index):
        return zero("the query does not see the key")
    outgoing, v, y = (wide(layer.array(name)[n, h]) for name in ("do", "v", "heads"))

    def through_value(d: int) -> Expression:
        return layer.at("do", (n, h, t, d)) * layer.at("v", (n, h, s, d))

    def through_head(d: int) -> Expression:
        return layer.at("do", (n, h, t, d)) * layer.at("heads", (n, h, t, d))

    dp = named("do·v", total_of(outgoing[t] * v[s], through_value, "Σ_d do[d]·v[d]"))
    mean = named("do·heads", total_of(outgoing[t] * y[t], through_head, "Σ_d do[d]·heads[d]"))
    return layer.at("p", index) * (dp - mean)


def dv(layer: LayerView, index: Index) -> Expression:
    """dv = pᵀ do: Σₜ p[n, h, t, s] do[n, h, t, d]"""
    n, h, s, d = index
    values = wide(layer.array("p")[n, h, :, s]) * wide(layer.array("do")[n, h, :, d])

    def term(t: int) -> Expression:
        return layer.at("p", (n, h, t, s)) * layer.at("do", (n, h, t, d))

    return total_of(values, term, f"Σₜ p[{n}, {h}, t, {s}]·do[{n}, {h}, t, {d}]", unseen(layer, n, h, slice(None), s))


def dq(layer: LayerView, index: Index) -> Expression:
    """dq = ds k / √D"""
    n, h, t, d = index
    values = wide(layer.array("ds")[n, h, t]) * wide(layer.array("k")[n, h, :, d])

    def term(s: int) -> Expression:
        return layer.at("ds", (n, h, t, s)) * layer.at("k", (n, h, s, d))

    symbols = f"Σₛ ds[{n}, {h}, {t}, s]·k[{n}, {h}, s, {d}]"
    return named("ds·k", total_of(values, term, symbols, unseen(layer, n, h, t, slice(None)))) / root(layer)


def dk(layer: LayerView, index: Index) -> Expression:
    """dk = dsᵀ q / √D"""
    n, h, s, d = index
    values = wide(layer.array("ds")[n, h, :, s]) * wide(layer.array("q")[n, h, :, d])

    def term(t: int) -> Expression:
        return layer.at("ds", (n, h, t, s)) * layer.at("q", (n, h, t, d))

    symbols = f"Σₜ ds[{n}, {h}, t, {s}]·q[{n}, {h}, t, {d}]"
    return named("ds·q", total_of(values, term, symbols, unseen(layer, n, h, slice(None), s))) / root(layer)


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dq W_q + dk W_k + dv W_v, each for its own input"""
    n, t, e = index
    weights, sums = layer.array("in_proj_weight"), []
    for which in range(3):
        if SOURCES[len(layer.step.inputs)][which] == part:
            sums.append(_through_projection(layer, which, n, t, e, weights))
    return sums[0] if len(sums) == 1 else sum(sums[1:], sums[0])


def _through_projection(layer: LayerView, which: int, n: int, t: int, e: int, weights: np.ndarray) -> Leaf:
    name = gradient_of(layer, which)
    E, D = weights.shape[1], layer.array("q").shape[-1]
    values = wide(layer.array(name)[n, :, t]).ravel() * wide(weights[which * E : (which + 1) * E, e])

    def term(row: int) -> Expression:
        at = (n, row // D, t, row % D)
        return layer.at(name, at) * layer.at("in_proj_weight", (which * E + row, e), "W")

    symbols = f"Σ {name}[{n}, h, {t}, d]·W[row, {e}]"
    return named(f"d{PARTS[which]} W_{PARTS[which]}", total_of(values, term, symbols))


def parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW_q, dW_k, dW_v = dqᵀ x, dkᵀ memory, dvᵀ memory; db = Σ dq, Σ dk, Σ dv"""
    E, D = layer.array("in_proj_weight").shape[1], layer.array("q").shape[-1]
    which, row = divmod(index[0], E)
    h, d = divmod(row, D)
    gradient = gradient_of(layer, which)
    dz = wide(layer.array(gradient)[:, h, :, d])  # (N, T)

    def slope(place: int) -> Leaf:
        n, t = unraveled(place, dz.shape)
        return layer.at(gradient, (n, h, t, d))

    if name == "in_proj_bias":
        return total_of(dz, slope, f"Σ {gradient}[n, {h}, t, {d}]")
    x, e = source(layer, which), index[1]
    values = np.where(dz != 0, dz * wide(layer.array(x)[..., e]), 0)
    symbols = f"Σ {gradient}[n, {h}, t, {d}]·{x}[n, t, {e}]"

    def term(place: int) -> Expression:
        return slope(place) * layer.at(x, (*unraveled(place, dz.shape), e))

    return total_of(values, term, symbols, masked(layer, which))


def masked(layer: LayerView, which: int) -> dict[str, int]:
    """How many keys are masked, where it is about keys and values."""
    mask = mask_of(layer.trace, layer.step)
    return {} if mask is None or which == 0 else {"the key is masked": int(mask.sum())}


def gradient_of(layer: LayerView, which: int) -> str:
    """The name of the gradient of what the projection gave: dq, dk or dv, before the rotation."""
    is_turned = which < 2 and is_given(layer.step, "rotary")
    return f"d{PARTS[which]}" + (UNTURNED if is_turned else "")


def source(layer: LayerView, which: int) -> str:
    """The name of the input from which q, k or v is computed."""
    n_inputs = len(layer.step.inputs)
    return "x" if n_inputs == 1 else f"x.{SOURCES[n_inputs][which]}"


def row_of(layer: LayerView, which: int, h: int, d: int) -> int:
    """The row of in_proj_weight that gives feature d of head h of q, k or v."""
    return which * layer.array("in_proj_weight").shape[1] + h * layer.array("q").shape[-1] + d


def seen(layer: LayerView, index: Index) -> bool:
    """Whether a query sees a key."""
    return bool(seen_by_head(layer, index[0], index[1])[index[2:]])


def seen_by_head(layer: LayerView, n: int, h: int) -> np.ndarray:
    """Whether a query of one head of one sample sees a key: (T, S)."""
    every = seen_keys(layer.trace, layer.step)
    return every[min(n, len(every) - 1), min(h, every.shape[1] - 1)]


def unseen(layer: LayerView, n: int, h: int, t: int | slice, s: int | slice) -> dict[str, int]:
    """Why keys are not seen, and how many."""
    T, S = layer.array("q").shape[2], layer.array("k").shape[2]
    hidden, mask = ~seen_by_head(layer, n, h), mask_of(layer.trace, layer.step)
    later = ~np.tri(T, S, S - T if is_given(layer.step, "causal") else S, dtype=bool)
    by_padding = np.zeros_like(hidden) if mask is None else np.broadcast_to(mask[n], hidden.shape)
    reasons = {"the key is masked": by_padding, "the key comes later": later & ~by_padding}
    reasons["attn_mask hides the key"] = hidden & ~by_padding & ~later
    return {reason: int(places[t, s].sum()) for reason, places in reasons.items()}


def inside(layer: LayerView, short: str, index: Index) -> Expression:
    """What out_proj gets: the heads side by side, and dy."""
    if short == "out_proj.dy":
        return layer.at("dy", index)
    n, t, e = index
    D = layer.array("q").shape[-1]
    return layer.at("heads", (n, e // D, t, e % D))


ROWS: dict[type[Layer], LayerRow] = {
    MultiHeadAttention: LayerRow(
        output,
        input_gradient,
        parameter_gradient,
        memory={
            "q": lambda layer, index: q_or_k(layer, 0, index),
            "k": lambda layer, index: q_or_k(layer, 1, index),
            "v": lambda layer, index: projected(layer, 2, index),
            f"q{UNTURNED}": lambda layer, index: projected(layer, 0, index),
            f"k{UNTURNED}": lambda layer, index: projected(layer, 1, index),
            "scores": score,
            "log_sum": log_sum,
            "p": weight,
            "heads": heads,
            "do": do,
            "ds": ds,
            "dv": dv,
            "dq": dq,
            "dk": dk,
            f"dq{UNTURNED}": lambda layer, index: turned(layer, "dq", 0, index, back=True),
            f"dk{UNTURNED}": lambda layer, index: turned(layer, "dk", 1, index, back=True),
        },
        inside=inside,
    )
}
