"""The sections of a report, in their order: each has a heading, and a function that makes it or says None.

A further view is a further line in `SECTIONS`, whose last stays last. Its maker takes the `Subject` and returns a
`View`, a figure, or None where it does not apply.
"""

from __future__ import annotations

from tinynet.visualize.sections.inside import first_filters, maps, network, weights
from tinynet.visualize.sections.results import (
    arranged,
    boundary,
    confusion,
    fit,
    mistakes,
    reconstructed,
    where_it_looks,
)
from tinynet.visualize.sections.training import doctor, in_short, layer_by_layer, learning_curves
from tinynet.visualize.sections.view import Maker, View, made

SECTIONS: list[tuple[str, Maker]] = [
    ("In short", in_short),
    ("What the doctor says", doctor),
    ("Learning curves", learning_curves),
    ("Layer by layer", layer_by_layer),
    ("Decision boundary", boundary),
    ("Fit", fit),
    ("Reconstructions", reconstructed),
    ("Confusion matrix", confusion),
    ("Mistakes", mistakes),
    ("Where it looks", where_it_looks),
    ("Samples as it sees them", arranged),
    ("Filters", first_filters),
    ("Feature maps", maps),
    ("Weights and gradients", weights),
    ("Network", network),
]

__all__ = ["SECTIONS", "Maker", "View", "made"]
