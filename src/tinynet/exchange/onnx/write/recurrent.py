"""Recurrent layers. ONNX has (T, N, D) in and (T, directions, N, H) out, and its own order of the gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import GRU, LSTM, RNN, Layer

#: ONNX's order of the gates, as places in ours: i, o, f, g of i, f, g, o; z, r, n of r, z, n.
GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


def recurrent(op: str) -> Writer:
    """A layer that is one node for each of its levels."""

    def write(graph: GraphWriter, layer: Any, x: str, *states: str) -> Any:
        is_projected = layer.output_size < layer.hidden_size
        lengths = graph.padding.lengths
        if graph.padding.mask is not None and lengths is None:
            problem = f"layer {graph.path}, {op}, is given a mask, but in ONNX it reads only the lengths of sequences."
            checks.fail(
                "export_onnx", problem, "export it with an array of lengths in input_shape.", NotImplementedError
            )
        n_directions = len(layer.directions)
        x = graph.node("Transpose", x, perm=[1, 0, 2])  # (T, N, D)
        last: list[tuple[str, ...]] = []
        for level in range(layer.num_layers):
            suffixes = layer.suffixes[level * n_directions : (level + 1) * n_directions]
            first = [_of_level(graph, state, level, n_directions) for state in states]
            if is_projected and first:
                first[0] = graph.node("MatMul", first[0], _inverses(graph, layer, suffixes))
            y, *ends = graph.node(
                op,
                x,
                *_weights(graph, layer, op, suffixes),
                *([lengths or "", *first] if lengths or first else []),
                n_outputs=1 + layer.n_states,
                hidden_size=layer.hidden_size,
                direction="bidirectional" if layer.bidirectional else "forward",
                **_attributes(layer, op, n_directions),
            )
            if is_projected:
                W_hr = _projections(graph, layer, suffixes)
                y, ends[0] = graph.node("MatMul", y, W_hr), graph.node("MatMul", ends[0], W_hr)
            last.append(tuple(ends))
            rows = graph.node("Transpose", y, perm=[0, 2, 1, 3])  # (T, N, directions, H)
            x = graph.node("Reshape", rows, graph.constant([0, 0, n_directions * layer.output_size]))
        y = graph.node("Transpose", x, perm=[1, 0, 2])
        if not layer.return_state:
            return y
        return (y, *[graph.node("Concat", *ends, axis=0) for ends in zip(*last, strict=True)])

    return write


def _weights(graph: GraphWriter, layer: Any, op: str, suffixes: list[str]) -> list[str]:
    """W, R and, where there is one, the bias of both directions: (directions, gates · H, …)."""
    kinds: list[tuple[str, ...]] = [("weight_ih",), ("weight_hh",)]
    kinds += [("bias_ih", "bias_hh")] if layer.has_bias else []
    found = []
    for names in kinds:
        rows = []
        for suffix in suffixes:
            parts = [_in_order(graph, getattr(layer, name + suffix), op, layer.hidden_size) for name in names]
            if names == ("weight_hh",) and layer.output_size < layer.hidden_size:
                # ONNX's state is s, before the projection: h W_hhᵀ = s W_hrᵀ W_hhᵀ = s (W_hh W_hr)ᵀ
                W_hr = graph.weight(getattr(layer, "weight_hr" + suffix))
                parts = [graph.node("Einsum", *parts, W_hr, equation="ij,jk->ik")]
            joined = parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=0)
            rows.append(graph.node("Unsqueeze", joined, graph.constant([0])))
        found.append(rows[0] if len(rows) == 1 else graph.node("Concat", *rows, axis=0))
    return found if layer.has_bias else [*found, ""]


def _projections(graph: GraphWriter, layer: Any, suffixes: list[str]) -> str:
    """W_hrᵀ of both directions: (directions, hidden_size, proj_size)."""
    turned = [graph.node("Transpose", graph.weight(getattr(layer, "weight_hr" + s)), perm=[1, 0]) for s in suffixes]
    rows = [graph.node("Unsqueeze", W, graph.constant([0])) for W in turned]
    return rows[0] if len(rows) == 1 else graph.node("Concat", *rows, axis=0)


def _inverses(graph: GraphWriter, layer: Any, suffixes: list[str]) -> str:
    """What turns a first h into an s that is projected to it, in both directions: (directions, proj_size, hidden_size).

    There are many such s, as hidden_size is larger; the pseudo-inverse gives the smallest.
    """
    weights = [getattr(layer, "weight_hr" + suffix).tensor.astype(np.float64) for suffix in suffixes]
    if any(np.linalg.matrix_rank(W) < len(W) for W in weights):
        problem = (
            f"the projection of layer {graph.path}, LSTM, has dependent rows, so not every first h can be projected to."
        )
        checks.fail("export_onnx", problem, "export it without first states.", NotImplementedError)
    return graph.constant(np.stack([np.linalg.pinv(W).T for W in weights]))


def _in_order(graph: GraphWriter, parameter: Any, op: str, H: int) -> str:
    """The gates of a weight in ONNX's order."""
    weight, order = graph.weight(parameter), GATES[op]
    if len(order) == 1:
        return weight
    rows = np.concatenate([np.arange(gate * H, (gate + 1) * H) for gate in order])
    return graph.node("Gather", weight, graph.constant(rows), axis=0)


def _of_level(graph: GraphWriter, state: str, level: int, n: int) -> str:
    """The first states of one level, (directions, N, H)."""
    return graph.node("Slice", state, *[graph.constant([k]) for k in (level * n, (level + 1) * n, 0)])


def _attributes(layer: Any, op: str, n_directions: int) -> dict[str, Any]:
    if op == "GRU":
        return {"linear_before_reset": 1}  # r is multiplied with W_hn h + b_hn, as in PyTorch
    if op == "RNN":
        return {"activations": [{"tanh": "Tanh", "relu": "Relu"}[layer.nonlinearity]] * n_directions}
    return {}


WRITERS: dict[type[Layer], Writer] = {RNN: recurrent("RNN"), LSTM: recurrent("LSTM"), GRU: recurrent("GRU")}
