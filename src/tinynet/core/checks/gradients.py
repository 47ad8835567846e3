"""Sentences of the gradient checker."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail


class GradientError(ValueError):
    """A layer, loss or net breaks its contract: its gradient is wrong, or something else that every one must keep.

    Attributes:
        name: What is wrong: an input such as "x", the path of a parameter such as "weight", or a rule such as "state".
        index: The index of the worst entry; None where the whole is meant.
        expected: The value by finite differences.
        found: The value that `backward` gives.
        cause: One word for the likely cause, such as "sign"; "" if none was found.

    Example:
        >>> from tinynet.gradcheck import check_loss
        >>> check_loss(lambda predicted, truth: (float(predicted.sum()), -np.ones_like(predicted)), (2, 3), None)
        Traceback (most recent call last):
        tinynet.core.checks.gradients.GradientError: <lambda>: the gradient with respect to predicted is wrong ...
    """

    name: str = ""
    index: tuple[int, ...] | None = None
    expected: float | None = None
    found: float | None = None
    cause: str = ""


def something_to_check(who: str, thing: Any, kind: type | None = None) -> None:
    """Check that a checker is given a layer object, or without `kind` a function."""
    if kind is None and not callable(thing):
        fail(who, f"loss must be a function, got {thing!r}.", "pass cross_entropy itself.", TypeError)
    if kind is not None and not isinstance(thing, kind):
        what = f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
        fail(who, f"expected a layer, got {what}.", "write check_layer(Linear(3, 2), (4, 3)), for example.", TypeError)


def broken_rule(who: object, name: str, problem: str, hint: str = "", cause: str = "") -> NoReturn:
    """One of the rules that every layer, loss or net must keep is broken."""
    try:
        fail(who, problem, hint, GradientError)
    except GradientError as error:
        error.name, error.cause = name, cause
        raise


def wrong_gradient(
    who: object,
    name: str,
    index: tuple[int, ...],
    expected: float,
    found: float,
    error: float,
    n_wrong: int,
    n_compared: int,
    cause: tuple[str, str] = ("", ""),
) -> NoReturn:
    """`backward` does not give the derivative of `forward`."""
    word, sentence = cause
    place = f"[{', '.join(map(str, index))}]" if index else "(a single number)"
    try:
        fail(
            who,
            f"the gradient with respect to {name} is wrong at {place}: expected {expected:.6g} by finite differences, "
            f"got {found:.6g} from backward (largest relative error {error:.2g}; "
            f"{n_wrong} of {n_compared} compared entries are off).",
            f"likely cause: {sentence}" if sentence else "",
            GradientError,
        )
    except GradientError as raised:
        raised.name, raised.index, raised.expected, raised.found, raised.cause = name, index, expected, found, word
        raise


def not_differentiable(who: object, name: str, index: tuple[int, ...], n_draws: int) -> NoReturn:
    """At every point that was drawn, the slope to the left differs from the slope to the right."""
    broken_rule(
        who,
        name,
        f"forward has a kink or a jump along {name} at [{', '.join(map(str, index))}] at each of {n_draws} points "
        "drawn, so it has no derivative to compare with.",
        "pass an input array on which forward is smooth; a straight-through estimator can't be checked.",
        "kink",
    )


def wrong_shape(who: object, name: str, got: Any, expected: tuple[int, ...], when: str = "") -> NoReturn:
    """An output, or the gradient with respect to an input, has not the shape that it must have."""
    came = "nothing" if got is None else f"an array of shape {shape_text(np.shape(got))}"
    what = "the output" if name == "output" else f"the gradient with respect to {name}"
    hint, cause = _shape_cause(np.shape(got), expected)
    broken_rule(who, name, f"expected {what} {when}to have shape {shape_text(expected)}, got {came}.", hint, cause)


def _shape_cause(got: tuple[int, ...], expected: tuple[int, ...]) -> tuple[str, str]:
    """What makes one shape of another."""
    if got != expected and sorted(got) == sorted(expected):
        return "likely cause: a transpose: the axes are in another order.", "transpose"
    if len(got) > len(expected) and got[len(got) - len(expected) :] == expected:
        return "likely cause: a missing sum over the batch, or over another leading axis.", "sum"
    if len(got) == len(expected) and all(e in (1, g) for g, e in zip(got, expected, strict=True)):
        return "likely cause: a missing sum over the axes that were broadcast; sum with keepdims=True.", "sum"
    return "", "shape"


def not_added(who: object, path: str, replaced: bool) -> NoReturn:
    """Two backwards did not give twice the gradient."""
    if replaced:
        broken_rule(
            who,
            path,
            f"two backwards must give twice the gradient of {path}, but the second replaced the first.",
            f"likely cause: it is overwritten instead of added; write self.{path}.accumulate(...).",
            "overwritten",
        )
    broken_rule(
        who,
        path,
        f"two backwards must give twice the gradient of {path}, but they give something else.",
        "likely cause: a stale cache: backward uses values of an earlier call.",
        "stale",
    )


def wrong_dtype(who: object, name: str, got: Any, expected: Any) -> NoReturn:
    """An output or a gradient has another type than the inputs."""
    broken_rule(
        who,
        name,
        f"expected {name} of type {np.dtype(expected)} for inputs of that type, got {np.dtype(got)}.",
        "keep constants plain Python numbers, or convert them with x.dtype.type(...).",
        "dtype",
    )


def not_finite(who: object, name: str) -> NoReturn:
    """NaN or infinity came out of finite inputs."""
    broken_rule(who, name, f"{name} holds NaN or infinity for finite inputs.", cause="not finite")


def not_an_input(who: str, name: str, value: object) -> NoReturn:
    """What was given as an input of a check is neither a shape nor an array."""
    fail(
        who,
        f"{name} must be a shape such as (4, 3), an array, or a list of these for several inputs; got {value!r}.",
        kind=TypeError,
    )


def without_truth(who: str) -> NoReturn:
    """A loss was given, but nothing to compare with."""
    fail(who, "loss was given without ground_truth, or ground_truth without loss.", "give both or none.")


def raised_in_backward(who: object, error: Exception, shapes: list[tuple[str, tuple, tuple]]) -> NoReturn:
    """`backward` raised; `shapes` holds path, shape and due shape of each gradient that was accumulated until then."""
    path, got, expected = shapes[-1] if shapes else ("backward", (), ())
    if got != expected:
        hint, cause = _shape_cause(got, expected)
        broken_rule(
            who, path, f"backward gives the gradient of {path} the shape {got}, expected {expected}.", hint, cause
        )
    fits = "matmul" not in str(error) and "not aligned" not in str(error)
    hint = "" if fits else "likely cause: a transpose: the axes that a product sums over do not meet."
    broken_rule(who, "backward", f"backward raised: {error}", hint, "" if fits else "transpose")
