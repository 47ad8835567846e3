"""Pictures of what a net has learned, one for each method of `tinynet.probe.interpret`."""

from tinynet.visualize.interpret.attributions import attributions
from tinynet.visualize.interpret.maps import embedding_map, loss_landscape, points_map
from tinynet.visualize.interpret.methods import (
    deconvnet,
    grad_cam,
    guided_backpropagation,
    integrated_gradients,
    occlusion,
    saliency,
    smooth_grad,
)
from tinynet.visualize.interpret.moments import boundary_over_training
from tinynet.visualize.interpret.randomization import randomization_check
from tinynet.visualize.interpret.units import activation_maximization, attention_maps

__all__ = [
    "activation_maximization",
    "attention_maps",
    "attributions",
    "boundary_over_training",
    "deconvnet",
    "embedding_map",
    "grad_cam",
    "guided_backpropagation",
    "integrated_gradients",
    "loss_landscape",
    "occlusion",
    "points_map",
    "randomization_check",
    "saliency",
    "smooth_grad",
]
