"""What the net makes of data that it has never seen."""

from __future__ import annotations

import numpy as np

from tinynet.probe import interpret
from tinynet.probe.interpret.inside import has_convolutions
from tinynet.visualize.boundary import decision_boundary, fit_curve
from tinynet.visualize.confusion import confusion_matrix
from tinynet.visualize.interpret import attributions, embedding_map
from tinynet.visualize.mistakes import draw_confident
from tinynet.visualize.readings import class_name, class_names
from tinynet.visualize.reconstruction import reconstructions
from tinynet.visualize.sections.view import View, picture
from tinynet.visualize.subject import Subject

MOST_MISTAKES = 36
EXPLAINED = 4  # samples
FEWEST_DOTS = 10  # Fewer samples make no map.


def boundary(subject: Subject) -> View | None:
    """Which class a classifier of points gives to each place."""
    if subject.kind != "plane":
        return None
    words = "The colour of a place is the class that the net gives it; the surer, the stronger."
    return View(words, picture(decision_boundary(subject.net, subject.test), "The plane, coloured by class."))


def fit(subject: Subject) -> View | None:
    """A function of one number, beside its samples."""
    if subject.kind != "curve":
        return None
    words = "The samples, and what the net makes of every number in between."
    return View(words, picture(fit_curve(subject.net, subject.test), "The samples and the fitted curve.", "chart"))


def reconstructed(subject: Subject) -> View | None:
    """What an autoencoder makes of images."""
    if subject.kind != "autoencoder":
        return None
    words = "Above, images of the test data; below, what the net makes of them."
    return View(words, picture(reconstructions(subject.net, subject.test), "Images and their reconstructions."))


def confusion(subject: Subject) -> View | None:
    """Which class is taken for which."""
    reading = subject.reading
    if reading is None:
        return None
    matrix, classes = reading.matrix(), class_names(subject.test)
    words = "Rows are true classes, columns what they were taken for; on the right, how much of each was recognised."
    wrong = matrix - np.diag(np.diag(matrix))
    true, said = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if wrong[true, said] > 1:
        a, b = class_name(classes, int(true)), class_name(classes, int(said))
        words += f" The most frequent mistake: {a} is taken for {b}, {wrong[true, said]:,} times."
    right = f"{np.trace(matrix):,} of {matrix.sum():,} test samples are right."
    return View(words, picture(confusion_matrix(matrix, classes), f"Confusion matrix: {right}", "chart"))


def mistakes(subject: Subject) -> View | None:
    """Images that a classifier gets wrong, the surest first."""
    reading = subject.reading
    if reading is None or subject.kind != "images":
        return None
    n = len(reading.mistakes)
    words = "Above each image what the net said and how surely, below it the truth; the surest mistakes come first. "
    words += "Wrong labels and odd samples show up here."
    shown = "No mistake." if not n else f"{min(n, MOST_MISTAKES)} of {n:,} misclassified test samples."
    return View(words, picture(draw_confident(reading, subject.test, MOST_MISTAKES), shown))


def where_it_looks(subject: Subject) -> View | None:
    """Which pixels speak for the class that the net names."""
    reading = subject.reading
    if reading is None or subject.kind != "images":
        return None
    surest = reading.mistakes[np.argsort(-reading.sureness[reading.mistakes], kind="stable")]
    chosen = np.concatenate([surest, np.flatnonzero(reading.predicted == reading.labels)])[:EXPLAINED]
    x = subject.test[chosen][0]
    found = [interpret.saliency(subject.net, x), interpret.integrated_gradients(subject.net, x)]
    if has_convolutions(subject.net):
        found.append(interpret.grad_cam(subject.net, x))
    which = "The surest mistakes" if len(surest) >= EXPLAINED else "Some samples"
    words = (
        f"{which} of the test data, and what speaks for the class that the net named: how strongly its score depends "
        "on each pixel (saliency), how much each pixel adds to it (integrated gradients)"
    )
    words += ", and where the last convolution found evidence (Grad-CAM)." if len(found) > 2 else "."
    drawn = attributions(*found, classes=class_names(subject.test))
    return View(words, picture(drawn, "Samples, and the pixels that speak for the class that was named."))


def arranged(subject: Subject) -> View | None:
    """How the net arranges the samples, by what its last layer reads from."""
    if subject.reading is None or subject.kind == "plane" or len(subject.test) < FEWEST_DOTS:
        return None
    words = (
        "Each dot is a sample of the test data, in the colour of its class, where the last layer sees it: the two "
        "directions of the largest spread. Classes that lie apart are told apart; those that overlap may differ in "
        "further directions."
    )
    try:
        drawn = embedding_map(subject.net, subject.test)
    except ValueError:  # the last layer reads from something else than a vector for each sample
        return None
    return View(words, picture(drawn, "The samples as dots, coloured by class.", "chart"))
