"""What every layer must keep besides a right gradient."""

from __future__ import annotations

import copy
from typing import Any, NoReturn

import numpy as np

from tinynet.gradcheck import sentences
from tinynet.gradcheck.sentences import broken_rule
from tinynet.gradcheck.subject import Subject, draw, is_floating, rebuild
from tinynet.net.tuples import as_tuple


def outputs_are_sound(subject: Subject) -> None:
    """Outputs are finite arrays, of the type of the inputs."""
    for y in subject.other_forward():
        if not isinstance(y, np.ndarray):
            sentences.broken_rule(subject.who, "output", f"forward must return an array, got {type(y).__name__}.")
        if y.dtype.kind not in "biufc":
            sentences.broken_rule(subject.who, "output", f"forward must return numbers, got an array of {y.dtype}.")
        if is_floating(y) and y.dtype != np.float64:
            sentences.wrong_dtype(subject.who, "the output", y.dtype, np.float64)
        if not np.isfinite(y).all():
            sentences.not_finite(subject.who, "the output")


def repeats_itself(subject: Subject) -> None:
    """With the same random numbers, the same input gives the same output."""
    first, second = subject.forward(), subject.forward()
    if not all(map(np.array_equal, first, second)):
        sentences.broken_rule(
            subject.who,
            "output",
            "forward gives different outputs for the same input and the same random numbers.",
            'draw random numbers from stream("dropout") or from a generator that is an attribute, self.rng.',
            "random",
        )


def keeps_float32(subject: Subject) -> None:
    """A float32 layer gives float32 outputs and gradients for float32 inputs."""
    layer = copy.deepcopy(subject.layer).astype(np.float32)
    y = as_tuple(layer.forward(*(x.astype(np.float32) if is_floating(x) else x for x in subject.inputs)))
    dy: list[Any] = [np.ones_like(value) if is_floating(value) else None for value in y]
    dx = as_tuple(layer.backward(*dy)) if all(map(is_floating, subject.inputs)) else ()
    for name, values in (("the output", y), ("the gradient of the input", dx)):
        for value in values:
            if is_floating(value) and value.dtype != np.float32:
                sentences.wrong_dtype(subject.who, name, value.dtype, np.float32)


def leaves_arrays_alone(subject: Subject) -> None:
    """Neither pass writes into its arguments, and what was returned does not change at the next call."""
    inputs, before = subject.inputs, [x.copy() for x in subject.inputs]
    weights = {path: parameter.tensor.copy() for path, parameter in subject.parameters().items()}
    y = subject.forward()
    dy = _output_gradients(subject, y)
    dy_before, y_before = copy.deepcopy(dy), copy.deepcopy(y)
    dx = subject.backward(dy)
    dx_before = copy.deepcopy(dx)
    _unchanged(subject, "inputs", "writes into its input", before, inputs)
    _unchanged(subject, "incoming gradient", "writes into the incoming gradient", dy_before, dy)
    _unchanged(subject, "output", "changes in backward the output that forward returned", y_before, y)
    for path, parameter in subject.parameters().items():
        if not np.array_equal(weights[path], parameter.tensor):
            hint = "leave that to the optimizer: backward adds to gradients, and forward only reads."
            broken_rule(subject.who, path, f"the layer changes its parameter {path}.", hint, "buffer")
    subject.inputs = draw(subject.given, subject.rng, again=True)
    subject.forward()
    _unchanged(subject, "output", "returns an output that its next forward overwrites", y_before, y)
    subject.backward(_output_gradients(subject, y))
    _unchanged(subject, "output", "returns an output that its next backward overwrites", y_before, y)
    _unchanged(subject, "gradient", "returns a gradient that its next backward overwrites", dx_before, dx)
    subject.inputs = inputs


def _unchanged(subject: Subject, name: str, what: str, before: object, after: object) -> None:
    pairs = zip(before, after, strict=True)  # type: ignore[call-overload]
    if not all(old is None or np.array_equal(old, new, equal_nan=is_floating(old)) for old, new in pairs):
        sentences.broken_rule(subject.who, name, f"the layer {what}.", "work on a new array.", "buffer")


def adds_up_gradients(subject: Subject) -> None:
    """Forward and backward twice give twice the gradient."""
    parameters = subject.parameters()
    dy = _output_gradients(subject, subject.forward())
    totals = []
    for n_times in (1, 2):
        subject.layer.zero_gradient()
        for _ in range(n_times):
            subject.forward()
            subject.backward(copy.deepcopy(dy))
        totals.append({path: parameter.gradient.copy() for path, parameter in parameters.items()})
    for path in parameters:
        once, twice = totals[0][path], totals[1][path]
        if not _close(twice, 2 * once):
            _not_added(subject.who, path, replaced=_close(twice, once))


def evaluates_deterministically(subject: Subject) -> None:
    """In evaluation two forwards give the same bits, and change no statistics."""
    layer = copy.deepcopy(subject.layer).eval()
    before = layer.state()
    first, second = (as_tuple(layer.forward(*subject.inputs)) for _ in range(2))
    if not all(map(np.array_equal, first, second)):
        sentences.broken_rule(
            subject.who, "eval", "in evaluation the same input gives two outputs.", "draw nothing if not self.training."
        )
    if not all(np.array_equal(before[path], array) for path, array in layer.state().items()):
        sentences.broken_rule(subject.who, "eval", "a forward in evaluation changes the layer's state.")


def round_trips(subject: Subject) -> None:
    """The state, loaded into a layer built from the same arguments, gives the same output."""
    subject.put_back()
    source = copy.deepcopy(subject.layer).eval()
    state = source.state()
    expected = as_tuple(source.forward(*subject.inputs))
    rebuilt = rebuild(subject.layer).astype(np.float64).eval()
    rebuilt.load_state(state)
    for y, again in zip(expected, as_tuple(rebuilt.forward(*subject.inputs)), strict=True):
        if not np.array_equal(y, again):
            sentences.broken_rule(
                subject.who,
                "state",
                "state() loaded into a new layer of the same arguments does not give the same output.",
                "make what forward uses a Parameter, or an array attribute without a leading underscore.",
            )


def takes_one_sample(subject: Subject) -> None:
    """A batch of one goes through, and its axis stays."""
    batch = [x[:1] for x in subject.inputs]
    many = subject.forward()
    one = subject.forward(*batch)
    N = len(subject.inputs[0])
    for y, single in zip(many, one, strict=True):
        # Any axis as long as the batch may be it: the states of two layers for two samples have such an axis before.
        fitting = [(*y.shape[:axis], 1, *y.shape[axis + 1 :]) for axis in range(y.ndim) if y.shape[axis] == N]
        if y.ndim > 0 and len(y) == N and single.shape not in fitting:
            sentences.wrong_shape(subject.who, "output", single, (1, *y.shape[1:]), "for a batch of one ")
    dx = subject.backward([np.ones_like(y) if is_floating(y) else None for y in one])
    for name, x, gradient in zip(subject.names(), batch, dx, strict=True):
        if is_floating(x) and np.shape(gradient) != x.shape:
            sentences.wrong_shape(subject.who, name, gradient, x.shape, "for a batch of one ")


# What must hold before slopes mean anything, and the rest.
FIRST_RULES = (outputs_are_sound, leaves_arrays_alone, repeats_itself, adds_up_gradients)
OTHER_RULES = (keeps_float32, evaluates_deterministically, round_trips)


def _output_gradients(subject: Subject, y: tuple) -> list[Any]:
    return [subject.rng.normal(size=value.shape) if is_floating(value) else None for value in y]


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return np.shape(a) == np.shape(b) and bool(
        np.allclose(a, b, rtol=1e-9, atol=1e-11 * max(1.0, np.max(np.abs(b), initial=0.0)))
    )


def _not_added(who: object, path: str, replaced: bool) -> NoReturn:
    """Two backwards did not give twice the gradient."""
    if replaced:
        broken_rule(
            who,
            path,
            f"two backwards must give twice the gradient of {path}, but the second replaced the first.",
            f"likely cause: it is overwritten instead of added; write self.{path.rpartition('.')[2]}.accumulate(...).",
            "overwritten",
        )
    broken_rule(
        who,
        path,
        f"two backwards must give twice the gradient of {path}, but they give something else.",
        "likely cause: a stale cache: backward uses values of an earlier call.",
        "stale",
    )
