"""Models fitted to data by name: sizes that do not fit are said before they are computed with."""

import re
import subprocess
import sys

import numpy as np
import pytest

from tinynet import models
from tinynet.layers import LearnedPosition, MultiHeadAttention
from tinynet.models.adversarial import to_be_judged
from tinynet.models.language import _choose
from tinynet.models.unet import halvings


@pytest.mark.parametrize(
    ("name", "shape", "sizes", "kind", "sentence"),
    [
        ("unet", (1, 16, 16), {"depth": "a"}, TypeError, "unet: depth must be an integer, got 'a'."),
        ("unet", (1, 16, 16), {"depth": 1.5}, TypeError, "unet: depth must be an integer, got 1.5."),
        ("unet", (1, 16, 16), {"depth": -1}, ValueError, "unet: depth must be at least 0, got -1."),
        (
            "unet",
            (1, 16, 16),
            {"depth": 10**9},
            ValueError,
            "unet: depth must be at most 10, got 1000000000.\nHint: pictures would need multiples of 2048 pixels.",
        ),
        (
            "unet",
            (1, 16, 12),
            {"depth": 3},
            ValueError,
            "unet: pictures must have sides that are multiples of 8, got 16 × 12.\nHint: a smaller depth asks for "
            "less; --size brings your own pictures to a size.",
        ),
        ("seq2seq", (9, 7), {"max_length": "a"}, TypeError, "seq2seq: max_length must be an integer, got 'a'."),
        ("seq2seq", (9, 7), {"max_length": None}, TypeError, "seq2seq: max_length must be an integer, got None."),
        (
            "seq2seq",
            (7, 9),
            {"max_length": 8},
            ValueError,
            "seq2seq: there are texts of 9 tokens, but max_length is 8.\nHint: take max_length=9, or leave it out.",
        ),
    ],
)
def test_a_size_that_does_not_fit_is_said(name, shape, sizes, kind, sentence):
    with pytest.raises(kind, match=f"^{re.escape(sentence)}$"):
        models.build(name, shape, 5, **sizes)


def test_the_longest_text_sets_the_length_unless_it_is_given():
    for sizes, longest in (({}, 9), ({"max_length": 9}, 9), ({"max_length": 12}, 12)):
        net = models.build("seq2seq", (7, 9), 5, embed_dim=4, **sizes)
        positions = [layer for layer in net.every_layer() if isinstance(layer, LearnedPosition)]
        assert [layer.weight.shape for layer in positions] == [(longest, 4)] * 2  # what is read, and what is written


def test_pictures_are_halved_ten_times_at_most():
    assert halvings("unet", "depth", 10, {}) == 10
    with pytest.raises(ValueError, match=r"^unet: depth must be at most 10, got 11\.\nHint: pictures would need"):
        halvings("unet", "depth", 11, {})


def test_a_translating_transformer_has_four_heads():
    heads = [layer.num_heads for layer in models.seq2seq().every_layer() if isinstance(layer, MultiHeadAttention)]
    assert heads == [4] * len(heads)
    assert heads


def test_noise_has_numbers_that_a_memory_can_hold():
    words = r"^noise: shape \(1073741824, 1048576\) has 1e\+15 numbers, more than a memory can hold\.$"
    with pytest.raises(ValueError, match=words):
        models.noise(2**30, 2**20)


def test_what_a_generator_is_examined_with_is_always_the_same():
    first, second = to_be_judged(5, latent=3), to_be_judged(5, latent=3)
    np.testing.assert_array_equal(first.x, second.x)
    assert len({tuple(row) for row in first.x.tolist()}) == 5


def test_only_the_likeliest_tokens_are_chosen():
    logits, rng = np.log([0.1, 0.4, 0.3, 0.2]), np.random.default_rng(0)
    for top_k, expected in ((1, {1}), (2, {1, 2}), (3, {1, 2, 3}), (4, {0, 1, 2, 3}), (9, {0, 1, 2, 3})):
        assert {_choose(logits, 1.0, top_k, rng) for _ in range(200)} == expected
    assert {_choose(logits, 0.0, None, rng) for _ in range(5)} == {1}
    shares = np.bincount([_choose(logits, 0.5, 2, rng) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(shares, [0, 16 / 25, 9 / 25, 0], atol=0.03)  # e^(log p / 0.5) = p²


def test_a_net_alone_loads_no_data_and_no_learner() -> None:
    code = "import sys; from tinynet import models; models.mlp(); print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tinynet.data", "tinynet.learner", "tinynet.probe", "tinynet.storage"} & {*run.stdout.split()}
    assert models.AdversarialLearner.__module__ == "tinynet.models.adversarial"
    assert {"AdversarialLearner", "mlp"} <= {*dir(models)}
    with pytest.raises(AttributeError, match="module 'tinynet.models' has no attribute 'gpt5'"):
        models.gpt5  # noqa: B018
