"""What was set to zero on the way, and by which layer: a ReLU that was closed, dropout, pooling, a mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.meanings import Meanings
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView
from tinynet.probe.trace import LayerStep, Trace

Reason = tuple[str, np.ndarray]


class Cuts:
    """Why numbers of a trace are zero."""

    def __init__(self, trace: Trace, meanings: Meanings, row: Callable[[LayerStep], LayerRow | None]) -> None:
        self.trace, self.meanings, self.row = trace, meanings, row

    def count(
        self, values: np.ndarray, factors: list[tuple[str, Callable[[np.ndarray], np.ndarray]]]
    ) -> dict[str, int]:
        """How many of the values of a sum are zero for which reason; each is counted once.

        Args:
            values: The values of the terms.
            factors: The names of arrays that the terms are products of, and which of their numbers they are.
        """
        left = np.asarray(values).ravel() == 0
        counts: dict[str, int] = {}
        if not left.any():
            return counts
        known = [(reason, mask, pick) for name, pick in factors for reason, mask in self.reasons(name)]
        zeros = [(f"{name.rpartition('.')[2]} is 0", self.trace[name] == 0, pick) for name, pick in factors]
        for reason, mask, pick in known + zeros:
            here = left & np.broadcast_to(pick(mask), np.shape(values)).ravel()
            if here.any():
                counts[reason] = counts.get(reason, 0) + int(here.sum())
            left &= ~here
        return counts

    def reasons(self, name: str) -> list[Reason]:
        """For an array of the trace: why numbers of it were set to zero, and which; the last layer comes first."""
        shape = self.trace[name].shape
        meaning = self.meanings.of[self.meanings.origin(name)]
        if meaning.kind not in (kinds.OUTPUT, kinds.INPUT_GRADIENT):
            return []
        step = self.trace.layers[meaning.path]
        row = self.row(step)
        if row is None:
            return []
        computed, came = ("y", step.inputs) if meaning.kind == kinds.OUTPUT else ("dx", step.output_gradients)
        layer, found = LayerView(self.trace, step, self), []
        if computed in row.cut:
            reason, mask = row.cut[computed](layer)
            found.append((f"{reason} (layer {step.path}, {step.kind})", mask.reshape(shape)))
        before = self.reasons(came[0]) if came and (row.keeps_places or computed in row.carry) else []
        for reason, mask in before:
            found.append((reason, row.carry[computed](layer, mask) if computed in row.carry else mask.reshape(shape)))
        return found
