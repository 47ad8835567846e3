"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from tinynet.probe.course import Course, read_course
from tinynet.probe.guessing import Guessing, guessing
from tinynet.probe.recorder import trace
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = ["Course", "Guessing", "LayerStep", "ParameterStep", "Trace", "guessing", "read_course", "trace"]
