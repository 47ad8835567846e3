"""Interpretation: what in an input, in the weights or in the data a net has answered to.

Each function takes a net and inputs, and gives arrays; `tinynet.visualize` has a picture for each, under the same name.
All leave the net as it was: weights, gradients, modes, memories and random streams.
"""

from tinynet.probe.interpret.attention import AttentionMap, attention_maps
from tinynet.probe.interpret.attribution import Attribution, LayerAttribution, PathAttribution
from tinynet.probe.interpret.deconvnet import deconvnet
from tinynet.probe.interpret.grad_cam import grad_cam
from tinynet.probe.interpret.guided import guided_backpropagation
from tinynet.probe.interpret.integrated import integrated_gradients
from tinynet.probe.interpret.landscape import Landscape, loss_landscape
from tinynet.probe.interpret.maximization import Maximization, activation_maximization
from tinynet.probe.interpret.occlusion import occlusion
from tinynet.probe.interpret.projection import Projection, pca, tsne
from tinynet.probe.interpret.randomization import RandomizationCheck, randomization_check
from tinynet.probe.interpret.representations import Representations, representations
from tinynet.probe.interpret.saliency import saliency
from tinynet.probe.interpret.smooth_grad import smooth_grad

__all__ = [
    "AttentionMap",
    "Attribution",
    "Landscape",
    "LayerAttribution",
    "Maximization",
    "PathAttribution",
    "Projection",
    "RandomizationCheck",
    "Representations",
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
    "tsne",
]
