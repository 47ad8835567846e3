"""Signs in the scale of inputs and targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, figure, graded
from tinynet.probe.doctor.skill import loss_value

MAX_ROOT_MEAN_SQUARE = 8.0  #: Of a feature; standardised ones have 1.
MIN_ROOT_MEAN_SQUARE = 0.005
MAX_OFFSET = 6.0  #: A mean of this many times the spread drowns it.


def inputs(case: Case) -> Diagnosis | None:
    """Inputs far from the size 1 that weights are made for; an experiment says whether it matters."""
    x = case.x
    if x is None or len(x) < 2:
        return None
    sizes = np.sqrt(np.mean(np.square(x.reshape(len(x), -1), dtype=np.float64), axis=0))
    largest, whole = float(sizes.max()), float(np.sqrt(np.mean(np.square(sizes))))
    if MIN_ROOT_MEAN_SQUARE <= whole <= MAX_ROOT_MEAN_SQUARE and largest <= 4 * MAX_ROOT_MEAN_SQUARE:
        return None
    mean, spread = _moments(x)
    standardised = trials.Change("standardised inputs", x=lambda part: _standardised(part, mean, spread))
    experiment = trials.compare(case, standardised)
    bad = trials.helps(experiment) if case.may_try else case.goes_badly
    if case.fitted:
        bad = (bad and not case.goes_well) or (case.goes_badly and _learns(experiment, case))
    offset = float(np.max(np.abs(mean) / spread))
    seen = (
        f"the inputs go from {figure(float(x.min()))} to {figure(float(x.max()))}, with root mean square "
        f"{figure(whole)}"
    )
    if x.ndim == 2 and largest > 10 * float(np.median(sizes)):
        seen += f"; feature {int(sizes.argmax())} alone has {figure(largest)}"
    if offset > MAX_OFFSET and x.ndim == 2:
        seen += f"; a mean is {figure(offset)} times its spread"
    why = (
        "Initial weights and usual learning rates are made for inputs of size 1. Larger ones saturate units and make "
        "the gradient of the first layer as many times larger."
    )
    fix = "x = (x - x_train.mean(axis=0)) / x_train.std(axis=0)  # for validation and test too"
    if x.ndim == 4:
        fix = "x = x / 255  # or Normalize(mean, std); for validation and test too"
    level, weight = graded(bad, 0.8, 0.55 if case.goes_badly else 0.45)
    return Diagnosis("in-scale", level, weight, seen, why, fix, experiment=experiment)


def _learns(experiment: Any, case: Case) -> bool:
    """Whether the change was not worse where the training as a whole went badly."""
    if experiment is None:
        return True
    before, after = experiment.skills
    return bool(np.isfinite(after)) and (not np.isfinite(before) or after >= before - 0.02)


def targets(case: Case) -> Diagnosis | None:
    """Targets far from the size of what a new net gives."""
    values = case.truth.values
    if case.truth.kind != "numbers" or values is None or case.loss_facts.takes not in ("numbers", ""):
        return None
    mean, spread = float(values.mean()), float(values.std())
    size = float(np.sqrt(np.mean(np.square(values))))
    if size <= MAX_ROOT_MEAN_SQUARE / 2 or not spread:
        return None
    if not np.isfinite(loss_value(case.loss, case.first_output, _line(case.y, mean, spread))):
        return None  # a loss for counts takes them as they are
    change = trials.Change("standardised targets", y=lambda y: _line(y, mean, spread))
    experiment = trials.compare(case, change)
    bad = trials.helps(experiment) if case.may_try else case.goes_badly
    if case.fitted:
        bad = (bad and not case.goes_well) or (case.goes_badly and _learns(experiment, case))
    given = float(np.sqrt(np.mean(np.square(case.first_output, dtype=np.float64))))
    seen = (
        f"the targets go from {figure(float(values.min()))} to {figure(float(values.max()))}, with root mean square "
        f"{figure(size)}; the new net gives {figure(given)}"
    )
    why = (
        "The gradient grows with the distance to the targets: SGD overshoots, and a rule like Adam, whose step has a "
        "fixed size, needs very many steps to get there."
    )
    fix = "y = (y - y_train.mean()) / y_train.std()  # and back: predicted * y_train.std() + y_train.mean()"
    level, weight = graded(bad, 0.78, 0.5 if case.goes_badly else 0.3)
    return Diagnosis("out-scale", level, weight, seen, why, fix, experiment=experiment)


def validation(case: Case) -> Diagnosis | None:
    """Validation inputs with another scale, or another place, than those of training."""
    if case.x is None or case.valid_sample is None or not isinstance(case.valid_sample[0], np.ndarray):
        return None
    x, other = case.x.reshape(len(case.x), -1), case.valid_sample[0].reshape(len(case.valid_sample[0]), -1)
    if x.shape[1] != other.shape[1] or len(other) < 4 or len(x) < 4:
        return None
    size, other_size = _spread_and_place(x), _spread_and_place(other)
    scale = other_size[0] / max(size[0], 1e-30)
    shift = abs(other_size[1] - size[1]) / max(size[0], 1e-30)
    if 1 / 3 < scale < 3 and shift < 1.5:
        return None
    seen = (
        f"training inputs have mean {figure(size[1])} and spread {figure(size[0])}, validation inputs "
        f"{figure(other_size[1])} and {figure(other_size[0])}"
    )
    why = "The net is asked about numbers that it has never seen, so validation says nothing about what it learned."
    fix = (
        "valid = Dataset((x_valid - x_train.mean(0)) / x_train.std(0), y_valid)  # the same steps, with the same "
        "numbers"
    )
    level, weight = graded(not (case.goes_well and case.valid_skill > 0.5), 0.85, 0.4)
    return Diagnosis("eval-prep", level, weight, seen, why, fix)


def _spread_and_place(x: np.ndarray) -> tuple[float, float]:
    return float(np.sqrt(np.mean(np.var(x, axis=0, dtype=np.float64)) + 1e-30)), float(x.mean(dtype=np.float64))


def _moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each feature; of all pixels of a channel, and of a feature at all places of a sequence."""
    over = (0, 2, 3) if x.ndim == 4 else tuple(range(x.ndim - 1)) or (0,)
    mean = x.mean(axis=over, dtype=np.float64, keepdims=True)
    spread = x.std(axis=over, dtype=np.float64, keepdims=True)
    spread = np.where(spread > 1e-6 * np.maximum(np.abs(mean), 1e-30), spread, np.maximum(np.abs(mean), 1.0))
    return mean, spread


def _standardised(x: Any, mean: np.ndarray, spread: np.ndarray) -> Any:
    return ((as_tuple(x)[0] - mean) / spread).astype(as_tuple(x)[0].dtype)


def _line(y: np.ndarray, mean: float, spread: float) -> np.ndarray:
    kind = y.dtype if y.dtype.kind == "f" else np.dtype(np.float32)
    return ((y - mean) / spread).astype(kind)
