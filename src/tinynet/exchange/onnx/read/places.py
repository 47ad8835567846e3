"""What a node says by itself: the modules that it belongs to, and the array that it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable


def place_of(node: Node, values: Mapping[str, Any]) -> list[str]:
    """The modules around a node; the last is the one that has its weight, if another was merged with it."""
    weights = [values[name].weight or "" for name in node.inputs[1:] if name and values[name].known]
    paths = [name.removesuffix(".weight") for name in weights if re.fullmatch(r"\w+(\.\w+)*\.weight", name)]
    if len(paths) != 1 or (node.scopes and node.scopes[-1].rpartition(".")[0] != paths[0].rpartition(".")[0]):
        return node.scopes
    parts = paths[0].split(".")
    return [*node.scopes[:-1], paths[0]] if node.scopes else [".".join(parts[: i + 1]) for i in range(len(parts))]


def held(node: Node) -> np.ndarray:
    """What the node Constant holds."""
    attributes = node.attributes
    if "value" in attributes:
        return np.asarray(attributes["value"])
    for name, kind in (("int", np.int64), ("ints", np.int64), ("float", np.float32), ("floats", np.float32)):
        if f"value_{name}" in attributes:
            return np.array(attributes[f"value_{name}"], kind)
    raise Unreadable(f"{node.label} holds nothing that is read.")
