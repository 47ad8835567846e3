"""Learning-rate schedules: functions from the number of updates done so far to a learning rate.

Any function of the step can be given as `lr=`; the usual ones are here, under PyTorch's names. A step is one
update, not one epoch, and t below counts the steps from 0. Past its end a schedule keeps its last value.
"""

from tinynet.optimizers.schedules.decays import ExponentialLR, MultiStepLR, PolynomialLR, StepLR
from tinynet.optimizers.schedules.schedule import Schedule
from tinynet.optimizers.schedules.sequence import SequentialLR
from tinynet.optimizers.schedules.warmups import ConstantLR, LinearLR, LinearWarmup
from tinynet.optimizers.schedules.waves import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    OneCycleLR,
)

__all__ = [
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
