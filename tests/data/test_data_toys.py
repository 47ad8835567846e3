"""Made-up data sets and the table of names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import (
    DATASETS,
    Dataset,
    blobs,
    circles,
    curve,
    line,
    load,
    moons,
    polynomial,
    sine,
    spirals,
)

POINTS = [spirals, moons, blobs, circles]
CURVES = [line, sine, polynomial]


@pytest.mark.parametrize("make", POINTS)
def test_points(make: Callable[..., Dataset]) -> None:
    d = make(31, 0.1, 0)
    n_classes = len(d.classes)
    assert d.x.shape == (31, 2)
    assert d.x.dtype == np.float32
    assert d.y.dtype == np.int64
    assert np.ptp(np.bincount(d.y, minlength=n_classes)) == 1
    assert np.std(make(2000, 0.5, 0).x - make(2000, 0.0, 0).x) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("make", CURVES)
def test_curves(make: Callable[..., Dataset]) -> None:
    d = make(30, 0.1, 0)
    assert d.x.shape == d.y.shape == (30, 1)
    assert d.x.dtype == d.y.dtype == np.float32
    assert np.all(np.diff(d.x[:, 0]) > 0)
    assert np.std(make(2000, 0.5, 0).y - make(2000, 0.0, 0).y) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("make", POINTS + CURVES)
def test_points_follow_the_seed(make: Callable[..., Dataset]) -> None:
    tn.seed(1)
    first, second = make(), make()
    tn.seed(1)
    assert np.array_equal(make().x, first.x)
    assert not np.array_equal(first.x, second.x)
    assert np.array_equal(make(rng=3).x, make(rng=np.random.default_rng(3)).x)


def test_shapes_without_noise() -> None:
    d = spirals(300, 0.0, 0, n_classes=2)
    radius = np.linalg.norm(d.x, axis=1)
    angle = np.arctan2(d.x[:, 1], d.x[:, 0]) - 4 * radius - np.pi * d.y
    assert np.allclose(np.cos(angle), 1, atol=1e-4)
    assert radius.max() <= 1
    d = circles(100, 0.0, 0)
    assert np.allclose(np.linalg.norm(d.x, axis=1), np.where(d.y == 0, 1, 0.5))
    d = moons(100, 0.0, 0)
    centre = np.where(d.y[:, None] == 0, [0, 0], [1, 0.5])
    assert np.allclose(np.linalg.norm(d.x - centre, axis=1), 1)
    assert np.all(np.where(d.y == 0, d.x[:, 1] >= 0, d.x[:, 1] <= 0.5))
    d = blobs(8, 0.0, 0, n_classes=4)
    assert np.allclose(d.x[:4], [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-6)


def test_functions_without_noise() -> None:
    d = line(20, 0.0, 0, slope=-3, intercept=0.5)
    assert np.allclose(d.y, -3 * d.x + 0.5)
    d = polynomial(20, 0.0, 0, coefficients=[1, 2, 0, -4])
    assert np.allclose(d.y, 1 + 2 * d.x - 4 * d.x**3, atol=1e-6)
    d = curve(np.exp, 20, 0.0, 0, low=2, high=3)
    assert np.allclose(d.y, np.exp(d.x))
    assert d.x.min() >= 2
    assert d.x.max() <= 3
    assert np.abs(sine(500, 0.0, 0).x).max() > 3


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: spirals(2), ValueError, "spirals: n_samples must be at least 3, got 2"),
        (lambda: moons(0), ValueError, "moons: n_samples must be at least 2, got 0"),
        (lambda: circles(10.5), TypeError, "circles: n_samples must be an integer, got 10.5"),
        (lambda: blobs(10, -0.1), ValueError, "blobs: noise must be at least 0, got -0.1"),
        (lambda: blobs(10, n_classes=1), ValueError, "blobs: n_classes must be at least 2, got 1"),
        (lambda: moons(rng=-1), TypeError, "rng must be a .* got -1"),
        (lambda: line(0), ValueError, "line: n_samples must be at least 1, got 0"),
        (lambda: line(slope="a"), TypeError, "line: slope must be a number, got 'a'"),
        (lambda: sine(noise=np.nan), ValueError, "sine: noise must be finite"),
        (lambda: polynomial(coefficients=[1, "b"]), TypeError, r"coefficients\[1\] must be a number, got 'b'"),
        (lambda: polynomial(coefficients=[]), ValueError, r"polynomial: expected shape \(100, 1\), got \(\)"),
        (lambda: curve(3), TypeError, "curve: function must be callable on x, got int"),
        (lambda: curve(np.sum, 4), ValueError, r"curve: expected shape \(4, 1\), got \(\)"),
        (lambda: curve(np.sin, low=1, high=1), ValueError, "high must be greater than 1, got 1"),
    ],
)
def test_refusals(make: Callable, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()


def test_the_table_describes_every_dataset_in_one_line() -> None:
    assert list(DATASETS) == [
        "digits",
        "mnist",
        "fashion-mnist",
        "cifar10",
        "spirals",
        "moons",
        "blobs",
        "circles",
        "dates",
    ]
    assert all("\n" not in entry.description and len(entry.description) < 80 for entry in DATASETS.values())


@pytest.mark.parametrize("name", ["spirals", "moons", "blobs", "circles"])
def test_made_up_sets_are_the_same_in_every_run(name: str) -> None:
    tn.seed(1)
    train, test = load(name)
    tn.seed(2)
    assert np.array_equal(load(name)[1].x, test.x)
    assert (len(train), len(test)) == (1200, 300)
    assert not {row.tobytes() for row in train.x} & {row.tobytes() for row in test.x}


def test_load_by_name() -> None:
    assert len(load("digits")[1]) == 360
    with pytest.raises(
        ValueError, match=r"data.load: name must be one of 'digits', .*; got 'minst'.\nHint: did you mean 'mnist'"
    ):
        load("minst")
