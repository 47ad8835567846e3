"""Recurrent layers. ONNX has (T, N, D) in and (T, directions, N, H) out, and its own order of the gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.shapes import view
from tinynet.exchange.onnx.read.reader import Reader
from tinynet.exchange.onnx.write.recurrent import GATES
from tinynet.layers import GRU, LSTM, RNN
from tinynet.net.operations import Part, Transpose

KINDS: dict[str, Any] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}


def recurrent(op: str) -> Callable[[Reader, Node], None]:
    """One layer for each node; transposes around it, which are mostly undone by those of the exporter."""

    def read(reader: Reader, node: Node) -> None:
        D = reader.shape(node)[2]
        directions, H = 2 if node.attributes.get("direction") == "bidirectional" else 1, node.attributes["hidden_size"]
        _check(reader, node, op)
        states = _first_states(reader, node, op)
        outputs = [name if reader.uses[name] else "" for name in [*node.outputs, "", "", ""][:3]]
        wants_state = bool(states) or any(outputs[2:]) or (bool(outputs[1]) and directions == 2)
        layer = _layer(reader, node, op, D, H, directions, wants_state)
        x, y = reader.fresh(), reader.fresh()
        reader.add(Transpose(1, 0, 2), [reader.data(node)], [x])
        last = [name or reader.fresh() for name in outputs[1 : 1 + layer.n_states]] if wants_state else []
        reader.add(layer, [x, *states], [y, *last])
        if outputs[1] and not wants_state:
            ends = reader.fresh()
            reader.add(Part(1, -1), [y], [ends])
            reader.add(Transpose(1, 0, 2), [ends], [outputs[1]])
        if outputs[0]:
            shapes = [(n, t, directions, H) for n, t, _ in reader.values[y].shapes]
            split = view(reader, y, reader.fresh(), shapes)
            reader.add(Transpose(1, 2, 0, 3), [split], [outputs[0]])

    return read


def _layer(reader: Reader, node: Node, op: str, D: int, H: int, directions: int, wants_state: bool) -> Any:
    arguments: dict[str, Any] = {"bidirectional": directions == 2, "return_state": wants_state}
    W, R, B = (reader.constant(node, index) for index in (1, 2, 3))
    if op == "RNN":
        arguments["nonlinearity"] = node.attributes.get("activations", ["Tanh"])[0].lower()
    layer = KINDS[op](D, H, bias=B is not None, **arguments).astype(W.dtype)
    back = np.argsort(GATES[op])
    for direction, suffix in enumerate(layer.suffixes):
        parts = {"weight_ih": W[direction], "weight_hh": R[direction]}
        if B is not None:
            half = B.shape[1] // 2
            parts |= {"bias_ih": B[direction, :half], "bias_hh": B[direction, half:]}
        for name, part in parts.items():
            gates = part.reshape(len(back), H, *part.shape[1:])[back]
            getattr(layer, name + suffix).tensor = gates.reshape(part.shape)
    return layer


def _first_states(reader: Reader, node: Node, op: str) -> list[str]:
    """The first states, unless they are zero."""
    names = [node.inputs[index] if len(node.inputs) > index else "" for index in (5, 6)][: 2 if op == "LSTM" else 1]
    values = [reader.values[name] for name in names if name]
    if all(value.known and not np.any(value.runs[0]) and not np.any(value.runs[1]) for value in values):
        return []
    if len(values) < len(names):
        raise Unreadable("it has one first state, but not the other.", "give both or none.")
    return [reader.readable(name) for name in names]


def _check(reader: Reader, node: Node, op: str) -> None:
    about = node.attributes
    if about.get("direction", "forward") == "reverse":
        raise Unreadable("it reads backward only.", "use forward or bidirectional.")
    if len(node.inputs) > 4 and node.inputs[4]:
        raise Unreadable("it has the lengths of sequences.", "leave out sequence_lens; masks are given to forward.")
    usual = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": [about_rnn(about)]}[op]
    n = 2 if about.get("direction") == "bidirectional" else 1
    if "activations" in about and list(about["activations"]) != usual * n:
        raise Unreadable(f"its activations are {about['activations']}.", f"use {usual}.")
    if about.get("layout", 0) or about.get("input_forget", 0) or "clip" in about:
        raise Unreadable("it has a layout, a clip or coupled gates, which are not read.", "use PyTorch's LSTM or GRU.")
    if op == "GRU" and not about.get("linear_before_reset", 0):
        raise Unreadable("its reset gate acts before the product.", "use linear_before_reset=1, as PyTorch does.")
    if op == "LSTM" and len(node.inputs) > 7 and node.inputs[7]:
        raise Unreadable("it has peepholes.", "use an LSTM without.")


def about_rnn(about: dict[str, Any]) -> str:
    """The activation of an RNN that is one of ours."""
    found = (about.get("activations") or ["Tanh"])[0]
    return found if found in ("Tanh", "Relu") else "Tanh"


HANDLERS = {op: recurrent(op) for op in KINDS}
