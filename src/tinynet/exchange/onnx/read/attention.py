"""Find attention among products and a softmax, and put a `MultiHeadAttention` in its place.

Exporters write it in many ways. So it is found by its skeleton, softmax(q kᵀ) v, and what it finds is compared with
the steps on both examples: only where the two agree is anything replaced.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.reader import Reader, Step
from tinynet.exchange.onnx.read.simplify import MOVES
from tinynet.layers import Linear, MultiHeadAttention, Softmax
from tinynet.net.operations import Combine, MatMul, Part, Take

UNSEEN = -1e4  #: A score that is lower by this is that of a key that may not be seen.
AGREES = 1e-4  #: How far two outputs may be apart, as a part of the largest number.


@dataclass
class Projection:
    """Where queries, keys or values come from: rows of a linear layer of a source."""

    linear: Linear
    source: str
    rows: np.ndarray  #: (heads, D): the rows of its weight, in the order of the features.
    scale: float

    def weight(self, extra: float = 1.0) -> tuple[np.ndarray, np.ndarray | None]:
        """W and b of these features alone."""
        rows, by = self.rows.ravel(), self.scale * extra
        b = self.linear.bias
        return self.linear.weight.tensor[rows] * by, None if b is None else b.tensor[rows] * by


def find_attention(reader: Reader) -> None:
    """Replace all attention that is found."""
    for step in [step for step in reader.steps if isinstance(step.layer, Softmax)]:
        if step in reader.steps:
            _replace(reader, step)


def _replace(reader: Reader, softmax: Step) -> None:
    """Replace the steps around one softmax, if they are an attention."""
    scores, causal = _without_mask(reader, softmax.reads[0])
    product, mix = _product(_giver(reader, scores)), _product(_only_reader(reader, softmax.gives[0]))
    if product is None or mix is None or causal is None:
        return
    if mix.reads[0] != softmax.gives[0] or reader.values[scores].ndim != 4:
        return
    q = _projection(reader, product.reads[0], transposed=False)
    k = _projection(reader, product.reads[1], transposed=True)
    v = _projection(reader, mix.reads[1], transposed=False)
    end = _end(reader, mix, q.source) if q is not None else None
    if q is None or k is None or v is None or end is None:
        return
    out, y = end
    made = _built(q, k, v, out, causal)
    sources = [q.source] if q.source == k.source == v.source else [q.source, k.source, v.source]
    if made is None or not _agrees(reader, made, sources, y):
        return
    at = next(index for index, step in enumerate(reader.steps) if y in step.gives)
    reader.steps[at] = Step(made, sources, [y], reader.steps[at].scopes or softmax.scopes)


def _built(q: Projection, k: Projection, v: Projection, out: Linear, causal: bool) -> MultiHeadAttention | None:
    heads, D = q.rows.shape
    E = heads * D
    features = {part.linear.in_features for part in (q, k, v)}
    biased = any(linear.bias is not None for linear in (q.linear, k.linear, v.linear, out))
    if features != {E} or not q.rows.shape == k.rows.shape == v.rows.shape:
        return None
    parts = [q.weight(np.sqrt(D) * k.scale), k.weight(1 / k.scale), v.weight()]
    made = MultiHeadAttention(E, heads, biased, causal).astype(out.weight.dtype)
    made.in_proj_weight.tensor = np.concatenate([W for W, _ in parts])
    if made.in_proj_bias is not None:  # an exporter leaves out biases that are zero
        made.in_proj_bias.tensor = np.concatenate([np.zeros(E) if b is None else b for _, b in parts])
    made.out_proj.weight, made.out_proj.bias = out.weight, out.bias or made.out_proj.bias
    return made


def _agrees(reader: Reader, made: MultiHeadAttention, sources: list[str], y: str) -> bool:
    """Whether it gives what the steps gave, in both examples."""
    values = [reader.values[name] for name in (*sources, y)]
    runs = zip(*[value.runs for value in values], strict=True)
    return {value.ndim for value in values} == {3} and all(_gives(made, inputs, last) for *inputs, last in runs)


def _gives(made: MultiHeadAttention, inputs: list[np.ndarray], expected: np.ndarray) -> bool:
    found = made.forward(*inputs)
    made.forget()
    return bool(np.abs(found - expected).max() <= AGREES * np.abs(expected).max())


def _without_mask(reader: Reader, name: str) -> tuple[str, bool | None]:
    """The scores before a mask was added, and whether it is causal; None for any other mask."""
    step = _giver(reader, name)
    if step is None or not isinstance(step.layer, Combine) or step.layer.operation != "add":
        return name, False
    for x, other in (step.reads, step.reads[::-1]):
        if other in reader.constants:
            return x, True if _is_causal(np.asarray(reader.constants[other])) else None
    return name, None


def _is_causal(mask: np.ndarray) -> bool:
    """Whether a mask adds nothing for the keys up to the place of a query, and hides all others."""
    shape = mask.shape[-2:]
    if len(shape) < 2 or mask.size != shape[0] * shape[1]:
        return False
    mask, (T, S) = mask.reshape(shape), shape
    seen = np.tri(T, S, S - T, dtype=bool)
    return not mask[seen].any() and bool(np.all(mask[~seen] <= UNSEEN))


def _projection(reader: Reader, name: str, transposed: bool) -> Projection | None:
    """The linear layer that q, k or v comes from, through moves, parts and scales."""
    chain: list[Step] = []
    scale, step = 1.0, _giver(reader, name)
    while step is not None and not isinstance(step.layer, Linear):
        factor = _factor(reader, step)
        if factor is None and not isinstance(step.layer, (*MOVES, Part, Take)):
            return None
        scale *= factor or 1.0
        if factor is None:
            chain.insert(0, step)
        step = _giver(reader, step.reads[0])
    if step is None or not isinstance(step.layer, Linear):
        return None
    index: Any = np.broadcast_to(np.arange(step.layer.out_features), reader.values[step.gives[0]].shapes[0])
    for move in chain:
        index = move.layer.forward(index, *[reader.constants[read] for read in move.reads[1:]])
        move.layer.forget()
    index = index.swapaxes(-1, -2) if transposed and index.ndim == 4 else index
    if index.ndim != 4:
        return None
    rows = index[:1, :, :1]
    if np.any(index != rows):
        return None  # other features for another sample or place
    source = step.reads[0]
    while (before := _giver(reader, source)) is not None and isinstance(before.layer, MOVES):
        source = before.reads[0]
    return Projection(step.layer, source, rows[0, :, 0], scale)


def _factor(reader: Reader, step: Step) -> float | None:
    """The number that a step multiplies with; None if it does something else."""
    if not isinstance(step.layer, Combine) or step.layer.operation not in ("multiply", "divide"):
        return None
    other = reader.constants.get(step.reads[1])
    if other is None or np.size(other) != 1:
        return None
    number = float(np.ravel(other)[0])
    return number if step.layer.operation == "multiply" else 1 / number


def _end(reader: Reader, mix: Step, source: str) -> tuple[Linear, str] | None:
    """The linear layer after the heads, and the value that has the shape of the source again."""
    step, linear = _only_reader(reader, mix.gives[0]), None
    while step is not None and isinstance(step.layer, (*MOVES, Linear)):
        if isinstance(step.layer, Linear):
            if linear is not None:
                return None
            linear = step.layer
        y = step.gives[0]
        if linear is not None and reader.values[y].shapes == reader.values[source].shapes:
            after = _only_reader(reader, y)
            if after is None or not isinstance(after.layer, MOVES):
                return linear, y
        step = _only_reader(reader, y)
    return None


def _product(step: Step | None) -> Step | None:
    return step if step is not None and isinstance(step.layer, MatMul) else None


def _giver(reader: Reader, name: str) -> Step | None:
    return next((step for step in reader.steps if step.gives == [name]), None)


def _only_reader(reader: Reader, name: str) -> Step | None:
    """The step that reads a value, if it is the only one."""
    uses = Counter(read for step in reader.steps for read in step.reads) + Counter(reader.doc.outputs)
    return next((step for step in reader.steps if name in step.reads), None) if uses[name] == 1 else None
