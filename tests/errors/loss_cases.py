"""Losses, metrics, optimizers and schedules."""

import numpy as np

from tests.errors.case import Case, net, ones
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, confusion_matrix, r2_score, top_k_accuracy
from tinynet.optimizers import SGD, Adam, clip_gradient_norm
from tinynet.optimizers.schedules import LinearWarmup, SequentialLR, StepLR

LOGITS = ones(4, 3)

CASES = [
    Case(
        "float labels",
        lambda: cross_entropy(LOGITS, np.array([0.0, 1, 2, 0])),
        TypeError,
        r"cross_entropy: expected integer labels, or probabilities of shape \(4, 3\); got float64 of shape \(4,\)\.\n"
        r"Hint: convert labels with \.astype\(np\.int64\)",
    ),
    Case(
        "a label out of range",
        lambda: cross_entropy(LOGITS, np.array([0, 1, 2, 3])),
        ValueError,
        r"expected labels from 0 to 2 for 3 classes, got 3\.\nHint: let the last layer give 4 classes",
    ),
    Case(
        "a negative label",
        lambda: cross_entropy(LOGITS, np.array([0, 1, 2, -1])),
        ValueError,
        r"cross_entropy: expected labels from 0 to 2 for 3 classes, got -1",
    ),
    Case(
        "labels for other rows",
        lambda: cross_entropy(LOGITS, np.array([0, 1])),
        ValueError,
        r"expected labels of shape \(4,\) for predicted of shape \(4, 3\), got \(2,\)",
    ),
    Case(
        "the class axis in the wrong place",
        lambda: cross_entropy(ones(2, 3, 4, 4), np.zeros((2, 4, 4), int)),
        ValueError,
        r"got \(2, 4, 4\)\.\nHint: the classes seem to be in axis 1: write axis=1",
    ),
    Case(
        "a class axis that is not there",
        lambda: cross_entropy(LOGITS, np.zeros(4, int), axis=7),
        ValueError,
        r"expected predicted with a class axis 7, got shape \(4, 3\)",
    ),
    Case(
        "labels in a column",
        lambda: cross_entropy(LOGITS, np.zeros((4, 1), int)),
        ValueError,
        r"got \(4, 1\)\.\nHint: take the last axis away",
    ),
    Case(
        "integer one-hot targets",
        lambda: cross_entropy(LOGITS, np.eye(3, dtype=int)[[0, 1, 2, 0]]),
        ValueError,
        r"Hint: integer targets of this shape look one-hot; convert with \.argmax\(-1\)",
    ),
    Case(
        "labels in a list",
        lambda: cross_entropy(LOGITS, [0, 1, 2, 0]),
        TypeError,
        r"cross_entropy: expected ground_truth to be a NumPy array, got list",
    ),
    Case(
        "labels in words",
        lambda: cross_entropy(LOGITS, np.array(["a", "b", "c", "d"])),
        TypeError,
        r"cross_entropy: expected integer labels, got <U1",
    ),
    Case(
        "no predictions",
        lambda: cross_entropy(ones(0, 3), np.zeros(0, int)),
        ValueError,
        r"cross_entropy: expected at least one prediction, got shape \(0, 3\)",
    ),
    Case(
        "integer predictions",
        lambda: cross_entropy(np.ones((4, 3), int), np.zeros(4, int)),
        TypeError,
        r"expected predicted to hold floating-point numbers, got int64",
    ),
    Case(
        "a truth that would be broadcast",
        lambda: mean_squared_error(ones(4, 1), ones(4)),
        ValueError,
        r"mean_squared_error: expected ground_truth of shape \(4, 1\) like predicted, got \(4,\)\.\nHint: reshape",
    ),
    Case(
        "a truth in words",
        lambda: mean_squared_error(ones(3), np.array(["a", "b", "c"])),
        TypeError,
        r"mean_squared_error: expected ground_truth to hold numbers, got <U1",
    ),
    Case(
        "more of the best than classes",
        lambda: top_k_accuracy(LOGITS, np.zeros(4, int), k=9),
        ValueError,
        r"top_k_accuracy: k must be at most the number of classes, 3; got 9",
    ),
    Case(
        "a wrong label in a metric",
        lambda: accuracy(LOGITS, np.array([0, 1, 2, 9])),
        ValueError,
        r"accuracy: expected labels from 0 to 2 for 3 classes, got 9",
    ),
    Case(
        "too few classes to count",
        lambda: confusion_matrix(np.array([0, 1]), np.array([0, 5]), n_classes=3),
        ValueError,
        r"confusion_matrix: n_classes must be at least 6, got 3",
    ),
    Case(
        "a metric of other rows",
        lambda: r2_score(ones(4), ones(3)),
        ValueError,
        r"r2_score: expected ground_truth of shape \(4,\) like predicted, got \(3,\)",
    ),
    Case(
        "a negative rate",
        lambda: SGD(lr=-0.1),
        ValueError,
        r"SGD: lr must be at least 0, got -0\.1\.\nHint: give a number such as 0\.1",
    ),
    Case("a rate in words", lambda: SGD(lr="fast"), TypeError, r"SGD: lr must be a number, got 'fast'"),
    Case("a rate that is NaN", lambda: Adam(lr=np.nan), ValueError, r"Adam: lr must be finite, got nan"),
    Case(
        "a momentum of 1.5",
        lambda: SGD(0.1, momentum=1.5),
        ValueError,
        r"SGD: momentum must be at least 0 and below 1, got 1\.5",
    ),
    Case(
        "Nesterov without momentum",
        lambda: SGD(0.1, nesterov=True),
        ValueError,
        r"SGD: nesterov needs a momentum, got momentum=0\.\nHint: write momentum=0\.9",
    ),
    Case(
        "a negative weight decay",
        lambda: SGD(0.1, weight_decay=-1),
        ValueError,
        r"SGD: weight_decay must be at least 0, got -1",
    ),
    Case(
        "a norm of 0 to clip at",
        lambda: SGD(0.1, clip_norm=0),
        ValueError,
        r"SGD: clip_norm must be greater than 0, got 0",
    ),
    Case(
        "accumulating over no batches",
        lambda: SGD(0.1, gradient_accumulation_steps=0),
        ValueError,
        r"gradient_accumulation_steps must be at least 1, got 0",
    ),
    Case(
        "a beta of 1",
        lambda: Adam(0.1, betas=(0.9, 1)),
        ValueError,
        r"Adam: betas\[1\] must be at least 0 and below 1, got 1",
    ),
    Case("a single beta", lambda: Adam(0.1, betas=0.9), TypeError, r"Adam: betas must be a pair of numbers, got 0\.9"),
    Case(
        "a schedule that gives a negative rate",
        lambda: SGD(lambda step: -1.0).step(net().parameters()),
        ValueError,
        r"SGD: lr\(0\) must be at least 0, got -1",
    ),
    Case(
        "a schedule that never steps",
        lambda: StepLR(0.1, step_size=0),
        ValueError,
        r"StepLR: step_size must be at least 1, got 0",
    ),
    Case(
        "milestones too many",
        lambda: SequentialLR([0.1], [3]),
        ValueError,
        r"SequentialLR: milestones must hold 0 steps, one between every two schedules; got 1",
    ),
    Case(
        "a warm-up to a word",
        lambda: LinearWarmup("high", 3),
        TypeError,
        r"LinearWarmup: lr must be a number, got 'high'",
    ),
    Case(
        "clipping at a negative norm",
        lambda: clip_gradient_norm([], max_norm=-1),
        ValueError,
        r"clip_gradient_norm: max_norm must be greater than 0, got -1",
    ),
]
