"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.doctor import Case, Diagnoses, Diagnosis, Experiment, Span, diagnose
from tinynet.probe.recorder import trace
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
    "diagnose",
    "trace",
]
