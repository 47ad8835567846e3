"""Losses: functions (predicted, ground_truth) -> (loss, gradient)."""

from tinynet.losses.absolute_error import huber, mean_absolute_error
from tinynet.losses.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_with_logits
from tinynet.losses.cosine_embedding import cosine_embedding
from tinynet.losses.cross_entropy import cross_entropy
from tinynet.losses.ctc import ctc
from tinynet.losses.dice import soft_dice
from tinynet.losses.focal import focal
from tinynet.losses.hinge import hinge, margin_ranking, multi_margin
from tinynet.losses.info_nce import info_nce
from tinynet.losses.kl_divergence import kl_divergence
from tinynet.losses.likelihoods import gaussian_nll, poisson_nll
from tinynet.losses.mean_squared_error import mean_squared_error
from tinynet.losses.negative_log_likelihood import negative_log_likelihood

__all__ = [
    "cross_entropy",
    "negative_log_likelihood",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "focal",
    "soft_dice",
    "kl_divergence",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "gaussian_nll",
    "poisson_nll",
    "hinge",
    "multi_margin",
    "margin_ranking",
    "cosine_embedding",
    "info_nce",
    "ctc",
]
