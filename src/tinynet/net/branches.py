"""Branches: one input, two or more paths."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import integer
from tinynet.core.faster import explained
from tinynet.layers import Layer
from tinynet.net.masks import masked
from tinynet.net.net import Net


class Residual(Layer):
    """Add the input, or a shortcut of it, to the output of a body: He et al. 2016.

    Equation:
        y = F(x) + S(x), where S(x) = x without a shortcut

    Gradients (given dy = ∂L/∂y):
        dx = F′ᵀ dy + S′ᵀ dy: the gradients of the two paths are added

    Args:
        body: The layers of F: a layer, or a list of layers.
        shortcut: The layers of S, needed where F changes the shape; the identity if None.

    Raises:
        ValueError: The shapes of F(x) and S(x) differ.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> Residual([Linear(4, 8), ReLU(), Linear(8, 4)]).forward(np.ones((2, 4), np.float32)).shape
        (2, 4)
    """

    only_hands_on = True

    def __init__(self, body: Layer | list[Layer], shortcut: Layer | list[Layer] | None = None) -> None:
        self.body = _branch("Residual", "body", body)
        self.shortcut = None if shortcut is None else _branch("Residual", "shortcut", shortcut)

    def forward(self, x: np.ndarray, padding_mask: np.ndarray | None = None) -> np.ndarray:
        F, S = self.ways(checks.as_array("Residual", "x", x), padding_mask)
        return F + S

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        from_body = self.body.backward(dy)
        from_shortcut = dy if self.shortcut is None else self.shortcut.backward(dy)
        return from_body + from_shortcut  # dx

    def ways(self, x: np.ndarray, padding_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """F(x) and S(x)."""
        body: Any = self.body
        shortcut: Any = self.shortcut
        if padding_mask is not None:
            body, *rest = masked(self, [body, *([] if shortcut is None else [shortcut])], padding_mask)
            shortcut = rest[0] if rest else None
        F = body.forward(x)
        S = x if shortcut is None else shortcut.forward(x)
        if F.shape != S.shape:
            shapes = f"the body gives shape {shape_text(F.shape)}, the shortcut {shape_text(S.shape)}"
            checks.fail(
                type(self).__name__,
                f"{shapes}; they cannot be added.",
                "give a shortcut that makes the same shape, such as a Linear or a 1×1 Conv2D with the body's stride.",
            )
        return F, S


class Concat(Layer):
    """Give the input to several branches and put their outputs side by side.

    Equation:
        y = [F₁(x), F₂(x), …] along `axis`

    Gradients (given dy = ∂L/∂y):
        dx = Σᵢ Fᵢ′ᵀ dyᵢ, where dyᵢ is the part of dy that came from branch i

    Args:
        branches: At least one; each a layer, or a list of layers. An empty list passes x on as it is.
        axis: The axis along which the outputs are joined: 1 for the channels of images.

    Raises:
        ValueError: The outputs differ in another axis than `axis`.

    Example:
        >>> from tinynet.layers import Linear
        >>> Concat([Linear(4, 3), Linear(4, 2)]).forward(np.ones((2, 4), np.float32)).shape
        (2, 5)
    """

    only_hands_on = True
    axis: int

    def __init__(self, branches: list[Layer | list[Layer]], axis: int = 1) -> None:
        checks.non_empty_list("Concat", "branches", branches)
        self.branches = [_branch("Concat", f"branches[{index}]", branch) for index, branch in enumerate(branches)]
        checks.arguments(self, locals(), axis=integer)

    def forward(self, x: np.ndarray, padding_mask: np.ndarray | None = None) -> np.ndarray:
        branches: Any = self.branches if padding_mask is None else masked(self, self.branches, padding_mask)
        outputs = [branch.forward(x) for branch in branches]
        _check_joinable(self, [y.shape for y in outputs])
        ends = list(accumulate(y.shape[self.axis] for y in outputs))
        self.remember(ends=ends)
        return np.concatenate(outputs, axis=self.axis)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (ends,) = self.recall()
        parts = np.split(dy, ends[:-1], axis=self.axis)
        dx = self.branches[0].backward(parts[0])
        for branch, part in zip(self.branches[1:], parts[1:], strict=True):
            dx = dx + branch.backward(part)
        return dx


class Identity(Net):
    """A net without layers: what an empty list means as a branch."""

    def __init__(self) -> None:
        self.layers = ()


def _branch(who: str, name: str, layers: Any) -> Net:
    if isinstance(layers, Net):
        return layers
    if not isinstance(layers, (Layer, list, tuple)):
        problem = f"{name} must be a layer or a list of layers, got {checks.of_kind(layers)}."
        checks.fail(who, problem, f"write {layers.__name__}(...)." if isinstance(layers, type) else "", TypeError)
    stack = [layers] if isinstance(layers, Layer) else layers
    for index, layer in enumerate(stack):
        checks.instance(who, f"{name}[{index}]", layer, Layer)
    return Net(list(stack)) if stack else Identity()


def _check_joinable(layer: Concat, shapes: list[tuple[int, ...]]) -> None:
    """Outputs may differ only in the axis along which they are joined."""
    who, axis, n_axes = type(layer).__name__, layer.axis, len(shapes[0])
    if not -n_axes <= axis < n_axes:
        checks.fail(who, f"axis {axis} does not exist in outputs of shape {shape_text(shapes[0])}.")
    rests = {tuple(size for index, size in enumerate(shape) if index != axis % n_axes) for shape in shapes}
    if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
        listed = ", ".join(shape_text(shape) for shape in shapes)
        checks.fail(who, f"the branches give {listed}; they may differ in axis {axis} only.")
