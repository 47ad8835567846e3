"""The error sentences that several places of the package share; one that is used once stands where it is used.

An error says who, what was expected, what came, and what to do:

    ValueError: Linear(in_features=784, out_features=128): expected x of shape (N, 784), got (32, 1, 28, 28).
    Hint: put Flatten() before this layer.

A bad value is a ValueError, a wrong type a TypeError, a wrong order of calls a RuntimeError. Each module here holds the
sentences of one subject; `who` is the object that complains, or its name. They are read as `checks.array(...)`; the
words in which a constructor declares its arguments are in `checks.vocabulary`.
"""

from __future__ import annotations

from tinynet.core.checks.backward import explain_in_place, giver_of_nothing, no_gradient
from tinynet.core.checks.files import path, readable_file
from tinynet.core.checks.images import image_input, kernel_fits, positive_size
from tinynet.core.checks.layers import floating_dtype, kept_state, matching_state, non_empty_list, output_gradients
from tinynet.core.checks.losses import (
    between_0_and_1,
    class_weight,
    loss_and_gradient,
    not_negative,
    probabilities,
    reduction,
    signs,
    two_predictions,
)
from tinynet.core.checks.models import model_input
from tinynet.core.checks.sequences import mask, not_empty, sequence, sequence_input, window_fits
from tinynet.core.checks.shapes import (
    array,
    as_array,
    axis_of,
    floating_input,
    gradient_shape,
    input_shape,
    numbers,
    same_shape,
    shape_text,
    unmasked,
)
from tinynet.core.checks.targets import class_labels, class_targets, labels_to_ignore, same_target_shape, same_targets
from tinynet.core.checks.values import (
    flag,
    fraction,
    function,
    generator,
    instance,
    integer,
    number,
    of_kind,
    one_of,
    pair,
    rate,
    sizes,
    takes,
    text,
)
from tinynet.core.checks.vocabulary import arguments
from tinynet.core.checks.words import fail, locate

__all__ = [
    "arguments",
    "array",
    "as_array",
    "axis_of",
    "between_0_and_1",
    "class_labels",
    "class_targets",
    "class_weight",
    "explain_in_place",
    "fail",
    "flag",
    "floating_dtype",
    "floating_input",
    "fraction",
    "function",
    "generator",
    "giver_of_nothing",
    "gradient_shape",
    "image_input",
    "input_shape",
    "instance",
    "integer",
    "kept_state",
    "kernel_fits",
    "labels_to_ignore",
    "locate",
    "loss_and_gradient",
    "mask",
    "matching_state",
    "model_input",
    "no_gradient",
    "non_empty_list",
    "not_empty",
    "not_negative",
    "number",
    "numbers",
    "of_kind",
    "one_of",
    "output_gradients",
    "pair",
    "path",
    "positive_size",
    "probabilities",
    "rate",
    "readable_file",
    "reduction",
    "same_shape",
    "same_target_shape",
    "same_targets",
    "sequence",
    "sequence_input",
    "shape_text",
    "signs",
    "sizes",
    "takes",
    "text",
    "two_predictions",
    "unmasked",
    "window_fits",
]
