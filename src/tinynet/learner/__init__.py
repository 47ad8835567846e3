"""Learner: the training loop, its history and callbacks."""

from __future__ import annotations

from tinynet.learner.average_weights import AverageWeights
from tinynet.learner.batch_statistics import recompute_statistics
from tinynet.learner.callback import Callback
from tinynet.learner.checkpoint import Checkpoint
from tinynet.learner.early_stopping import EarlyStopping
from tinynet.learner.history import History
from tinynet.learner.keep_best import KeepBest
from tinynet.learner.learner import Learner
from tinynet.learner.logs import CSVLog, LearningRateLog
from tinynet.learner.progress import Progress
from tinynet.learner.reduce_on_plateau import ReduceOnPlateau
from tinynet.learner.snapshots import Snapshots
from tinynet.learner.statistics import Statistics

__all__ = [
    "AverageWeights",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "KeepBest",
    "Learner",
    "LearningRateLog",
    "Progress",
    "ReduceOnPlateau",
    "Snapshots",
    "Statistics",
    "recompute_statistics",
]
