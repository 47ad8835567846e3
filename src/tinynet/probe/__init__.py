"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.course import Course, read_course
from tinynet.probe.guessing import Guessing, guessing
from tinynet.probe.one_batch import OneBatch
from tinynet.probe.rates import RateSweep, read_sweep
from tinynet.probe.recorder import trace
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = [
    "Course",
    "Guessing",
    "LayerStep",
    "OneBatch",
    "ParameterStep",
    "RateSweep",
    "Trace",
    "guessing",
    "read_course",
    "read_sweep",
    "trace",
]
