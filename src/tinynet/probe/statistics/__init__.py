"""What the layers of a net gave, and how fast they learned, over training."""

from __future__ import annotations

from tinynet.probe.statistics.record import TrainingStatistics
from tinynet.probe.statistics.tensorboard import export_tensorboard

__all__ = ["TrainingStatistics", "export_tensorboard"]
