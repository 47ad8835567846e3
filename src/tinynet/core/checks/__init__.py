"""Every error sentence of the package, phrased in one place.

An error says who, what was expected, what came, and what to do:

    ValueError: Linear(in_features=784, out_features=128): expected x of shape (N, 784), got (32, 1, 28, 28).
    Hint: put Flatten() before this layer.

A bad value is a ValueError, a wrong type a TypeError, a wrong order of calls a RuntimeError. Each module here holds the
sentences of one subject; `who` is the object that complains, or its name.
"""

from tinynet.core.checks.layers import (
    an_optimizer,
    floating_dtype,
    linear_input,
    list_of_layers,
    matching_state,
    no_memory,
    non_empty_list,
    not_configurable,
    output_gradients,
    same_length,
    same_paths,
    used_twice,
)
from tinynet.core.checks.learning import (
    broken_table,
    constant_rate,
    dataset,
    file_to_write,
    known_column,
    known_hooks,
    learner_parts,
    loss_and_gradient,
    named_once,
    not_finite,
    same_columns,
    single_number,
    unclear_direction,
)
from tinynet.core.checks.rules import betas, group_states, matrix_parameter, optimizer_groups
from tinynet.core.checks.shapes import array, axis_of, filled_axis, floating_input, input_shape, same_shape
from tinynet.core.checks.targets import at_most_classes, class_targets, label_pairs, same_targets
from tinynet.core.checks.values import (
    floating_array,
    fraction,
    generator,
    integer,
    number,
    one_of,
    pair,
    rate,
    rising_steps,
)
from tinynet.core.checks.vocabulary import arguments
from tinynet.core.checks.words import fail, locate

__all__ = [
    "betas",
    "an_optimizer",
    "arguments",
    "array",
    "at_most_classes",
    "axis_of",
    "broken_table",
    "class_targets",
    "constant_rate",
    "dataset",
    "fail",
    "file_to_write",
    "filled_axis",
    "floating_array",
    "floating_dtype",
    "floating_input",
    "fraction",
    "generator",
    "group_states",
    "input_shape",
    "integer",
    "known_column",
    "known_hooks",
    "learner_parts",
    "label_pairs",
    "linear_input",
    "list_of_layers",
    "locate",
    "loss_and_gradient",
    "matching_state",
    "matrix_parameter",
    "named_once",
    "no_memory",
    "non_empty_list",
    "not_configurable",
    "not_finite",
    "number",
    "one_of",
    "optimizer_groups",
    "output_gradients",
    "pair",
    "rate",
    "rising_steps",
    "same_columns",
    "same_length",
    "same_paths",
    "same_shape",
    "same_targets",
    "single_number",
    "unclear_direction",
    "used_twice",
]
