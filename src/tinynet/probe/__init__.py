"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.not_finite import NotFinite, where_not_finite
from tinynet.probe.recorder import trace
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = ["LayerStep", "NotFinite", "ParameterStep", "Trace", "trace", "where_not_finite"]
