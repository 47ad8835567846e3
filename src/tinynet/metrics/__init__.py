"""Metrics: functions (predicted, ground_truth) -> number.

A number over a batch knows what it is over. So in training a `Learner` shows what each metric is over all predictions
of the epoch, although the batches come one by one. `accuracy`, `top_k_accuracy` and `mean_absolute_error` are means;
`precision`, `recall`, `f1_score` and `iou` add up their counts, and `perplexity` its mean surprise. `roc_auc`,
`average_precision` and `r2_score` do not follow from numbers over batches. For these the predictions are kept, and
their column is computed at the end of the epoch. What gives an array (`confusion_matrix`, `average=None`) is left out
of the training columns.
"""

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
