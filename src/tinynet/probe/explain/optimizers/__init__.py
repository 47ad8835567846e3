"""The table of optimizers."""

from __future__ import annotations

from tinynet.optimizers import Optimizer
from tinynet.probe.explain.rows import OptimizerRow

OPTIMIZERS: dict[type[Optimizer], OptimizerRow] = {}
