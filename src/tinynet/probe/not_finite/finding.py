"""What is found: where the first NaN or infinity of a step came from, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.probe.not_finite.operation import Operation, short

SHOWN_STEPS = 5  #: How many of the last steps a sentence tells of.
GROWTH = 100.0  #: What has grown to this many times its size over the last steps is told as growing.


@dataclass(frozen=True)
class When:
    """Which step it was; each counts as in the learner.

    Attributes:
        step: The number of batches that had been trained on before, so `learner.go_to(step)` repeats this one.
        epoch: Counted from 1.
        batch: The number of the batch in its epoch, counted from 0.
        samples: The index in the training data of each row of the batch.
        learning_rate: That of the update of this step.
        past: The losses of the last steps, that of this one last.

    Example:
        >>> str(When(step=37, epoch=2, batch=5))
        'step 37 (epoch 2, batch 5)'
    """

    step: int
    epoch: int
    batch: int
    samples: tuple[int, ...] = ()
    learning_rate: float = 0.0
    past: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"step {self.step} (epoch {self.epoch}, batch {self.batch})"


@dataclass(frozen=True)
class NotFinite:
    """Where the first NaN or infinity of a training step came from.

    Attributes:
        found_in: "data", "weights", "forward", "loss", "backward" or "update"; "step" where the replay was finite.
        path: The path of the layer, or of the parameter for "weights" and "update"; "" is the net itself. For "data" it
            is "x", "y", or "x.1" for the second of several inputs.
        kind: The class of the layer, or the name of the loss or of the optimizer.
        value: What came out, NaN or an infinity.
        place: Where it was in the array: of the data, of the layer's output, or of the parameter.
        operation: The operation that gave it, with its operands; None if it was not found.
        row: The sample, as a row of the batch; None if all of the batch share the number.
        sample: The sample, as its index in the training data; None if that is not known.
        n_samples: In how many samples of the batch the outcome is not finite.
        when: Which step it was; None outside of a learner.
        slot: What the optimizer keeps, as "velocity", if that is the place in an update, and not the weight.
        step: The number of that step, or None.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.probe import where_not_finite
        >>> x = np.array([[1.0], [np.nan]], np.float32)
        >>> found = where_not_finite(Linear(1, 1), x, np.zeros((2, 1), np.float32), mean_squared_error)
        >>> found.found_in, found.row
        ('data', 1)
    """

    found_in: str
    path: str
    kind: str = ""
    value: float = float("nan")
    place: tuple[int, ...] = ()
    operation: Operation | None = None
    row: int | None = None
    sample: int | None = None
    n_samples: int = 0
    when: When | None = None
    slot: str = ""

    @property
    def step(self) -> int | None:
        return None if self.when is None else self.when.step

    @property
    def where(self) -> str:
        """The layer, loss or parameter, and the pass."""
        if self.found_in in ("forward", "backward"):
            layer = f"layer {self.path} ({self.kind})" if self.path else f"the net itself ({self.kind})"
            return f"{layer}, {self.found_in}"
        if self.found_in == "loss":
            return f"the loss {self.kind}"
        if self.found_in == "update":
            update = "update" if self.when is None else f"update of {self.when}"
            slot = f"{self.slot} of " if self.slot else ""
            return f"{slot}{_at(self.path, self.place)}, {update} by {self.kind}"
        return _at(self.path, self.place)

    @property
    def whose(self) -> str:
        """The sample in words."""
        if self.row is None:
            return "all samples of the batch" if self.n_samples > 1 else ""
        row = f"row {self.row} of the batch"
        return row if self.sample is None else f"sample {self.sample} of the training data ({row})"

    def __str__(self) -> str:
        if self.found_in == "step":
            told = "the batch was run again, and all was finite; so it came from more than weights, data and seed"
        elif self.found_in == "data":
            told = f"{self.whose} holds {short(self.value)}, at {self.where}"
        elif self.found_in == "weights":
            told = f"the weight {self.where} is {short(self.value)}, before this step did anything"
        else:
            what = short(self.value) if self.operation is None else self.operation.text
            told = ", ".join(part for part in (f"{what} in {self.where}", self.whose) if part)
        return f"{told}{self._others()}.{self._line()}{self._growth()}"

    @property
    def hint(self) -> str:
        """What to do about it."""
        from tinynet.probe.not_finite.hints import hint

        return hint(self)

    @property
    def grows(self) -> bool:
        """Whether the loss grew over the last steps."""
        past = () if self.when is None else [abs(loss) for loss in self.when.past if np.isfinite(loss)]
        return len(past) > 1 and past[-1] == max(past) > GROWTH * min(past)

    def _others(self) -> str:
        more = self.n_samples - 1
        return f", and {more} more" if self.row is not None and more > 0 else ""

    def _line(self) -> str:
        at = self.operation
        return f" It stands in line {at.line} of {at.file}: {at.code}." if at is not None and at.file else ""

    def _growth(self) -> str:
        if self.when is None or not self.grows:
            return ""
        losses = self.when.past[-SHOWN_STEPS:]
        return f" The loss grew over the last steps: {', '.join(map(short, losses))}."


def _at(path: str, place: Any) -> str:
    return f"{path}[{', '.join(map(str, place))}]" if place else path
