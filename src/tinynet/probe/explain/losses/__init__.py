"""The table of losses: one file a family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.probe.explain.losses import contrast, in_time, labels, numbers, pairs, regions, softmax
from tinynet.probe.explain.rows import LossRow

LOSSES: dict[Callable[..., Any], LossRow] = {
    **numbers.ROWS,
    **softmax.ROWS,
    **labels.ROWS,
    **regions.ROWS,
    **pairs.ROWS,
    **contrast.ROWS,
    **in_time.ROWS,
}
