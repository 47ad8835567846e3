"""What each name of a trace means, and which layer an array comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinynet.probe.trace import GROUND_TRUTH, LOSS, LayerStep, Trace, joined

# The kinds of meaning.
INPUT, OUTPUT, MEMORY, STATISTIC = "input", "output", "memory", "statistic"
OUTPUT_GRADIENT, INPUT_GRADIENT = "output gradient", "input gradient"
PARAMETER, GRADIENT, GRADIENT_USED, UPDATE, SLOT = "parameter", "gradient", "gradient used", "update", "slot"
TRUTH, THE_LOSS, GIVEN = "ground truth", "loss", "given"


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    Attributes:
        kind: One of the kinds above; GIVEN for what the step did not compute.
        path: The path of the layer or of the parameter.
        short: The name that the layer or the update rule has for it, as "x.1" or "velocity".
        part: Which input or output it is, counted from 0.
    """

    kind: str
    path: str = ""
    short: str = ""
    part: int = 0


class Meanings:
    """The meaning of every name of a trace, and of the arrays that have several names.

    The output of a layer is the input of the next, so one array has the names "0.y" and "1.x". `origin` finds the one
    under which it was computed.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.probe import trace
        >>> step = trace(Net([Linear(2, 3), ReLU()]), np.ones((4, 2), np.float32), np.zeros((4, 3)), mean_squared_error)
        >>> meanings = Meanings(step)
        >>> meanings.origin("1.x"), meanings.origin("0.dy")
        ('0.y', '1.dx')
        >>> meanings.of["0.weight"].kind
        'parameter'
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.of: dict[str, Meaning] = {name: Meaning(GIVEN, short=name) for name in trace}
        self.of |= {name: meaning for name, meaning in _parameter_names(trace) if name in trace}
        for step in trace.layers.values():
            for name, meaning in _layer_names(step):
                if self.of.get(name, Meaning(GIVEN)).kind == GIVEN:
                    self.of[name] = meaning
        self.of |= {name: Meaning(TRUTH, short=name) for name in trace if name.split(".")[0] == GROUND_TRUTH}
        self.of[LOSS] = Meaning(THE_LOSS, short=LOSS)
        self._computed = self._find_computed()

    def meaning(self, name: str) -> Meaning:
        """What a name stands for; also that of a value on the way that was not recorded, "loss.S" or "2.p"."""
        if name in self.of:
            return self.of[name]
        if name.startswith(f"{LOSS}."):
            return Meaning(THE_LOSS, short=name.removeprefix(f"{LOSS}."))
        path = max((path for path in self.trace.parameters if name.startswith(f"{path}.")), key=len, default=None)
        if path is not None:
            return Meaning(SLOT, path, name.removeprefix(f"{path}."))
        path = max((path for path in self.trace.layers if name.startswith(joined(path, ""))), key=len)
        return Meaning(MEMORY, path, name.removeprefix(joined(path, "")))

    def origin(self, name: str) -> str:
        """The name under which the array of this name was computed; the name itself if nothing else computed it."""
        meaning = self.of.get(name, Meaning(GIVEN))
        if meaning.kind in (INPUT, OUTPUT, OUTPUT_GRADIENT, INPUT_GRADIENT, MEMORY):
            return self._computed.get(id(self.trace.values[name]), name)
        return name

    def parent(self, path: str) -> LayerStep | None:
        """The layer that holds the layer at a path."""
        inside = (step for step in self.trace.layers.values() if path in step.inside)
        return next(inside, None)

    def _find_computed(self) -> dict[int, str]:
        """From the id of an array to the name under which it was computed, by the layer furthest inside."""
        found: dict[int, str] = {}
        values = self.trace.values
        steps = sorted(self.trace.layers.values(), key=lambda step: bool(step.inside))
        for computed, came in (("outputs", "inputs"), ("input_gradients", "output_gradients")):
            for step in steps:
                passed_on = {id(values[name]) for name in getattr(step, came) if name in values}
                for name in getattr(step, computed):
                    if name in values and id(values[name]) not in passed_on:
                        found.setdefault(id(values[name]), name)
        net = self.trace.layers[""]
        for name in [*net.inputs, *net.output_gradients]:  # what the net as a whole was given
            if name in values:
                found.setdefault(id(values[name]), name)
        return found


def _layer_names(step: LayerStep) -> Iterator[tuple[str, Meaning]]:
    groups = (
        (OUTPUT, "y", step.outputs),
        (INPUT, "x", step.inputs),
        (INPUT_GRADIENT, "dx", step.input_gradients),
        (OUTPUT_GRADIENT, "dy", step.output_gradients),
    )
    for kind, _, names in groups:
        for part, name in enumerate(names):
            yield name, Meaning(kind, step.path, _short(step, name), part)
    for name in _memory_names(step.memory):
        yield name, Meaning(MEMORY, step.path, _short(step, name))
    for short, name in step.statistics.items():
        yield name, Meaning(STATISTIC, step.path, short)
        yield f"{name}.after", Meaning(STATISTIC, step.path, f"{short}.after")


def _parameter_names(trace: Trace) -> Iterator[tuple[str, Meaning]]:
    for path, step in trace.parameters.items():
        yield path, Meaning(PARAMETER, path)
        yield f"{path}.gradient", Meaning(GRADIENT, path, "gradient")
        yield f"{path}.gradient.used", Meaning(GRADIENT_USED, path, "gradient.used")
        yield f"{path}.after", Meaning(UPDATE, path, "after")
        for slot in step.slots:
            yield f"{path}.{slot}", Meaning(SLOT, path, slot)


def _memory_names(memory: Any) -> Iterator[str]:
    if isinstance(memory, dict):
        for value in memory.values():
            yield from _memory_names(value)
    elif isinstance(memory, str):
        yield memory


def _short(step: LayerStep, name: str) -> str:
    return name.removeprefix(joined(step.path, "")) if step.path else name
