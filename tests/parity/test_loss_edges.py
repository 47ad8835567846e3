"""Losses at the ends of their ranges, where PyTorch has ways of its own: sure answers, no variance, ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch
from torch.nn import functional

from tinynet import losses

INF = np.inf


def must_agree(ours: Any, theirs: Any, predicted: list[np.ndarray]) -> None:
    """Compare the loss and the gradients, infinities and NaN included."""
    value, gradients = ours(*predicted)
    tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in predicted]
    expected = theirs(*tensors)
    expected.backward()
    np.testing.assert_allclose(float(value), float(expected.detach()), rtol=1e-6, atol=1e-9)
    for gradient, tensor in zip(gradients if isinstance(gradients, tuple) else [gradients], tensors, strict=True):
        assert gradient.dtype == tensor.grad.numpy().dtype
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-5, atol=1e-9)


both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


@both_types
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_binary_cross_entropy(dtype: type, reduction: str) -> None:
    p = np.array([0, 0, 0, -0.0, 1, 1, 1, 1e-13, 1e-13, 1e-42, 1 - 6e-8], dtype)
    t = np.array([0, 1, 0.3, 1, 0, 1, 0.3, 0, 1, 1, 1], dtype)
    must_agree(
        lambda p: losses.binary_cross_entropy(p, t, reduction=reduction),
        lambda p: functional.binary_cross_entropy(p, torch.from_numpy(t), reduction=reduction),
        [p],
    )


@both_types
@pytest.mark.parametrize("margin", [0.0, 0.5, -1.0])
def test_margin_ranking(dtype: type, margin: float) -> None:
    a, b = np.array([1, 1, 2, 0.5, INF, 3], dtype), np.array([1, 1, 1.5, 1, 0, -INF], dtype)
    t = np.array([1, -1, 1, -1, 1, 1], dtype)
    must_agree(
        lambda a, b: losses.margin_ranking((a, b), t, margin),
        lambda a, b: functional.margin_ranking_loss(a, b, torch.from_numpy(t), margin),
        [a, b],
    )


@both_types
@pytest.mark.parametrize("margin", [0.0, -1.0, 1.0])
def test_cosine_embedding(dtype: type, margin: float) -> None:
    a = np.array([[3, 0], [3, 0], [0, 2], [5, 5]], dtype)
    b = np.array([[0, 4], [0, 4], [0, 9], [-5, -5]], dtype)
    t = np.array([-1, 1, 1, -1])
    must_agree(
        lambda a, b: losses.cosine_embedding((a, b), t, margin),
        lambda a, b: functional.cosine_embedding_loss(a, b, torch.from_numpy(t), margin),
        [a, b],
    )


@both_types
@pytest.mark.parametrize("full", [False, True])
def test_gaussian(dtype: type, full: bool) -> None:
    mu = np.array([0, 0, 5, 2, 3, -1, 4], dtype)
    variance = np.array([0, 1e-9, 1, -0.0, 1e30, 1e-6, INF], dtype)
    t = np.array([0, 1, 0, 1, 0, -1, 0], dtype)
    must_agree(
        lambda mu, variance: losses.gaussian_nll((mu, variance), t, full),
        lambda mu, variance: functional.gaussian_nll_loss(mu, torch.from_numpy(t), variance, full),
        [mu, variance],
    )


@both_types
@pytest.mark.parametrize("full", [False, True])
def test_poisson(dtype: type, full: bool) -> None:
    t = np.array([0, 1, 0.5, 1, 2, 1e6], dtype)
    must_agree(
        lambda x: losses.poisson_nll(x, t, full=full),
        lambda x: functional.poisson_nll_loss(x, torch.from_numpy(t), full=full),
        [np.array([0, 1000, 5, -1000, 3, 14], dtype)],
    )
    must_agree(
        lambda x: losses.poisson_nll(x, t, log_input=False, full=full),
        lambda x: functional.poisson_nll_loss(x, torch.from_numpy(t), log_input=False, full=full),
        [np.array([0, 0, -0.0, 1e30, 3, 14], dtype)],
    )
