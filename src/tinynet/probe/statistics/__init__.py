"""What the layers of a net gave, and how fast they learned, over training."""

from __future__ import annotations

from tinynet.probe.statistics.record import TrainingStatistics

__all__ = ["TrainingStatistics"]
