"""What several files of this folder share."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def in_float32() -> Iterator[None]:
    """PyTorch makes float32 during a test, where other files of this folder have set float64."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before)
