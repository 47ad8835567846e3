"""Pictures of data, training and what is inside a net, and the report that shows them all on one page.

    figure = tinynet.visualize.learning_curves(history)
    figure.savefig("curves.png")

Every function returns a `matplotlib.figure.Figure` that belongs to no window, and changes no setting of matplotlib,
which is loaded when the first picture is drawn.
"""

from tinynet.visualize.boundary import decision_boundary, fit_curve
from tinynet.visualize.confusion import confusion_matrix
from tinynet.visualize.curves import learning_curves
from tinynet.visualize.diagram import network_diagram
from tinynet.visualize.explanation_page import explanation_page
from tinynet.visualize.generated import latent_space, samples
from tinynet.visualize.histograms import gradient_histograms, weight_histograms
from tinynet.visualize.inside import feature_maps, filters
from tinynet.visualize.mistakes import confident_mistakes, misclassified
from tinynet.visualize.reconstruction import reconstructions
from tinynet.visualize.report import report

__all__ = [
    "confident_mistakes",
    "confusion_matrix",
    "decision_boundary",
    "explanation_page",
    "feature_maps",
    "filters",
    "fit_curve",
    "gradient_histograms",
    "latent_space",
    "learning_curves",
    "misclassified",
    "network_diagram",
    "reconstructions",
    "report",
    "samples",
    "weight_histograms",
]
