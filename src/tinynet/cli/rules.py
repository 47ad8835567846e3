"""The optimizers and the schedules of the command line, each with its options."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from tinynet.cli.named import Named, check_options, named
from tinynet.core.checks.words import fail
from tinynet.learner import EarlyStopping, KeepBest, ReduceOnPlateau
from tinynet.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    Lion,
    MultiStepLR,
    Muon,
    NAdam,
    OneCycleLR,
    Optimizer,
    ParameterGroups,
    PolynomialLR,
    RAdam,
    RMSProp,
    StepLR,
)

OF_ALL = ("clip_norm", "clip_value", "gradient_accumulation_steps")  # options that every optimizer takes
MOMENTUM = 0.9  # of SGD
WARM_UP = 0.1  # the share of the steps in which the learning rate rises


class Rule(NamedTuple):
    """An optimizer of the command line.

    Attributes:
        make: Its class.
        like: The optimizer of a recipe, "adam" or "sgd", whose rate suits it too; "" if none does.
        factor: Its rate, as a multiple of that one's, or the rate itself.
        options: Options that differ from those of the class.
    """

    make: Callable[..., Optimizer]
    like: str = "adam"
    factor: float = 1.0
    options: Mapping[str, Any] = MappingProxyType({})


RULES = {
    "adam": Rule(Adam),
    "adamw": Rule(AdamW),
    "nadam": Rule(NAdam),
    "radam": Rule(RAdam),
    "adamax": Rule(Adamax, factor=2.0),
    "rmsprop": Rule(RMSProp, factor=0.5),
    "lion": Rule(Lion, factor=0.3),
    "sgd": Rule(SGD, "sgd", options={"momentum": MOMENTUM}),
    "adagrad": Rule(Adagrad, factor=5.0),
    "adadelta": Rule(Adadelta, "", 1.0),
    "muon": Rule(Muon, "", 0.02),
}


class Plan(NamedTuple):
    """A schedule of the command line.

    Attributes:
        make: Its class; None for a rate that stays.
        rate: The argument that takes the learning rate.
        whole: The argument that takes the number of all steps.
        epochs: Arguments that are given in epochs and handed over in steps.
        factors: Arguments that are given for an epoch and handed over for a step.
        options: Options that differ from those of the class.
        hidden: Arguments that cannot be given.
    """

    make: Callable[..., Any] | None
    rate: str = "lr"
    whole: str = ""
    epochs: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})
    hidden: tuple[str, ...] = ()


SCHEDULES = {
    "cosine": Plan(CosineAnnealingLR, whole="T_max", options={"warmup": WARM_UP}),
    "constant": Plan(None),
    "linear": Plan(LinearLR, whole="total_iters", options={"start_factor": 1.0, "end_factor": 0.0}),
    "polynomial": Plan(PolynomialLR, whole="total_iters", options={"power": 2.0}),
    "step": Plan(StepLR, epochs=("step_size",), options={"step_size": 10}),
    "multistep": Plan(MultiStepLR, epochs=("milestones",)),
    "exponential": Plan(ExponentialLR, factors=("gamma",), options={"gamma": 0.95}),
    "onecycle": Plan(OneCycleLR, rate="max_lr", whole="total_steps"),
    "cyclic": Plan(
        CyclicLR,
        rate="max_lr",
        epochs=("step_size_up", "step_size_down"),
        factors=("gamma",),
        options={"base_lr": 0.0, "step_size_up": 2},
        hidden=("scale_fn", "scale_mode"),
    ),
    "restarts": Plan(CosineAnnealingWarmRestarts, epochs=("T_0",), options={"T_0": 10}),
    "plateau": Plan(ReduceOnPlateau, rate=""),  # a callback
}


def optimizer_named(text: object) -> Named:
    """Check an optimizer with its options, as in "sgd:momentum=0.95,nesterov=true".

    Example:
        >>> str(optimizer_named("sgd:nesterov=true"))
        'sgd:nesterov=true'
    """
    found = named("optimizer", text, tuple(RULES))
    check_options(found.name, found.options, _options(RULES[found.name].make, "lr"))
    make_rule(found, 1.0)
    return found


def usual_rate(optimizer: str, adam: float, sgd: float) -> float:
    """The learning rate of an optimizer where a recipe has those of Adam and of SGD."""
    rule = RULES[optimizer]
    return {"adam": adam, "sgd": sgd, "": 1.0}[rule.like] * rule.factor


def make_rule(optimizer: Named, lr: Any) -> Optimizer:
    """The optimizer; muon has an AdamW beside it, for what is no matrix inside the net."""
    rule = RULES[optimizer.name]
    if rule.make is not Muon:
        return rule.make(lr, **{**rule.options, **optimizer.options})
    of_all = {name: value for name, value in optimizer.options.items() if name in OF_ALL}
    own = {name: value for name, value in optimizer.options.items() if name not in OF_ALL}
    rest = AdamW(_Scaled(lr, 0.1) if callable(lr) else 0.1 * lr)
    groups: list[Any] = [(lambda path, parameter: len(parameter.shape) < 2, rest), ("*", Muon(lr, **own))]
    return ParameterGroups(groups, **of_all)


class _Scaled:
    """A schedule times a factor."""

    def __init__(self, schedule: Callable[[int], float], factor: float) -> None:
        self.schedule, self.factor = schedule, factor

    def __call__(self, step: int) -> float:
        return self.factor * self.schedule(step)


def schedule_named(text: object) -> Named:
    """Check a schedule with its options, as in "step:step_size=10,gamma=0.5"."""
    found = named("schedule", text, tuple(SCHEDULES))
    plan = SCHEDULES[found.name]
    names = [] if plan.make is None else _options(plan.make, plan.rate, plan.whole, *plan.hidden)
    check_options(found.name, found.options, [*names, *(["warmup"] if plan.rate else [])])
    if found.name == "multistep" and "milestones" not in found.options:
        hint = "write --schedule multistep:milestones=10/20."
        fail("tinynet", "multistep needs to know after which epochs the rate falls.", hint)
    make_schedule(found, 1.0, 100, 10)
    plateau_of(found)
    return found


def make_schedule(schedule: Named, lr: float, n_steps: int, steps_per_epoch: int) -> Any:
    """The learning rate as an optimizer takes it: a schedule, or a number that stays.

    Args:
        schedule: What `schedule_named` gave; its counts are in epochs.
        lr: The highest rate.
        n_steps: Of the whole training.
        steps_per_epoch: Of each epoch.
    """
    plan = SCHEDULES[schedule.name]
    options = {**plan.options, **schedule.options}
    if isinstance(options.get("milestones"), (int, float)):
        options["milestones"] = (options["milestones"],)
    warmup = options.pop("warmup", 0.0)
    rate: Any = lr
    if plan.make is not None and plan.rate:
        options |= {name: _in_steps(options[name], steps_per_epoch) for name in plan.epochs if name in options}
        options |= {name: _for_a_step(options[name], steps_per_epoch) for name in plan.factors if name in options}
        rate = plan.make(**{plan.rate: lr}, **({plan.whole: n_steps} if plan.whole else {}), **options)
    _check_warmup(warmup)
    return LinearWarmup(rate, n_steps=max(1, round(warmup * n_steps))) if warmup else rate


def plateau_of(schedule: Named) -> list[ReduceOnPlateau]:
    """The callback that lowers the rate, where that is the schedule."""
    return [ReduceOnPlateau(**schedule.options)] if schedule.name == "plateau" else []


def stopping_of(options: dict[str, Any]) -> list[KeepBest | EarlyStopping]:
    """The callbacks of early stopping: the weights are those of the best epoch."""
    check_options("--early-stopping", options, ("patience", "monitor", "min_delta", "mode"))
    keep = {name: value for name, value in options.items() if name in ("monitor", "mode")}
    return [KeepBest(**keep), EarlyStopping(**options)]


def _check_warmup(warmup: Any) -> None:
    if not _is_number(warmup) or not 0 <= warmup < 1:
        hint = "0.1 lets the rate rise during the first tenth."
        fail("tinynet", f"warmup must be a share of the steps, at least 0 and below 1, got {warmup!r}.", hint)


def _in_steps(epochs: Any, steps_per_epoch: int) -> Any:
    if isinstance(epochs, (tuple, list)):
        return [_in_steps(each, steps_per_epoch) for each in epochs]
    return round(epochs * steps_per_epoch) if _is_number(epochs) else epochs


def _for_a_step(factor: Any, steps_per_epoch: int) -> Any:
    return factor ** (1 / steps_per_epoch) if _is_number(factor) and factor >= 0 else factor


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@cache
def _options(make: Callable[..., Any], *without: str) -> list[str]:
    """The names of the options that a class takes."""
    names = inspect.signature(make).parameters
    return [*(name for name in names if name not in (*without, "options")), *(OF_ALL if "options" in names else ())]
