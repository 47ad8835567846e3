"""What a model is asked for: the truth that it learns from, its loss, and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinynet.cli.adversaries import drawn_taken_for_real, is_judged, judged, latent_of
from tinynet.cli.settings import learns
from tinynet.core.checks.words import fail
from tinynet.core.joinable import Mean
from tinynet.data.own.pair_file import PADDING, SIGNS
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, iou, r2_score
from tinynet.models import MODELS, evidence_loss
from tinynet.net.tuples import as_tuple

INK = 0.5  # the brightness above which a pixel belongs to what is on a picture


class Itself:
    """A data set whose truth is its input, for a net that reconstructs it.

    Example:
        >>> x, y = Itself(tn.data.digits()[1])[:3]
        >>> x is y, x.shape
        (True, (3, 1, 8, 8))
    """

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        x = self.data[indices][0]
        return x, x


class Ink:
    """A data set whose truth is a class for each pixel: 0 for the ground, and 1 + the class of the picture for its ink.

    Shapes:
        x: (N, C, H, W)    y: (N, H, W) integers

    Example:
        >>> x, y = Ink(tn.data.digits()[1])[:3]
        >>> x.shape, y.shape, y[x[:, 0] == 0].any()
        ((3, 1, 8, 8), (3, 8, 8), np.False_)
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.classes = ("ground", *data.classes)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        x, y = self.data[indices]
        return x, np.where(x.max(axis=1) > INK, 1 + y[:, np.newaxis, np.newaxis], 0)


def reconstructs(model: str) -> bool:
    """Whether a model draws its input again."""
    return learns(model) in ("itself", "evidence")


def check_task(model: str, data: Any) -> None:
    """Check that data have what a model learns from.

    Raises:
        ValueError: They have not.
    """
    if has_pairs(data) != (learns(model) == "pairs") and model in MODELS:
        if has_pairs(data):
            fail("tinynet", f"{model} cannot read pairs of texts.", "take --model seq2seq.")
        hint = f"tinynet train PAIRS.txt --model {model}, with a pair a line and a tab between; or train dates."
        fail("tinynet", f"{model} learns from pairs of texts, one to read and one to write.", hint)
    if has_pairs(data):
        return
    x, y = data[:1]
    needs = f"{model} learns from pictures, but a sample of these data has the shape {tuple(x.shape[1:])}."
    if (reconstructs(model) or learns(model) in ("pixels", "judge")) and x.ndim != 4:
        fail("tinynet", needs, "take digits, mnist, fashion-mnist, cifar10, or a folder of pictures.")
    if learns(model) == "pixels" and (y.dtype.kind == "f" or not data.classes or x.shape[1] != 1):
        problem = f"{model} needs a class for each pixel, which only grey pictures with bright ink tell by themselves."
        fail("tinynet", problem, f"take digits, mnist or fashion-mnist; a Learner trains {model} on labels (N, H, W).")


def loss_and_metrics(model: str, data: Any) -> tuple[Callable, list[Callable]]:
    """The loss of a model on data, and its metrics: those of classes, of numbers, or of a picture drawn again."""
    if has_pairs(data):
        return partial(cross_entropy, ignore_index=PADDING), [token_accuracy, sequence_accuracy]
    if learns(model) == "pixels":
        return partial(cross_entropy, axis=1), [pixel_accuracy, overlap]
    if learns(model) == "judge":
        return binary_cross_entropy_with_logits, [drawn_taken_for_real]
    if reconstructs(model):
        return (mean_squared_error if learns(model) == "itself" else evidence_loss), []
    return (mean_squared_error, [r2_score]) if has_numbers(data) else (cross_entropy, [accuracy])


def pixel_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The share of pixels that get their class."""
    return accuracy(predicted, truth, axis=1)


def overlap(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The intersection over union of what is marked and what is true, a mean over the classes."""
    return float(iou(predicted, truth, axis=1))


def token_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The share of tokens that are right, each after the right ones before it; padding is left out."""
    return accuracy(predicted, truth, ignore_index=PADDING)


def sequence_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """The share of texts of which each token is right.

    That is the share which the net writes wholly right by itself: what it has written is right up to its first mistake.
    """
    right = (predicted.argmax(axis=-1) == truth) | (truth == PADDING)
    return Mean(int(right.all(axis=1).sum()), len(truth))


def has_pairs(data: Any) -> bool:
    """Whether data are pairs of texts: what is read goes in together with what is written so far.

    Example:
        >>> has_pairs(tn.data.dates(10)), has_pairs(tn.data.line(10))
        (True, False)
    """
    return isinstance(data[:1][0], tuple)


def input_shape_of(data: Any) -> tuple[int, ...]:
    """The shape of one sample; of a pair of texts, both lengths.

    Example:
        >>> input_shape_of(tn.data.dates(10)), input_shape_of(tn.data.digits()[1])
        ((19, 11), (1, 8, 8))
    """
    return tuple(size for part in as_tuple(data[:1][0]) for size in part.shape[1:])


def reads_pairs(model: str, classes: Sequence[str]) -> bool:
    """Whether a net is for pairs of texts: the model says so, or of a net of a user's own its classes, the tokens."""
    return learns(model) == "pairs" or tuple(classes[: len(SIGNS)]) == SIGNS


def inputs_of(net: Any, model: str, classes: Sequence[str], input_shape: tuple[int, ...]) -> Any:
    """The shape of what goes into a net, as `Net.summary` takes it: a list where it is a pair, noise for a generator.

    Args:
        net: The net.
        model: The name of its model.
        classes: Those of its data.
        input_shape: That of a sample of its data.

    Example:
        >>> from tinynet.models import build
        >>> inputs_of(build("seq2seq"), "seq2seq", (), (9, 8))
        [(9,), (8,)]
        >>> inputs_of(build("mlp", (9,)), "mlp", ("yes", "no"), (9,))
        (9,)
    """
    if is_judged(net):
        return (latent_of(net),)
    return [(size,) for size in input_shape] if reads_pairs(model, classes) else input_shape


def has_numbers(data: Any) -> bool:
    """Whether the truth of data is numbers, not classes.

    Example:
        >>> has_numbers(tn.data.digits()[1]), has_numbers(tn.data.line(10))
        (False, True)
    """
    return data[:1][1].dtype.kind == "f"


def n_outputs(model: str, data: Any) -> int:
    """How many classes a model tells apart, or numbers it predicts."""
    return len(data.classes or [1]) + (learns(model) == "pixels")


def for_model(model: str, data: Any, net: Any) -> Any:
    """The data as the net of a model reads them, with the truth that it learns from."""
    if learns(model) == "judge":
        return judged(net, data)
    if learns(model) == "pixels":
        return Ink(data)
    return Itself(data) if reconstructs(model) else data
