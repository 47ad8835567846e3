"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.doctor import Case, Diagnoses, Diagnosis, Experiment, Span, diagnose
from tinynet.probe.recorder import trace
from tinynet.probe.singular_values import singular_values
from tinynet.probe.statistics import TrainingStatistics, export_tensorboard
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = [
    "Case",
    "Diagnoses",
    "Diagnosis",
    "Experiment",
    "LayerStep",
    "ParameterStep",
    "Span",
    "Trace",
    "TrainingStatistics",
    "diagnose",
    "export_tensorboard",
    "singular_values",
    "trace",
]
