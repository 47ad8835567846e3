"""Transforms: their values, their randomness, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Compose, Dataset, Normalize, RandomCrop, RandomFlip

IMAGES = np.arange(6 * 2 * 4 * 5, dtype=np.float32).reshape(6, 2, 4, 5)


def test_normalize_by_hand() -> None:
    y = Normalize([1.0, 2.0], [2.0, 4.0])(IMAGES)
    assert y.dtype == np.float32
    assert np.allclose(y[:, 0], (IMAGES[:, 0] - 1) / 2)
    assert np.allclose(y[:, 1], (IMAGES[:, 1] - 2) / 4)
    rows = Normalize(3, [1, 2])(np.array([[3.0, 5.0]]))
    assert rows.tolist() == [[0, 1]]
    assert Normalize(0, 255)(np.full((1, 1, 1, 1), 255, np.uint8)).dtype == np.float32


def test_crop_gives_a_window_of_each_padded_image() -> None:
    y = RandomCrop((3, 4), padding=(1, 2), rng=0)(IMAGES)
    assert y.shape == (6, 2, 3, 4)
    padded = np.pad(IMAGES, ((0, 0), (0, 0), (1, 1), (2, 2)))
    places = set()
    for image, window in zip(padded, y, strict=True):
        found = [
            (top, left)
            for top in range(4)
            for left in range(6)
            if np.array_equal(image[:, top : top + 3, left : left + 4], window)
        ]
        assert len(found) == 1
        places.update(found)
    assert len(places) > 1


def test_crop_reaches_every_place() -> None:
    x = np.tile(np.arange(3.0), (300, 1))[:, None, None, :]
    assert set(RandomCrop(1, rng=0)(x).ravel()) == {0, 1, 2}


def test_crop_of_the_whole_image_changes_nothing() -> None:
    assert np.array_equal(RandomCrop((4, 5))(IMAGES), IMAGES)


def test_flip_mirrors_whole_images_with_the_given_probability() -> None:
    x = np.tile(np.arange(3.0), (2000, 1))[:, None, None, :]
    flipped = RandomFlip(p=0.25, rng=0)(x)[:, 0, 0, 0] == 2
    assert abs(flipped.mean() - 0.25) < 0.03
    assert np.array_equal(RandomFlip(1.0)(IMAGES), IMAGES[..., ::-1])
    assert np.array_equal(RandomFlip(0.0)(IMAGES), IMAGES)


def test_randomness_is_the_augmentation_stream() -> None:
    both = Compose([RandomCrop((4, 5), padding=1), RandomFlip()])
    tn.seed(0)
    shuffling = tn.core.generator_states()["n_draws"]["shuffling"]
    first, second = both(IMAGES), both(IMAGES)
    assert tn.core.generator_states()["n_draws"]["shuffling"] == shuffling
    tn.seed(0)
    assert np.array_equal(both(IMAGES), first)
    assert not np.array_equal(first, second)


def test_stored_data_stay_as_they_are() -> None:
    d = Dataset(IMAGES.copy(), np.zeros(6), transform=[Normalize(1, 2), RandomFlip(1.0), RandomCrop(2)])
    d[:]
    assert np.array_equal(d.x, IMAGES)


def test_repr() -> None:
    assert repr(Compose([RandomCrop(3, 1), RandomFlip()])) == (
        "Compose([RandomCrop(size=(3, 3), padding=(1, 1)), RandomFlip(p=0.5)])"
    )


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Normalize(0, 0), ValueError, "std must be greater than 0, got 0"),
        (lambda: Normalize([0, 0], [1, 0]), ValueError, "std must be greater than 0"),
        (lambda: Normalize(np.nan, 1), ValueError, "mean must be finite, got nan"),
        (lambda: Normalize("a", 1), TypeError, "mean must be a number or one number per channel, got 'a'"),
        (lambda: Normalize([1, 2], [1, 2, 3]), ValueError, "mean has 2 channels and std has 3"),
        (lambda: RandomCrop(0), ValueError, "size must be at least 1|at least 1, got 0"),
        (lambda: RandomCrop(2, padding=-1), ValueError, "at least 0, got -1"),
        (lambda: RandomCrop(2.5), TypeError, "size must be an integer or a pair"),
        (lambda: RandomFlip(1.5), ValueError, "p must be from 0 to 1, got 1.5"),
        (lambda: RandomFlip(rng="x"), TypeError, "rng must be a np.random.Generator or a seed"),
        (lambda: Compose([3]), TypeError, "transform must be callable on a batch x, got int"),
        (lambda: Normalize([0, 0, 0], 1)(IMAGES), ValueError, r"expected x of shape \(N, 3, ...\), got \(6, 2, 4, 5\)"),
        (lambda: Normalize(0, 1)(np.ones(3)), ValueError, r"expected x of shape \(N, C, ...\), got \(3,\)"),
        (lambda: RandomFlip()(np.ones((3, 4))), ValueError, r"expected x of shape \(N, C, H, W\), got \(3, 4\)"),
        (lambda: RandomCrop(2)([1]), ValueError, r"expected x of shape \(N, C, H, W\), got list"),
        (lambda: RandomCrop(7, 1)(IMAGES), ValueError, r"the window \(7, 7\) is larger than the padded image \(6, 7\)"),
    ],
)
def test_refusals(make: object, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()
