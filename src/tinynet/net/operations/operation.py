"""What all operations have in common."""

from __future__ import annotations

from typing import Any

from tinynet.core.faster import explained
from tinynet.layers import Layer


class Operation(Layer):
    """A layer that is one function of NumPy's. Arrays that do not fit are told once NumPy has refused them."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("forward", "backward"):
            if name in vars(cls):
                setattr(cls, name, explained(vars(cls)[name]))
