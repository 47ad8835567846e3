"""All parameters of an optimizer in one step.

A net has many small arrays, and for each of them the lesson makes several NumPy calls. With many numbers, one compiled
call goes over the arrays of all parameters, where they are, and computes the lesson's bits. With few numbers, the
lesson's own update runs once, on a copy of all parameters side by side. Subclasses and rules that are not in `STEPS`
are declined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from tinynet.core import Parameter
from tinynet.core.faster import in_use
from tinynet.engine.optimizers.pieces import Pieces, are_same
from tinynet.engine.optimizers.side_by_side import SideBySide, arrays_of
from tinynet.engine.serves import compiled_code
from tinynet.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    RMSProp,
    WeightAverage,
)

# Work is counted in numbers. With less of it, compiling takes longer than it saves.
MIN_WORK_FOR_COMPILING = 1 << 14
WORK_PER_PARAMETER = 1 << 8  # In the time that NumPy needs to start on a parameter, it could update this many numbers.
MIN_PARAMETERS_SIDE_BY_SIDE = 4  # For fewer parameters, the copies take as long as they save.
_pieces: WeakKeyDictionary[Any, Pieces] = WeakKeyDictionary()
_rows: WeakKeyDictionary[Optimizer, SideBySide] = WeakKeyDictionary()


class Step(NamedTuple):
    """What the engine needs to know for one update by a rule."""

    rule: str  #: the name of the compiled loop
    slots: Mapping[str, float]  #: the arrays that the rule keeps for each parameter, and their first value
    rates: Callable[[int], tuple[float, ...]]  #: the numbers of update number t of a parameter
    counts: bool = False  #: whether the numbers depend on t


def update_all(optimizer: Optimizer, parameters: dict[str, Parameter]) -> Any:
    """Apply the rule to all of the parameters, and clear their gradients."""
    step_of = STEPS.get(type(optimizer))
    if step_of is None or "update" in vars(optimizer) or not parameters:  # a subclass may compute something else
        return NotImplemented
    step = step_of(optimizer)
    if step is None:
        return NotImplemented
    found = list(parameters.values())
    kernels = compiled_code("optimizers", _work(found), MIN_WORK_FOR_COMPILING)
    return _compiled(kernels, optimizer, found, step) if kernels else _side_by_side(optimizer, found, step)


def _compiled(kernels: ModuleType, optimizer: Optimizer, parameters: list[Parameter], step: Step) -> Any:
    pieces = _pieces_of(optimizer, arrays_of(optimizer, parameters, step.slots), 2 + len(step.slots))
    if not pieces.served:
        return NotImplemented
    counts = [optimizer._counts.get(parameter, 0) + 1 for parameter in parameters] if step.counts else [1]
    numbers = {t: step.rates(t) for t in set(counts)}
    pieces.rates[:, : len(numbers[counts[0]])] = [numbers[t] for t in (counts if len(numbers) > 1 else counts[:1])]
    if step.counts:
        optimizer._counts |= zip(parameters, counts, strict=True)
    kernels.run(step.rule, pieces)
    return None


def _side_by_side(optimizer: Optimizer, parameters: list[Parameter], step: Step) -> Any:
    counts = {optimizer._counts.get(parameter, 0) for parameter in parameters}
    if not step.slots or len(parameters) < MIN_PARAMETERS_SIDE_BY_SIDE or len(counts) > 1 or in_use() != "auto":
        return NotImplemented
    row = _rows.get(optimizer)
    if row is None or not are_same(row.arrays, arrays_of(optimizer, parameters, step.slots)):
        row = _rows[optimizer] = SideBySide(optimizer, parameters, step.slots)
    if not row.served:
        return NotImplemented
    row.update(optimizer, counts.pop())
    if step.counts:
        for parameter in parameters:
            optimizer.count(parameter)
    return None


def average(averages: WeightAverage) -> Any:
    """Update the average with the weights as they are now."""
    kept = [averages.kept.get(path) for path in averages.parameters]
    kernels = compiled_code("optimizers", _work(averages.parameters.values()), MIN_WORK_FOR_COMPILING)
    if kernels is None or averages.n_updates == 0:
        return NotImplemented
    pairs = zip(kept, averages.parameters.values(), strict=True)
    pieces = _pieces_of(averages, [array for average, parameter in pairs for array in (average, parameter.tensor)], 2)
    if not pieces.served:
        return NotImplemented
    pieces.rates[:, 0] = 1 - averages.decay
    kernels.run("average", pieces)
    averages.n_updates += 1
    return None


def gradient_norm(parameters: Sequence[Parameter]) -> Any:
    """The norm of all gradients together."""
    total = _sum_of_squares(parameters)
    return math.sqrt(total) if total is not None and 1e-300 < total < math.inf else NotImplemented


def gradients_are_finite(parameters: Sequence[Parameter]) -> Any:
    """True if all are finite. If not, or if a square overflows, it is left to the lesson."""
    total = _sum_of_squares(parameters)
    return True if total is not None and math.isfinite(total) else NotImplemented


def _sum_of_squares(parameters: Sequence[Parameter]) -> float | None:
    kernels = compiled_code("optimizers", _work(parameters), MIN_WORK_FOR_COMPILING)
    if kernels is None or not parameters:
        return None
    pieces = _pieces_of(parameters[0], [parameter.gradient for parameter in parameters], 1)
    return kernels.sum_of_squares(pieces) if pieces.served else None


def _work(parameters: Iterable[Parameter]) -> int:
    return sum([WORK_PER_PARAMETER + parameter.size for parameter in parameters])


def _pieces_of(owner: object, arrays: list[Any], n_each: int) -> Pieces:
    """The pieces of these arrays; those of the owner's last call if its arrays are still the same."""
    pieces = _pieces.get(owner)
    if pieces is None or not are_same(pieces.arrays, arrays):
        pieces = _pieces[owner] = Pieces(arrays, n_each)
    return pieces


# The steps of the rules. Their numbers are those that the lesson computes as Python floats.


def _sgd(rule: SGD) -> Step:
    def rates(t: int) -> tuple[float, ...]:
        return rule.learning_rate, rule.weight_decay, rule.momentum, float(rule.nesterov)

    return Step("momentum" if rule.momentum else "sgd", {"velocity": 0} if rule.momentum else {}, rates)


def _adam(rule: Adam) -> Step | None:
    return None if rule.amsgrad else _adam_step(rule, lambda: (rule.weight_decay, 1.0))


def _adamw(rule: AdamW) -> Step | None:
    return None if rule.amsgrad else _adam_step(rule, lambda: (0.0, 1 - rule.learning_rate * rule.weight_decay))


def _adam_step(rule: Adam, decay_and_keep: Callable[[], tuple[float, float]]) -> Step:
    beta1, beta2 = rule.betas

    def rates(t: int) -> tuple[float, ...]:
        decay, keep = decay_and_keep()
        return rule.learning_rate, decay, keep, 1 - beta1, 1 - beta2, 1 - beta1**t, 1 - beta2**t, rule.eps

    return Step("adam", {"m": 0, "v": 0}, rates, counts=True)


def _nadam(rule: NAdam) -> Step:
    beta1, beta2 = rule.betas

    def rates(t: int) -> tuple[float, ...]:
        to_g, to_m = rule.shares(t)
        return rule.learning_rate, rule.weight_decay, 1 - beta1, 1 - beta2, to_g, to_m, 1 - beta2**t, rule.eps

    return Step("nadam", {"m": 0, "v": 0}, rates, counts=True)


def _radam(rule: RAdam) -> Step:
    (beta1, beta2), decays = rule.betas, rule.decoupled_weight_decay

    def rates(t: int) -> tuple[float, ...]:
        keep = 1 - rule.learning_rate * rule.weight_decay if decays else 1.0
        decay, trust = 0.0 if decays else rule.weight_decay, rule.trust(t) or 0.0
        return rule.learning_rate, decay, keep, 1 - beta1, 1 - beta2, 1 - beta1**t, trust, rule.eps

    return Step("radam", {"m": 0, "v": 0}, rates, counts=True)


def _adamax(rule: Adamax) -> Step:
    beta1, beta2 = rule.betas

    def rates(t: int) -> tuple[float, ...]:
        return rule.learning_rate, rule.weight_decay, 1 - beta1, 1 - beta1**t, beta2, rule.eps

    return Step("adamax", {"m": 0, "u": 0}, rates, counts=True)


def _adagrad(rule: Adagrad) -> Step:
    def rates(t: int) -> tuple[float, ...]:
        return rule.learning_rate / (1 + (t - 1) * rule.lr_decay), rule.weight_decay, rule.eps

    return Step("adagrad", {"sum": rule.initial_accumulator_value}, rates, counts=True)


def _adadelta(rule: Adadelta) -> Step:
    def rates(t: int) -> tuple[float, ...]:
        return rule.learning_rate, rule.weight_decay, 1 - rule.rho, rule.eps

    return Step("adadelta", {"squares": 0, "steps": 0}, rates)


def _rmsprop(rule: RMSProp) -> Step | None:
    def rates(t: int) -> tuple[float, ...]:
        return rule.learning_rate, rule.weight_decay, 1 - rule.alpha, rule.eps, rule.momentum

    if rule.centered:
        return None
    if rule.momentum:
        return Step("rmsprop with momentum", {"squares": 0, "velocity": 0}, rates)
    return Step("rmsprop", {"squares": 0}, rates)


def _lion(rule: Lion) -> Step:
    def rates(t: int) -> tuple[float, ...]:
        beta1, beta2 = rule.betas
        return rule.learning_rate, rule.weight_decay, beta1, 1 - beta1, 1 - beta2

    return Step("lion", {"m": 0}, rates)


STEPS: dict[type[Optimizer], Callable[[Any], Step | None]] = {
    SGD: _sgd,
    Adam: _adam,
    AdamW: _adamw,
    NAdam: _nadam,
    RAdam: _radam,
    Adamax: _adamax,
    Adagrad: _adagrad,
    Adadelta: _adadelta,
    RMSProp: _rmsprop,
    Lion: _lion,
}
