"""Losses in PyTorch, in Tinynet's terms. Where it has none, the paper's formula is written out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def classes_second(predicted: Tensor, axis: int) -> Tensor:
    return predicted.movedim(axis, 1).contiguous()


def ignored(ignore_index: int | None) -> dict[str, int]:
    return {} if ignore_index is None else {"ignore_index": ignore_index}


def reduced(losses: Tensor, reduction: str) -> Tensor:
    return losses.mean() if reduction == "mean" else losses.sum()


def cross_entropy(
    predicted: Tensor, truth: Tensor, axis: int, ignore_index: int | None = None, **options: Any
) -> Tensor:
    truth = classes_second(truth, axis) if truth.is_floating_point() else truth
    return functional.cross_entropy(classes_second(predicted, axis), truth, **ignored(ignore_index), **options)


def negative_log_likelihood(
    predicted: Tensor, truth: Tensor, axis: int, ignore_index: int | None, **options: Any
) -> Tensor:
    return functional.nll_loss(classes_second(predicted, axis), truth, **ignored(ignore_index), **options)


def focal(
    predicted: Tensor, truth: Tensor, gamma: float, axis: int, reduction: str, alpha: Tensor | None = None
) -> Tensor:
    """Lin et al. 2017, equation 5."""
    log_p = torch.log_softmax(predicted, axis).movedim(axis, -1).gather(-1, truth[..., None])[..., 0]
    weight = 1 if alpha is None else alpha[truth]
    return reduced(-weight * (1 - log_p.exp()) ** gamma * log_p, reduction)


def multi_margin(predicted: Tensor, truth: Tensor, axis: int, **options: Any) -> Tensor:
    rows = predicted.movedim(axis, -1).reshape(-1, predicted.shape[axis])
    return functional.multi_margin_loss(rows, truth.reshape(-1), **options)


def kl_divergence(predicted: Tensor, truth: Tensor, axis: int, reduction: str) -> Tensor:
    return reduced(functional.kl_div(predicted, truth, reduction="none").sum(axis), reduction)


def hinge(predicted: Tensor, truth: Tensor, margin: float, reduction: str) -> Tensor:
    return reduced((margin - truth * predicted).clamp(min=0), reduction)


def soft_dice(
    predicted: Tensor,
    truth: Tensor,
    axis: int | None,
    smooth: float,
    reduction: str,
    ignore_index: int | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    """Milletari et al. 2016, for each sample and class."""
    if axis is None:
        p, t = predicted[:, None], truth[:, None]
    else:
        p = predicted.movedim(axis, 1)
        if truth.is_floating_point():
            t = truth.movedim(axis, 1)
        else:
            kept = (truth != (-1 if ignore_index is None else ignore_index))[:, None]
            t = functional.one_hot(truth.clamp(min=0), p.shape[1]).movedim(-1, 1) * kept
            p = p * kept
    p, t = p.reshape(*p.shape[:2], -1), t.reshape(*p.shape[:2], -1)
    overlap, areas = 2 * (p * t).sum(2) + smooth, (p**2).sum(2) + (t**2).sum(2) + smooth
    is_empty = areas == 0
    distance = torch.where(is_empty, 0, 1 - overlap / torch.where(is_empty, 1, areas))
    w = torch.ones(p.shape[1]) if weight is None else weight
    return (w * distance).sum() / (len(p) * w.sum() if reduction == "mean" else 1)


def margin_ranking(predicted: tuple[Tensor, Tensor], truth: Tensor, **options: Any) -> Tensor:
    return functional.margin_ranking_loss(*predicted, truth, **options)


def cosine_embedding(predicted: tuple[Tensor, Tensor], truth: Tensor, **options: Any) -> Tensor:
    return functional.cosine_embedding_loss(*predicted, truth, **options)


def gaussian_nll(predicted: tuple[Tensor, Tensor], truth: Tensor, **options: Any) -> Tensor:
    means, variances = predicted
    return functional.gaussian_nll_loss(means, truth, variances, **options)


def info_nce(predicted: tuple[Tensor, Tensor], truth: Tensor | None, temperature: float, reduction: str) -> Tensor:
    """Van den Oord et al. 2018, equation 4, with cosines."""
    queries, keys = (functional.normalize(x, dim=1) for x in predicted)
    labels = torch.arange(len(queries)) if truth is None else truth
    return functional.cross_entropy(queries @ keys.T / temperature, labels, reduction=reduction)


def ctc(predicted: Tensor, truth: tuple[Tensor, ...], **options: Any) -> Tensor:
    # Through log-softmax: the gradient that PyTorch gives for log-probabilities themselves is not the derivative.
    return functional.ctc_loss(torch.log_softmax(predicted, -1).transpose(0, 1), *truth, **options)


LOSSES = {
    "cross_entropy": cross_entropy,
    "negative_log_likelihood": negative_log_likelihood,
    "focal": focal,
    "multi_margin": multi_margin,
    "kl_divergence": kl_divergence,
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "huber": functional.huber_loss,
    "hinge": hinge,
    "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
    "binary_cross_entropy": functional.binary_cross_entropy,
    "soft_dice": soft_dice,
    "margin_ranking": margin_ranking,
    "cosine_embedding": cosine_embedding,
    "gaussian_nll": gaussian_nll,
    "poisson_nll": functional.poisson_nll_loss,
    "info_nce": info_nce,
    "ctc": ctc,
}
