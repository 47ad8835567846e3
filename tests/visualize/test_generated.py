"""Sheets of samples and maps of codes."""

import numpy as np
import pytest

from tinynet.visualize import latent_space, samples


def test_each_sample_is_drawn_with_its_own_pixels():
    images = np.random.default_rng(0).random((5, 1, 4, 6))
    drawn = samples(images, columns=3).axes[0].images
    assert len(drawn) == 5
    np.testing.assert_allclose(drawn[4].get_array(), images[4, 0])


def test_values_outside_0_and_1_share_one_scale():
    images = np.array([0.0, 1.0, 3.0]).reshape(3, 1, 1, 1) * np.ones((1, 1, 2, 2))
    drawn = [image.get_array()[0, 0] for image in samples(images).axes[0].images]
    np.testing.assert_allclose(drawn, [0, 1 / 3, 1])


def test_colour_pictures_stay_in_colour():
    assert samples(np.zeros((2, 3, 4, 4))).axes[0].images[0].get_array().shape == (4, 4, 3)


def test_dots_lie_at_their_codes_class_by_class():
    codes = np.array([[0.0, 1.0, 9.0], [2.0, 3.0, 9.0], [4.0, 5.0, 9.0]])
    figure = latent_space(codes, np.array([1, 0, 1]))
    offsets = [dots.get_offsets().tolist() for dots in figure.axes[0].collections]
    assert offsets == [[[2.0, 3.0]], [[0.0, 1.0], [4.0, 5.0]]]


@pytest.mark.parametrize(
    ("draw", "kind", "words"),
    [
        (lambda: samples(np.zeros((3, 8, 8))), ValueError, r"samples: expected images of shape \(N, C, H, W\)"),
        (lambda: samples(np.zeros((0, 1, 8, 8))), ValueError, "samples: images"),
        (lambda: samples(np.zeros((1, 1, 8, 8)), columns=0), ValueError, "columns must be at least 1"),
        (lambda: latent_space(np.zeros((3, 1)), np.zeros(3, int)), ValueError, r"\(3, 2\) or wider.*got \(3, 1\)"),
        (lambda: latent_space(np.zeros((2, 2)), np.zeros(3, int)), ValueError, r"\(3, 2\) or wider.*got \(2, 2\)"),
        (lambda: latent_space(np.zeros((3, 2)), np.zeros(3)), TypeError, "latent_space: expected integer labels"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, kind, words):
    with pytest.raises(kind, match=words):
        draw()
