"""Layers of a user's own, explained through their own backward.

A backward is linear in the gradient that it gets: dxⱼ = Σᵢ dyᵢ · ∂yᵢ/∂xⱼ. So the gradient eᵢ, which is 1 at output i
and 0 elsewhere, makes it return ∂yᵢ/∂xⱼ exactly. It runs on a copy of the layer that has the parameters and the memory
of the step.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import is_array
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple
from tinynet.probe.explain.expressions import Expression, Index, Number
from tinynet.probe.explain.numbers import at_index, unraveled, wide
from tinynet.probe.explain.totals import total, total_of
from tinynet.probe.explain.views import LayerView
from tinynet.probe.replay import replay
from tinynet.probe.trace import Trace, joined

#: As many backward passes are made for one explanation; outputs beyond them are taken together in one more.
MAX_PASSES = 512


def own_output(layer: LayerView, index: Index, part: int) -> Expression:
    """yᵢ = Σⱼ ∂yᵢ/∂xⱼ · xⱼ + the rest, which is 0 for a linear layer."""
    names = _names(layer, layer.step.outputs)
    runner = _Backward(layer)
    gradients = runner(names, [(part, index)], [1.0])
    inputs = [
        (name, gradient)
        for name, gradient in zip(_names(layer, layer.step.inputs), gradients, strict=False)
        if is_array(gradient) and layer.array(name).dtype.kind == "f"
    ]
    output = at_index(names[part], index)

    def of_input(name: str, slopes: np.ndarray) -> Expression:
        def term(place: int) -> Expression:
            at = unraveled(place, slopes.shape)
            return Number(f"∂{output}/∂{at_index(name, at)}", slopes[at]) * layer.at(name, at)

        values = wide(slopes) * wide(layer.array(name))
        return total_of(values, term, f"Σⱼ ∂{output}/∂{name}ⱼ·{name}ⱼ")

    parts = [of_input(name, slopes) for name, slopes in inputs]
    y = np.float64(layer.array(names[part])[index])
    rest = y - sum(part.value for part in parts)
    whole = Number("what is not proportional to x", rest)
    return sum(parts[1:], parts[0]) + whole if parts else layer.at(names[part], index)


def own_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dxⱼ = Σᵢ dyᵢ · ∂yᵢ/∂xⱼ"""
    name = _names(layer, layer.step.inputs)[part]
    return _gradient(layer, name, index, lambda runner, gradients: gradients[part], sample=index[:1])


def own_parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dw = Σᵢ dyᵢ · ∂yᵢ/∂w"""
    return _gradient(layer, name, index, lambda runner, gradients: runner.parameter_gradient(name))


def _gradient(layer: LayerView, name: str, index: Index, find: Any, sample: Index = ()) -> Expression:
    """Σᵢ dyᵢ · ∂yᵢ/∂xⱼ over the outputs. One by one come those of the same sample first, then the largest dyᵢ."""
    runner = _Backward(layer)
    outputs, gradients = _names(layer, layer.step.outputs), _names(layer, layer.step.output_gradients)
    places = [
        (part, at)
        for part, gradient in enumerate(gradients)
        for at in map(tuple, np.argwhere(layer.array(gradient) != 0).tolist())
    ]
    places.sort(key=lambda at: (at[1][:1] != sample, -abs(float(layer.array(gradients[at[0]])[at[1]]))))
    terms: list[Expression] = []
    for part, at in places[:MAX_PASSES]:
        slope = np.float64(find(runner, runner(outputs, [(part, at)], [1.0]))[index])
        if slope:
            symbol = f"∂{at_index(outputs[part], at)}/∂{at_index(name, index)}"
            terms.append(layer.at(gradients[part], at) * Number(symbol, slope))
    if len(places) > MAX_PASSES:
        rest = places[MAX_PASSES:]
        values = [float(layer.array(gradients[part])[at]) for part, at in rest]
        value = find(runner, runner(outputs, rest, values))[index]
        if value:
            terms.append(Number(f"the other {len(rest)} outputs together", value))
    return total(terms, f"Σᵢ dyᵢ·∂yᵢ/∂{at_index(name, index)}")


class _Backward:
    """The backward of a copy of a layer, which any gradient may be sent through, as often as one likes."""

    def __init__(self, view: LayerView) -> None:
        self.view = view
        self.copy = copy_before(view.trace, view.step.path)
        path, memory = view.step.path, view.trace.objects["memory"]
        self.memory = [(inner, memory.get(joined(path, at) if at else path)) for at, inner in self.copy.layers_inside()]

    def __call__(self, outputs: list[str], places: list[tuple[int, Index]], values: list[float]) -> tuple:
        """∂/∂x for a gradient that is 0 but at some places of the outputs."""
        dy = [np.zeros_like(self.view.array(name), self.copy.dtype) for name in outputs]
        for (part, at), value in zip(places, values, strict=True):
            dy[part][at] = value
        for layer, memory in self.memory:
            layer._memory = memory
        self.copy.zero_gradient()
        return as_tuple(self.copy.backward(*dy))

    def parameter_gradient(self, name: str) -> np.ndarray:
        """The gradient of the parameter that the layer has under that name."""
        return dict(self.copy.parts())[name].gradient


def copy_before(trace: Trace, path: str) -> Layer:
    """A copy of the layer at a path, with the parameters and statistics that it had before the step.

    Raises:
        RuntimeError: The trace comes from a file, which holds no layers of a user's own.
    """
    if "net" not in trace.objects:
        known = [kind.__name__ for kind in trace.objects.get("layers", ())]
        kind = trace.layers[path].kind
        if kind not in known and not trace.layers[path].built_in:
            checks.fail(
                "explain",
                f"layer {path} is a {kind}, which is not one of Tinynet's, and a file holds no code.",
                f"give its class: load_trace(path, layers=[{kind}]).",
                RuntimeError,
            )
        trace.objects.update(replay(trace).objects)
    layers = dict(trace.objects["net"].layers_inside())
    copy = deepcopy(layers[path])
    for at, inner in copy.layers_inside():
        step = trace.layers.get(joined(path, at) if at else path)
        for name, part in inner.parts():
            if step is not None and name in step.parameters:
                part.trainable = True
                part.tensor = trace[step.parameters[name]]
            elif step is not None and name in step.statistics:
                part[...] = trace[step.statistics[name]]
        if step is not None:
            inner.training = step.training
    return copy


def _names(layer: LayerView, names: list[str]) -> list[str]:
    path = layer.step.path
    return [name.removeprefix(f"{path}.") if path else name for name in names]
