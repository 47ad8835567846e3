"""The three checks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tinynet.core import faster, generator_states, set_generator_states
from tinynet.core.checks.values import takes
from tinynet.core.checks.vocabulary import arguments, at_least, flag, number
from tinynet.core.checks.words import fail
from tinynet.gradcheck import rules, sentences
from tinynet.gradcheck.blame import blame
from tinynet.gradcheck.compare import Mismatch, compare
from tinynet.gradcheck.loss_subject import LossSubject, check_loss_rules
from tinynet.gradcheck.remarks import plain_weights
from tinynet.gradcheck.report import Report
from tinynet.gradcheck.subject import Loss, Subject
from tinynet.layers import Layer
from tinynet.net import Net

TOLERANCE = 1e-5
MAX_ENTRIES = 64
OPTIONS = {"seed": at_least(0), "tolerance": number(above=0), "max_entries": at_least(1)}


def check_layer(
    layer: Layer,
    input_shape: Any,
    *,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_entries: int = MAX_ENTRIES,
    batch_of_one: bool = True,
) -> Report:
    """Check that a layer's `backward` is the derivative of its `forward`, and that it keeps the contract of layers.

    Everything is computed in float64, on a copy whose parameters are moved a little, so the layer itself stays
    unchanged. Slopes are central differences of the outputs, weighted with random numbers. Where one is at a kink (of a
    ReLU or a max pooling), the inputs are drawn again. If evaluation and training differ, both are checked.

    Also checked: output and gradient have the right shape and type, in float32 too; a second backward adds to the
    gradients; neither pass writes into its arguments or returns a buffer that it will reuse; evaluation is
    deterministic; the state, loaded into a newly built layer, gives the same output; and a batch of one works. What is
    checked is the code of `forward` and `backward` itself, never a faster replacement of it.

    Args:
        layer: The layer, or a net.
        input_shape: The shape of one batch, as in (4, 3); inputs are drawn from a normal distribution. Or an array to
            use as input (integers, say), or a list of shapes and arrays for a layer with several inputs.
        seed: Of the random numbers; the package's streams stay as they are.
        tolerance: The largest relative error that counts as right.
        max_entries: So many entries of each array are compared one by one; larger arrays are also compared along a
            random direction, where a wrong entry almost always shows.
        batch_of_one: If False, a batch of one is not tried, for a layer that must refuse it.

    Returns:
        The largest relative error of each gradient, and remarks on plain arrays that look like weights: they are used
        by `forward`, and no optimizer will ever change them.

    Raises:
        GradientError: Something is wrong. It says what, where and, if that can be found out, why.
        TypeError: `input_shape` is neither a shape nor an array.

    Example:
        >>> from tinynet.layers import Linear
        >>> report = check_layer(Linear(3, 2), (4, 3))
        >>> list(report.errors), report.max_error < 1e-7
        (['x', 'weight', 'bias'], True)
    """
    sentences.in_order("check_layer", layer=layer, input_shape=input_shape)
    _something_to_check("check_layer", layer, Layer)
    arguments("check_layer", locals(), **OPTIONS, batch_of_one=flag)
    with as_written():
        subject = Subject(layer, input_shape, np.random.default_rng(seed))
        for rule in rules.FIRST_RULES:
            rule(subject)
        report = _compare(subject, tolerance, max_entries)
        remarks = plain_weights(subject)
        for rule in rules.OTHER_RULES:
            rule(subject)
        if batch_of_one:
            rules.takes_one_sample(subject)
        if _evaluates_differently(subject):
            subject.layer.eval()
            report = _merge(report, _compare(subject, tolerance, max_entries))
    return replace(report, remarks=remarks)


def check_net(
    net: Net,
    input_shape: Any,
    loss: Loss | None = None,
    ground_truth: Any = None,
    *,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_entries: int = MAX_ENTRIES,
) -> Report:
    """Check a whole net: as a layer, and with a loss also the derivative of the loss with respect to every parameter.

    Args:
        net: The net.
        input_shape: The shape of one batch, an array, or a list of these for several inputs.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        ground_truth: What the loss compares the net's output with.
        seed: Of the random numbers.
        tolerance: The largest relative error that counts as right.
        max_entries: So many entries of each array are compared one by one.

    Returns:
        The largest relative error of each gradient.

    Raises:
        GradientError: Something is wrong; the layer inside is named where it is wrong by itself.
        ValueError: Only one of loss and ground_truth was given.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.losses import cross_entropy
        >>> net = Net([Linear(4, 3), ReLU(), Linear(3, 2)])
        >>> report = check_net(net, (5, 4), cross_entropy, np.array([0, 1, 1, 0, 1]))
        >>> list(report.errors)
        ['x', '0.weight', '0.bias', '2.weight', '2.bias']
    """
    sentences.in_order("check_net", net=net, input_shape=input_shape, loss=loss, ground_truth=ground_truth)
    _something_to_check("check_net", net, Layer)
    arguments("check_net", locals(), **OPTIONS)
    options = {"seed": seed, "tolerance": tolerance, "max_entries": max_entries}
    if loss is not None:
        _something_to_check("check_net", loss)
    if (loss is None) != (ground_truth is None):
        fail("check_net", "loss was given without ground_truth, or ground_truth without loss.", "give both or none.")
    report = check_layer(net, input_shape, **options)  # type: ignore[arg-type]
    if loss is None:
        return report
    with as_written():
        subject = Subject(net, input_shape, np.random.default_rng(seed), loss, ground_truth)
        return _merge(report, _compare(subject, tolerance, max_entries))


def check_loss(
    loss: Loss,
    predicted: Any,
    ground_truth: Any,
    *,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_entries: int = MAX_ENTRIES,
) -> Report:
    """Check that a loss returns the derivative of the number it returns, and leaves its arguments alone.

    Args:
        loss: A function (predicted, ground_truth) -> (loss, gradient); bind options with functools.partial.
        predicted: The shape of the predictions, an array, or a list of these for a loss of several.
        ground_truth: The truth, as the loss takes it.
        seed: Of the random numbers.
        tolerance: The largest relative error that counts as right.
        max_entries: So many entries are compared one by one.

    Returns:
        The largest relative error.

    Raises:
        GradientError: Something is wrong. It says what, where and, if that can be found out, why.

    Example:
        >>> from tinynet.losses import mean_squared_error
        >>> check_loss(mean_squared_error, (4, 3), np.zeros((4, 3))).max_error < 1e-7
        True
    """
    sentences.in_order("check_loss", loss=loss, predicted=predicted, ground_truth=ground_truth)
    _something_to_check("check_loss", loss)
    arguments("check_loss", locals(), **OPTIONS)
    with as_written():
        subject = LossSubject(loss, predicted, ground_truth, np.random.default_rng(seed))
        check_loss_rules(subject)
        return _compare(subject, tolerance, max_entries)


@contextmanager
def as_written() -> Iterator[None]:
    """Run the code as it is written, not a replacement that could hide its mistakes. Random streams stay unchanged."""
    before = generator_states()
    try:
        with faster.use("plain"):
            yield
    finally:
        set_generator_states(before)


def _compare(subject: Any, tolerance: float, max_entries: int) -> Report:
    outcome = compare(subject, tolerance, max_entries)
    if isinstance(outcome, Mismatch):
        blame(subject, outcome, tolerance, max_entries)
    return Report(subject.who, outcome.errors, outcome.n_compared, outcome.n_redrawn)


def _merge(first: Report, second: Report) -> Report:
    errors = {name: max(error, second.errors.get(name, 0.0)) for name, error in first.errors.items()}
    return replace(first, errors=errors, n_redrawn=first.n_redrawn + second.n_redrawn)


def _evaluates_differently(subject: Subject) -> bool:
    trained = subject.forward()
    layer = copy.deepcopy(subject.layer).eval()
    y = layer.forward(*subject.inputs)
    evaluated = y if isinstance(y, tuple) else (y,)
    return not all(map(np.array_equal, trained, evaluated))


def _something_to_check(who: str, thing: Any, kind: type | None = None) -> None:
    """Check that a checker is given a layer object, or without `kind` a function."""
    is_loss = callable(thing) and not isinstance(thing, (type, Layer)) and takes(thing, 2)
    if kind is None and not is_loss:
        fail(who, f"loss must be a function, got {thing!r}.", "pass cross_entropy itself.", TypeError)
    if kind is not None and not isinstance(thing, kind):
        what = f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
        fail(who, f"expected a layer, got {what}.", "write check_layer(Linear(3, 2), (4, 3)), for example.", TypeError)
