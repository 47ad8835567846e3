"""Attributes that have other values inside a `with` block, for the thread that runs the block and for no one else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Block = dict[int, dict[str, Any]]  # the values of each object, by its id
_blocks: ContextVar[tuple[Block, ...]] = ContextVar("blocks", default=())  # of this thread, the innermost first


class BlockLocal:
    """An attribute that `local_values` can replace for the length of a block.

    Outside such a block its value lies in the object, as usual. So one net can be evaluated while another thread trains
    it: the thread that evaluates sees its own `training` and its own memory, and writes nothing into the layers.

    Args:
        default: The value of objects in which it was never set.

    Example:
        >>> class Lamp:
        ...     on = BlockLocal(default=True)
        >>> lamp = Lamp()
        >>> with local_values([lamp], on=False):
        ...     lamp.on
        False
        >>> lamp.on
        True
    """

    def __init__(self, default: Any) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def with_default_of(self, subclass: type) -> None:
        """Where a subclass writes a plain value in place of this attribute, take that as its default."""
        value = vars(subclass).get(self.name, self)
        if not hasattr(value, "__get__"):
            own = BlockLocal(default=value)
            own.name = self.name
            setattr(subclass, self.name, own)

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self.default
        values = _place(owner, self.name) if _blocks.get() else owner.__dict__
        return values.get(self.name, self.default)

    def __set__(self, owner: Any, value: Any) -> None:
        values = _place(owner, self.name) if _blocks.get() else owner.__dict__
        values[self.name] = value


@contextmanager
def local_values(owners: Sequence[Any], **values: Any) -> Iterator[None]:
    """Give objects other values of their `BlockLocal` attributes; what is set inside the block is gone after it."""
    block: Block = {id(owner): dict(values) for owner in owners}
    _blocks.set((block, *_blocks.get()))
    try:
        yield
    finally:  # by identity, because blocks need not end in the reverse order of their beginnings
        _blocks.set(tuple(other for other in _blocks.get() if other is not block))


def _place(owner: Any, name: str) -> dict[str, Any]:
    """Where an attribute is read and written: in the innermost block that has it, else in the object."""
    for block in _blocks.get():
        values = block.get(id(owner))
        if values is not None and name in values:
            return values
    return owner.__dict__
