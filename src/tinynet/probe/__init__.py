"""What happens inside a training step: every value, and where it comes from."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinynet.probe.explain.explain import explain
from tinynet.probe.files import load_trace, save_trace
from tinynet.probe.guessing import Guessing, guessing
from tinynet.probe.not_finite import NotFinite, where_not_finite
from tinynet.probe.recorder import trace
from tinynet.probe.replay import replay
from tinynet.probe.singular_values import singular_values
from tinynet.probe.statistics import TrainingStatistics, export_tensorboard
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

if TYPE_CHECKING:
    from tinynet.probe.course import Course, read_course
    from tinynet.probe.doctor import Case, Diagnoses, Diagnosis, Experiment, Span, diagnose
    from tinynet.probe.explain.explanation import Explanation
    from tinynet.probe.explain.walk import Walk, walk
    from tinynet.probe.interpret import (
        AttentionMap,
        Attribution,
        Landscape,
        LayerAttribution,
        Maximization,
        PathAttribution,
        Projection,
        RandomizationCheck,
        Representations,
        activation_maximization,
        attention_maps,
        deconvnet,
        grad_cam,
        guided_backpropagation,
        integrated_gradients,
        loss_landscape,
        occlusion,
        pca,
        randomization_check,
        representations,
        saliency,
        smooth_grad,
        tsne,
    )
    from tinynet.probe.one_batch import OneBatch
    from tinynet.probe.rates import RateSweep, read_sweep

__all__ = [
    "AttentionMap",
    "Attribution",
    "Case",
    "Course",
    "Diagnoses",
    "Diagnosis",
    "Experiment",
    "Explanation",
    "Guessing",
    "Landscape",
    "LayerAttribution",
    "LayerStep",
    "Maximization",
    "NotFinite",
    "OneBatch",
    "ParameterStep",
    "PathAttribution",
    "Projection",
    "RandomizationCheck",
    "RateSweep",
    "Representations",
    "Span",
    "Trace",
    "TrainingStatistics",
    "Walk",
    "activation_maximization",
    "attention_maps",
    "deconvnet",
    "diagnose",
    "explain",
    "export_tensorboard",
    "grad_cam",
    "guessing",
    "guided_backpropagation",
    "integrated_gradients",
    "load_trace",
    "loss_landscape",
    "occlusion",
    "pca",
    "randomization_check",
    "read_course",
    "read_sweep",
    "replay",
    "representations",
    "saliency",
    "save_trace",
    "singular_values",
    "smooth_grad",
    "trace",
    "tsne",
    "walk",
    "where_not_finite",
]

# A training step needs none of these, so they load where one of their names is first used.
_LATER = ("course", "one_batch", "rates", "doctor", "interpret", "explain.explanation", "explain.walk")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"tinynet.probe.{name}")
    if name in __all__:
        for later in _LATER:
            found = getattr(import_module(f"tinynet.probe.{later}"), name, None)
            if found is not None and not isinstance(found, ModuleType):  # as the doctor's file `walk` is
                return found
    raise AttributeError(f"module 'tinynet.probe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
