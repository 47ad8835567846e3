"""Which arrays of a file are learned: what PyTorch's newer exporter says of them, else what their names say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Document, Node

#: Names that exporters give to numbers that are no parameters of the model.
NO_PARAMETER = re.compile(r"^(val_|_?val|const|onnx::|scalar|/|\d+$)|[^\w.]")
#: What is done to parameters before they are used; what is done to tables, such as those of sines, is not among it.
OF_PARAMETERS = ("Abs", "Clip", "Exp", "Log", "Max", "Min", "Neg", "Reciprocal", "Sqrt")
MOVES = ("Expand", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze")


def is_learned(doc: Document, name: str | None, array: Any) -> bool:
    """Whether an initializer of that name is a parameter of the model."""
    if name is None or np.asarray(array).dtype.kind != "f":
        return False
    if doc.parameters is not None:
        return name in doc.parameters
    # A single number with a name is a parameter if PyTorch has written it, and mostly a constant in other files.
    return not NO_PARAMETER.search(name) and (np.size(array) > 1 or doc.producer == "pytorch")


def depends_on_weights(doc: Document, node: Node, inputs: Iterable[Any]) -> bool:
    """Whether a node computes numbers from a weight that is learned, so that training must go through it.

    Where the file does not tell parameters from buffers, a table of sines that is computed from frequencies must stay
    what it is.
    """
    if node.op in ("Shape", "Size") or (doc.parameters is None and node.op not in (*MOVES, *OF_PARAMETERS)):
        return False
    given = [value for value in inputs if value is not None]
    return any(value.made_by is not None or is_learned(doc, value.weight, value.runs[0]) for value in given)
