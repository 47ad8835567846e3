"""Every error sentence of the package, phrased in one place.

An error says who, what was expected, what came, and what to do:

    ValueError: Linear(in_features=784, out_features=128): expected x of shape (N, 784), got (32, 1, 28, 28).
    Hint: put Flatten() before this layer.

A bad value is a ValueError, a wrong type a TypeError, a wrong order of calls a RuntimeError. Each module here holds the
sentences of one subject; `who` is the object that complains, or its name.
"""

from tinynet.core.checks.arguments import floating_array, fraction, integer, number, one_of, pair
from tinynet.core.checks.layers import (
    floating_dtype,
    joinable,
    linear_input,
    list_of_layers,
    matching_state,
    no_memory,
    non_empty_list,
    not_configurable,
    same_branches,
    same_length,
    same_paths,
    used_twice,
)
from tinynet.core.checks.learning import dataset, finite_loss, known_hooks, learner_parts
from tinynet.core.checks.shapes import array, axis_of, axis_order, filled_axis, floating_input, input_shape, same_shape
from tinynet.core.checks.targets import class_targets, same_targets
from tinynet.core.checks.words import fail, locate

__all__ = [
    "array",
    "axis_of",
    "axis_order",
    "class_targets",
    "dataset",
    "fail",
    "filled_axis",
    "finite_loss",
    "floating_array",
    "floating_dtype",
    "floating_input",
    "fraction",
    "input_shape",
    "integer",
    "joinable",
    "known_hooks",
    "learner_parts",
    "linear_input",
    "list_of_layers",
    "locate",
    "matching_state",
    "no_memory",
    "non_empty_list",
    "not_configurable",
    "number",
    "one_of",
    "pair",
    "same_branches",
    "same_length",
    "same_paths",
    "same_shape",
    "same_targets",
    "used_twice",
]
