"""The table of optimizers: one file a family."""

from __future__ import annotations

from tinynet.optimizers import Optimizer
from tinynet.probe.explain.optimizers import adam, adaptive, muon, plain
from tinynet.probe.explain.rows import OptimizerRow

OPTIMIZERS: dict[type[Optimizer], OptimizerRow] = {
    **plain.ROWS,
    **adam.ROWS,
    **adaptive.ROWS,
    **muon.ROWS,
}
