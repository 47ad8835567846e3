"""Activations that a file spells out in several nodes: the steps before the last one are replaced by the layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.exchange.onnx.read.file import Node
from tinynet.exchange.onnx.read.reader import Reader, Step
from tinynet.layers import (
    GELU,
    GLU,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Layer,
    LogSigmoid,
    Mish,
    Reshape,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from tinynet.net.operations import Combine, Elementwise, Part


def gated(reader: Reader, node: Node) -> bool:
    """Whether a product ends an activation, which then takes its place: x times a gate, or GELU."""
    for x, gate in (node.inputs[:2], node.inputs[1::-1]):
        last = reader.producer(gate)
        if last is not None and (_is_gate_of(reader, x, last, node) or _is_glu(reader, x, last, node)):
            return True
    return _is_gelu(reader, node)


def log_sigmoid(reader: Reader, node: Node) -> bool:
    """Whether a node is the last of log σ(x), or of −log(1 + e⁻ˣ), which then takes its place."""
    last = reader.producer(node.inputs[0])
    if node.op == "Log" and last is not None and isinstance(last.layer, Sigmoid):
        replace(reader, [last], LogSigmoid(), last.reads[0], node.outputs[0])
        return True
    if node.op == "Neg" and last is not None and isinstance(last.layer, Softplus):
        first = made_by(reader, last.reads[0], Elementwise)
        if first is not None and getattr(first.layer, "function", "") == "negative":
            replace(reader, [first, last], LogSigmoid(), first.reads[0], node.outputs[0])
            return True
    return False


def group_norm(reader: Reader, node: Node, shapes: list[tuple[int, ...]]) -> bool:
    """Whether a Reshape ends a group norm that is written as the norm of each group, seen as one channel."""
    last = made_by(reader, node.inputs[0], GroupNorm)
    apart = None if last is None else made_by(reader, last.reads[0], Reshape)
    if last is None or apart is None or list(reader.values[apart.reads[0]].shapes) != shapes or len(shapes[0]) < 3:
        return False
    norm: Any = last.layer
    if norm.weight is not None or norm.num_groups != norm.num_channels or shapes[0][1] % norm.num_groups:
        return False
    layer = GroupNorm(norm.num_groups, shapes[0][1], norm.eps, affine=False)
    replace(reader, [apart, last], layer, apart.reads[0], node.outputs[0])
    return True


def scales_norm(reader: Reader, node: Node, name: str) -> bool:
    """Whether a product gives a group norm its γ, name "weight", or a sum its β, name "bias"."""
    for x, other in ((0, 1), (1, 0)):
        last, value = made_by(reader, node.inputs[x], GroupNorm), reader.value(node, other)
        if last is None or value is None or not value.known:
            continue
        norm: Any = last.layer
        has = [norm.weight is not None, norm.bias is not None]
        C, ones = norm.num_channels, (1,) * (reader.values[last.gives[0]].ndim - 2)
        if has != [name == "bias", False] or C == 1 or not {*value.shapes} <= {(C, *ones), (1, C, *ones)}:
            continue  # no norm here has a β alone
        new = GroupNorm(norm.num_groups, C, norm.eps, bias=name == "bias")
        given = Parameter(reader.constant(node, other).ravel(), dtype=value.dtype)
        new.weight, new.bias = (norm.weight, given) if name == "bias" else (given, None)
        replace(reader, [last], new, last.reads[0], node.outputs[0])
        return True
    return False


def made_by(reader: Reader, name: str, kind: type) -> Step | None:
    """The step of a kind that gives a value which is read only once."""
    step = reader.producer(name)
    return step if step is not None and isinstance(step.layer, kind) else None


def replace(reader: Reader, steps: list[Step], layer: Layer, x: str, gives: str) -> None:
    """Put one layer in the place of steps."""
    reader.scopes = max(steps[-1].scopes, reader.scopes, key=len)
    for step in steps:
        reader.steps.remove(step)
    reader.add(layer, [x], [gives])


def _is_gate_of(reader: Reader, x: str, last: Step, node: Node) -> bool:
    """x σ(x), x h(x), or x tanh(log(1 + eˣ))"""
    steps = [last]
    if isinstance(last.layer, Tanh):
        soft = made_by(reader, last.reads[0], Softplus)
        steps = [last] if soft is None else [soft, last]
    kinds = tuple(type(step.layer) for step in steps)
    if kinds not in GATES or steps[0].reads != [x]:
        return False
    replace(reader, steps, GATES[kinds](), x, node.outputs[0])
    return True


GATES: dict[tuple[type, ...], type[Layer]] = {
    (Sigmoid,): SiLU,
    (Hardsigmoid,): Hardswish,
    (Softplus, Tanh): Mish,
}


def _is_glu(reader: Reader, a: str, last: Step, node: Node) -> bool:
    """a σ(b), where a and b are the halves of one axis."""
    first = made_by(reader, a, Part)
    second = made_by(reader, last.reads[0], Part) if isinstance(last.layer, Sigmoid) else None
    if first is None or second is None or first.reads != second.reads:
        return False
    x, axis = first.reads[0], first.layer.axis  # type: ignore[attr-defined]
    shapes = reader.values[x].shapes
    if any(shape[axis] % 2 or not _are_halves(first, second, shape, axis) for shape in shapes):
        return False
    layer = GLU() if axis == len(shapes[0]) - 1 else GLU(axis)
    replace(reader, [first, second, last], layer, x, node.outputs[0])
    return True


def _are_halves(first: Step, second: Step, shape: tuple[int, ...], axis: int) -> bool:
    """Whether two steps take the first and the second half of an axis."""
    numbers = np.arange(shape[axis]).reshape([-1 if at == axis else 1 for at in range(len(shape))])
    for step, expected in zip((first, second), np.split(numbers, 2, axis), strict=True):
        found = step.layer.forward(numbers)
        step.layer.forget()
        if not np.array_equal(found, expected):
            return False
    return True


def _is_gelu(reader: Reader, node: Node) -> bool:
    """Whether a Mul ends x (1 + erf(x / √2)) ½."""
    half = reader.value(node, 1)
    if half is None or not _is_number(half, 0.5):
        return False
    twice = _combined(reader, node.inputs[0], "multiply")
    one = None if twice is None else _combined(reader, twice.reads[1], "add")
    erf = None if one is None else made_by(reader, one.reads[0], Elementwise)
    scaled = None if erf is None else made_by(reader, erf.reads[0], Combine)
    if twice is None or one is None or erf is None or scaled is None:
        return False
    x, by = scaled.reads
    root = {"divide": math.sqrt(2), "multiply": 1 / math.sqrt(2)}.get(getattr(scaled.layer, "operation", ""), math.nan)
    right = getattr(erf.layer, "function", "") == "erf" and twice.reads[0] == x
    if not right or not _is_number(reader.values[by], root) or not _is_number(reader.values[one.reads[1]], 1.0):
        return False
    replace(reader, [twice, one, erf, scaled], GELU(), x, node.outputs[0])
    return True


def _combined(reader: Reader, name: str, operation: str) -> Step | None:
    """The step that gives a value which is read only once, if it is that operation."""
    step = reader.producer(name)
    found = step is not None and isinstance(step.layer, Combine) and step.layer.operation == operation
    return step if found else None


def _is_number(value: Any, number: float) -> bool:
    return np.size(value.runs[0]) == 1 and abs(float(np.ravel(value.runs[0])[0]) - number) < 1e-5
