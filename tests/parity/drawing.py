"""What the strategies draw with."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draw = Any
Configuration = dict[str, Any]


def size(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def pair(draw: Draw, low: int, high: int) -> list[int]:
    """A size for each of height and width."""
    return [draw(size(low, high)), draw(size(low, high))]


def one_or_pair(low: int, high: int) -> st.SearchStrategy[Any]:
    """An argument that means both axes, or names each."""
    return st.one_of(size(low, high), pair(low, high))


def both(value: int | list[int]) -> list[int]:
    return [value, value] if isinstance(value, int) else value


@st.composite
def shape(draw: Draw, low: int = 1, high: int = 4) -> list[int]:
    """The shape of a batch with up to four axes."""
    return draw(st.lists(size(1, 4), min_size=low, max_size=high))


def spans(kernel_size: int | list[int], dilation: int | list[int]) -> list[int]:
    """How far a dilated kernel reaches."""
    return [(k - 1) * d + 1 for k, d in zip(both(kernel_size), both(dilation), strict=True)]
