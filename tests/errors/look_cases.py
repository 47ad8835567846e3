"""Ready networks and pictures."""

from tests.errors.case import Case, net, ones
from tinynet import models, visualize
from tinynet.layers import ReLU
from tinynet.learner import History
from tinynet.net import Net

CASES = [
    Case(
        "an unknown model",
        lambda: models.build("lenet"),
        ValueError,
        r"models\.build: name must be one of 'mlp', .*; got 'lenet'\.\nHint: did you mean 'lenet5'",
    ),
    Case(
        "pictures too small for a model",
        lambda: models.lenet5((1, 4, 4)),
        ValueError,
        r"lenet5: pictures must be at least 12 × 12 pixels .*, got 4 × 4\.\nHint: use digits_cnn or mlp",
    ),
    Case(
        "pictures too small for the model of small pictures",
        lambda: models.digits_cnn((1, 1, 1)),
        ValueError,
        r"digits_cnn: pictures must be at least 2 × 2 pixels .*, got 1 × 1\.\nHint: use mlp for small pictures",
    ),
    Case(
        "no classes for a model",
        lambda: models.digits_cnn(n_classes=0),
        ValueError,
        r"digits_cnn: n_classes must be at least 2, got 0",
    ),
    Case(
        "curves of no epochs",
        lambda: visualize.learning_curves(History()),
        ValueError,
        r"learning_curves: the history has no epoch yet\.\nHint: call learner\.fit",
    ),
    Case(
        "curves of a number",
        lambda: visualize.learning_curves(3),
        TypeError,
        r"learning_curves: expected a history, got int\.\nHint: pass what learner\.fit",
    ),
    Case(
        "a confusion matrix that is not square",
        lambda: visualize.confusion_matrix(ones(2, 3)),
        ValueError,
        r"confusion_matrix: expected a matrix of shape \(C, C\), got \(2, 3\)",
    ),
    Case(
        "weights of a net without any",
        lambda: visualize.weight_histograms(Net([ReLU()])),
        ValueError,
        r"weight_histograms: Net has no parameters",
    ),
    Case(
        "feature maps of a batch",
        lambda: visualize.feature_maps(net(), ones(2, 1, 8, 8)),
        ValueError,
        r"feature_maps: expected one input without the batch axis, got shape \(2, 1, 8, 8\)\.\nHint: pass x\[0\]",
    ),
]
