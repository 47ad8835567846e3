"""Optimizers: one class per update rule; learning-rate schedules; gradient clipping."""

from tinynet.optimizers.adam import Adam, AdamW, NAdam
from tinynet.optimizers.adamax import Adamax
from tinynet.optimizers.adaptive import Adadelta, Adagrad, RMSProp
from tinynet.optimizers.averaging import WeightAverage
from tinynet.optimizers.clipping import clip_gradient_norm, clip_gradient_value
from tinynet.optimizers.groups import ParameterGroups
from tinynet.optimizers.lion import Lion
from tinynet.optimizers.muon import Muon
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.radam import RAdam
from tinynet.optimizers.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    Schedule,
    SequentialLR,
    StepLR,
)
from tinynet.optimizers.sgd import SGD

__all__ = [
    "Optimizer",
    "SGD",
    "Adagrad",
    "Adadelta",
    "RMSProp",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "Adamax",
    "Lion",
    "Muon",
    "ParameterGroups",
    "WeightAverage",
    "clip_gradient_norm",
    "clip_gradient_value",
    "Schedule",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ConstantLR",
    "LinearLR",
    "LinearWarmup",
    "OneCycleLR",
    "CyclicLR",
    "SequentialLR",
]
