"""Optimizers: one class per update rule; learning-rate schedules; gradient clipping."""

from tinynet.optimizers.adam import Adam
from tinynet.optimizers.clipping import clip_gradient_norm
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LinearWarmup,
    OneCycleLR,
    Schedule,
    SequentialLR,
    StepLR,
)
from tinynet.optimizers.sgd import SGD

__all__ = [
    "Optimizer",
    "SGD",
    "Adam",
    "clip_gradient_norm",
    "Schedule",
    "StepLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "LinearWarmup",
    "OneCycleLR",
    "SequentialLR",
]
