"""Take out what only moves numbers to and fro: transposes and reshapes that undo each other."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Unreadable
from tinynet.exchange.onnx.read.nodes.shapes import transposed, view_between
from tinynet.exchange.onnx.read.reader import Reader, Step
from tinynet.layers import Flatten, Layer, LearnedPosition, Permute, Reshape
from tinynet.net.operations import Combine, Part, Take, Transpose, View

MOVES = (Flatten, Permute, Reshape, Transpose, View)
MAX_AXES = 6  #: Of which all orders are tried.


def simplify(reader: Reader) -> None:
    """Replace chains of moves by nothing or by one, and leave out steps that nothing reads."""
    while _shortened(reader) or _without_use(reader):
        pass


def _shortened(reader: Reader) -> bool:
    """Shorten the first chain that can be; whether there was one."""
    uses = _uses(reader)
    for start, first in enumerate(reader.steps):
        if not isinstance(first.layer, MOVES):
            continue
        for chain in reversed(_chains(reader.steps, start, uses)):
            found = _instead(reader, chain)
            if found is not None and (len(chain) > 1 or not found):
                _put(reader, chain, found)
                return True
    return False


def _chains(steps: list[Step], start: int, uses: Counter[str]) -> list[list[Step]]:
    """The chains of moves that begin with a step, each one longer than the one before."""
    chains = [[steps[start]]]
    for step in steps[start + 1 :]:
        last = chains[-1][-1]
        if step.reads == last.gives and isinstance(step.layer, MOVES) and uses[last.gives[0]] == 1:
            chains.append([*chains[-1], step])
    return chains


def _instead(reader: Reader, chain: list[Step]) -> list[Layer] | None:
    """Fewer layers that move numbers as a chain does: none or one; None if there is no such layer."""
    old, new = reader.values[chain[0].reads[0]].shapes, reader.values[chain[-1].gives[0]].shapes
    moved = [_numbered(chain, shape) for shape in old]
    if all(np.array_equal(y.ravel(), np.arange(y.size)) for y in moved):
        try:
            layer = view_between(old, new)
        except Unreadable:
            return None
        return [] if layer is None else [layer]
    if len(old[0]) != len(new[0]) or len(old[0]) > MAX_AXES:
        return None
    for axes in permutations(range(len(old[0]))):
        if all(np.array_equal(np.arange(y.size).reshape(shape).transpose(axes), y) for y, shape in zip(moved, old)):  # noqa: B905
            return [transposed(axes)]
    return None


def _numbered(chain: list[Step], shape: tuple[int, ...]) -> np.ndarray:
    """Where the numbers of an array of this shape come to lie."""
    y: Any = np.arange(int(np.prod(shape))).reshape(shape)
    for step in chain:
        y = step.layer.forward(y)
        step.layer.forget()
    return y


def _put(reader: Reader, chain: list[Step], layers: list[Layer]) -> None:
    """Put layers in the place of a chain."""
    x, y = chain[0].reads[0], chain[-1].gives[0]
    at = reader.steps.index(chain[-1])
    if layers:
        scopes = max((step.scopes for step in chain), key=len)
        reader.steps[at] = Step(layers[0], [x], [y], scopes)
    reader.steps = [step for step in reader.steps if not any(step is other for other in chain)]
    if not layers:
        for step in reader.steps:
            step.reads = [x if name == y else name for name in step.reads]
        reader.doc.outputs = [x if name == y else name for name in reader.doc.outputs]


def find_positions(reader: Reader) -> None:
    """Make x + W[:T], for sequences x (N, T, D) and a learned W, a `LearnedPosition`."""
    for at, step in enumerate(reader.steps):
        if not isinstance(step.layer, Combine) or step.layer.operation != "add":
            continue
        for x, other in (step.reads, step.reads[::-1]):
            W, rest = _rows_of(reader, other), reader.values[x].shapes[0][1:]
            if W is not None and len(rest) == 2 and W.shape[1:] == (rest[1],) and len(W) >= rest[0]:
                layer = LearnedPosition(*W.shape).astype(W.dtype)
                layer.weight.tensor = W
                reader.steps[at] = Step(layer, [x], step.gives, step.scopes)
                break


def _rows_of(reader: Reader, name: str) -> np.ndarray | None:
    """The learned matrix of which a value is the first rows."""
    if name in reader.weights:
        W = np.asarray(reader.weights[name])
        return W[0] if W.ndim == 3 and len(W) == 1 else W if W.ndim == 2 else None
    step = next((step for step in reader.steps if step.gives == [name]), None)
    if step is None or not isinstance(step.layer, (Part, Take)) or step.reads[0] not in reader.weights:
        return None
    if isinstance(step.layer, Part):
        W, axis = np.asarray(reader.weights[step.reads[0]]), step.layer.axis
        right = (step.layer.start, step.layer.stride) == (0, 1) and W.ndim - axis == 2 and (axis == 0 or len(W) == 1)
        return W.reshape(W.shape[axis:]) if right else None
    index = np.asarray(reader.constants.get(step.reads[1], ()))
    first = index.size and step.layer.axis == 0 and np.array_equal(index.ravel(), np.arange(index.size))
    return np.asarray(reader.weights[step.reads[0]]) if first and max(index.shape) == index.size else None


def _without_use(reader: Reader) -> bool:
    """Leave out steps whose values nobody reads; whether there were any."""
    uses = _uses(reader)
    kept = [step for step in reader.steps if any(uses[name] for name in step.gives)]
    found = len(kept) < len(reader.steps)
    reader.steps = kept
    return found


def _uses(reader: Reader) -> Counter[str]:
    return Counter(name for step in reader.steps for name in step.reads) + Counter(reader.doc.outputs)
