"""What a Learner does about a step that is not finite: it says where that began, and stops or goes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinynet.core import generator_states, streams
from tinynet.core.checks.words import fail
from tinynet.data import batches
from tinynet.learner.progress import write
from tinynet.net import Net
from tinynet.optimizers import Optimizer
from tinynet.optimizers.schedules import Schedule
from tinynet.probe.not_finite import NotFinite, When
from tinynet.probe.not_finite.kept import snapshot
from tinynet.probe.not_finite.replay import Loss, Step
from tinynet.probe.not_finite.update import bad_update, first_bad_weight
from tinynet.probe.not_finite.where import find, n_rows_of

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

STEPS_BETWEEN_COPIES = 100  #: With on_nan="back", weights and optimizer are copied so often, which takes little time.
MOST_TIMES = 8  #: As often it goes back; then the rate is a 256th of what it was, and the rate is not the reason.
GONE = 10.0  #: Weights whose loss is so many times that of the last copy are not good: training has left its way.
N_PAST = 8  #: How many of the last losses are told of.
# Beyond these numbers an update may overflow although loss and gradients are finite.
LARGEST_SAFE_LOSS, LARGEST_SAFE_RATE = 1e15, 1e2


class Recovery:
    """Knows what the last steps were like, and what to go back to.

    While all goes well, a step costs a few comparisons. Before an update that may break the weights they are copied, so
    that nothing is lost: where loss or rate are huge, where an optimizer may divide by zero (eps=0), and where the rule
    is not one of Tinynet's, so that nobody knows what it does.

    Args:
        learner: The learner.
        on_nan: "stop" or "back".

    Attributes:
        went_back: What was found, each time that training went back.
    """

    def __init__(self, learner: Learner, on_nan: str) -> None:
        self.learner, self.on_nan = learner, on_nan
        self.went_back: list[NotFinite] = []
        self.past: deque[float] = deque(maxlen=N_PAST)
        self._last_good: Callable[[], None] | None = None
        self._loss_then = np.inf
        self._before_update: Callable[[], None] | None = None
        self._batch: tuple[Any, Any] | None = None  # of the step that fit is at
        self._n_good = 0  # steps of this fit

    def begin(self) -> None:
        """A fit begins, with weights that may be others than those of the last one."""
        self._last_good, self._loss_then, self._n_good = None, np.inf, 0

    def train_step(self, x: Any, y: Any) -> tuple[Any, Any] | None:
        """The learner's own step; None if it was not finite, and training has gone back.

        Raises:
            FloatingPointError: It was not finite, and training stops.
        """
        self._before_update, self._batch = None, (x, y)
        try:
            with np.errstate(all="ignore"):  # what is found says more than NumPy's warnings
                outcome = self.learner.train_step(x, y)
                self._check_update()
        except FloatingPointError as error:
            found = getattr(error, "found", None)
            if found is None or self.on_nan == "stop" or len(self.went_back) == MOST_TIMES:
                raise
            self._go_back(found)
            return None
        finally:
            self._batch = None
        return outcome

    def before_update(self, loss: float) -> None:
        """Loss and gradients are finite; remember what may be needed later."""
        learner = self.learner
        self.past.append(loss)
        if self.on_nan == "back" and self._n_good % STEPS_BETWEEN_COPIES == 0 and abs(loss) < GONE * self._loss_then:
            self._last_good, self._loss_then = snapshot(learner.net, learner.optimizer), abs(loss)
        self._n_good += 1
        if abs(loss) > LARGEST_SAFE_LOSS or any(map(_may_break, learner.optimizer.rules)):
            self._before_update = snapshot(*learner.net.parameters().values(), learner.optimizer)

    def stop(self, loss: float, infinite: list[str], x: Any, y: Any) -> NoReturn:
        """Say where the loss, or the gradients at the paths `infinite`, became not finite.

        Raises:
            FloatingPointError: Always. Its attribute `found` holds what was found.
        """
        what = (
            f"the loss became {float(loss)}"
            if not np.isfinite(loss)
            else f"the gradient of {infinite[0]} is not finite"
        )
        self.past.append(float(loss))
        when = self._when(n_rows_of(x))
        found = find(self._step(x, y)) or NotFinite("step", "")
        if found.found_in == "weights" and self._n_good:
            found = replace(found, found_in="update", kind=self._rule_of(found.path), n_samples=0)
            when = replace(when, step=when.step - 1)
            consequence = 'These weights are lost; on_nan="back" keeps copies.'
        else:
            consequence = "This batch changed no weight."
        self.learner.net.zero_gradient()
        self._fail(found, f"{what} in {self._when(0)}", when, consequence)

    def _check_update(self) -> None:
        """Where the weights were copied before the update, check that they are finite after it."""
        put_back, learner = self._before_update, self.learner
        if put_back is None:
            return
        parameters = learner.net.parameters()
        if first_bad_weight(parameters, learner.optimizer) is None:
            return
        put_back()
        found = bad_update(parameters, learner.optimizer) or NotFinite("step", "")
        learner.net.zero_gradient()
        when = self._when(0)
        self._fail(found, f"the update of {when} is not finite", when, "The weights are as they were before it.")

    def _fail(self, found: NotFinite, what: str, when: When, consequence: str) -> NoReturn:
        sample = when.samples[found.row] if found.row is not None and found.row < len(when.samples) else None
        found = replace(found, when=when, sample=sample)
        try:
            fail("Learner", f"{what}: {found} {consequence}", found.hint, FloatingPointError)
        except FloatingPointError as error:
            error.found = found  # type: ignore[attr-defined]
            raise

    def _go_back(self, found: NotFinite) -> None:
        """Put the last good weights back, with half the rate; the count of steps, and so a schedule, goes on."""
        optimizer = self.learner.optimizer
        each: list[Optimizer] = list(dict.fromkeys((optimizer, *optimizer.rules)))
        now = [(rule.lr, rule.n_calls, rule.n_steps) for rule in each]
        if self._last_good is not None:
            self._last_good()
        for rule, (rate, n_calls, n_steps) in zip(each, now, strict=True):
            rule.lr = Scaled(rate, 0.5) if callable(rate) else rate / 2
            rule.n_calls, rule.n_steps = n_calls, n_steps
        optimizer.start(self.learner.net.parameters())
        self.went_back.append(found)
        write(f"{found}\nBack to the last good weights, with half the rate: {optimizer.learning_rate:g}.")

    def _when(self, n_rows: int) -> When:
        learner = self.learner
        bpe = learner.batches_per_epoch
        epoch, batch = divmod(learner.step, bpe)
        samples = self._samples(epoch + 1, batch) if self._batch and n_rows else ()
        past = tuple(self.past)
        return When(learner.step, epoch + 1, batch, samples, learner.optimizer.learning_rate, past)

    def _samples(self, epoch: int, batch: int) -> tuple[int, ...]:
        """The indices in the training data of the rows of a batch: the order is drawn again."""
        learner = self.learner
        with streams.place_kept():
            streams.go_to(epoch, step=0)
            order = batches(
                _Indices(len(learner.train)), learner.batch_size, shuffle=True, drop_last=learner.drop_last, first=batch
            )
            return tuple(map(int, next(order)[0]))

    def _rule_of(self, path: str) -> str:
        parameters = self.learner.net.parameters()
        optimizer = self.learner.optimizer
        return type(optimizer.rule_of(path, parameters[path]) if path in parameters else optimizer).__name__

    def _step(self, x: Any, y: Any) -> Step:
        """The step of the learner, to be run again without its update."""
        learner = self.learner
        if self._batch is not None:
            x, y = self._batch
        nets = {name: part for name, part in vars(learner).items() if isinstance(part, Net)}
        prefixes = {"" if net is learner.net else f"{name}.": net for name, net in nets.items()}
        do = type(learner).train_step if self._batch is not None else _base_step(learner)
        step = Step(partial(_run, learner, do, list(nets.values())), x, y, learner.loss, prefixes)
        return replace(step, states=_before(step))


def _base_step(learner: Learner) -> Callable[..., Any]:
    from tinynet.learner.learner import Learner

    return Learner.train_step


def _run(learner: Learner, train_step: Callable[..., Any], nets: list[Net], x: Any, y: Any, loss: Loss) -> Any:
    """Run a learner's step up to its check, with another loss and without updates."""
    seen: list[Any] = []

    def check(loss: float, *_: Any) -> None:
        seen.append(loss)
        raise _CheckedError

    without_update = _shadowed(nets, update=lambda optimizer: None)
    with _shadowed([learner], loss=loss, check_finite=check), without_update, suppress(_CheckedError):
        train_step(learner, x, y)
    return seen


class _CheckedError(BaseException):
    """The step has come to its check."""


@contextmanager
def _shadowed(owners: list[Any], **attributes: Any) -> Iterator[None]:
    """Give objects other attributes for the length of a block."""
    before = [dict(vars(owner)) for owner in owners]
    for owner in owners:
        vars(owner).update(attributes)
    try:
        yield
    finally:
        for owner, kept_attributes in zip(owners, before, strict=True):
            for name in attributes:
                vars(owner).pop(name, None)
                if name in kept_attributes:
                    vars(owner)[name] = kept_attributes[name]


def _before(step: Step) -> dict[str, Any]:
    """The random streams before a step that has just run: back by as many draws as it takes when it is run again."""
    after = generator_states()
    with step.again():
        step.run(step.x, step.y, step.loss)
        drawn = generator_states()["n_draws"]
    n_draws = after["n_draws"]
    return after | {"n_draws": {name: max(0, 2 * n - drawn[name]) for name, n in n_draws.items()}}


def _may_break(rule: Any) -> bool:
    """Whether an update may make a weight infinite, or NaN, of finite gradients."""
    rate = rule.lr(rule.n_steps) if callable(rule.lr) else rule.lr
    is_own = "update" in vars(rule) or not type(rule).__module__.startswith("tinynet.")
    return is_own or not rate <= LARGEST_SAFE_RATE or getattr(rule, "eps", 1) == 0


@dataclass
class Scaled:
    """A schedule times a factor.

    Example:
        >>> from tinynet.optimizers import StepLR
        >>> Scaled(StepLR(1.0, step_size=2), 0.5)(0)
        0.5
    """

    schedule: Schedule
    factor: float

    def __call__(self, step: int) -> float:
        return self.factor * self.schedule(step)


class _Indices:
    """A data set whose samples are their own indices."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: Any) -> Any:
        return rows, rows
