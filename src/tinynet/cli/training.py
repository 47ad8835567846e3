"""What `tinynet train` does, as functions that the benchmarks use too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.cli.settings import VALID_FRACTION, Settings
from tinynet.core import generator_states, seed, set_generator_states
from tinynet.learner import Callback, History, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, mean_absolute_error, r2_score
from tinynet.models import MODELS, build
from tinynet.net import Net
from tinynet.optimizers import SGD


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


def loss_and_metrics(model: str, data: Any) -> tuple[Callable, list[Callable]]:
    """The loss of a model on data, and its metrics: those of classes, of numbers, or of a picture drawn again."""
    if MODELS[model].reconstructs:
        return mean_squared_error, []
    return (mean_squared_error, [r2_score]) if has_numbers(data) else (cross_entropy, [accuracy])


def has_numbers(data: Any) -> bool:
    """Whether the truth of data is numbers, not classes.

    Example:
        >>> has_numbers(tn.data.digits()[1]), has_numbers(tn.data.line(10))
        (False, True)
    """
    return data[:1][1].dtype.kind == "f"


def for_model(model: str, data: Any) -> Any:
    """The data with the truth that a model learns from."""
    return Itself(data) if MODELS[model].reconstructs else data


def make_learner(settings: Settings, train: Any, callbacks: Sequence[Callback] = ()) -> Learner:
    """Start the random streams, hold out validation data, build the model, and put the learner together.

    The weights of the last epoch are kept: as the learning rate falls to 0 they are as good as the best or better,
    while the validation loss of a small data set is too noisy to choose by.

    Args:
        settings: What to train, and how.
        train: The training data; the test data are for the end.
        callbacks: Further callbacks.
    """
    seed(settings.seed)
    rest, valid = train.split(VALID_FRACTION)
    net = build(settings.model, rest[:1][0].shape[1:], len(train.classes or [1]))
    loss, metrics = loss_and_metrics(settings.model, train)
    return Learner(
        net,
        loss,
        settings.make_optimizer(len(rest)),
        for_model(settings.model, rest),
        valid=for_model(settings.model, valid),
        batch_size=settings.batch_size,
        metrics=metrics,
        callbacks=callbacks,
    )


def reopened(settings: Settings, net: Net, history: History, train: Any) -> Learner:
    """The learner of a run as it was at its end, for the doctor; the state of its optimizer is not kept in a run.

    Args:
        settings: What was trained, and how.
        net: The trained net.
        history: What happened in each epoch.
        train: The training data.
    """
    learner = make_learner(settings, train)
    learner.record.first_weights = learner.net.state()
    learner.net.load_state(net.state())
    learner.history, learner.epoch = history, len(history)
    return learner


def initial_net(settings: Settings, input_shape: tuple[int, ...], n_classes: int) -> Net:
    """The net of a run as it was before training; the package's random streams stay where they are."""
    states = generator_states()
    try:
        seed(settings.seed)
        return build(settings.model, input_shape, n_classes)
    finally:
        set_generator_states(states)


def evaluate(settings: Settings, net: Net, data: Any, preparation: Any = None) -> dict[str, float]:
    """The loss and the metrics of the net of a run over data, as plain numbers."""
    return results_of(settings.model, net, data, preparation)


def results_of(model: str, net: Net, data: Any, preparation: Any = None) -> dict[str, float]:
    """The loss and the metrics of a net over data, as plain numbers; the model says what is asked of the net.

    Where numbers are predicted, their mean distance from the truth is in the units of the table.
    """
    loss, metrics = loss_and_metrics(model, data)
    if metrics == [r2_score]:
        metrics = [r2_score, mean_absolute_error]
    # A Learner has an optimizer, though nothing is learned here.
    learner = Learner(net, loss, SGD(lr=1.0), data, batch_size=256, metrics=metrics)
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged weights; a loss of nan says it better
        results = {name: float(value) for name, value in learner.evaluate(for_model(model, data)).items()}
    if "mean_absolute_error" in results and preparation is not None:
        results["mean_absolute_error"] *= preparation.target.std
    return results
