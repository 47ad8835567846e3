"""What `tinynet train` does, as functions that the benchmarks use too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.cli.adversaries import adversarial_learner, net_of, real_taken_for_real
from tinynet.cli.augmenting import augmented
from tinynet.cli.nets import NetFile
from tinynet.cli.settings import VALID_FRACTION, Settings, learns
from tinynet.cli.tasks import check_task, for_model, input_shape_of, loss_and_metrics, n_outputs
from tinynet.core import generator_states, seed, set_generator_states
from tinynet.core.checks.words import fail
from tinynet.learner import Callback, History, Learner
from tinynet.metrics import mean_absolute_error, r2_score
from tinynet.models import build
from tinynet.net import Net
from tinynet.optimizers import SGD


def make_learner(
    settings: Settings, train: Any, callbacks: Sequence[Callback] = (), code: NetFile | None = None
) -> Learner:
    """Start the random streams, hold out validation data, build the model, and put the learner together.

    Unless training may stop early, the weights of the last epoch are kept: as the learning rate falls to 0 they are as
    good as the best or better, while the validation loss of a small data set is too noisy to choose by.

    Args:
        settings: What to train, and how.
        train: The training data; the test data are for the end.
        callbacks: Further callbacks.
        code: The file with the net, where it is the user's own.
    """
    check_task(settings.model, train)
    seed(settings.seed)
    net = new_net(settings, input_shape_of(train), n_outputs(settings.model, train), code)
    learner = learner_of(settings, net, train, callbacks)
    if code is not None:
        code.rehearse(net, learner.train, learner.loss, n_outputs(settings.model, train))
    return learner


def learner_of(settings: Settings, net: Net, train: Any, callbacks: Sequence[Callback] = ()) -> Learner:
    """The learner of a net that is there, with the split of the data that belongs to the seed."""
    if learns(settings.model) == "judge":
        return adversarial_learner(settings, net, augmented(train, settings.augment), callbacks)
    rest, valid = train.split(VALID_FRACTION)
    loss, metrics = loss_and_metrics(settings.model, train)
    own = settings.callbacks()
    learner = Learner(
        net,
        loss,
        settings.make_optimizer(len(rest)),
        for_model(settings.model, augmented(rest, settings.augment), net),
        valid=for_model(settings.model, valid, net),
        batch_size=settings.batch_size,
        metrics=metrics,
        callbacks=[*own, *callbacks],
    )
    for callback in own:  # before anything is written
        callback.monitor.check(learner)
    return learner


def new_net(settings: Settings, input_shape: tuple[int, ...], outputs: int, code: NetFile | None = None) -> Net:
    """The net of a run with new weights."""
    if settings.net is None:
        net = build(settings.model, input_shape, outputs, **settings.sizes)
    elif code is None:
        fail("tinynet", f"{settings.title}: the net comes from {settings.net}.", f"add --net {settings.net}.")
    else:
        net = code.build(input_shape, outputs, settings.sizes)
    return net if settings.precision == "float32" else net.astype(np.dtype(settings.precision))


def reopened(settings: Settings, net: Net, history: History, train: Any, code: NetFile | None = None) -> Learner:
    """The learner of a run as it was at its end, for the doctor; the state of its optimizer is not kept in a run.

    Args:
        settings: What was trained, and how.
        net: The trained net.
        history: What happened in each epoch.
        train: The training data.
        code: The file with the net, where it is the user's own.
    """
    learner = make_learner(settings, train, (), code)
    learner.record.first_weights = learner.net.state()
    net_of(learner).load_state(net.state())
    learner.history, learner.epoch = history, len(history)
    return learner


def initial_net(
    settings: Settings, input_shape: tuple[int, ...], n_classes: int, code: NetFile | None = None
) -> Net | None:
    """The net of a run as it was before training, None if its file may not run; the random streams stay."""
    if settings.net is not None and code is None:
        return None
    states = generator_states()
    try:
        seed(settings.seed)
        outputs = n_classes + (learns(settings.model) == "pixels")
        return new_net(settings, input_shape, outputs, code)
    finally:
        set_generator_states(states)


def evaluate(settings: Settings, net: Net, data: Any, preparation: Any = None) -> dict[str, float]:
    """The loss and the metrics of the net of a run over data, as plain numbers."""
    return results_of(settings.model, net, data, preparation)


def results_of(model: str, net: Net, data: Any, preparation: Any = None) -> dict[str, float]:
    """The loss and the metrics of a net over data, as plain numbers; the model says what is asked of the net.

    Where numbers are predicted, their mean distance from the truth is in the units of the table.
    """
    check_task(model, data)
    loss, metrics = loss_and_metrics(model, data)
    if metrics == [r2_score]:
        metrics = [r2_score, mean_absolute_error]
    # A Learner has an optimizer, though nothing is learned here.
    learner = Learner(net, loss, SGD(lr=1.0), data, batch_size=256, metrics=metrics)
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged weights; a loss of nan says it better
        results = {name: float(value) for name, value in learner.evaluate(for_model(model, data, net)).items()}
        if learns(model) == "judge":
            results["real_taken_for_real"] = real_taken_for_real(net, data)
    if "mean_absolute_error" in results and preparation is not None:
        results["mean_absolute_error"] *= preparation.target.std
    return results
