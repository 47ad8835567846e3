"""Metrics: functions (predicted, ground_truth) -> number."""

from tinynet.metrics.classification import accuracy, confusion_matrix, top_k_accuracy
from tinynet.metrics.regression import mean_absolute_error, r2_score

__all__ = ["accuracy", "confusion_matrix", "mean_absolute_error", "r2_score", "top_k_accuracy"]
