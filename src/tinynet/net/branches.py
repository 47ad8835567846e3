"""Branches: the same input goes two or more ways."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.layers import Layer
from tinynet.net.net import Net


class Residual(Layer):
    """Add the input, or a shortcut of it, to the output of a body: He et al. 2016.

    Equation:
        y = F(x) + S(x), where S(x) = x without a shortcut

    Gradients (given dy = ∂L/∂y):
        dx = F′ᵀ dy + S′ᵀ dy: what flows back along two ways is added

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

    def __init__(self, body: Layer | list[Layer], shortcut: Layer | list[Layer] | None = None) -> None:
        self.body = _net(body)
        self.shortcut = None if shortcut is None else _net(shortcut)

    def forward(self, x: np.ndarray) -> np.ndarray:
        F, S = self.ways(x)
        return F + S

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.body.backward(dy) + (dy if self.shortcut is None else self.shortcut.backward(dy))

    def ways(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F(x) and S(x)."""
        F = self.body.forward(x)
        S = x if self.shortcut is None else self.shortcut.forward(x)
        _same_branches(self, F.shape, S.shape)
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

    def __init__(self, branches: list[Layer | list[Layer]], axis: int = 1) -> None:
        checks.non_empty_list("Concat", "branches", branches)
        self.branches = [_net(branch) for branch in branches]
        self.axis = checks.integer("Concat", "axis", axis)

    def forward(self, x: np.ndarray) -> np.ndarray:
        outputs = [branch.forward(x) for branch in self.branches]
        _joinable(self, [y.shape for y in outputs], self.axis)
        ends = np.cumsum([y.shape[self.axis] for y in outputs])
        self.remember(ends=ends[:-1])
        return np.concatenate(outputs, axis=self.axis)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (ends,) = self.recall()
        parts = np.split(dy, ends, axis=self.axis)
        dx = self.branches[0].backward(parts[0])
        for branch, part in zip(self.branches[1:], parts[1:], strict=True):
            dx = dx + branch.backward(part)
        return dx


def _net(layers: Layer | list[Layer]) -> Net:
    if isinstance(layers, Net):
        return layers
    return Net([layers] if isinstance(layers, Layer) else layers)


def _same_branches(layer: object, body: tuple[int, ...], shortcut: tuple[int, ...]) -> None:
    """Check that the two ways of a residual give the same shape."""
    if body != shortcut:
        fail(
            type(layer).__name__,
            f"the body gives shape {shape_text(body)}, the shortcut {shape_text(shortcut)}; they cannot be added.",
            "give a shortcut that makes the same shape, such as a Linear or a 1×1 Conv2D with the body's stride.",
        )


def _joinable(layer: object, shapes: list[tuple[int, ...]], axis: int) -> None:
    """Check that outputs differ in no other axis than the one along which they are joined."""
    n_axes = len(shapes[0])
    if not -n_axes <= axis < n_axes:
        fail(type(layer).__name__, f"axis {axis} does not exist in outputs of shape {shape_text(shapes[0])}.")
    rests = {tuple(size for index, size in enumerate(shape) if index != axis % n_axes) for shape in shapes}
    if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
        listed = ", ".join(shape_text(shape) for shape in shapes)
        fail(type(layer).__name__, f"the branches give {listed}; they may differ in axis {axis} only.")
