"""The table of losses."""

from __future__ import annotations

from collections.abc import Callable

from tinynet.probe.explain.rows import LossRow

LOSSES: dict[Callable, LossRow] = {}
