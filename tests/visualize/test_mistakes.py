"""The confusion matrix and the sheets of mistakes."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Flatten, Linear, Softmax
from tinynet.net import Net
from tinynet.visualize import confident_mistakes, confusion_matrix, misclassified
from tinynet.visualize.readings import probabilities, read


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def told(pixels, labels, classes=None):
    """A net of two classes and images of 1×2 pixels: the difference of the pixels is the logit of class 1."""
    layer = Linear(2, 2)
    layer.weight.tensor = [[0, 0], [-1, 1]]
    layer.bias.tensor = [0, 0]
    x = np.array(pixels, np.float32).reshape(-1, 1, 1, 2)
    return Net([Flatten(), layer]), Dataset(x, np.array(labels), classes)


def test_confusion_matrix_shows_every_count_and_the_recall():
    figure = confusion_matrix(np.array([[8, 2], [0, 10]]), classes=["cat", "dog"])
    ax = figure.axes[0]
    assert ax.get_title(loc="left") == "18 of 20 right (90.0 %)"
    at = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts[2:]}  # (column, row)
    assert at == {(0, 0): "8", (1, 0): "2", (1, 1): "10"}
    assert words(figure)[:2] == ["80 %", "100 %"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_confusion_matrix_colours_right_blue_and_wrong_orange():
    shades = confusion_matrix(np.array([[1, 1], [0, 4]])).axes[0].images[0].get_array()
    assert shades[1, 1, 2] > shades[1, 1, 0]  # blue
    assert shades[0, 1, 0] > shades[0, 1, 2]  # orange
    np.testing.assert_allclose(shades[1, 0], 1)  # never happened: white
    assert shades[1, 1].sum() < shades[0, 0].sum()  # 4 of 4 is stronger than 1 of 2


def test_confusion_matrix_of_many_classes_leaves_out_numbers():
    ax = confusion_matrix(np.eye(100, dtype=int)).axes[0]
    assert list(ax.texts) == []
    assert len(ax.get_xticklabels()) == 25


def test_confusion_matrix_of_a_class_without_samples():
    assert "none" in words(confusion_matrix(np.array([[0, 0], [1, 1]])))


@pytest.mark.parametrize("matrix", [np.ones((2, 3)), np.ones(4), np.ones((0, 0))])
def test_confusion_matrix_must_be_square(matrix):
    with pytest.raises(ValueError, match=r"expected a matrix of shape \(C, C\).*\nHint: .*metrics.confusion_matrix"):
        confusion_matrix(matrix)


def test_confusion_matrix_must_hold_counts():
    with pytest.raises(ValueError, match="must hold counts from 0 on"):
        confusion_matrix(np.array([[1, -1], [0, 1]]))
    with pytest.raises(ValueError, match="must hold counts from 0 on"):
        confusion_matrix(np.array([[1, np.nan], [0, 1]]))
    with pytest.raises(TypeError, match="matrix must hold counts, got <U1"):
        confusion_matrix(np.array([["a"]]))
    with pytest.raises(ValueError, match="expected 2 names of classes, got 1"):
        confusion_matrix(np.eye(2), classes=["cat"])


def test_mistakes_are_sorted_by_confidence():
    net, data = told([[0, 1], [0, 3], [1, 0], [0, 2]], [0, 0, 0, 1])
    figure = confident_mistakes(net, data)
    assert words(figure) == ["1 (95 %)", "is 0", "1 (73 %)", "is 0"]  # 1 / (1 + e⁻³) and 1 / (1 + e⁻¹)
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[0, 1]])  # (0, 3), stretched to [0, 1]
    assert len(confident_mistakes(net, data, n=1).axes[0].images) == 1


def test_misclassified_are_in_the_order_of_the_data():
    net, data = told([[0, 1], [0, 3], [1, 0], [2, 0]], [0, 0, 0, 1], classes=["cat", "dog"])
    figure = misclassified(net, data)
    assert words(figure) == ["cat → dog", "cat → dog", "dog → cat"]
    assert figure.get_suptitle() == "Misclassified: 3 of 4  (true → predicted)"
    assert misclassified(net, data, n=2).get_suptitle() == "Misclassified: the first 2 of 3  (true → predicted)"


def test_long_names_take_two_lines():
    net, data = told([[0, 1]], [0], classes=["a very long name indeed", "automobile"])
    assert words(misclassified(net, data)) == ["a very long…\n→ automobile"]
    assert words(confident_mistakes(net, data)) == ["automobile\n(73 %)", "is a very lon…"]


def test_no_mistake_at_all():
    net, data = told([[0, 1], [1, 0]], [1, 0])
    for draw in (confident_mistakes, misclassified):
        assert words(draw(net, data)) == ["No mistake among 2 samples."]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_keep_their_shape_and_colours(channels):
    x = np.zeros((1, channels, 4, 6), np.float32)
    x[0, 0] = 1
    net = Net([Flatten(), Linear(24 * channels, 2)])
    net[1].weight.tensor = np.zeros((2, 24 * channels))
    net[1].bias.tensor = [0, 1]
    drawn = misclassified(net, Dataset(x, np.array([0]))).axes[0].images[0]
    assert drawn.get_array().shape == ((4, 6) if channels == 1 else (4, 6, 3))
    left, right, bottom, top = drawn.get_extent()
    np.testing.assert_allclose((right - left) / (top - bottom), 6 / 4)
    if channels == 3:
        np.testing.assert_allclose(drawn.get_array()[0, 0], [1, 0, 0])


def test_what_is_no_image_classifier_is_refused(cnn, images):
    with pytest.raises(ValueError, match=r"misclassified: n must be at least 1, got 0"):
        misclassified(cnn, images, n=0)
    with pytest.raises(ValueError, match=r"confident_mistakes: n must be at least 1, got -1"):
        confident_mistakes(cnn, images, n=-1)
    points = Dataset(np.ones((4, 2), np.float32), np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match=r"misclassified: expected images of shape \(N, C, H, W\), got \(2, 2\)"):
        misclassified(Net([Linear(2, 2)]), points)
    with pytest.raises(
        ValueError, match=r"expected a net that gives \(N, classes\) for two or more classes, got \(4, 1\)"
    ):
        misclassified(Net([Linear(2, 1)]), points)
    with pytest.raises(TypeError, match=r"expected integer labels of shape \(N,\), got float64 of shape \(12, 3\)"):
        misclassified(cnn, Dataset(images.x, np.ones((12, 3))))
    with pytest.raises(ValueError, match=r"the net has 2 classes, counted from 0, but a label is 2"):
        confident_mistakes(Net([Flatten(), Linear(64, 2)]), images)


def test_probabilities_of_logits_and_of_probabilities():
    net, ends_with_softmax = Net([Linear(2, 2)]), Net([Linear(2, 2), Net([Softmax()])])
    np.testing.assert_allclose(probabilities(net, np.array([[0.0, np.log(3)]])), [[0.25, 0.75]])
    np.testing.assert_allclose(probabilities(net, np.log([[0.9, 0.1]])), [[0.9, 0.1]])
    np.testing.assert_allclose(probabilities(net, np.array([[1e4, -1e4]])), [[1, 0]])
    np.testing.assert_allclose(probabilities(ends_with_softmax, np.array([[0.9, 0.1]])), [[0.9, 0.1]])


def test_a_reading_counts_its_confusions():
    net, data = told([[0, 1], [0, 3], [1, 0], [2, 0]], [0, 0, 0, 1])
    assert read("test", net, data).matrix().tolist() == [[1, 2], [1, 0]]
