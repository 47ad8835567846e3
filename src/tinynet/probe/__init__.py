"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.explain.explain import explain
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.walk import Walk, walk
from tinynet.probe.files import load_trace, save_trace
from tinynet.probe.recorder import trace
from tinynet.probe.replay import replay
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = [
    "Explanation",
    "LayerStep",
    "ParameterStep",
    "Trace",
    "Walk",
    "explain",
    "load_trace",
    "replay",
    "save_trace",
    "trace",
    "walk",
]
