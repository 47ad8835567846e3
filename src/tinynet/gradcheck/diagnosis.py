"""Why a gradient is wrong: every usual mistake is a hypothesis that predicts the wrong numbers, and is tested.

A test either reproduces what `backward` gave, entry by entry, by making the mistake on purpose, or repairs it. The
order is from tests that cannot be right by chance to those that are more lenient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np

from tinynet.gradcheck.differences import Function, slope
from tinynet.gradcheck.evidence import Evidence

NOT_FOUND = ("", "")


def diagnose(evidence: Evidence) -> tuple[str, str]:
    """The likely cause: one word, and a sentence. Two empty strings if none fits."""
    with np.errstate(all="ignore"):
        for word, test in TESTS:
            sentence = test(evidence)
            if sentence:
                return word, sentence
    return NOT_FOUND


def nothing_there(e: Evidence) -> str:
    """All zero."""
    if e.found.any():
        return ""
    if e.is_parameter:
        return f"a branch was left out: backward never adds to the gradient of {e.name}; call self.{e.name}.accumulate."
    return f"a branch was left out: backward gives zero for {e.name}."


def stale(e: Evidence) -> str:
    """A newly built layer with the same parameters does it right."""
    if e.is_layer and e.same(e.found_by_a_new_layer(), e.expected):
        return "a stale cache: in a newly built layer it is right, so backward uses values of an earlier forward."
    return ""


def missing_sum(e: Evidence) -> str:
    """Only one sample, or one position along another axis, contributes to a parameter."""
    if not e.is_parameter:
        return ""
    n_axes = max(r.ndim for r in e.function.weights)
    for axes in (axes for count in range(1, n_axes + 1) for axes in combinations(range(n_axes), count)):
        for place, word in ((0, "first"), (-1, "last")):
            weights = [_only(r, axes, place) for r in e.function.weights]
            if all(map(np.array_equal, weights, e.function.weights)):
                continue  # there is nothing to sum over
            if e.same(e.found, e.expected_for(weights)):
                what = "the batch" if axes == (0,) else f"axes {axes} of the output"
                return f"a missing sum over {what}: only the {word} entry contributes."
    return repeated_index(e)


def repeated_index(e: Evidence) -> str:
    """Rows that are looked up several times get only one contribution."""
    for ids in e.integer_inputs():
        rows, counts = np.unique(ids, return_counts=True)
        off = {int(i) for i in np.unique(np.nonzero(~np.isclose(e.found, e.expected, 1e-5, 1e-7))[0])}
        if off and off <= {int(row) for row in rows[counts > 1]}:
            return "a missing sum: rows that are used several times get one contribution; add with np.add.at."
    return ""


def one_sign(e: Evidence) -> str:
    """All entries, or some, have the opposite sign."""
    if e.same(e.found, -e.expected):
        return "the sign: everything is negated."
    if e.same(np.abs(e.found), np.abs(e.expected)):
        return "the sign: the entries that are off have the right size and the opposite sign."
    return ""


def constant_factor(e: Evidence) -> str:
    """All entries are off by one number."""
    factor = float(np.vdot(e.found, e.expected) / np.vdot(e.expected, e.expected))
    if not e.same(e.found, factor * e.expected):
        return ""
    if e.found.size == 1 and not _named_factor(e, factor):
        return ""  # one number is always a multiple of another
    size = f"{factor:.4g} times too large" if factor > 1 else f"{1 / factor:.4g} times too small"
    if factor < 0:
        size = f"{factor:.4g} times the right one"
    return f"a constant factor: the gradient is {size}{_named_factor(e, factor)}."


def _named_factor(e: Evidence, factor: float) -> str:
    """What the factor may be."""
    shapes = [e.values.shape, *(r.shape for r in e.function.weights)]
    sizes = {"the batch size": shapes[1][0] if e.is_layer and shapes[1] else shapes[0][0] if shapes[0] else 1}
    sizes["the number of entries"] = math.prod(shapes[0])
    sizes |= {f"the size of axis {axis}": n for shape in shapes for axis, n in enumerate(shape)}
    for name, size in sizes.items():
        if size > 2 and np.isclose(factor, size):
            return f", and {size} is {name}, so a 1/{size} may be missing"
        if size > 2 and np.isclose(factor, 1 / size):
            return f", and {size} is {name}, by which it may be divided without need"
    return ""


def missing_parameter_factor(e: Evidence) -> str:
    """The chain rule stops before a parameter that multiplies, or uses it twice."""
    if e.is_parameter or not e.is_layer:
        return ""
    for path, parameter in e.subject.parameters().items():
        for axis in range(e.found.ndim):
            if parameter.shape not in ((e.found.shape[axis],), (1,), ()):
                continue
            p = parameter.tensor.reshape([-1 if a == axis else 1 for a in range(e.found.ndim)])
            if e.same(e.found * p, e.expected):
                return f"a factor is missing: multiplied with {path} it is right."
            if e.same(e.found, e.expected * p):
                return f"a factor too many: it is multiplied with {path} once too often."
    return ""


def transposed(e: Evidence) -> str:
    """Axes are swapped in the gradient, or in a parameter that it is made with."""
    shape = e.found.shape
    for order in permutations(range(len(shape))) if len(shape) <= 4 else ():
        if order == tuple(range(len(shape))):
            continue
        there = e.expected.transpose(order)
        for mistaken in (there, there.reshape(shape)):  # also: the numbers of other axes, in the right shape
            if e.same(e.found, mistaken):
                return f"a transpose: with its axes in the order {order} the right gradient is what was found."
    for axis in range(len(shape)):
        if e.same(e.found, np.flip(e.expected, axis)):
            return f"a transpose: the gradient is reversed along axis {axis}."
    if e.is_layer and not e.is_parameter:
        for path, parameter in e.subject.parameters().items():
            square = len(parameter.shape) == 2 and parameter.shape[0] == parameter.shape[1] > 1
            if square and e.same(e.found_with_parameter_transposed(path), e.expected):
                return f"a transpose: with the transpose of {path} in backward it is right."
    return ""


def wrong_mask(e: Evidence) -> str:
    """Numbers pass where they must not, or the other way round."""
    scale = 1e-6 * float(np.max(np.abs(e.expected)))
    off = np.abs(e.found - e.expected) > 10 * scale
    one_is_zero = (np.abs(e.found) <= scale) != (np.abs(e.expected) <= scale)
    right_somewhere = bool((~off & (np.abs(e.expected) > scale)).any())
    if e.is_elementwise:
        r = e.function.weights[0]
        slopes, right = np.round(e.found / r, 4), np.round(e.expected / r, 4)
        kinds = set(np.unique(right))
        if 3 * len(kinds) <= min(e.found.size, 9) and set(np.unique(slopes)) <= kinds | {0.0, 1.0}:
            return "the wrong mask: the slopes are those of the pieces of the function, but of the wrong ones."
    if bool(one_is_zero[off].all()) and (right_somewhere or bool((np.abs(e.found[off]) > scale).any())):
        return "the wrong mask: the gradient is zero where it must not be, or passes where it must be zero."
    return ""


def at_the_output(e: Evidence) -> str:
    """The derivative is taken at y where it must be taken at x, or written in y and fed with x."""
    if not e.is_elementwise:
        return ""
    y = e.outputs[0]
    with e.holding(e.values, y):
        at_output, formula_of_y = e.slopes(e.function), e.subject.claims(e.function.weights)[e.name]
    if e.same(e.found, at_output):
        return "a derivative at the output: it is right for x = forward(x); take it at the input."
    if e.same(formula_of_y, e.expected):
        return "a derivative at the input: the formula is one in the output y, but is given x."
    return ""


def weight_of_the_constructor(e: Evidence) -> str:
    """It fits the parameters of before the check."""
    if e.is_layer and e.subject.parameters() and e.same(e.found, e.expected_at_first_parameters()):
        return "a stale cache: it is right for the first values of the parameters, so a copy of them is used."
    return ""


def direct_path(e: Evidence) -> str:
    """The gradient is passed on as it came, or the part that is passed on so is missing."""
    if not e.is_elementwise:
        return ""
    r = e.function.weights[0]
    if e.same(e.found, r):
        return "a branch was left out: the incoming gradient is passed on unchanged, as if y = x."
    if e.same(e.found + r, e.expected):
        return "a branch was left out: the incoming gradient itself is missing, the way of x past the body."
    if e.same(e.found * e.values, r * e.outputs[0]):
        return "a branch was left out: y is a product with x, and its other factor is taken as a constant."
    return ""


def own_path_only(e: Evidence) -> str:
    """Only the derivative of each output with respect to its own input is there."""
    if not e.is_elementwise or e.found.size > 200:
        return ""
    diagonal = np.zeros(e.found.shape)
    for index in np.ndindex(*diagonal.shape):
        weights = np.zeros(diagonal.shape)
        weights[index] = e.function.weights[0][index]
        diagonal[index] = slope(Function(e.function.arrays, e.function.outputs, [weights]), e.name, index)
    if e.same(e.found, diagonal):
        return "a branch was left out: each input acts on its own output only; those on the others are missing."
    return ""


def common_path(e: Evidence) -> str:
    """What is missing is the same, or in proportion to x or y, all along some axes: the way through a mean or a sum."""
    if not e.is_elementwise:
        return ""
    missing = e.expected - e.found
    for count in range(1, e.found.ndim + 1):
        for axes in combinations(range(e.found.ndim), count):
            if math.prod(e.found.shape[axis] for axis in axes) < 5:
                continue  # so few numbers fit anything
            if e.same(missing, missing.mean(axis=axes, keepdims=True) + np.zeros(missing.shape)):
                return f"a branch was left out: the way through a mean or sum along axes {axes}."
            if any(e.same(_projected(missing, [term], axes), missing) for term in (e.values, e.outputs[0])):
                return f"a branch was left out: the way through a mean or variance along axes {axes}."
    return ""


def later_steps(e: Evidence) -> str:
    """Right at the last position along an axis and wrong before it, or the other way round."""
    if e.is_parameter or not e.is_layer:
        return ""
    for axis in range(1, e.found.ndim):
        for place, word in ((-1, "later"), (0, "earlier")):
            edge = [np.take(a, [place], axis) for a in (e.found, e.expected)]
            if e.found.shape[axis] > 1 and e.same(*edge):
                return f"a branch was left out: the way through {word} steps along axis {axis}."
    return ""


def inner_branch(e: Evidence) -> str:
    """The gradients of one or more inner layers are missing in a sum."""
    if not e.is_layer or e.is_parameter:
        return ""
    parts = e.gradients_of_inner_layers()
    for count in range(1, min(len(parts), 3) + 1):
        for chosen in combinations(parts, count):
            if e.same(e.found + sum(parts[path] for path in chosen), e.expected):
                return f"a branch was left out: the gradient that comes back from {' and '.join(chosen)}."
    return ""


def part_of_the_uses(e: Evidence) -> str:
    """Of a parameter that acts several times, or an input with several paths. It is tried last."""
    if e.is_layer and bool(np.isfinite(e.found).all()):
        return f"perhaps a branch was left out: is {e.name} used more than once in forward? Each use adds a term."
    return ""


TESTS: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("branch", nothing_there),
    ("stale", stale),
    ("sum", missing_sum),
    ("sign", one_sign),
    ("factor", constant_factor),
    ("factor", missing_parameter_factor),
    ("transpose", transposed),
    ("mask", wrong_mask),
    ("branch", direct_path),
    ("output", at_the_output),
    ("stale", weight_of_the_constructor),
    ("branch", own_path_only),
    ("branch", common_path),
    ("branch", inner_branch),
    ("branch", later_steps),
    ("branch", part_of_the_uses),
)


def _only(weights: np.ndarray, axes: tuple[int, ...], place: int) -> np.ndarray:
    """Weights that are zero except at one position along some axes."""
    kept = np.zeros(weights.shape)
    index = tuple(place if axis in axes else slice(None) for axis in range(weights.ndim))
    kept[index] = weights[index]
    return kept


def _projected(values: np.ndarray, onto: list[np.ndarray], axes: tuple[int, ...]) -> np.ndarray:
    """The part of `values` that is a constant plus multiples of others, for each slice along `axes`."""
    n_kept = values.ndim - len(axes)

    def rows(a: np.ndarray) -> np.ndarray:
        moved = np.moveaxis(a, axes, range(n_kept, values.ndim))
        return moved.reshape(math.prod(moved.shape[:n_kept]), -1)

    fitted = np.empty(rows(values).shape)
    for row, (target, *terms) in enumerate(zip(*map(rows, [values, *onto]), strict=True)):
        basis = np.stack([np.ones_like(target), *terms], axis=1)
        fitted[row] = basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
    moved_shape = np.moveaxis(values, axes, range(n_kept, values.ndim)).shape
    return np.moveaxis(fitted.reshape(moved_shape), range(n_kept, values.ndim), axes)
