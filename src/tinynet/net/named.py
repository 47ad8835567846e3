"""Named: a stack of layers with names."""

from __future__ import annotations

from typing import Any

from tinynet.core import checks
from tinynet.layers import Layer
from tinynet.net.net import Net


class Named(Net):
    """A stack of layers that have names instead of numbers, as "features.conv1.weight" has.

    Equation:
        y = fₙ(… f₂(f₁(x)))

    Gradients (given dy = ∂L/∂y):
        dx = f₁′ᵀ f₂′ᵀ … fₙ′ᵀ dy, where fᵢ′ᵀ dy is the backward of layer i

    Args:
        layers: The layers by their names, in order. A name has no dot.

    Raises:
        TypeError: `layers` is not a dict of layers.
        ValueError: There is no layer, one is used twice, or a name is empty or has a dot.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> list(Named({"hidden": Linear(4, 3), "relu": ReLU(), "out": Linear(3, 2)}).parameters())
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    def __init__(self, layers: dict[str, Layer]) -> None:
        if not isinstance(layers, dict):
            checks.fail("Named", f"layers must be a dict of layers, got {checks.of_kind(layers)}.", kind=TypeError)
        wrong = [name for name in layers if not isinstance(name, str) or not name or "." in name]
        if wrong:
            checks.fail("Named", f"a name must be a text without dots, got {wrong[0]!r}.")
        self.names = tuple(layers)
        super().__init__(list(layers.values()))

    def attributes(self) -> dict[str, Any]:
        return {"": dict(zip(self.names, self.layers, strict=True))}

    def __repr__(self) -> str:
        named = zip(self.names, self.layers, strict=True)
        lines = [f"  ({name}): {layer!r}".replace("\n", "\n  ") for name, layer in named]
        return "\n".join(["Named(", *lines, ")"])
