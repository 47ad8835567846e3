"""Every test of this room starts from the same weights."""

import pytest

from tinynet.core import seed


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    seed(0)
