"""Texts of explanations: of every layer, loss, rule and schedule, with its symbols.

    python -m tests.probe.explain.texts [rules …]

writes those in the folder recorded anew. Read what changes: each is what a newcomer sees. That the numbers are right is
checked by the other tests; only symbols stand here, since the last digits of numbers differ between machines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import tinynet as tn
from tests.contract.table import LAYERS, LOSSES
from tests.probe.explain import test_every_layer, test_every_loss, test_every_rule, test_sequences
from tests.probe.explain.checking import names, places
from tinynet.layers import Dropout, Layer, MultiHeadAttention, ReLU
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import Trace
from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.meanings import Meaning, Meanings
from tinynet.probe.explain.totals import all_totals

FOLDER = Path(__file__).with_name("recorded")
SHOWN_TERMS = 2
COMPUTED = (kinds.OUTPUT, kinds.INPUT_GRADIENT, kinds.GRADIENT, kinds.MEMORY, kinds.STATISTIC)
ON_THE_WAY: dict[str, list[tuple[int, ...]]] = {
    "u": [(0, 1)],
    "norm": [()],
    **{name: [(0, 0, 1), (2, 0, 1)] for name in "XAB"},
}
Text = dict[str, list[str]]  # from a heading to the lines below it


def of_layers() -> Iterator[tuple[str, list[str]]]:
    """Each layer: one number of each array of its step."""
    for row in LAYERS:
        step = test_every_layer.traced(row)
        meanings = Meanings(step)
        yield str(row), list(of_step(step, [name for name in names(step) if _is_its_own(meanings.meaning(name))]))


def _is_its_own(meaning: Meaning) -> bool:
    """Whether the layer itself computes it, and no layer inside, which has a row of its own."""
    return meaning.kind in COMPUTED and (
        not meaning.path or (meaning.kind == kinds.GRADIENT and "." not in meaning.path)
    )


def of_zeros() -> Iterator[tuple[str, list[str]]]:
    """Each layer between dropout and a ReLU: which terms of its sums are zero, and why."""
    for row in LAYERS:
        if not isinstance(row.inputs, tuple):
            continue
        tn.seed(2)
        draws, layer = np.random.default_rng(0), row.build()
        for parameter in layer.parameters().values():
            parameter.tensor = draws.normal(size=parameter.shape)
        x = draws.normal(size=row.inputs).astype(np.float32)
        step = tn.trace(Net([Dropout(0.5), layer, First(), ReLU()]), x, None, test_every_layer.weighted_sum)
        wanted = ["1.y", "1.y.0", "1.dx", *(f"{path}.gradient" for path in step.parameters)]
        explainer, lines = Explainer(step, SHOWN_TERMS), []
        for name in [name for name in wanted if name in step]:
            for index in places(name, np.shape(step[name]), 2):
                found = explainer.explain(name, index)
                lines += [f"{found.result.symbol}: {text}" for text in zeros_of(found)]
        for name in [name for name in ("1.y", "1.y.0", "1.dx") if name in step]:
            for reason, mask in explainer.answers.cuts.reasons(name):
                lines.append(f"{name}: {mask.sum()} numbers, at {np.flatnonzero(mask).tolist()[:12]}: {reason}")
        if lines:
            yield str(row), lines


def of_masks() -> Iterator[tuple[str, list[str]]]:
    """Each layer that takes padding or masks: numbers of the first and of the last sample."""
    steps = {
        label: test_sequences.traced(
            test_sequences.Padded(build()), test_sequences.draws(3, 4, 4 if "att" in label else 3)
        )
        for label, build in test_sequences.LAYERS.items()
    }
    for label, mask in test_sequences.MASKS.items():
        layer = MultiHeadAttention(4, 2, causal=label == "bools")
        steps[label] = test_sequences.traced(test_sequences.Hidden(layer, mask), test_sequences.draws(3, 4, 4))
    for label, step in steps.items():
        meanings = Meanings(step)
        kinds_of = {name: meanings.meaning(name) for name in names(step) if name.startswith("inner.")}
        wanted = [
            name for name, meaning in kinds_of.items() if meaning.kind in COMPUTED and meaning.path != "inner.out_proj"
        ]
        explainer, lines = Explainer(step, SHOWN_TERMS), []
        for name in wanted:
            for index in ((0,) * np.ndim(step[name]), tuple(size - 1 for size in np.shape(step[name]))):
                lines += of_number(explainer, name, index)
        yield label, lines


class First(Layer):
    """The first of several outputs."""

    def forward(self, *x: np.ndarray) -> np.ndarray:
        self.remember(shapes=[each.shape for each in x])
        return x[0]

    def backward(self, dy: np.ndarray) -> Any:
        (shapes,) = self.recall()
        gradients = (dy, *(np.zeros(shape, dy.dtype) for shape in shapes[1:]))
        return gradients if len(gradients) > 1 else dy


def of_losses() -> Iterator[tuple[str, list[str]]]:
    """Each loss: the number, the part of a sample, each value on the way, and each gradient."""
    for row in LOSSES:
        step = test_every_loss.traced(row.loss, row.predicted, row.ground_truth)
        explainer = Explainer(step, SHOWN_TERMS)
        loss_row = explainer.answers.loss_row()
        lines = [line for name in ("loss", *step.layers[""].output_gradients) for line in of_step(step, [name])]
        if loss_row is not None and loss_row.terms is not None:
            lines += of_number(explainer, "loss", (0,))
        yield str(row), lines


def of_rules() -> Iterator[tuple[str, list[str]]]:
    """Each update rule: the second step, in which it has a past."""
    for label, build in test_every_rule.RULES.items():
        _, step = test_every_rule.steps(build, 2)
        wanted = [f"2.weight.{name}" for name in ("after", "gradient.used", *step.parameters["2.weight"].slots)]
        lines = list(of_step(step, [name for name in wanted if name in step]))
        explainer = Explainer(step, SHOWN_TERMS)
        for path in ("0.weight", "2.weight"):
            row = explainer.answers.optimizer_row(step.parameters[path])
            for slot in [slot for slot in ON_THE_WAY if row is not None and slot in row.slots]:
                for index in ON_THE_WAY[slot]:
                    lines += of_number(explainer, f"{path}.{slot}", index)
        yield label, lines


def of_schedules() -> Iterator[tuple[str, list[str]]]:
    """Each schedule: the rate of five steps."""
    for number, schedule in enumerate(test_every_rule.SCHEDULES):
        lines = []
        for step in test_every_rule.steps(partial(SGD, schedule), 5):
            explanation = Explainer(step, SHOWN_TERMS).explain("2.weight.after", (0, 0))
            lines += [line for line in of_explanation(explanation) if not line.startswith("2.weight")]
        yield f"{number} {type(schedule).__name__}", lines


def of_step(step: Trace, chosen: list[str]) -> Iterator[str]:
    """A number of each of these arrays, drawn by its name."""
    explainer = Explainer(step, SHOWN_TERMS)
    for name in chosen:
        for index in places(name, np.shape(step[name]), 1):
            yield from of_number(explainer, name, index)


def of_number(explainer: Explainer, name: str, index: tuple[int, ...]) -> list[str]:
    """The equations of an explanation and its remarks, below the names of the formulas that it shows."""
    found = explainer.explain(name, index)
    heads = [f"({', '.join(found.formula)})"] if found.formula else []
    return [*heads, *of_explanation(found)] if found.equations else []


def of_explanation(found: Explanation) -> list[str]:
    """The equations with symbols, one a line, sums in short, and what is said of their zeros."""
    lines = [f"{leaf.symbol} = {expression.symbols()}" for leaf, expression in found.equations]
    sums = [each.formula for each in all_totals(found.result) if each.formula]
    return [*lines, *dict.fromkeys(sums), *zeros_of(found)]


def zeros_of(found: Explanation) -> list[str]:
    """What is said of the terms that are zero."""
    rows = [row.symbols for line in found.lines for row in line.rows if not row.numbers]
    return [text.strip() for text in rows if text.startswith("  + ")]


KINDS: dict[str, Any] = {
    "layers": of_layers,
    "zeros": of_zeros,
    "masks": of_masks,
    "losses": of_losses,
    "rules": of_rules,
    "schedules": of_schedules,
}


def written(kind: str) -> Path:
    """Where the texts of a kind are."""
    return FOLDER / f"{kind}.txt"


def read(kind: str) -> Text:
    """The recorded texts of a kind."""
    found: Text = {}
    for line in written(kind).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            lines = found.setdefault(line.removeprefix("# "), [])
        elif line:
            lines.append(line)
    return found


def record(chosen: list[str]) -> None:
    """Write the texts of these kinds anew, or all."""
    for kind in chosen or KINDS:
        texts = made(KINDS[kind])
        parts = [f"# {heading}\n" + "".join(f"{line}\n" for line in lines) for heading, lines in texts.items()]
        written(kind).write_text("\n".join(parts), encoding="utf-8")


def made(make: Any) -> Text:
    """The texts of a kind, each row under a heading of its own."""
    tn.seed(0)
    found: Text = {}
    for heading, lines in make():
        found[f"{len(found) + 1} {heading}"] = lines
    return found


if __name__ == "__main__":
    record(sys.argv[1:])
