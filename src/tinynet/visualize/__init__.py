"""Pictures of data, training and what is inside a net, and the report that shows them all on one page.

    figure = tinynet.visualize.learning_curves(history)
    figure.savefig("curves.png")

Every function returns a `matplotlib.figure.Figure` that belongs to no window, and changes no setting of matplotlib,
which is loaded when the first picture is drawn.
"""

from __future__ import annotations

from tinynet.visualize.boundary import decision_boundary, fit_curve
from tinynet.visualize.confusion import confusion_matrix
from tinynet.visualize.curves import learning_curves
from tinynet.visualize.diagram import network_diagram
from tinynet.visualize.explained_terms import explained_terms
from tinynet.visualize.explanation_page import explanation_page
from tinynet.visualize.generated import latent_space, samples
from tinynet.visualize.histograms import gradient_histograms, weight_histograms
from tinynet.visualize.inside import feature_maps, filters
from tinynet.visualize.interpret import (
    activation_maximization,
    attention_maps,
    attributions,
    boundary_over_training,
    deconvnet,
    embedding_map,
    grad_cam,
    guided_backpropagation,
    integrated_gradients,
    loss_landscape,
    occlusion,
    points_map,
    randomization_check,
    saliency,
    smooth_grad,
)
from tinynet.visualize.mistakes import confident_mistakes, misclassified
from tinynet.visualize.rate_curve import rate_curve
from tinynet.visualize.reconstruction import reconstructions
from tinynet.visualize.report import report
from tinynet.visualize.singular import singular_values
from tinynet.visualize.time_histograms import time_histograms
from tinynet.visualize.training_strip import training_strip

__all__ = [
    "activation_maximization",
    "attention_maps",
    "attributions",
    "boundary_over_training",
    "confident_mistakes",
    "confusion_matrix",
    "decision_boundary",
    "deconvnet",
    "embedding_map",
    "explained_terms",
    "explanation_page",
    "feature_maps",
    "filters",
    "fit_curve",
    "grad_cam",
    "gradient_histograms",
    "guided_backpropagation",
    "integrated_gradients",
    "latent_space",
    "learning_curves",
    "loss_landscape",
    "misclassified",
    "network_diagram",
    "occlusion",
    "points_map",
    "randomization_check",
    "rate_curve",
    "reconstructions",
    "report",
    "saliency",
    "samples",
    "singular_values",
    "smooth_grad",
    "time_histograms",
    "training_strip",
    "weight_histograms",
]
