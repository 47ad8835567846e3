"""What happens to a gradient before a rule gets it: a mean over several steps, and clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named
from tinynet.probe.explain.functions import maximum, minimum, sqrt
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.totals import total, total_of
from tinynet.probe.explain.views import ParameterView
from tinynet.probe.trace import Trace

Stage = dict[str, Any]

#: "0.weight.gradient.squares" is Σ ∇² of a parameter as a stage clips it.
SQUARES = "gradient.squares"


def gradient_used(parameter: ParameterView, index: Index) -> Expression:
    """The gradient that reached the rule."""
    path = parameter.step.path
    name = f"{path}.gradient"
    g: Expression = Number("∇", parameter.trace[name][index], (name, index))
    for at, stage in _stages(parameter.trace, path):
        if stage["mean_of"] > 1:
            g = named("mean", g / constant(stage["mean_of"], "n"))
        if stage["clip_norm"] is not None:
            norm = _norm(parameter.trace, at, stage)
            if norm.value > stage["clip_norm"]:
                g = named("clipped", g * (constant(stage["clip_norm"], "max_norm") / norm))
        if stage["clip_value"] is not None:
            limit = constant(stage["clip_value"], "c")
            g = named("cut", minimum(maximum(g, -limit), limit))
    return g.made_from if isinstance(g, Leaf) and g.made_from is not None else g


def waits(trace: Trace, path: str) -> bool:
    """Whether the rule did not run in this step, because more gradients will be added first."""
    return any(stage["waits"] for _, stage in _stages(trace, path))


def sum_of_squares(parameter: ParameterView, at: int) -> Expression:
    """Σ ∇² of one parameter, with the gradient as the clipping of a stage gets it."""
    path = parameter.step.path
    name, came = f"{path}.gradient", arriving(parameter.trace, path, at)
    is_untouched = np.array_equal(came, parameter.trace[name])

    def term(place: int) -> Expression:
        index = unraveled(place, came.shape)
        return Number(f"∇[{', '.join(map(str, index))}]", came[index], (name, index) if is_untouched else None) ** 2

    return total_of(came**2, term, "Σ ∇²")


def arriving(trace: Trace, path: str, at: int) -> np.ndarray:
    """The gradient of a parameter as the clipping of a stage gets it: after earlier stages, and after its own mean."""
    g = trace[f"{path}.gradient"].astype(np.float64)
    for earlier, stage in _stages(trace, path):
        if earlier > at:
            break
        g = g / stage["mean_of"]
        if earlier < at and stage["clip_norm"] is not None:
            g = g * min(1.0, stage["clip_norm"] / float(_norm(trace, earlier, stage)))
        if earlier < at and stage["clip_value"] is not None:
            g = np.clip(g, -stage["clip_value"], stage["clip_value"])
    return g


def _stages(trace: Trace, path: str) -> list[tuple[int, Stage]]:
    """The stages that a parameter goes through, with their places in the list of all."""
    return [(at, stage) for at, stage in enumerate(trace.about.get("stages", [])) if path in stage["paths"]]


def _norm(trace: Trace, at: int, stage: Stage) -> Leaf:
    """‖∇‖ over all parameters of a stage together."""
    squares = [
        Number(f"‖{path}.gradient‖²", (arriving(trace, path, at) ** 2).sum(), (f"{path}.{SQUARES}", (at,)))
        for path in stage["paths"]
    ]
    return named("‖∇‖", sqrt(named("squares", total(squares, "Σ ‖∇‖² over the parameters"))))
