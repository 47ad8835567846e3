"""Losses: functions (predicted, ground_truth) -> (loss, gradient)."""

from tinynet.losses.cross_entropy import cross_entropy
from tinynet.losses.mean_squared_error import mean_squared_error

__all__ = ["cross_entropy", "mean_squared_error"]
