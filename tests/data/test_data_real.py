"""The real files, where TINYNET_DATA names a folder that has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tinynet.data import Normalize, RandomCrop, RandomFlip, batches, cifar10, mnist, text

FOLDER = Path(os.environ.get("TINYNET_DATA") or "/nowhere")


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (FOLDER / name).exists(), reason=f"TINYNET_DATA names no folder with {name}")


@needs("mnist")
def test_mnist() -> None:
    train, test = mnist()
    assert train.x.shape == (60000, 1, 28, 28)
    assert test.x.shape == (10000, 1, 28, 28)
    assert train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert train.x.mean() == pytest.approx(0.1307, abs=1e-4)
    assert train.x.std() == pytest.approx(0.3081, abs=1e-4)
    assert train.source.endswith(", verified")
    rest, valid = train.split(0.1, rng=0)
    assert (len(rest), len(valid)) == (54000, 6000)
    assert sum(len(y) for _, y in batches(rest, 128, shuffle=True, rng=0)) == 54000


@needs("cifar-10-batches-bin")
def test_cifar10() -> None:
    train, test = cifar10()
    assert train.x.shape[1:] == test.x.shape[1:] == (3, 32, 32)
    assert (train.x.min(), train.x.max()) == (0, 1)
    assert np.all(np.bincount(test.y, minlength=10) > 0)
    augmented = train.with_transform([RandomCrop(32, padding=4), RandomFlip(), Normalize([0.49, 0.48, 0.45], 0.25)])
    assert augmented[:64][0].shape == (64, 3, 32, 32)


@needs("tinyshakespeare")
def test_tiny_shakespeare() -> None:
    corpus = text(FOLDER / "tinyshakespeare" / "input.txt", length=64)
    assert len(corpus.codes) == 1115394
    assert len(corpus.vocabulary) == 65
    x, y = corpus.train[0]
    assert corpus.decode(x).startswith("First Citizen:\nBefore we proceed")
    assert np.array_equal(x[1:], y[:-1])
