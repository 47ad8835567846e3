"""Which samples are for the test: a question that is asked of each sample alone."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from tinynet.core import checks
from tinynet.core.checks.words import fail

TEST_FRACTION = 0.2  # of the samples, set aside for the test


def share(who: str, fraction: Any) -> float:
    """Check the share of the test part."""
    found = checks.number(who, "fraction", fraction)
    if not 0 < found < 1:
        fail(who, f"fraction must lie between 0 and 1, got {found:g}.", "0.2 sets a fifth aside.")
    return found


def in_test(content: bytes, fraction: float = TEST_FRACTION) -> bool:
    """Whether a sample belongs to the test part: whether the hash of its content is among the lowest.

    The answer depends on nothing but the sample. So it stays when others are added, and equal samples are never on
    both sides.

    Example:
        >>> sum(in_test(bytes([i])) for i in range(250))
        54
    """
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big") < fraction * 2**64


def fingerprint(contents: Iterable[bytes]) -> str:
    """A short text that differs where the contents differ.

    Example:
        >>> fingerprint([b"a", b"b"]), fingerprint([b"ab"])
        ('31c04417d055', '47420475446d')
    """
    both = blake2b(digest_size=6)
    for content in contents:
        both.update(blake2b(content).digest())
    return both.hexdigest()
