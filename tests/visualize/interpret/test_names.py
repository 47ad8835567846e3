"""Names of classes and words of tokens are checked before anything is drawn."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.visualize import activation_maximization, attention_maps, attributions, points_map

NET = tn.models.digits_cnn()
READING = tn.models.char_gpt(5, embed_dim=4, num_heads=1, num_layers=1)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: activation_maximization(NET, (1, 8, 8), classes=7, steps=1), "classes must be"),
        (lambda: attributions(tn.probe.saliency(NET, np.ones((1, 1, 8, 8))), classes=np.array("a")), "classes must be"),
        (lambda: attention_maps(READING, np.array([[0, 4]]), words=3), "words must be a text"),
        (lambda: attention_maps(READING, np.array([[0, 4]]), words="abc"), "tokens must lie in 0 to 2"),
        (lambda: points_map(np.ones(3), "abc"), r"points_map: expected X of shape \(N, D\)"),
        (lambda: points_map(np.ones((3, 2)), 3), "points_map: words must be"),
        (lambda: points_map(np.ones((3, 2)), "ab"), "expected a name for each of 3 vectors, got 2"),
    ],
)  # fmt: skip
def test_what_is_no_name(draw, words) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        draw()
