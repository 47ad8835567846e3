"""Maps of many numbers in two: principal components, and t-SNE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, generator, number, optional

MOST_POINTS = 5000  # of t-SNE: a step takes a few arrays of N² numbers, 200 MB each at 5,000
EXAGGERATION, N_EXAGGERATED = 12, 250  # van der Maaten 2014, section 4.1: clusters form before they spread out
MOMENTUM = (0.5, 0.8)  # during and after the exaggeration, as in the paper


@dataclass(frozen=True, eq=False)
class Projection:
    """A map of points.

    Shapes:
        points: (N, 2)

    Attributes:
        method: "PCA" or "t-SNE".
        points: Where each row of X is put.
        quality: The share of the variance that each axis shows, (2,); or for t-SNE, KL(P‖Q) in nats at the end, (1,).

    Example:
        >>> tn.probe.pca(np.eye(3)).points.shape
        (3, 2)
    """

    method: str
    points: np.ndarray
    quality: np.ndarray


def pca(X: np.ndarray) -> Projection:
    """Look at points from the side from which they are spread most: Pearson 1901, Hotelling 1933.

    Equation:
        X − mean = U S Vᵀ        points = (X − mean) V[:, :2]        quality = S²[:2] / Σ S²

    Shapes:
        X: (N, D), or (N, ...), whose rows are made flat    points: (N, 2)

    A direction has no sign, so each is turned such that its largest entry is positive.

    Raises:
        ValueError: There are fewer than two points, or a number is not finite.

    Example:
        >>> pca(np.array([[0.0, 0, 0], [3, 4, 0], [6, 8, 0]])).points[:, 0]
        array([-5.,  0.,  5.])
    """
    centred = _points("pca", X)
    centred = centred - centred.mean(axis=0)
    _, S, Vt = np.linalg.svd(centred, full_matrices=False)
    Vt = Vt[:2] * np.sign(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(axis=1)])[:2, np.newaxis]
    points = np.zeros((len(centred), 2))
    points[:, : len(Vt)] = centred @ Vt.T
    share = np.zeros(2)
    share[: len(Vt)] = S[:2] ** 2 / max(float((S**2).sum()), 1e-300)
    return Projection("PCA", points, share)


def tsne(
    X: np.ndarray, *, perplexity: float = 30.0, n_steps: int = 750, rng: np.random.Generator | None = None
) -> Projection:
    """A map in which neighbours stay neighbours: van der Maaten and Hinton 2008, exactly, without approximations.

    Sizes of clusters and distances between them mean nothing in it; only who is beside whom does.

    Equation:
        p(j|i) = exp(−‖xᵢ − xⱼ‖² βᵢ) / Σₖ≠ᵢ …, with βᵢ such that its entropy is log perplexity
        pᵢⱼ = (p(j|i) + p(i|j)) / 2N        qᵢⱼ = (1 + ‖yᵢ − yⱼ‖²)⁻¹ / Σₖ≠ₗ …
        C = KL(P‖Q) = Σ pᵢⱼ log pᵢⱼ/qᵢⱼ        ∂C/∂yᵢ = 4 Σⱼ (pᵢⱼ − qᵢⱼ)(1 + ‖yᵢ − yⱼ‖²)⁻¹ (yᵢ − yⱼ)

    Shapes:
        X: (N, D), or (N, ...), whose rows are made flat    points y: (N, 2)

    Gradient descent with momentum and a gain for each number, from the two principal components (Kobak and Berens
    2019), with the rate N / 12 (Belkina et al. 2019). Time and memory grow with N²: on one core 500 points take some
    4 s, and 1,000 some 15 s.

    Args:
        X: The points, at most 5,000.
        perplexity: How many neighbours count, roughly, 5 to 50; below N.
        n_steps: Steps of gradient descent; during the first 250, P is exaggerated by 12.
        rng: Where a little noise comes from, which keeps equal points apart. If None it is the same at each call.

    Raises:
        ValueError: There are too few or too many points, a number is not finite, or one is out of range.

    Example:
        >>> found = tsne(tn.data.digits()[1].x[:60], perplexity=10, n_steps=100)
        >>> found.method, found.points.shape
        ('t-SNE', (60, 2))
    """
    rules = {"perplexity": number(above=1), "n_steps": at_least(1), "rng": optional(generator)}
    checks.arguments("tsne", locals(), **rules)
    X = _points("tsne", X)
    N = len(X)
    if N > MOST_POINTS:
        hint = "take a part of them; every tenth, say, as X[::10], shows the same clusters."
        checks.fail("tsne", f"expected at most {MOST_POINTS:,} points, got {N:,}; time and memory grow with N².", hint)
    if perplexity >= N - 1:
        problem = f"perplexity must be below {N - 1}, for {N} points, got {perplexity:g}."
        checks.fail("tsne", problem, f"try perplexity={max(2, (N - 1) // 3)}.")
    rng = np.random.default_rng(0) if rng is None else rng
    P = _neighbours(X, perplexity)
    start = pca(X).points
    y = start / max(start[:, 0].std(), 1e-12) * 1e-4 + 1e-6 * rng.standard_normal((N, 2))
    velocity, gain, rate = np.zeros_like(y), np.ones_like(y), max(N / EXAGGERATION, 50)
    for step in range(n_steps):
        early = step < N_EXAGGERATED
        gradient, _ = _gradient(P * EXAGGERATION if early else P, y)
        gain = np.maximum(np.where(np.sign(gradient) == np.sign(velocity), 0.8 * gain, gain + 0.2), 0.01)
        velocity = MOMENTUM[0 if early else 1] * velocity - rate * gain * gradient
        y = y + velocity
        y = y - y.mean(axis=0)
    return Projection("t-SNE", y, np.array([_divergence(P, _gradient(P, y)[1])]))


def _gradient(P: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∂C/∂y, and Q."""
    near = 1 / (1 + _squared_distances(y))  # (1 + ‖yᵢ − yⱼ‖²)⁻¹
    np.fill_diagonal(near, 0)
    Q = near / near.sum()
    pull = (P - Q) * near
    return 4 * (pull.sum(axis=1, keepdims=True) * y - pull @ y), Q


def _neighbours(X: np.ndarray, perplexity: float) -> np.ndarray:
    """P (N, N), with βᵢ found by bisection for all rows at once."""
    D = _squared_distances(X)
    np.fill_diagonal(D, np.inf)
    D = D - D.min(axis=1, keepdims=True)  # so that the nearest neighbour has exp(0)
    scale = np.median(D, axis=1) + 1e-12
    low, high = -30 * np.ones(len(D)), 60 * np.ones(len(D))  # of log β, in units of 1 / scale
    for _ in range(60):
        middle = (low + high) / 2
        p = np.exp(-D * (np.exp(middle) / scale)[:, np.newaxis])
        p /= p.sum(axis=1, keepdims=True)
        entropy = -np.sum(p * np.log(np.maximum(p, 1e-300)), axis=1)
        too_wide = entropy > np.log(perplexity)
        low, high = np.where(too_wide, middle, low), np.where(too_wide, high, middle)
    return (p + p.T) / (2 * len(p))


def _squared_distances(X: np.ndarray) -> np.ndarray:
    """‖xᵢ − xⱼ‖² (N, N)."""
    square = (X**2).sum(axis=1)
    return np.maximum(square[:, np.newaxis] + square - 2 * X @ X.T, 0)


def _divergence(P: np.ndarray, Q: np.ndarray) -> float:
    """KL(P‖Q) in nats."""
    there = P > 0
    return float(np.sum(P[there] * np.log(P[there] / np.maximum(Q[there], 1e-300))))


def _points(who: str, X: object) -> np.ndarray:
    """Check points, and make their rows flat."""
    X = checks.numbers(who, "X", X)
    if X.ndim < 2 or len(X) < 2 or X[0].size < 2:
        expected = "expected at least two points of two or more numbers, (N, D)"
        checks.fail(who, f"{expected}, got shape {shape_text(X.shape)}.")
    if not np.isfinite(X).all():
        checks.fail(who, "the points hold NaN or infinity.", "leave those rows out: X[np.isfinite(X).all(axis=1)].")
    return X.reshape(len(X), -1).astype(np.float64)
