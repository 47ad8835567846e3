"""Who has what only one may have at a time, so that Ctrl-C cannot leave it taken.

Ctrl-C may come between any two lines. After a lock is acquired, that is before anybody knows it, and a lock does not
say who holds it. Here the owner is an object, and to take or to give back is one step that may be repeated:

    try:
        try:
            if WORKERS.belong_to(call):
                …
        finally:
            WORKERS.release(call)
    finally:  # if Ctrl-C has cut the first short
        WORKERS.release(call)

A `return` of a constant in there would be outside of both: Python gives up the blocks before it.
"""

from __future__ import annotations


class Ownership:
    """What belongs to one owner at a time, who is known by identity.

    Example:
        >>> tool, ann, bob = Ownership(), object(), object()
        >>> tool.belong_to(ann), tool.belong_to(bob), tool.belong_to(ann)
        (True, False, True)
        >>> tool.release(bob), tool.release(ann), tool.belong_to(bob)
        (None, None, True)
    """

    __slots__ = ("_owner",)

    def __init__(self) -> None:
        self._owner: dict[str, object] = {}

    def belong_to(self, owner: object) -> bool:
        """Whether it belongs to this owner, who gets it if it is free."""
        return self._owner.setdefault("owner", owner) is owner  # in one step, so no second one gets it

    def release(self, owner: object) -> None:
        """Let others have it, if it belongs to this owner."""
        if self._owner.get("owner") is owner:
            del self._owner["owner"]

    def is_free(self) -> bool:
        """Whether nobody has it."""
        return not self._owner

    def forget(self) -> None:
        """In a forked process, whose owner may be a thread that is not there."""
        self._owner.clear()
