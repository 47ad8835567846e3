"""Training without its report, which takes longer than the training of a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tinynet.cli import show


@contextmanager
def without_report() -> Iterator[None]:
    """Within this block, training writes no report."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(show, "write_report", lambda *_: None)
        yield
