"""Every error sentence of the package, phrased in one place.

An error says who, what was expected, what came, and what to do:

    ValueError: Linear(in_features=784, out_features=128): expected x of shape (N, 784), got (32, 1, 28, 28).
    Hint: put Flatten() before this layer.

A bad value is a ValueError, a wrong type a TypeError, a wrong order of calls a RuntimeError. Each module here holds the
sentences of one subject; `who` is the object that complains, or its name.
"""

from tinynet.core.checks.layers import (
    floating_dtype,
    linear_input,
    matching_state,
    no_memory,
    non_empty_list,
    not_configurable,
    output_gradients,
    same_paths,
)
from tinynet.core.checks.learning import dataset, known_column, learner_parts, loss_and_gradient, named_once, not_finite
from tinynet.core.checks.shapes import array, axis_of, filled_axis, floating_input, input_shape, same_shape
from tinynet.core.checks.targets import class_targets, same_targets
from tinynet.core.checks.values import floating_array, fraction, generator, integer, number, one_of, pair, rate
from tinynet.core.checks.vocabulary import arguments
from tinynet.core.checks.words import fail, locate

__all__ = [
    "arguments",
    "array",
    "axis_of",
    "class_targets",
    "dataset",
    "fail",
    "filled_axis",
    "floating_array",
    "floating_dtype",
    "floating_input",
    "fraction",
    "generator",
    "input_shape",
    "integer",
    "known_column",
    "learner_parts",
    "linear_input",
    "locate",
    "loss_and_gradient",
    "matching_state",
    "named_once",
    "no_memory",
    "non_empty_list",
    "not_configurable",
    "not_finite",
    "number",
    "one_of",
    "output_gradients",
    "pair",
    "rate",
    "same_paths",
    "same_shape",
    "same_targets",
]
