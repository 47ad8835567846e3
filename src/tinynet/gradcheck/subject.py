"""What is checked: a layer, a net with a loss, or a loss, seen as a function of named arrays."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tinynet.core import Parameter, checks, generator_states, set_generator_states
from tinynet.core.checks.backward import added_in_place
from tinynet.core.checks.shapes import shape_cause
from tinynet.core.checks.words import fail
from tinynet.gradcheck import sentences
from tinynet.gradcheck.differences import Function
from tinynet.gradcheck.sentences import broken_rule
from tinynet.layers import Embedding, Layer

Loss = Callable[[Any, Any], tuple[float, Any]]


class Subject:
    """A float64 copy of a layer with inputs, made to give the same output for the same input.

    Args:
        layer: The layer; it is copied, so the caller's stays as it is.
        given: A shape, an array, or a list of these, one for each input.
        rng: Draws inputs, parameters and weights of the outputs.
        loss: If given, the function is loss(layer(x), ground_truth) instead of layer(x).
        ground_truth: What the loss compares with.
    """

    def __init__(
        self, layer: Layer, given: Any, rng: np.random.Generator, loss: Loss | None = None, ground_truth: Any = None
    ) -> None:
        self.original = layer
        self.layer = copy.deepcopy(layer).astype(np.float64)
        self.given = given if isinstance(given, list) else [given]
        self.rng = rng
        self.loss, self.ground_truth = loss, ground_truth
        self.inputs = draw(self.given, rng)
        for x in self.inputs:
            if not x.size:
                problem = f"an input of shape {checks.shape_text(x.shape)} holds no numbers to compare."
                fail("check", problem, "give it some rows, as in (4, 3).")
        self.held = [  # the vector of padding is a constant by definition: its gradient is zero, though y depends on it
            (inner.weight.tensor, inner.padding_idx, inner.weight.tensor[inner.padding_idx].copy())
            for _, inner in self.layer.layers_inside()
            if isinstance(inner, Embedding) and inner.padding_idx is not None
        ]
        for parameter in self.parameters().values():  # away from the zeros and ones of fresh biases and scales
            parameter.tensor += rng.normal(0, 0.2, parameter.shape)
        self.hold()
        self.put_back = keep_randomness(self.layer)

    @property
    def who(self) -> str:
        """The layer's name in errors: its repr, or its class where that takes many lines."""
        text = repr(self.original)
        return type(self.original).__name__ if "\n" in text else text

    def parameters(self) -> dict[str, Parameter]:
        """The trainable parameters by path."""
        return {path: p for path, p in self.layer.parameters().items() if p.trainable}

    def names(self) -> list[str]:
        """The inputs' names, as `forward` calls them."""
        arguments = inspect.signature(type(self.original).forward).parameters.values()
        named = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)][1:]
        if len(named) < len(self.inputs):
            named = ["x"] if len(self.inputs) == 1 else [f"x[{i}]" for i in range(len(self.inputs))]
        taken = self.parameters()
        return [f"input {name}" if name in taken else name for name in named[: len(self.inputs)]]

    def hold(self) -> None:
        """Put back what layers hold fixed, so that no step of a difference moves it."""
        for array, index, values in self.held:
            array[index] = values

    def redraw(self) -> None:
        """Take other inputs."""
        self.inputs = draw(self.given, self.rng, again=True)

    def forward(self, *inputs: np.ndarray) -> tuple:
        """The layer's outputs as a tuple, with random streams and statistics where they were at first."""
        self.put_back()
        y = self.layer.forward(*(inputs or self.inputs))
        return y if isinstance(y, tuple) else (y,)

    def other_forward(self) -> tuple:
        """The outputs for other inputs of the same kind."""
        return self.forward(*draw(self.given, self.rng, again=True))

    def backward(self, gradients: list[Any]) -> tuple:
        """What the layer's backward returns, one gradient for each input; None for inputs that are no numbers."""
        try:
            dx = self.layer.backward(*gradients)
        except ValueError as error:
            explain_raise(self, error)
        dx = dx if isinstance(dx, tuple) else (dx,)
        floating = [is_floating(x) for x in self.inputs]
        if len(dx) == sum(floating) != len(self.inputs):  # only those that have one were returned
            rest = iter(dx)
            dx = tuple(next(rest) if some else None for some in floating)
        if len(dx) != len(self.inputs):
            sentences.broken_rule(
                self.who, "backward", f"expected {len(self.inputs)} gradients from backward, got {len(dx)}."
            )
        return dx

    def function(self) -> Function:
        """The function whose slopes are taken: of the floating inputs and the trainable parameters."""
        arrays = {n: x for n, x in zip(self.names(), self.inputs, strict=True) if is_floating(x)}
        arrays |= {path: parameter.tensor for path, parameter in self.parameters().items()}
        y = self.other_forward()  # not yet at these inputs, lest a layer that keeps the first ones looks right
        shapes = [()] if self.loss is not None else [value.shape for value in y if is_floating(value)]
        return Function(arrays, self.outputs, [self.rng.normal(size=shape) for shape in shapes])

    def outputs(self) -> list[np.ndarray]:
        """Copies of the floating outputs, or the loss."""
        self.hold()
        y = self.forward()
        if self.loss is not None:
            return [np.array(self.loss_and_gradient(y)[0], np.float64)]
        return [np.array(value) for value in y if is_floating(value)]

    def gradients(self, weights: list[np.ndarray]) -> dict[str, np.ndarray]:
        """What `backward` claims for each array of `function`, after another batch, lest it uses what that one left."""
        self.backward(self.output_gradients(self.other_forward(), weights))
        return self.claims(weights)

    def claims(self, weights: list[np.ndarray]) -> dict[str, np.ndarray]:
        """What `backward` claims, straight away."""
        self.layer.zero_gradient()
        dy = self.output_gradients(self.forward(), weights)
        found = dict(zip(self.names(), self.backward(dy), strict=True))
        found = {name: dx for (name, dx), x in zip(found.items(), self.inputs, strict=True) if is_floating(x)}
        return found | {path: parameter.gradient.copy() for path, parameter in self.parameters().items()}

    def loss_and_gradient(self, y: tuple) -> tuple[float, Any]:
        """What the loss makes of the outputs."""
        returned: Any = self.loss(y[0] if len(y) == 1 else y, self.ground_truth)  # type: ignore[misc]
        value, gradient = checks.loss_and_gradient("check_net", returned)
        return (value, gradient) if gradient is not None else checks.loss_and_gradient("check_net", None)

    def output_gradients(self, y: tuple, weights: list[np.ndarray]) -> list[Any]:
        """∂f/∂y for each output: its weights, or the weighted gradient of the loss; None for integer outputs."""
        if self.loss is not None:
            gradient = self.loss_and_gradient(y)[1]
            return [weights[0] * g for g in (gradient if isinstance(gradient, tuple) else (gradient,))]
        rest = iter(weights)
        return [next(rest).copy() if is_floating(value) else None for value in y]


def explain_raise(subject: Subject, error: ValueError) -> NoReturn:
    """Say which parameter's gradient did not fit, if that is why `backward` raised."""
    shapes: list[tuple[str, tuple, tuple]] = []
    for path, parameter in subject.parameters().items():
        vars(parameter)["accumulate"] = _recorder(shapes, path, parameter)
    try:
        y = subject.forward()
        subject.layer.backward(*(np.ones_like(value) if is_floating(value) else None for value in y))  # type: ignore[arg-type]
    except ValueError as again:
        in_place = added_in_place(again, subject.layer)
        shapes += [in_place] if in_place is not None else []
        _raised_in_backward(subject.who, error, shapes)
    finally:
        for parameter in subject.parameters().values():
            vars(parameter).pop("accumulate")
    _raised_in_backward(subject.who, error, [])


def _recorder(shapes: list, path: str, parameter: Parameter) -> Callable[[np.ndarray], None]:
    def accumulate(gradient: np.ndarray) -> None:
        shapes.append((path, np.shape(gradient), parameter.shape))
        Parameter.accumulate(parameter, gradient)

    return accumulate


def draw(given: list, rng: np.random.Generator, again: bool = False) -> list[Any]:
    """Normal random numbers of a shape, or a float64 copy of an array, moved a little if `again`.

    What is from 0 to 1 stays so, because a loss of probabilities refuses others.
    """
    inputs: list[Any] = []
    checks.non_empty_list("check", "the inputs", given)
    for item in given:
        if isinstance(item, tuple) and all(isinstance(size, (int, np.integer)) for size in item):
            inputs.append(rng.normal(size=checks.sizes("check", "the shape of an input", item)))
        elif isinstance(item, np.ndarray) and item.dtype.kind == "f":
            x = np.array(item, np.float64, order="C")
            moved = x + rng.normal(0, 0.1, item.shape) if again else x
            inputs.append(np.clip(moved, 0, 1) if ((x >= 0) & (x <= 1)).all() else moved)
        elif isinstance(item, np.ndarray):
            inputs.append(item.copy())
        else:
            _not_an_input("each input", item)
    return inputs


def is_floating(value: Any) -> bool:
    """Whether a value is an array of floating-point numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def keep_randomness(layer: Layer) -> Callable[[], None]:
    """A function that puts random streams, generators and statistics back to where they are now."""
    streams = generator_states()
    generators, statistics = [], []
    for _, inner in layer.layers_inside():
        for value in vars(inner).values():
            if isinstance(value, np.random.Generator):
                generators.append((value, value.bit_generator.state))
        statistics += [(inner, name, part.copy()) for name, part in inner.parts() if isinstance(part, np.ndarray)]

    def put_back() -> None:
        set_generator_states(streams)
        for generator, state in generators:
            generator.bit_generator.state = state
        for inner, name, array in statistics:
            setattr(inner, name, array.copy())

    return put_back


def rebuild(layer: Layer) -> Layer:
    """A new layer from the arguments of another's constructor."""
    signature = inspect.signature(type(layer).__init__)
    arguments = {next(iter(signature.parameters)): None} | copy.deepcopy(layer.arguments)
    bound = inspect.BoundArguments(signature, arguments)
    return type(layer)(*bound.args[1:], **bound.kwargs)


def _not_an_input(name: str, value: object) -> NoReturn:
    """What was given as an input of a check is neither a shape nor an array."""
    fail(
        "check",
        f"{name} must be a shape such as (4, 3), an array, or a list of these for several inputs; got {value!r}.",
        kind=TypeError,
    )


def _raised_in_backward(who: object, error: Exception, shapes: list[tuple[str, tuple, tuple]]) -> NoReturn:
    """`backward` raised; `shapes` holds path, shape and due shape of each gradient that was accumulated until then."""
    path, got, expected = shapes[-1] if shapes else ("backward", (), ())
    if got != expected:
        hint, cause = shape_cause(got, expected)
        broken_rule(
            who, path, f"backward gives the gradient of {path} the shape {got}, expected {expected}.", hint, cause
        )
    fits = "matmul" not in str(error) and "not aligned" not in str(error)
    hint = "" if fits else "likely cause: a transpose: the axes that a product sums over do not meet."
    broken_rule(who, "backward", f"backward raised: {error}", hint, "" if fits else "transpose")
