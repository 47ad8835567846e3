"""One training step, recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from inspect import isroutine
from typing import Any

import numpy as np

from tinynet.core import checks, formula, generator_states
from tinynet.core.arrays import as_array, is_array
from tinynet.core.version import __version__
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple
from tinynet.net.watch import watch
from tinynet.optimizers import Optimizer
from tinynet.optimizers.clipping import gradients_are_finite
from tinynet.probe.rules import description_of, plain_values, rule_of_each, settings_of, slots_of, stages
from tinynet.probe.trace import GROUND_TRUTH, LOSS, LayerStep, ParameterStep, Trace, joined

Loss = Callable[[Any, Any], tuple[float, Any]]


def trace(net: Layer, x: Any, y: Any, loss: Loss, optimizer: Optimizer | None = None) -> Trace:
    """Run one training step, and keep every value of it under its path.

    It is the step that `Learner.train_step` makes: forward, loss, backward, update. The weights change as they would
    there, and so does what the optimizer keeps. Without an optimizer nothing changes: gradients are recorded, and then
    what they were before. A step whose loss or gradients are not finite is recorded without its update.

    Args:
        net: The net, or any layer.
        x: The inputs of the batch; a tuple becomes several inputs.
        y: The truth.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        optimizer: The update rule; no update if None.

    Returns:
        The trace. It holds the values themselves, no copies computed again.

    Raises:
        TypeError: An argument has the wrong type.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net = Net([Linear(1, 1, bias=False)])
        >>> net[0].weight.tensor = [[3.0]]
        >>> step = trace(net, np.array([[2.0]]), np.array([[5.0]]), mean_squared_error, SGD(lr=0.1))
        >>> [step[name].item() for name in ("y", "loss", "dy", "0.weight.gradient", "0.weight.after")]
        [6.0, 1.0, 2.0, 4.0, 2.5999999046325684]
    """
    checks.instance("trace", "net", net, Layer)
    checks.function("trace", "loss", loss, 2, expected="a function (predicted, ground_truth) -> (loss, gradient)")
    if optimizer is not None:
        checks.instance("trace", "optimizer", optimizer, Optimizer)
    recorder = Recorder(net)
    parameters = net.parameters()
    state = {} if optimizer is None else optimizer.state(parameters)
    about: dict[str, Any] = {
        "tinynet": __version__,
        "random": generator_states(),
        "generators": recorder.generators,
        "optimizer": "" if optimizer is None else type(optimizer).__name__,
        "rule": None if optimizer is None else description_of(optimizer, parameters, state),
    }
    recorder.keep_before(parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        with watch(net, recorder):
            predicted = net.forward(*[checks.as_array("trace", "x", part) for part in as_tuple(x)])
            value, gradient = checks.loss_and_gradient("trace", loss(predicted, y))
            net.backward(*as_tuple(gradient))
        recorder.values |= dict(_named("", GROUND_TRUTH, y)) | {LOSS: np.asarray(value)}
        recorder.keep_after(parameters)
        finite = bool(np.isfinite(value)) and gradients_are_finite([p for p in parameters.values() if p.trainable])
        if optimizer is not None and finite:
            about["stages"] = stages(optimizer, parameters)
            steps = recorder.update(parameters, optimizer, state)
        else:
            steps = {path: ParameterStep(path, parameter.trainable) for path, parameter in parameters.items()}
    if optimizer is None:
        recorder.put_back(parameters)
    elif not finite:
        net.zero_gradient()
    objects = {"net": net, "loss": loss, "optimizer": optimizer, "memory": recorder.memory}
    return Trace(recorder.values, recorder.layers, steps, _about_loss(loss), about, objects)


class Recorder:
    """An observer for `net.watch` that keeps what it sees.

    Attributes:
        values: From name to array, as in `Trace`.
        layers: From path to `LayerStep`.
        memory: From path to what the layer remembered, as it has it.
        parts: From the id of a layer to its parts.
        statistics: From path to running statistic.
        generators: From path to the state of a random generator that a layer holds, before the step.

    Example:
        >>> from tinynet.layers import ReLU
        >>> from tinynet.net import Net
        >>> net = Net([ReLU()])
        >>> recorder = Recorder(net)
        >>> with net.watch(recorder):
        ...     y = net.forward(np.array([[-1.0, 2.0]]))
        >>> recorder.values["0.y"]
        array([[0., 2.]], dtype=float32)
    """

    def __init__(self, net: Layer) -> None:
        self.values: dict[str, np.ndarray] = {}
        self.layers: dict[str, LayerStep] = {}
        self.memory: dict[str, Any] = {}
        self.parts: dict[int, list[tuple[str, Any]]] = {}
        self.statistics: dict[str, np.ndarray] = {}
        self.generators: dict[str, Any] = {}
        self._look_into("", net)
        self.first_paths = {id(parameter): path for path, parameter in net.parameters().items()}

    def _look_into(self, path: str, layer: Layer) -> None:
        """Find the parts of a layer and of those inside it, once for the whole step."""
        self.parts[id(layer)] = layer.parts()
        for name, value in vars(layer).items():
            if isinstance(value, np.random.Generator):
                self.generators[joined(path, name)] = value.bit_generator.state
        for name, part in self.parts[id(layer)]:
            if isinstance(part, Layer):
                self._look_into(joined(path, name), part)
            elif is_array(part):
                self.statistics[joined(path, name)] = part

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        """Keep the inputs and outputs of a layer, and what it remembered."""
        inputs, outputs = dict(_named(path, "x", x)), dict(_named(path, "y", y))
        self.values |= inputs | outputs
        self.memory[path] = layer._memory
        own = [(name, part) for name, part in self.parts[id(layer)] if id(part) in self.first_paths]
        self.layers.pop(path, None)  # a layer that runs twice stands where it ran last
        self.layers[path] = LayerStep(
            path,
            type(layer).__name__,
            {name: _short(value) for name, value in layer.arguments.items() if name != "rng"},
            plain_values(vars(layer)),
            _is_ours(type(layer)),
            _formula_of(type(layer)),
            bool(layer.training),
            list(inputs),
            list(outputs),
            {name: self._kept(path, name, value) for name, value in _memory(layer).items()},
            parameters={name: self.first_paths[id(part)] for name, part in own},
            statistics={name: joined(path, name) for name, part in self.parts[id(layer)] if is_array(part)},
            inside=[joined(path, name) for name, part in self.parts[id(layer)] if isinstance(part, Layer)],
        )

    def on_backward(self, path: str, layer: Layer, dy: Any, dx: Any) -> None:
        """Keep the gradients of a layer."""
        outgoing, incoming = dict(_named(path, "dy", dy)), dict(_named(path, "dx", dx))
        self.values |= outgoing | incoming
        step = self.layers[path]
        step.output_gradients[:], step.input_gradients[:] = list(outgoing), list(incoming)

    def keep_before(self, parameters: dict[str, Any]) -> None:
        """Keep the parameters and statistics as they are before the step, and gradients that wait to be used."""
        self.values |= {path: parameter.tensor.copy() for path, parameter in parameters.items()}
        self.values |= {path: statistic.copy() for path, statistic in self.statistics.items()}
        for path, parameter in parameters.items():
            if parameter.gradient.any():
                self.values[f"{path}.gradient.before"] = parameter.gradient.copy()

    def keep_after(self, parameters: dict[str, Any]) -> None:
        """Keep the gradients, and the statistics as the forward has left them."""
        self.values |= {f"{path}.gradient": parameter.gradient.copy() for path, parameter in parameters.items()}
        self.values |= {f"{path}.after": statistic.copy() for path, statistic in self.statistics.items()}

    def put_back(self, parameters: dict[str, Any]) -> None:
        """Set gradients and statistics to what they were before the step."""
        for path, parameter in parameters.items():
            parameter.gradient = self.values.get(f"{path}.gradient.before", np.zeros_like(parameter.gradient))
        for path, statistic in self.statistics.items():
            statistic[...] = self.values[path]

    def update(self, parameters: dict[str, Any], optimizer: Optimizer, before: Any) -> dict[str, ParameterStep]:
        """Let the optimizer, whose state is that of before the step, update the parameters, and keep what it did."""
        slots_before = slots_of(before, parameters)
        settings = {path: settings_of(rule) for path, rule in rule_of_each(optimizer, parameters).items()}
        with self._gradients_kept(optimizer):
            optimizer.step(parameters)
        slots = slots_of(optimizer.state(parameters), parameters)
        steps = {}
        for path, parameter in parameters.items():
            rule, numbers = settings.get(path, ("", {}))
            self.values[f"{path}.after"] = parameter.tensor.copy()
            for name, array in slots[path][1].items():
                old = slots_before[path][1].get(name)
                self.values[f"{path}.{name}"] = array
                start = numbers.get("initial_accumulator_value", 0.0)
                self.values[f"{path}.{name}.before"] = np.full_like(array, start) if old is None else old
            count, names = slots[path][0], list(slots[path][1])
            steps[path] = ParameterStep(path, parameter.trainable, rule, numbers, count, names)
        return steps

    @contextmanager
    def _gradients_kept(self, optimizer: Optimizer) -> Iterator[None]:
        """Inside this block, keep the gradients that reach a rule, where clipping or a mean has changed them."""

        def keep(update_all: Callable, parameters: dict[str, Any]) -> None:
            for path, parameter in parameters.items():
                if not np.array_equal(parameter.gradient, self.values[f"{path}.gradient"]):
                    self.values[f"{path}.gradient.used"] = parameter.gradient.copy()
            update_all(parameters)

        for rule in optimizer.rules:
            vars(rule)["update_all"] = partial(keep, rule.update_all)
        try:
            yield
        finally:
            for rule in optimizer.rules:
                del vars(rule)["update_all"]

    def _kept(self, path: str, name: str, value: Any) -> Any:
        """Keep a remembered value; return its name if it is an array, else the value itself."""
        if is_array(value):
            at = joined(path, name)
            if self.values.get(at, value) is not value:  # remembered as x, but not the x that came in
                at = joined(path, f"memory.{name}")
            self.values[at] = value
            return at
        if isinstance(value, (list, tuple)):
            names = getattr(value, "_fields", range(len(value)))
            return {
                str(inner): self._kept(path, f"{name}.{inner}", item) for inner, item in zip(names, value, strict=True)
            }
        return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def _named(path: str, symbol: str, values: Any) -> Iterator[tuple[str, np.ndarray]]:
    """One array as "0.x", several as "0.x.0", "0.x.1"; what is None is left out."""
    if isinstance(values, (list, tuple)):
        for index, value in enumerate(values):
            yield from _named(path, f"{symbol}.{index}", value)
    elif values is not None:
        yield joined(path, symbol), as_array(values)


def _memory(layer: Layer) -> dict[str, Any]:
    memory = layer._memory
    return {} if memory is None else memory._asdict()


@cache
def _formula_of(thing: Any) -> dict[str, str]:
    """The formula of a class or a function, read only once."""
    return formula(thing)


def _short(value: Any) -> str:
    """An argument as text; of layers only their class."""
    if isinstance(value, Layer):
        return type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_short, value))}]" if any(isinstance(each, Layer) for each in value) else repr(value)
    return repr(value)


def _about_loss(loss: Loss) -> dict[str, Any]:
    options: dict[str, Any] = {}
    while isinstance(loss, partial):
        options = {**loss.keywords, **options}
        loss = loss.func
    name = getattr(loss, "__name__", type(loss).__name__)
    thing: Any = loss if isroutine(loss) else type(loss)
    return {"name": name, "options": options, "built_in": _is_ours(loss), "formula": _formula_of(thing)}


def _is_ours(thing: Any) -> bool:
    """Whether a class or function is one of Tinynet's."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]
