"""What a Learner does about a step that is not finite: it says where that began, and stops or goes back."""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.learner.again import Copy, copy_of, find_after, first_bad_update, samples_of, step_of
from tinynet.learner.progress import write
from tinynet.learner.scaled import Scaled
from tinynet.learner.standing import numbers_of, put_numbers
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite import NotFinite, When
from tinynet.probe.not_finite.cause import is_bad
from tinynet.probe.not_finite.operation import Operation
from tinynet.probe.not_finite.where import bad_weight, find

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

STEPS_BETWEEN_COPIES = 100  #: A copy of weights and optimizer takes about a tenth of a step: a thousandth of the time.
MAX_RETURNS = 8  #: After this many halvings the rate is 1/256 of what it was, so it is not the reason.
N_PAST = 8  #: How many of the last losses show whether they grow.
MAX_LOSS_RATIO = 10.0  #: Weights whose loss is this many times that of the last good copy are not good.


class Recovery:
    """Knows what the last steps were like, and what to go back to.

    While all goes well, it keeps the losses, and every 100 steps a copy of the weights and of what the optimizer keeps.
    From that copy it trains again where an update has spoiled the weights, up to that update: so nothing is lost.

    Args:
        learner: The learner.
        on_nan: "stop" or "back".

    Attributes:
        went_back: What was found, each time that training went back.
    """

    def __init__(self, learner: Learner, on_nan: str) -> None:
        self.learner, self.on_nan = learner, on_nan
        self.went_back: list[NotFinite] = []
        self.begin()

    def __deepcopy__(self, memo: dict[int, Any]) -> Recovery:
        return Recovery(deepcopy(self.learner, memo), self.on_nan)  # whose past is not that of the copy

    def begin(self) -> None:
        """A fit begins, with weights that may be others than those that the last one has left."""
        self._batch: tuple[Any, Any] | None = None  # while fit is at a step
        self._copy: Copy | None = None
        self._good: tuple[Copy | None, float] = None, np.inf  # and the loss of its step
        self._n_steps = 0
        self._losses: list[float] = []  # since that copy
        self._past: deque[float] = deque(maxlen=N_PAST)
        self._rates: list[tuple[Optimizer, Any, int, int]] = []

    def state(self) -> dict[str, Any]:
        """What going back needs: the copies as numbers, and what the last steps were like. Stopping needs nothing."""
        if self.on_nan == "stop":
            return {}
        copies = {"copy": self._copy, "good": self._good[0]}
        return {name: None if copy is None else self._numbers(copy) for name, copy in copies.items()} | {
            "good_loss": self._good[1],
            "n_steps": self._n_steps,
            "losses": list(self._losses),
            "past": list(self._past),
            "went_back": [asdict(found) for found in self.went_back],
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave, once a fit has begun."""
        if self.on_nan == "stop" or not state:
            return
        here = copy_of(self.learner)
        copies = {name: state[name] and self._copy_of_numbers(state[name]) for name in ("copy", "good")}
        here.put_back()
        self._copy, self._good = copies["copy"], (copies["good"], state["good_loss"])
        self._n_steps, self._losses = state["n_steps"], state["losses"]
        self._past = deque(state["past"], maxlen=N_PAST)
        self.went_back[:] = [not_finite_again(found) for found in state["went_back"]]

    def _numbers(self, copy: Copy) -> dict[str, Any]:
        here = copy_of(self.learner)
        copy.put_back()
        try:
            return {"step": copy.step, "numbers": numbers_of(self.learner)}
        finally:
            here.put_back()

    def _copy_of_numbers(self, kept: dict[str, Any]) -> Copy:
        put_numbers(self.learner, kept["numbers"])
        return replace(copy_of(self.learner), step=kept["step"])

    def train_step(self, x: Any, y: Any) -> tuple[Any, Any] | None:
        """The learner's own step; None if it was not finite, and training has gone back.

        Raises:
            FloatingPointError: It was not finite, and training stops.
        """
        if self._n_steps % STEPS_BETWEEN_COPIES == 0:
            self._copy, self._losses = copy_of(self.learner), []
        self._n_steps += 1
        self._batch = x, y
        try:
            with np.errstate(all="ignore"):  # what is found says more than NumPy's warnings
                return self.learner.train_step(x, y)
        except FloatingPointError as error:
            self._go_back_or_raise(error)
            return None
        finally:
            self._batch = None

    def note(self, loss: float) -> None:
        """Loss and gradients of a step are finite."""
        self._past.append(loss)
        if self._batch is None:
            return
        self._losses.append(loss)
        if self.on_nan == "back" and len(self._losses) == 1 and abs(loss) < MAX_LOSS_RATIO * self._good[1]:
            self._good = self._copy, abs(loss)

    def stop(self, loss: float, infinite: list[str], x: Any, y: Any) -> NoReturn:
        """Say where the loss, or the gradients at the paths `infinite`, became not finite.

        Raises:
            FloatingPointError: Always. Its attribute `found` holds what was found.
        """
        learner = self.learner
        what = f"the gradient of {infinite[0]} is not finite" if np.isfinite(loss) else f"the loss became {float(loss)}"
        self._rates = _rates_of(learner.optimizer)
        train_step, (x, y) = (_own_step, (x, y)) if self._batch is None else (type(learner).train_step, self._batch)
        found = find(step_of(learner, train_step, x, y)) or self._found_again() or NotFinite("step", "")
        what = f"{what} in {self._when(learner.step)}"
        if found.found_in == "weights" and self._batch is not None and self._losses:
            self._trace_weights(what, found)
        learner.net.zero_gradient()
        self._fail(what, found, self._when(learner.step, float(loss)), "This batch changed no weight.")

    def end(self) -> None:
        """A fit is at its end: check what its last update has left.

        Raises:
            FloatingPointError: A weight is not finite, and training stops.
        """
        bad = [(path, each.tensor) for path, each in self.learner.net.parameters().items() if is_bad(each.tensor)]
        if bad and self._losses:
            self._rates = _rates_of(self.learner.optimizer)
            try:
                self._trace_weights("the last update is not finite", bad_weight(*bad[0]))
            except FloatingPointError as error:
                self._go_back_or_raise(error)
        self.begin()  # which frees the copies

    def _trace_weights(self, what: str, found: NotFinite) -> NoReturn:
        """Say which update since the last copy made a weight not finite."""
        learner, copy = self.learner, cast(Copy, self._copy)
        traced = first_bad_update(learner, copy, self._losses)
        if traced is not None:
            found, step = traced
            consequence = "The weights are as they were before that update."
        else:
            copy.put_back()
            step = learner.step
            consequence = f"No update has done it, so other code has. The weights are again those of step {copy.step}."
        learner.net.zero_gradient()
        self._fail(what, found, self._when(step), consequence)

    def _found_again(self) -> NotFinite | None:
        in_fit = self._batch is not None and self._copy is not None
        return find_after(self.learner, cast(Copy, self._copy), self._losses) if in_fit else None

    def _fail(self, what: str, found: NotFinite, when: When, consequence: str) -> NoReturn:
        sample = when.samples[found.row] if found.row is not None and found.row < len(when.samples) else None
        found = replace(found, when=when, sample=sample)
        try:
            fail("Learner", f"{what}: {found} {consequence}", found.hint, FloatingPointError)
        except FloatingPointError as error:
            error.found = found  # type: ignore[attr-defined]
            raise

    def _go_back_or_raise(self, error: FloatingPointError) -> None:
        """Put the last good weights back, with half the rate; the count of steps, and so a schedule, goes on."""
        found = getattr(error, "found", None)
        if found is None or self.on_nan == "stop" or len(self.went_back) == MAX_RETURNS:
            raise error
        if self._good[0] is not None:
            self._good[0].put_back()
        for rule, rate, n_calls, n_steps in self._rates:
            rule.lr = Scaled(rate, 0.5) if callable(rate) else rate / 2
            rule.n_calls, rule.n_steps = n_calls, n_steps
        optimizer = self.learner.optimizer
        optimizer.start(self.learner.net.parameters())
        self._n_steps = 0  # so that the next step begins with a copy
        self._past.clear()
        self.went_back.append(found)
        write(f"{found}\nBack to the last good weights, with half the rate: {optimizer.learning_rate:g}.")

    def _when(self, step: int, *loss: float) -> When:
        learner = self.learner
        epoch, batch = divmod(step, learner.batches_per_epoch)
        samples = () if self._batch is None else samples_of(learner, step)
        past = (*map(float, self._past), *loss)
        return When(step, epoch + 1, batch, samples, learner.optimizer.learning_rate, past)


def _rates_of(optimizer: Optimizer) -> list[tuple[Optimizer, Any, int, int]]:
    """The rate of each rule, and how far it is."""
    rules = dict.fromkeys((optimizer, *optimizer.rules))
    return [(rule, rule.lr, rule.n_calls, rule.n_steps) for rule in rules]


def _own_step(learner: Learner, x: Any, y: Any) -> Any:
    """The step of a Learner that was called by itself, maybe from the step of a subclass."""
    from tinynet.learner.learner import Learner

    return Learner.train_step(learner, x, y)


def not_finite_again(kept: dict[str, Any]) -> NotFinite:
    """What `dataclasses.asdict` made of something found.

    Example:
        >>> found = NotFinite("weights", "0.weight", when=When(step=3, epoch=1, batch=3))
        >>> not_finite_again(asdict(found)) == found
        True
    """
    operation, when = kept["operation"], kept["when"]
    parts = {"operation": operation and Operation(**operation), "when": when and When(**when)}
    return NotFinite(**kept | parts)
