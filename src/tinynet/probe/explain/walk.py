"""The whole walk of a step: forward, loss, backward and update, layer by layer, with one number of each explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.expressions import Index, Source
from tinynet.probe.explain.places import place_of
from tinynet.probe.explain.totals import SHOWN_TERMS
from tinynet.probe.trace import LOSS, LayerStep, NoSuchNameError, Trace

WIDTH = 100  #: Of a heading in text.
MOST_INSIDE = 64  #: So many numbers inside a layer are looked through for one that leads on: steps of a long sequence.


@dataclass(frozen=True)
class Chapter:
    """A part of the walk: a heading, a sentence and an explanation."""

    heading: str
    words: str
    explanation: Explanation

    def __str__(self) -> str:
        rule = "─" * max(3, WIDTH - len(self.heading) - 4)
        return "\n\n".join(part for part in (f"── {self.heading} {rule}", self.words, str(self.explanation)) if part)


@dataclass(frozen=True)
class Walk:
    """A training step from the data to the new weights, one number of each layer explained.

    The numbers hang together. Going forward, each is the one that counts most in the next layer's, up to the
    prediction. Going backward, each is the gradient that counts most in the gradient before it, from the loss down to
    the weight that was asked for.

    Attributes:
        title: Which step it is.
        chapters: Its parts, in the order in which they ran.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.probe import trace, walk
        >>> step = trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error)
        >>> walk(step, sample=3).chapters[0].heading
        'Forward: layer 0, Linear'
    """

    title: str
    chapters: list[Chapter]

    def __str__(self) -> str:
        return "\n\n".join([self.title, *map(str, self.chapters)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """All parts, for a notebook."""
        from tinynet.probe.explain.html import walk_html

        return walk_html(self)


def walk(
    trace: Trace,
    sample: int = 0,
    weight: str | None = None,
    index: Any = None,
    *,
    terms: int | None = SHOWN_TERMS,
) -> Walk:
    """Walk through a step layer by layer, as text, or in a notebook as HTML.

    Args:
        trace: What `tinynet.trace` gave.
        sample: Which sample of the batch to follow.
        weight: The path of a parameter, "0.weight"; the one with the largest gradient if None.
        index: Which number of it; the one with the largest gradient if None.
        terms: How many terms of a sum are shown; all of them if None.

    Raises:
        KeyError: There is no such parameter.
        IndexError: There is no such number, or no such sample.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> from tinynet.probe import trace
        >>> net = Net([Linear(2, 3), ReLU(), Linear(3, 1)])
        >>> step = trace(net, np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
        >>> chapters = walk(step, sample=2, weight="0.weight", index=(2, 1)).chapters
        >>> [chapter.heading.split(",")[0] for chapter in chapters[:3]]
        ['Forward: layer 0', 'Forward: layer 1', 'Forward: layer 2']
        >>> [chapter.heading for chapter in chapters[3:6]]
        ['The loss', 'The loss of sample 2', 'The gradient of the loss']
        >>> [chapter.heading.split(",")[0] for chapter in chapters[6:]]
        ['Backward: layer 2', 'Backward: layer 1', 'Backward: layer 0', 'The parameter 0.weight']
    """
    checks.instance("walk", "trace", trace, Trace)
    if weight is not None:
        checks.text("walk", "weight", weight)
    if terms is not None:
        checks.integer("walk", "terms", terms, minimum=1)
    return _Walker(trace, checks.integer("walk", "sample", sample, minimum=0), terms).walk(weight, index)


class _Walker:
    def __init__(self, trace: Trace, sample: int, terms: int | None) -> None:
        self.trace, self.sample = trace, sample
        self.explainer = Explainer(trace, terms)
        every = trace.layers.values()
        self.steps = [step for step in every if step.outputs and (step.parameters or not step.inside)]
        n_samples = len(trace[trace.layers[""].inputs[0]])
        if sample >= n_samples:
            hint = f"it counts from 0 to {n_samples - 1}."
            checks.fail("walk", f"there is no sample {sample} in a batch of {n_samples}.", hint, IndexError)

    def walk(self, weight: str | None, index: Any) -> Walk:
        trace = self.trace
        weight = self._largest_gradient() if weight is None else weight
        if weight not in trace.parameters:
            hint = f"the parameters are {', '.join(list(trace.parameters)[:8])}."
            checks.fail("walk", f"there is no parameter {weight!r}.", hint, NoSuchNameError)
        if index is None:
            place: Index = _largest(trace[f"{weight}.gradient"])
        else:
            place = place_of(trace, weight, index, None)
        prediction = self._of_sample(trace.layers[""].outputs[0])
        forward = self._followed(prediction, kinds.OUTPUT)
        backward = self._followed(self._gradient_behind(weight, place), kinds.INPUT_GRADIENT)
        chapters = [self._forward(step, forward) for step in self.steps]
        chapters.append(Chapter("The loss", "", self.explainer.explain(LOSS, ())))
        row = self.explainer.answers.loss_row()
        if row is not None and row.terms is not None:
            own = self.explainer.explain(LOSS, (self.sample,))
            chapters.append(Chapter(f"The loss of sample {self.sample}", "", own))
        first_gradient = trace.layers[""].output_gradients[0]
        is_first = {name for name, array in trace.values.items() if array is trace[first_gradient]}
        at = next((index for name, index in backward.values() if name in is_first), None)
        where = (first_gradient, at) if at is not None else self._of_sample(first_gradient)
        chapters.append(Chapter("The gradient of the loss", "", self.explainer.explain(*where)))
        chapters += [self._backward(step, backward) for step in reversed(self.steps) if step.input_gradients]
        chapters.append(Chapter(f"The parameter {weight}", "", self.explainer.explain(weight, place)))
        return Walk(self._title(), chapters)

    def _title(self) -> str:
        trace, net = self.trace, self.trace.layers[""]
        rule = trace.about["optimizer"] or "no update"
        shapes = " and ".join(shape_text(trace[name].shape) for name in net.inputs)
        return (
            f"One training step of {net.kind}: batch {shapes}, loss {trace.loss['name']}, {rule}. Sample {self.sample} "
            "of the batch is followed."
        )

    def _followed(self, start: Source, kind: str) -> dict[str, Source]:
        """From a number back through what counts most in it: the number of each layer on the way, by its path."""
        found: dict[str, Source] = {}
        here: Source | None = start
        while here is not None:
            origin = self.explainer.meanings.origin(here[0])
            meaning = self.explainer.meanings.meaning(origin)
            key = meaning.path if meaning.kind == kind else f"({origin})"
            if key in found:
                break
            found[key] = origin, here[1]
            here, inside = self._next(here, kind)
            for source in inside:  # a layer whose output one inside it computes, as attention, shows its own numbers
                found.setdefault(self.explainer.meanings.meaning(source[0]).path, source)
        return found

    def _next(self, start: Source, kind: str) -> tuple[Source | None, list[Source]]:
        """The number of the next layer that a number leads to, and those that layers computed inside on the way."""
        meanings, ahead, seen = self.explainer.meanings, [start], list[Source]()
        while ahead and len(seen) < MOST_INSIDE:
            here = ahead.pop()
            if here in seen:
                continue
            seen.append(here)
            sources = self.explainer.explain(*here).sources
            for source in sources:
                if self._is_on_the_way(source, kind):
                    return source, seen[1:]
            ahead += [source for source in reversed(sources) if meanings.meaning(source[0]).kind == kinds.MEMORY]
        return None, []

    def _is_on_the_way(self, source: Source, kind: str) -> bool:
        meaning = self.explainer.meanings.meaning(self.explainer.meanings.origin(source[0]))
        ends = kinds.OUTPUT_GRADIENT if kind == kinds.INPUT_GRADIENT else kinds.INPUT
        return meaning.kind in (kind, ends)

    def _gradient_behind(self, weight: str, index: Index) -> Source:
        """The incoming gradient that counts most in a weight's gradient, but of the sample that is followed."""
        sources = self.explainer.explain(f"{weight}.gradient", index).sources
        for name, at in sources:
            if self._is_on_the_way((name, at), kinds.INPUT_GRADIENT):
                has_samples = len(self.trace[name]) > self.sample
                return name, (self.sample, *at[1:]) if has_samples else at
        return self._of_sample(self.trace.layers[""].output_gradients[0])

    def _forward(self, step: LayerStep, followed: dict[str, Source]) -> Chapter:
        shapes = " and ".join(shape_text(self.trace[name].shape) for name in step.inputs)
        y = self.trace[step.outputs[0]]
        words = f"{shapes} → {shape_text(y.shape)}{_zeros(y)}."
        where = followed.get(step.path) or self._of_sample(step.outputs[0])
        if step.inside and step.path not in followed:
            where = self._followed(where, kinds.OUTPUT).get(step.path, where)
        return Chapter(f"Forward: {_short(step)}", words, self.explainer.explain(*where))

    def _backward(self, step: LayerStep, followed: dict[str, Source]) -> Chapter:
        dx = self.trace[step.input_gradients[0]]
        words = f"∂L/∂x is {shape_text(dx.shape)}{_zeros(dx)}."
        where = followed.get(step.path) or self._of_sample(step.input_gradients[0])
        return Chapter(f"Backward: {_short(step)}", words, self.explainer.explain(*where))

    def _of_sample(self, name: str) -> Source:
        """The number of the sample that is farthest from zero."""
        array = self.trace[name]
        if array.ndim == 0 or len(array) <= self.sample:
            return name, _largest(array)
        return name, (self.sample, *_largest(array[self.sample]))

    def _largest_gradient(self) -> str:
        sizes = {path: np.abs(self.trace[f"{path}.gradient"]).max(initial=0) for path in self.trace.parameters}
        if not sizes:
            checks.fail("walk", "this net has no parameters.", "explain(trace, name, index) explains any number.")
        return max(sizes, key=sizes.__getitem__)


def _short(step: LayerStep) -> str:
    return f"layer {step.path}, {step.kind}" if step.path else step.kind


def _zeros(values: np.ndarray) -> str:
    n_zeros = int(np.sum(values == 0))
    return f"; {n_zeros:,} of its {values.size:,} numbers are 0" if n_zeros else ""


def _largest(values: np.ndarray) -> Index:
    at = np.unravel_index(int(np.argmax(np.abs(values))), values.shape) if values.size else ()
    return tuple(int(i) for i in at)
