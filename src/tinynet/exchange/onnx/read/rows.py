"""An array that a file repeats for each sample is kept once; what does not repeat it itself reads a row for each."""

from __future__ import annotations

from typing import Any

from tinynet.exchange.onnx.read.file import Node
from tinynet.net.operations import Repeat

#: Operators that repeat an array of one row themselves.
BROADCASTING = {
    "Add",
    "And",
    "Concat",
    "Div",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Max",
    "Mean",
}
BROADCASTING |= {"Min", "Mul", "Or", "Sub", "Sum", "Where"}


def row_for_each_sample(reader: Any, node: Node, name: str, kept: str) -> str:
    """What a node reads in the place of a value of the graph, of which one row may have been kept.

    Args:
        reader: The reader.
        node: The node.
        name: The value, as it is in the graph.
        kept: The array that a step can read.
    """
    value, n_rows = reader.values[name], [shape[:1] for shape in reader.values[name].shapes]
    if node.op in BROADCASTING or not value.known or reader.values[kept].shapes[0][:1] == n_rows[0]:
        return kept
    samples = [x for x in reader.doc.inputs if [shape[:1] for shape in reader.values[x].shapes] == n_rows]
    if not samples:
        return kept
    repeated: str = reader.fresh()
    reader.add(Repeat(), [kept, samples[0]], [repeated])
    return repeated
