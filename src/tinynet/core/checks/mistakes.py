"""Sentences for mistakes that only NumPy or Python notices, within a formula.

A layer checks what it is given at its boundary. Two things are not checked there, because it would cost time in every
step: a gradient that a user hands to a layer outside of a net, and an attribute that was assigned later. They are
looked at here, once a formula has failed.
"""

from __future__ import annotations

from typing import Any

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import of_kind
from tinynet.core.checks.vocabulary import check_again
from tinynet.core.checks.words import fail

#: What Python and NumPy raise where a formula meets something that it was not written for.
FORMULA_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
WHERE_FORMULAS_RUN = {"tinynet", "numpy", "numba"}  #: Packages; elsewhere a mistake is one of the user's own code.
OF_A_PARAMETER = ("accumulate", "gradient", "tensor", "trainable")


def explain(method: str, arguments: tuple, error: Exception) -> None:
    """Raise a sentence of ours for an error that a formula has ended with, if there is one that fits.

    Args:
        method: The name of the method that failed.
        arguments: The object that it belongs to, and what it was given.
        error: What it raised. A sentence of ours stays as it is, and so does what a class of the user's own raises.
    """
    owner = arguments[0] if arguments else None
    if (not hasattr(owner, "recall") and not hasattr(owner, "learning_rate")) or not _is_of_a_formula(error):
        return
    check_again(owner)
    if isinstance(error, AttributeError) and error.name in OF_A_PARAMETER:
        _explain_parameter(owner, error.obj)
    if method == "backward":
        _explain_gradients(owner, arguments[1:])
    elif method == "forward":
        _explain_inputs(owner, arguments[1:], error)


def _is_of_a_formula(error: Exception) -> bool:
    """Whether only formulas were running, and it is not one of our sentences."""
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    packages = {frame.f_globals.get("__name__", "").partition(".")[0] for frame in frames}
    return frames[-1].f_code is not fail.__code__ and packages <= WHERE_FORMULAS_RUN


def _explain_parameter(owner: Any, value: Any) -> None:
    """Something else stands where a parameter stood, in this layer or in one inside it."""
    if hasattr(value, "accumulate"):
        return
    for path, layer in owner.layers_inside() if hasattr(owner, "layers_inside") else ():
        for name, part in vars(layer).items():
            if part is value and name not in layer.arguments:
                who = f"layer {path}: {layer!r}" if path else layer
                hint = f"assign numbers as .{name}.tensor = ..., or another tn.Parameter as .{name} = ...."
                fail(who, f"{name} must be a Parameter, got {of_kind(value)}.", hint, TypeError)


def _explain_gradients(owner: Any, gradients: tuple) -> None:
    """A gradient is no array, or not of the shape of the output."""
    for gradient in gradients:
        if not is_array(gradient) or gradient.dtype.kind != "f":
            got = f"an array of {gradient.dtype}" if is_array(gradient) else of_kind(gradient)
            hint = "a loss returns (loss, gradient), pass the gradient; a backward of your own returns dx."
            fail(owner, f"expected dy, an array of floating-point numbers, got {got}.", hint, TypeError)
    shapes = " and ".join(shape_text(gradient.shape) for gradient in gradients)
    hint = "pass the derivative of the loss with respect to what the last forward returned."
    fail(owner, f"expected dy of the shape of the last output, got {shapes}.", hint)


def _explain_inputs(owner: Any, inputs: tuple, error: Exception) -> None:
    """What came in does not fit, in a way that the layer has no sentence of its own for."""
    got = [f"{shape_text(x.shape)} {x.dtype}" if is_array(x) else of_kind(x) for x in inputs]
    kinds = [kind for kind in (TypeError, ValueError, IndexError) if isinstance(error, kind)]
    words = str(error).rstrip(" .")
    problem = f"it cannot be computed from {' and '.join(got) or 'nothing'}: {words}."
    fail(owner, problem, "check the shapes of what comes in.", [*kinds, ValueError][0])
