"""Running a recorded step again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.core import checks, generator_states, set_generator_states
from tinynet.layers import Layer
from tinynet.optimizers import Optimizer
from tinynet.probe import recorder
from tinynet.probe.rules import rule_before
from tinynet.probe.trace import GROUND_TRUTH, Trace, joined
from tinynet.storage import architecture, sentences
from tinynet.storage.descriptions import rebuild

#: The bit generators of NumPy that a layer may draw from; nothing else is built from a file.
BIT_GENERATORS = {name: getattr(np.random, name) for name in ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937")}


def replay(
    trace: Trace,
    net: Layer | None = None,
    *,
    layers: Sequence[type[Layer]] = (),
    loss: Callable | None = None,
    optimizer: Optimizer | None = None,
) -> Trace:
    """Run a recorded step again, from the same weights with the same draws, on a net of its own.

    Args:
        trace: The step.
        net: A net of the same architecture, which stays as it is. Without it the net is built from the architecture
            in the trace.
        layers: The classes of your own layers, for building it.
        loss: The loss, where it is one of your own and the trace comes from a file.
        optimizer: An update rule of your own class, where the trace comes from a file; its numbers are used.

    Returns:
        The trace of the second run. On the same machine it has the same bits.

    Raises:
        ValueError: The net cannot be built from the trace, or has other parameters.

    Example:
        >>> from tinynet.layers import Dropout, Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net = Net([Linear(2, 3), Dropout(0.5), Linear(3, 1)])
        >>> step = recorder.trace(net, np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
        >>> again = replay(step)
        >>> all(np.array_equal(again[name], step[name]) for name in step)
        True
    """
    checks.instance("replay", "trace", trace, Trace)
    sentences.layer_classes("replay", layers, Layer)
    if optimizer is not None:
        checks.instance("replay", "optimizer", optimizer, Optimizer)
    step_loss = _loss(trace, loss)
    twin = net_before(trace, net, layers)
    rule = rule_before(trace, twin.parameters(), optimizer)
    with streams_of(trace):
        return recorder.trace(twin, nested(trace, "x"), nested(trace, GROUND_TRUTH), step_loss, rule)


def net_before(trace: Trace, net: Layer | None = None, layers: Sequence[type[Layer]] = ()) -> Layer:
    """A net of its own as it was before a step: parameters, statistics, modes, and gradients that waited.

    Args:
        trace: The step.
        net: As in `replay`.
        layers: As in `replay`.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net = Net([Linear(2, 1)])
        >>> before = net[0].bias.tensor.copy()
        >>> step = recorder.trace(net, np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
        >>> bool((net_before(step)[0].bias.tensor == before).all())
        True
    """
    given = trace.objects.get("net") if net is None else checks.instance("replay", "net", net, Layer)
    twin = _built(trace, layers) if given is None else deepcopy(given)
    state = twin.state()
    checks.matching_state(twin, {path: trace[path] for path in state if path in trace}, _shapes(state))
    for path, parameter in twin.parameters().items():
        parameter.astype(trace[path].dtype)
        parameter.trainable = True
        parameter.tensor = trace[path]
        parameter.zero_gradient()
        if f"{path}.gradient.before" in trace:
            parameter.gradient = trace[f"{path}.gradient.before"]
        parameter.trainable = trace.parameters[path].trainable
    for path, layer, name in architecture.statistics(twin):
        vars(layer)[name][...] = trace[path]
    generators = trace.about["generators"]
    for path, layer in twin.layers_inside():
        if path in trace.layers:
            layer.training = trace.layers[path].training
        if joined(path, "rng") in generators:
            vars(layer)["rng"] = _generator(generators[joined(path, "rng")])
    return twin


@contextmanager
def streams_of(trace: Trace) -> Iterator[None]:
    """Inside this block the package's random streams are where the step found them; afterwards where they were."""
    before = generator_states()
    set_generator_states(trace.about["random"])
    try:
        yield
    finally:
        set_generator_states(before)


def nested(trace: Trace, name: str) -> Any:
    """An array of a trace, or a tuple of those that are named "x.0", "x.1"; None if there is none."""
    if name in trace.values:
        return trace.values[name]
    inside = [other.removeprefix(f"{name}.") for other in trace.values if other.startswith(f"{name}.")]
    numbers = [int(rest.partition(".")[0]) for rest in inside if rest.partition(".")[0].isdigit()]
    return tuple(nested(trace, f"{name}.{at}") for at in range(max(numbers) + 1)) if numbers else None


def _built(trace: Trace, layers: Sequence[type[Layer]]) -> Layer:
    """The net, built from its architecture."""
    description = trace.about["net"]
    if "net" not in description:
        checks.fail("replay", f"the trace has no architecture: {description['problem']}", "give the net: net=….")
    own = {kind.__name__: kind for kind in (*trace.objects.get("layers", ()), *layers)}
    missing = [name for name in description["custom"] if name not in own]
    if missing:
        names = ", ".join(missing)
        checks.fail("replay", f"this net has layers of your own: {names}.", f"give their classes: layers=[{names}].")
    classes = architecture.built_in_classes() | own
    paths = [*trace.parameters, *(name for step in trace.layers.values() for name in step.statistics.values())]
    return rebuild(description, classes, {path: trace[path] for path in paths})


def _loss(trace: Trace, given: Callable | None) -> Callable:
    if given is not None:
        return checks.function("replay", "loss", given, 2)
    if "loss" in trace.objects:
        return trace.objects["loss"]
    name = trace.loss["name"]
    if not trace.loss["built_in"]:
        checks.fail("replay", f"{name} is not one of Tinynet's losses, and a file holds no code.", "give loss=….")
    return partial(getattr(losses, name), **trace.loss["options"])


def _generator(state: dict[str, Any]) -> np.random.Generator:
    kind = BIT_GENERATORS[checks.one_of("replay", "bit generator", state["bit_generator"], tuple(BIT_GENERATORS))]
    generator = kind()
    generator.state = state
    return np.random.Generator(generator)


def _shapes(state: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {path: array.shape for path, array in state.items()}
