"""Learner: the training loop, its history and callbacks."""

from tinynet.learner.callback import Callback
from tinynet.learner.early_stopping import EarlyStopping
from tinynet.learner.history import History
from tinynet.learner.keep_best import KeepBest
from tinynet.learner.learner import Learner
from tinynet.learner.logs import CSVLog, LearningRateLog
from tinynet.learner.progress import Progress

__all__ = ["CSVLog", "Callback", "EarlyStopping", "History", "KeepBest", "Learner", "LearningRateLog", "Progress"]
