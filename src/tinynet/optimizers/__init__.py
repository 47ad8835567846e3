"""Optimizers: one class per update rule; gradient clipping."""

from tinynet.optimizers.adam import Adam
from tinynet.optimizers.clipping import clip_gradient_norm
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "clip_gradient_norm"]
