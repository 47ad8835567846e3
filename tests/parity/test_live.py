"""Tinynet against PyTorch itself, in freshly drawn configurations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

from tests.parity import in_tinynet, in_torch
from tests.parity.agreement import must_agree
from tests.parity.strategies import PIECES, configurations


@pytest.mark.parametrize("piece", PIECES)
def test_agrees_with_pytorch(piece: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(configurations(piece))
    def agree(configuration: dict[str, Any]) -> None:
        must_agree(in_tinynet.values(configuration), in_torch.values(configuration))

    agree()


@given(st.data())
@settings(max_examples=5, deadline=None)
def test_a_wrong_value_is_noticed(data: st.DataObject) -> None:
    configuration = data.draw(configurations("Conv2D"))
    found = in_tinynet.values(configuration)
    found["d weight"] = found["d weight"] * (1 + 1e-6) + 1e-6
    with pytest.raises(AssertionError, match="d weight"):
        must_agree(found, in_torch.values(configuration))
