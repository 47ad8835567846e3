"""Tinynet against recorded values of PyTorch, which need no PyTorch; `tools/record_parity.py` wrote them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet.layers
import tinynet.losses
import tinynet.optimizers
from tests.parity import in_tinynet
from tests.parity.agreement import must_agree
from tests.parity.strategies import PIECES
from tinynet.layers import Layer
from tinynet.optimizers import Optimizer

FILE = Path(__file__).parents[1] / "recordings" / "pytorch.npz"


def recordings() -> dict[str, list[tuple[dict[str, Any], dict[str, np.ndarray]]]]:
    """Configurations and values, by piece."""
    found: dict[str, list[Any]] = {piece: [] for piece in PIECES}
    with np.load(FILE, allow_pickle=False) as file:
        names = json.loads(str(file["names"]))
        numbers, start = file["numbers"], 0
        for configuration, shapes in zip(json.loads(str(file["configurations"])), names, strict=True):
            values = {}
            for name, shape in shapes:
                size = int(np.prod(shape))
                values[name] = numbers[start : start + size].reshape(shape)
                start += size
            found[configuration["piece"]].append((configuration, values))
    return found


RECORDINGS = recordings()


@pytest.mark.parametrize("piece", PIECES)
def test_agrees_with_recorded_values(piece: str) -> None:
    assert len(RECORDINGS[piece]) >= 15
    for configuration, expected in RECORDINGS[piece]:
        must_agree(in_tinynet.values(configuration), expected)


def test_every_piece_is_compared() -> None:
    rooms = (tinynet.layers, tinynet.losses, tinynet.optimizers)
    exported = [getattr(room, name) for room in rooms for name in room.__all__]
    classes = [thing for thing in exported if inspect.isclass(thing) and issubclass(thing, (Layer, Optimizer))]
    concrete = [thing for thing in classes if not inspect.isabstract(thing)]
    losses = [thing for thing in exported if thing.__module__.startswith("tinynet.losses")]
    assert [thing.__name__ for thing in concrete + losses if thing.__name__ not in PIECES] == []
