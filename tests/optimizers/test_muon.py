"""Muon: steps by hand, after Jordan et al. 2024."""

import math

import numpy as np
import pytest

from tests.optimizers.steps import parameter, rosenbrock
from tinynet.core import Parameter
from tinynet.optimizers import Muon
from tinynet.optimizers.muon import orthogonalize


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def by_singular_values(u, steps):
    """What Newton-Schulz does, told by what each step does to a singular value: s ← a s + b s³ + c s⁵."""
    left, s, right = np.linalg.svd(u, full_matrices=False)
    s = s / (np.linalg.norm(s) + 1e-7)
    for _ in range(steps):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return left @ np.diag(s) @ right


def run(rule, w, gradients):
    for gradient in gradients:
        w.accumulate(gradient)
        rule.step({"w": w})
    return w.tensor


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 4), (4, 1)])
@pytest.mark.parametrize("steps", [1, 5])
def test_orthogonalize_keeps_singular_vectors(shape, steps):
    u = normal(*shape)
    np.testing.assert_allclose(orthogonalize(u, steps), by_singular_values(u, steps), atol=1e-10)


def test_five_steps_bring_singular_values_near_one():
    u = np.linalg.qr(normal(20, 20))[0] @ np.diag(np.geomspace(0.02, 1, 20))
    s = np.linalg.svd(orthogonalize(u, 5), compute_uv=False)
    assert 0.6 < s.min() <= s.max() < 1.3


def test_a_zero_gradient_moves_nothing():
    assert not run(Muon(lr=1.0), parameter(np.zeros((2, 3))), [np.zeros((2, 3))]).any()


@pytest.mark.parametrize("nesterov", [False, True])
def test_steps_by_hand(nesterov):
    rule = Muon(lr=0.1, momentum=0.5, nesterov=nesterov, weight_decay=0.2, ns_steps=3)
    w, gradients = normal(2, 3), [normal(2, 3, seed=i) for i in (1, 2)]
    found = run(rule, parameter(w), gradients)
    m = np.zeros((2, 3))
    for g in gradients:
        m = 0.5 * m + g
        u = g + 0.5 * m if nesterov else m
        w = (1 - 0.1 * 0.2) * w - 0.1 * by_singular_values(u, 3)
    np.testing.assert_allclose(found, w, atol=1e-10)


def test_a_tall_matrix_steps_further():
    found = run(Muon(lr=1.0), parameter(np.zeros((8, 2))), [normal(8, 2)])
    np.testing.assert_allclose(found, -math.sqrt(4) * by_singular_values(1.95 * normal(8, 2), 5), atol=1e-10)


def test_a_convolution_is_a_matrix_of_its_outputs():
    g = normal(3, 2, 2, 2)
    found = run(Muon(lr=1.0), parameter(np.zeros((3, 2, 2, 2))), [g])
    np.testing.assert_allclose(found.reshape(3, 8), -by_singular_values(1.95 * g.reshape(3, 8), 5), atol=1e-10)


def test_each_matrix_is_orthogonalized_by_itself():
    both = [parameter(np.zeros((2, 2))), parameter(np.zeros((2, 2)))]
    gradients = [normal(2, 2), 100 * normal(2, 2, seed=1)]
    for w, g in zip(both, gradients, strict=True):
        w.accumulate(g)
    Muon(lr=1.0).step(dict(zip("ab", both, strict=True)))
    for w, g in zip(both, gradients, strict=True):
        np.testing.assert_allclose(w.tensor, -by_singular_values(g, 5), atol=1e-6)


def test_the_size_of_the_gradient_does_not_matter():
    small, large = (run(Muon(), parameter(np.zeros((3, 4))), [scale * normal(3, 4)]) for scale in (1.0, 1e3))
    np.testing.assert_allclose(small, large, atol=1e-6)


def test_float32_stays_float32():
    w = Parameter(np.ones((2, 3)))
    run(Muon(weight_decay=0.1), w, [normal(2, 3)])
    assert w.dtype == np.float32


def test_crosses_the_valley_of_rosenbrock():
    rule = Muon(lambda step: 0.01 * 0.999**step, momentum=0.9)
    np.testing.assert_allclose(rosenbrock(rule, 6000), [1, 1], atol=0.01)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Muon(momentum=1), ValueError, r"Muon: momentum must be at least 0 and below 1, got 1\."),
        (lambda: Muon(weight_decay=-1), ValueError, r"Muon: weight_decay must be at least 0, got -1\."),
        (lambda: Muon(ns_steps=0), ValueError, r"Muon: ns_steps must be at least 1, got 0\."),
        (
            lambda: run(Muon(), parameter([1.0, 2.0]), [np.ones(2)]),
            ValueError,
            r"Muon: expected a parameter with at least two axes, got shape \(2,\)\.\nHint: give biases and norms to",
        ),
    ],
)
def test_what_is_refused(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
