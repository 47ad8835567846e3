"""Learner: the training loop, its history and callbacks."""

from tinynet.learner.callback import Callback
from tinynet.learner.history import History
from tinynet.learner.learner import Learner

__all__ = ["Callback", "History", "Learner"]
