"""One training step, run again and watched until its first number that is not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet.core import faster, generator_states, set_generator_states
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple
from tinynet.net.watch import unwatched, watch
from tinynet.probe.not_finite.cause import Outcome, is_bad
from tinynet.probe.not_finite.kept import kept
from tinynet.probe.not_finite.watched_array import plainly, watched

Loss = Callable[[Any, Any], tuple[float, Any]]


@dataclass
class Call:
    """One call of a layer's forward, and of the backward that belongs to it.

    Example:
        >>> from tinynet.layers import ReLU
        >>> Call("0", ReLU(), (np.ones(2),), {}, generator_states()).dy is None
        True
    """

    path: str
    layer: Layer
    inputs: tuple[Any, ...]
    options: dict[str, Any]
    states: dict[str, Any]  #: Of the random streams, before the call.
    y: Any = None
    dy: Any = None
    dx: Any = None


@dataclass
class Place:
    """Where the first number that is not finite was seen.

    Example:
        >>> Place("loss").call is None
        True
    """

    found_in: str  #: "forward", "loss", "backward" or "update".
    call: Call | None = None
    arguments: tuple[Any, ...] = ()  #: Of a loss: what was predicted, and the truth.

    def is_at(self, other: Place | None) -> bool:
        """Whether the other is in the same pass of the same layer."""
        paths = [None if place is None or place.call is None else place.call.path for place in (self, other)]
        return other is not None and self.found_in == other.found_in and paths[0] == paths[1]


@dataclass
class Step:
    """A training step that can be run again, as often as needed.

    Args:
        run: Does forward, loss and backward of a batch, with the loss it is given: run(x, y, loss). It returns the
            number that the loss gave.
        x: The inputs of the batch.
        y: The truth.
        loss: The loss.
        nets: The nets that take part, by a name that comes before their paths; "" for the only one.
        states: Of the random streams at its beginning.

    Example:
        >>> from dataclasses import replace
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> net = Linear(2, 1)
        >>> step = step_of(net, np.full((3, 2), 3e38, np.float32), np.zeros((3, 1)), mean_squared_error)
        >>> first_place(step).found_in, first_place(replace(step, x=np.zeros((3, 2), np.float32)))
        ('backward', None)
    """

    run: Callable[[Any, Any, Loss], Any]
    x: Any
    y: Any
    loss: Loss
    nets: Mapping[str, Layer]
    states: dict[str, Any] = field(default_factory=generator_states)

    @contextmanager
    def again(self) -> Iterator[None]:
        """A block that begins with the random streams of the step, and leaves no trace."""
        with kept(*self.nets.values(), self.loss), np.errstate(all="ignore"), ExitStack() as stack:
            for net in self.nets.values():
                stack.enter_context(unwatched(net))
            set_generator_states(self.states)
            yield

    def parameters(self) -> dict[str, Any]:
        """The parameters of all nets, by path."""
        each = self.nets.items()
        return {prefix + path: part for prefix, net in each for path, part in net.parameters().items()}


def step_of(net: Layer, x: Any, y: Any, loss: Loss) -> Step:
    """The step of one net: forward, loss, backward."""

    def run(x: Any, y: Any, loss: Loss) -> Any:
        value, gradient = loss(net.forward(*as_tuple(x)), y)
        net.backward(*as_tuple(gradient))
        return value

    return Step(run, x, y, loss, {"": net})


def first_place(step: Step) -> Place | None:
    """Run the step, and see where the first number that is not finite comes from; None if all are finite."""
    seen = _Seen()
    with step.again(), ExitStack() as watching:
        _without_gradients(step)
        for prefix, net in step.nets.items():
            watching.enter_context(watch(net, _Observer(seen, prefix)))
        loss = step.run(step.x, step.y, seen.watching(step.loss))
        if not is_bad(loss) and not any(is_bad(p.gradient) for p in step.parameters().values()):
            return None
    return seen.place or seen.suspect


class _Seen:
    """What has been seen so far."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.suspect: Place | None = None  # not finite, but its inputs were not either
        self.open: list[Call] = []
        self.last: dict[int, Call] = {}

    def note(self, inputs: Any, outputs: Any, place: Place) -> None:
        if self.place is None and is_bad(outputs):
            if not is_bad(inputs):
                self.place = place
            elif self.suspect is None:
                self.suspect = place

    def watching(self, loss: Loss) -> Loss:
        def call(predicted: Any, truth: Any) -> tuple[float, Any]:
            value, gradient = loss(predicted, truth)
            self.note((predicted, truth), (value, gradient), Place("loss", arguments=(predicted, truth)))
            return value, gradient

        return call


class _Observer:
    """Watches one net."""

    def __init__(self, seen: _Seen, prefix: str) -> None:
        self.seen, self.prefix = seen, prefix

    def on_forward_begin(self, path: str, layer: Layer, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.seen.open.append(Call(self.prefix + path, layer, inputs, options, generator_states()))

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        call = self.seen.open.pop()
        call.y, self.seen.last[id(layer)] = y, call
        self.seen.note((call.inputs, list(call.options.values())), y, Place("forward", call))

    def on_backward(self, path: str, layer: Layer, dy: Any, dx: Any) -> None:
        call = self.seen.last[id(layer)]
        call.dy, call.dx = as_tuple(dy), dx
        gradients = [parameter.gradient for parameter in layer.parameters().values()]
        self.seen.note(dy, (dx, gradients), Place("backward", call))


def outcome_of(place: Place, step: Step) -> Callable[[], Outcome]:
    """What runs the place alone on watched arrays, by the lesson, and gives all that comes out of it."""
    call = place.call
    if call is None:
        return lambda: _loss_alone(place, step)
    return lambda: _layer_alone(call, backward=place.found_in == "backward")


def _loss_alone(place: Place, step: Step) -> Outcome:
    with step.again(), faster.use("plain"):
        value, gradient = step.loss(*map(watched, place.arguments))
    return [value, *as_tuple(gradient)]


def _layer_alone(call: Call, backward: bool) -> Outcome:
    layer = call.layer
    with kept(layer), unwatched(layer), faster.use("plain"), np.errstate(all="ignore"):
        set_generator_states(call.states)
        parameters = layer.parameters().values()
        for parameter in parameters:
            parameter.zero_gradient()
            watch_parameter(parameter)
        options = {name: watched(value) for name, value in call.options.items()}
        y = layer.forward(*map(watched, call.inputs), **options)
        if not backward:
            return list(as_tuple(y))
        dx = layer.backward(*map(watched, call.dy))
        return [*as_tuple(dx), [plainly(parameter.gradient).copy() for parameter in parameters]]


def watch_parameter(parameter: Any) -> None:
    """Let the arrays of a parameter be watched, until `kept` puts them back."""
    parameter._tensor, parameter._gradient = watched(parameter.tensor), watched(parameter.gradient)


def _without_gradients(step: Step) -> None:
    for parameter in step.parameters().values():
        parameter.zero_gradient()
