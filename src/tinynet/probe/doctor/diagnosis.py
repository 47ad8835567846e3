"""What the doctor says: diagnoses, each with what was seen, why it hurts and what to write instead."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import Any, Literal, NamedTuple

Level = Literal["problem", "remark"]

#: The faults by name, in words.
TITLES = {
    "shape": "the shapes do not fit",
    "out-act": "the last activation does not fit the targets",
    "loss": "the loss does not fit the targets or the last activation",
    "softmax1": "softmax over a single unit",
    "softmax2": "softmax twice",
    "no-softmax": "a loss for probabilities on raw scores",
    "gradient": "the gradient of the loss is not its derivative",
    "sign": "the update goes uphill",
    "accumulate": "the gradients of earlier steps are never cleared",
    "broadcast": "the loss compares every prediction with every target",
    "reduce": "the loss is a sum over the batch",
    "metric": "the metric does not fit the targets",
    "in-scale": "the inputs are not scaled",
    "out-scale": "the targets are not scaled",
    "eval-prep": "the validation data are prepared in another way",
    "labels": "the labels are wrong",
    "one-class": "there is only one class",
    "imbalance": "some classes are much rarer than others",
    "no-signal": "the inputs say nothing about the targets",
    "leak": "the same rows are in training and validation",
    "sorted": "the data are sorted and not shuffled",
    "init-const": "the weights are symmetric",
    "init-wide": "the initial weights are too wide",
    "untouched": "some parameters never change",
    "useless-bias": "a bias that the norm after it takes away",
    "hid-act": "a hidden activation is missing or unfit",
    "dead-relu": "ReLU units are dead",
    "saturated": "units are saturated",
    "vanish": "the gradient vanishes on its way back",
    "explode": "the signal explodes",
    "bn-mode": "batch norm does something else in evaluation than in training",
    "lr-high": "the learning rate is too high",
    "lr-low": "the learning rate is too low",
    "eps": "eps of the optimizer is too small",
    "width": "a hidden layer is too narrow",
    "batch": "the batch is too large for so few steps",
    "few-steps": "training is unfinished",
    "stuck": "the net does not learn",
    "reg-much": "regularization is too strong",
    "reg-none": "the net overfits",
}


def graded(spoils: bool, as_problem: float, as_remark: float) -> tuple[Level, float]:
    """Level and weight of what is a problem only if it spoils the training.

    Example:
        >>> graded(True, 0.8, 0.3), graded(False, 0.8, 0.3)
        (('problem', 0.8), ('remark', 0.3))
    """
    return ("problem", as_problem) if spoils else ("remark", as_remark)


class Span(NamedTuple):
    """The epochs or steps in which a diagnosis held.

    Args:
        unit: "epoch" or "step".
        first: The first of them, counted from 1.
        last: The last, included.

    Example:
        >>> str(Span("epoch", 3, 8)), str(Span("step", 2, 2))
        ('epochs 3 to 8', 'step 2')
    """

    unit: Literal["epoch", "step"]
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.unit} {self.first}" if self.first == self.last else f"{self.unit}s {self.first} to {self.last}"


@dataclass(frozen=True)
class Experiment:
    """A few steps again, from the same weights and on the same batches, as it is and with a change.

    Attributes:
        change: What was changed, in words.
        unchanged: The losses of the steps as it is; NaN where a step failed.
        changed: The losses of the steps with the change.
        skills: How well the net did afterwards without and with the change: 1 without any mistake, 0 for the best
            constant.

    Example:
        >>> print(Experiment("lr=0.1", (2.3, 9.0), (2.3, 1.9), (-1.0, 0.2)))
        2 steps again: loss 2.3 → 9 as it is, 2.3 → 1.9 with lr=0.1
    """

    change: str
    unchanged: tuple[float, ...]
    changed: tuple[float, ...]
    skills: tuple[float, float]

    def __str__(self) -> str:
        as_it_is, with_change = _course(self.unchanged), _course(self.changed)
        return f"{len(self.changed)} steps again: loss {as_it_is} as it is, {with_change} with {self.change}"


@dataclass(frozen=True)
class Diagnosis:
    """A mistake in a training, or something that may become one.

    Attributes:
        name: A short name, such as "lr-high"; `title` says it in words.
        level: "problem" if it spoils this training, "remark" if it does not, or need not.
        weight: How much it matters, from 0 to 1.
        seen: What was seen, with its number.
        why: Why it hurts.
        fix: A line of code to paste.
        where: The path of the layer, or "".
        when: The epochs or steps in which it held; None if it always does.
        experiment: What came of trying the fix; None if it was not tried.

    Example:
        >>> print(Diagnosis("lr-high", "problem", 0.7, "the loss rises", "A step is too long.", "SGD(lr=0.1)"))
        the learning rate is too high [problem: lr-high]
          seen:  the loss rises
          why:   A step is too long.
          fix:   SGD(lr=0.1)
    """

    name: str
    level: Level
    weight: float
    seen: str
    why: str
    fix: str
    where: str = ""
    when: Span | None = None
    experiment: Experiment | None = None

    @property
    def title(self) -> str:
        """The name in words."""
        return TITLES.get(self.name, self.name)

    def lines(self) -> list[tuple[str, str]]:
        """What there is to say, as pairs (heading, text)."""
        place = f" (layer {self.where})" if self.where else ""
        time = f" ({self.when})" if self.when else ""
        tried = [("tried", f"{self.experiment}.")] if self.experiment else []
        return [("seen", f"{self.seen}{place}{time}"), ("why", self.why), *tried, ("fix", self.fix)]

    def __str__(self) -> str:
        return "\n".join([f"{self.title} [{self.level}: {self.name}]", *(_wrapped(*line) for line in self.lines())])

    def short(self) -> str:
        """Three lines: what it is, what was seen, what to write."""
        return "\n".join([f"{self.title}:", _wrapped("seen", self.lines()[0][1]), _wrapped("fix", self.fix)])


class Diagnoses(list[Diagnosis]):
    """Diagnoses in order of weight, problems before remarks; shown as text by `print`, as HTML in a notebook.

    Args:
        diagnoses: In any order.

    Example:
        >>> few = Diagnosis("few-steps", "remark", 0.9, "the loss still falls", "It was stopped.", "learner.fit(10)")
        >>> high = Diagnosis("lr-high", "problem", 0.7, "the loss rises", "A step is too long.", "SGD(lr=0.1)")
        >>> Diagnoses([few, high]).names(), len(Diagnoses([few, high]).problems)
        (['lr-high', 'few-steps'], 1)
    """

    def __init__(self, diagnoses: Sequence[Diagnosis] = ()) -> None:
        super().__init__(sorted(diagnoses, key=lambda each: (each.level != "problem", -each.weight)))

    @property
    def problems(self) -> list[Diagnosis]:
        """Those that spoil this training."""
        return [each for each in self if each.level == "problem"]

    def names(self) -> list[str]:
        """The short names, in order."""
        return [each.name for each in self]

    def __str__(self) -> str:
        if not self:
            return "The doctor finds nothing wrong."
        numbered = [textwrap.indent(f"{number}. {each}", "   ")[3:] for number, each in enumerate(self, 1)]
        return "\n\n".join(numbered)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        if not self:
            return "<p>The doctor finds nothing wrong.</p>"
        return f'<ol style="line-height:1.45">{"".join(map(_item, self))}</ol>'


def _item(each: Diagnosis) -> str:
    colour = "#c0392b" if each.level == "problem" else "#7f8c8d"
    head = f'<b>{escape(each.title)}</b> <small style="color:{colour}">{each.level}: {escape(each.name)}</small>'
    rows = [
        f"<dt><small>{heading}</small></dt><dd>{_html(heading, text)}</dd>" for heading, text in each.lines() if text
    ]
    grid = "display:grid;grid-template-columns:4em 1fr;margin:.2em 0 .8em"
    return f'<li>{head}<dl style="{grid}">{"".join(rows).replace("<dd>", "<dd style=margin:0>")}</dl></li>'


def _html(heading: str, text: str) -> str:
    return f'<code style="white-space:pre-wrap">{escape(text)}</code>' if heading == "fix" else escape(text)


def _wrapped(heading: str, text: str, width: int = 100) -> str:
    """A heading with its text beside it; code is not broken."""
    start = f"  {heading + ':':<6} "
    if heading == "fix":
        return start + text
    return textwrap.fill(text, width, initial_indent=start, subsequent_indent=" " * len(start))


def _course(losses: Sequence[float]) -> str:
    if not losses:
        return "no step"
    if not isfinite(losses[-1]):
        return f"{figure(losses[0])} → not finite after {len(losses)} steps"
    return f"{figure(losses[0])} → {figure(losses[-1])}"


def figure(value: float) -> str:
    """A number in three digits or so.

    Example:
        >>> figure(0.12345), figure(12345.0), figure(3.2e9)
        ('0.123', '12345', '3.2e+09')
    """
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    return f"{value:.0f}" if 1000 <= abs(value) < 1e5 else f"{value:.3g}"


def extent(values: Any) -> str:
    """The least and the greatest of some numbers.

    Example:
        >>> import numpy as np
        >>> extent(np.array([3.0, 0.5, 1.0]))
        '0.5 to 3'
    """
    return f"{figure(float(values.min()))} to {figure(float(values.max()))}"
