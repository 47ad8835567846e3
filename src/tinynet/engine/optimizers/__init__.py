"""One compiled call for the arrays of all parameters, in place of one update after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from tinynet.core import Parameter
from tinynet.engine.optimizers.pieces import Pieces
from tinynet.engine.serves import compiled_code
from tinynet.optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, Lion, NAdam, Optimizer, RMSProp, WeightAverage

LARGE = 1 << 14  # numbers of all parameters from which on compiling pays
OVERHEAD = 1 << 8  # numbers that NumPy could compute in the time that it takes to begin with one more parameter
_pieces: WeakKeyDictionary[Any, Pieces] = WeakKeyDictionary()


class Step(NamedTuple):
    """How one update of a rule is done."""

    rule: str  #: the name of the compiled loop
    slots: Mapping[str, float]  #: the arrays that it keeps for each parameter, and what they hold at first
    rates: Callable[[int], tuple[float, ...]]  #: the numbers of update number t of a parameter
    counts: bool = False  #: whether the numbers depend on t


def update_all(optimizer: Optimizer, parameters: dict[str, Parameter]) -> Any:
    """Apply the rule to all of the parameters, and clear their gradients."""
    kernels = compiled_code("optimizers", _work(parameters.values()), LARGE)
    of_rule = STEPS.get(type(optimizer))
    if kernels is None or of_rule is None or "update" in vars(optimizer):  # a subclass may compute something else
        return NotImplemented
    step = of_rule(optimizer)
    if step is None:
        return NotImplemented
    arrays = []
    for parameter in parameters.values():
        arrays += [parameter.tensor, parameter.gradient]
        arrays += [optimizer.slot(name, parameter, start) for name, start in step.slots.items()]
    pieces = _pieces_of(optimizer, arrays, 2 + len(step.slots))
    if not pieces.served:
        return NotImplemented
    counts = [optimizer.count(parameter) for parameter in parameters.values()] if step.counts else [0]
    numbers = {t: step.rates(t) for t in set(counts)}
    pieces.rates[:, : len(numbers[counts[0]])] = [numbers[t] for t in (counts if len(numbers) > 1 else counts[:1])]
    kernels.run(step.rule, pieces)
    return None


def average(averages: WeightAverage) -> Any:
    """Take the weights as they are now into the average."""
    kept = [averages.kept.get(path) for path in averages.parameters]
    kernels = compiled_code("optimizers", _work(averages.parameters.values()), LARGE)
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
    return NotImplemented if total is None else math.sqrt(total)


def gradients_are_finite(parameters: Sequence[Parameter]) -> Any:
    """True; where a square overflows or something is not finite, the lesson tells."""
    total = _sum_of_squares(parameters)
    return True if total is not None and math.isfinite(total) else NotImplemented


def _sum_of_squares(parameters: Sequence[Parameter]) -> float | None:
    kernels = compiled_code("optimizers", _work(parameters), LARGE)
    if kernels is None or not parameters:
        return None
    pieces = _pieces_of(parameters[0], [parameter.gradient for parameter in parameters], 1)
    return kernels.sum_of_squares(pieces) if pieces.served else None


def _work(parameters: Iterable[Parameter]) -> int:
    return sum([OVERHEAD + parameter.size for parameter in parameters])


def _pieces_of(owner: object, arrays: list[Any], n_each: int) -> Pieces:
    """Those that were cut for the owner before, if its arrays are still the same."""
    pieces = _pieces.get(owner)
    if pieces is None or not pieces.are_of(arrays):
        pieces = _pieces[owner] = Pieces(arrays, n_each)
    return pieces


# The steps of the rules. Each has the numbers that the lesson computes as Python floats.


def _sgd(rule: SGD) -> Step:
    rates = rule.learning_rate, rule.weight_decay, rule.momentum, float(rule.nesterov)
    return Step("momentum" if rule.momentum else "sgd", {"velocity": 0} if rule.momentum else {}, lambda t: rates)


def _adam(rule: Adam) -> Step | None:
    return None if rule.amsgrad else _adam_step(rule, rule.weight_decay, keep=1.0)


def _adamw(rule: AdamW) -> Step | None:
    return None if rule.amsgrad else _adam_step(rule, 0.0, keep=1 - rule.learning_rate * rule.weight_decay)


def _adam_step(rule: Adam, decay: float, keep: float) -> Step:
    lr, (beta1, beta2) = rule.learning_rate, rule.betas

    def rates(t: int) -> tuple[float, ...]:
        return lr, decay, keep, 1 - beta1, 1 - beta2, 1 - beta1**t, 1 - beta2**t, rule.eps

    return Step("adam", {"m": 0, "v": 0}, rates, counts=True)


def _nadam(rule: NAdam) -> Step:
    lr, (beta1, beta2) = rule.learning_rate, rule.betas

    def rates(t: int) -> tuple[float, ...]:
        to_g, to_m = rule.shares(t)
        return lr, rule.weight_decay, 1 - beta1, 1 - beta2, to_g, to_m, 1 - beta2**t, rule.eps

    return Step("nadam", {"m": 0, "v": 0}, rates, counts=True)


def _adagrad(rule: Adagrad) -> Step:
    lr = rule.learning_rate

    def rates(t: int) -> tuple[float, ...]:
        return lr / (1 + (t - 1) * rule.lr_decay), rule.weight_decay, rule.eps

    return Step("adagrad", {"sum": rule.initial_accumulator_value}, rates, counts=True)


def _adadelta(rule: Adadelta) -> Step:
    rates = rule.learning_rate, rule.weight_decay, 1 - rule.rho, rule.eps
    return Step("adadelta", {"squares": 0, "steps": 0}, lambda t: rates)


def _rmsprop(rule: RMSProp) -> Step | None:
    rates = rule.learning_rate, rule.weight_decay, 1 - rule.alpha, rule.eps, rule.momentum
    if rule.centered:
        return None
    if rule.momentum:
        return Step("rmsprop with momentum", {"squares": 0, "velocity": 0}, lambda t: rates)
    return Step("rmsprop", {"squares": 0}, lambda t: rates)


def _lion(rule: Lion) -> Step:
    rates = rule.learning_rate, rule.weight_decay, rule.betas[0], 1 - rule.betas[0], 1 - rule.betas[1]
    return Step("lion", {"m": 0}, lambda t: rates)


STEPS: dict[type[Optimizer], Callable[[Any], Step | None]] = {
    SGD: _sgd,
    Adam: _adam,
    AdamW: _adamw,
    NAdam: _nadam,
    Adagrad: _adagrad,
    Adadelta: _adadelta,
    RMSProp: _rmsprop,
    Lion: _lion,
}
