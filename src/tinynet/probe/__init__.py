"""What happens inside a training step: every value, and where it comes from.

`interpret` looks at what a net has learned; `tinynet.visualize` has a picture for each of its functions.
"""

from __future__ import annotations

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
from tinynet.probe.recorder import trace
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

__all__ = [
    "AttentionMap",
    "Attribution",
    "Landscape",
    "LayerAttribution",
    "LayerStep",
    "Maximization",
    "ParameterStep",
    "PathAttribution",
    "Projection",
    "RandomizationCheck",
    "Representations",
    "Trace",
    "activation_maximization",
    "attention_maps",
    "deconvnet",
    "grad_cam",
    "guided_backpropagation",
    "integrated_gradients",
    "loss_landscape",
    "occlusion",
    "pca",
    "randomization_check",
    "representations",
    "saliency",
    "smooth_grad",
    "trace",
    "tsne",
]
