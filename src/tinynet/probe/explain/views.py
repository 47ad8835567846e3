"""A layer, the loss or a parameter of a trace, as the rows of the tables read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core.arrays import as_array
from tinynet.probe.explain.expressions import Index, Leaf, Number, constant
from tinynet.probe.trace import GROUND_TRUTH, LayerStep, ParameterStep, Trace, joined

if TYPE_CHECKING:
    from tinynet.probe.explain.cuts import Cuts


class View:
    """Numbers of a trace by short names."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def name(self, short: str) -> str:
        """The name in the trace of what is called `short` here."""
        raise NotImplementedError

    def has(self, short: str) -> bool:
        """Whether the trace holds it."""
        return self.name(short) in self.trace

    def array(self, short: str) -> np.ndarray:
        """A whole array."""
        return as_array(self.trace[self.name(short)])

    def at(self, short: str, index: Index = (), symbol: str | None = None) -> Leaf:
        """One number as a leaf, "x[7, 2]", which knows where in the trace it stands.

        Args:
            short: The short name of the array: "x", "dy", "weight", the name of what was remembered.
            index: One number of it.
            symbol: What to call the array, if not by its short name: "W".
        """
        index = tuple(int(at) for at in index)
        text = symbol or short
        text += f"[{', '.join(map(str, index))}]" if index else ""
        return Number(text, self.array(short)[index], (self.name(short), index))


class LayerView(View):
    """A layer of a trace: "x", "y", "dy", "dx", what it remembered, and its parameters, by their own names.

    Several inputs are "x.0", "x.1"; several outputs "y.0", "y.1".
    """

    def __init__(self, trace: Trace, step: LayerStep, cuts: Cuts) -> None:
        super().__init__(trace)
        self.step = step
        self.cuts = cuts

    def cut(self, values: np.ndarray, **picked: Callable[[np.ndarray], np.ndarray]) -> dict[str, int]:
        """Why some of the values of a sum are zero: from the reason to how many.

        Args:
            values: The values of the terms.
            picked: For "x" or "dy", which of its numbers are factors of the terms, as a function of the array: the sum
                Σₙ dy[n, 2]·x[n, 3] has `dy=lambda dy: dy[..., 2]`.
        """
        return self.cuts.count(values, [(self.name(short), pick) for short, pick in picked.items()])

    def name(self, short: str) -> str:
        step = self.step
        kept: Any = step.memory
        for part in short.removeprefix("memory.").split("."):
            kept = kept.get(part) if isinstance(kept, dict) else None
        if isinstance(kept, str) and kept in self.trace and short not in ("x", "y", "dy", "dx"):
            return kept
        return step.parameters.get(short, joined(step.path, short))

    def setting(self, name: str) -> Any:
        """A plain value that the layer keeps: an argument such as eps, or what it made of it."""
        return self.step.settings[name]

    def constant(self, name: str, symbol: str | None = None) -> Leaf:
        """A setting as a leaf that is printed with all its digits."""
        return constant(self.setting(name), symbol or name)


class LossView(View):
    """The loss of a trace: "y" is what the net predicted, "y.0" if it has several outputs, and "ground_truth"."""

    def name(self, short: str) -> str:
        return short

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments that were bound to the loss."""
        return self.trace.loss["options"]

    @property
    def truth(self) -> Any:
        """The ground truth: an array, or a list of arrays."""
        if GROUND_TRUTH in self.trace:
            return self.trace[GROUND_TRUTH]
        return [self.trace[name] for name in self.trace if name.startswith(f"{GROUND_TRUTH}.")]


class ParameterView(View):
    """A parameter of a trace: "before" and "after" the update, "gradient", and what its rule keeps.

    "gradient" is the one that the rule got: "….gradient.used" where clipping or a mean changed it. A slot of the rule
    is "velocity" after the step and "velocity.before" before it.
    """

    def __init__(self, trace: Trace, step: ParameterStep) -> None:
        super().__init__(trace)
        self.step = step

    def name(self, short: str) -> str:
        path = self.step.path
        if short == "before":
            return path
        if short == "gradient" and f"{path}.gradient.used" in self.trace:
            return f"{path}.gradient.used"
        return f"{path}.{short}"

    def setting(self, name: str) -> Any:
        """A number of the rule as it was in this step, such as lr."""
        return self.step.settings[name]

    def constant(self, name: str, symbol: str | None = None) -> Leaf:
        """A setting as a leaf that is printed with all its digits."""
        return constant(self.setting(name), symbol or name)
