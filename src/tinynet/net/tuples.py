"""One array or several, as the inputs and outputs of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def as_tuple(values: Any) -> tuple:
    """Several inputs or outputs as they are, a single one as a tuple.

    Example:
        >>> as_tuple(1), as_tuple((1, 2))
        ((1,), (1, 2))
    """
    return values if isinstance(values, tuple) else (values,)


def one_or_tuple(values: Sequence[Any]) -> Any:
    """The only value of a sequence, or all of them as a tuple.

    Example:
        >>> one_or_tuple([1]), one_or_tuple([1, 2])
        (1, (1, 2))
    """
    return values[0] if len(values) == 1 else tuple(values)
