#!/usr/bin/env python3
"""Record what PyTorch gives for configurations drawn from tests/parity/strategies.py, so that tests need no PyTorch.

usage: python tools/record_parity.py [N]     (needs torch==2.13.0 and hypothesis; N configurations a piece, or else 40)

The file holds the configurations as JSON and all values as one float64 array; nothing in it is a pickle.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402

from tests.parity import in_torch  # noqa: E402
from tests.parity.strategies import PIECES, configurations  # noqa: E402

FILE = ROOT / "tests" / "recordings" / "pytorch.npz"


def draw(piece: str, count: int) -> list[dict[str, Any]]:
    """The first so many different configurations of a piece, the same ones at every run."""
    drawn: dict[str, dict[str, Any]] = {}

    @settings(
        max_examples=2 * count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(configurations(piece))
    def collect(configuration: dict[str, Any]) -> None:
        drawn[json.dumps(configuration)] = configuration

    collect()
    return list(drawn.values())[-count:]  # the first ones that Hypothesis draws are the smallest


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    drawn = [configuration for piece in PIECES for configuration in draw(piece, count)]
    values = [in_torch.values(configuration) for configuration in drawn]
    numbers = np.concatenate([np.ravel(array) for entry in values for array in entry.values()])
    names = [[(name, array.shape) for name, array in entry.items()] for entry in values]
    np.savez_compressed(
        FILE, configurations=json.dumps(drawn), names=json.dumps(names), numbers=numbers.astype(np.float64)
    )
    print(f"{len(drawn)} configurations of PyTorch {torch.__version__}, {FILE.stat().st_size / 1e6:.2f} MB: {FILE}")


if __name__ == "__main__":
    main()
