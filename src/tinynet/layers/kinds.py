"""Of which kind a class is, remembered."""

from __future__ import annotations


class Kinds(dict[type, type | None]):
    """For each class the first of a few that it is derived from, or None.

    A search through the attributes of many layers asks it for each, and an abstract class answers `issubclass` slowly.

    Args:
        kinds: The classes that are looked for.

    Example:
        >>> kinds = Kinds(int, str)
        >>> kinds[bool], kinds[float]
        (<class 'int'>, None)
    """

    def __init__(self, *kinds: type) -> None:
        self.kinds = kinds

    def __missing__(self, of: type) -> type | None:
        self[of] = next((kind for kind in self.kinds if issubclass(of, kind)), None)
        return self[of]
