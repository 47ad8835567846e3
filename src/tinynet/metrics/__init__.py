"""Metrics: functions (predicted, ground_truth) -> number."""

from tinynet.metrics.classification import accuracy, confusion_matrix, top_k_accuracy
from tinynet.metrics.overlap import f1_score, iou, precision, recall
from tinynet.metrics.perplexity import perplexity
from tinynet.metrics.ranking import average_precision, roc_auc
from tinynet.metrics.regression import mean_absolute_error, r2_score

__all__ = [
    "accuracy",
    "average_precision",
    "confusion_matrix",
    "f1_score",
    "iou",
    "mean_absolute_error",
    "perplexity",
    "precision",
    "r2_score",
    "recall",
    "roc_auc",
    "top_k_accuracy",
]
