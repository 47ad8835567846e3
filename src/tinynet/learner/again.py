"""Steps of a Learner, run again: the one that was not finite, or all since its weights were copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import generator_states, streams
from tinynet.data import batches
from tinynet.net import Net
from tinynet.net.watch import unwatched
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite import NotFinite
from tinynet.probe.not_finite.kept import kept, snapshot
from tinynet.probe.not_finite.replay import Loss, Step
from tinynet.probe.not_finite.update import bad_update, first_bad_weight
from tinynet.probe.not_finite.where import find

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

TrainStep = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Copy:
    """All that takes part in the steps of a learner, as it was before one of them.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64))
        >>> copy, before = copy_of(learner), learner.net.state()
        >>> history = learner.fit(progress=False)
        >>> copy.put_back()
        >>> copy.step, np.array_equal(learner.net[0].weight.tensor, before["0.weight"])
        (0, True)
    """

    step: int
    put_back: Callable[[], None]


def copy_of(learner: Learner) -> Copy:
    """A copy of the nets, the optimizers and what the loss keeps, as they are now."""
    return Copy(learner.step, snapshot(*_parts(learner, (Net, Optimizer)).values(), learner.loss))


def step_of(learner: Learner, train_step: TrainStep, x: Any, y: Any) -> Step:
    """The step that has just failed its check, to be run again without its update."""
    step, after = _step(learner, train_step, x, y), generator_states()
    with step.again():
        step.run(x, y, step.loss)
        n_again = generator_states()["n_draws"]
    # The step began as many draws before its end as it makes when it is run again.
    n_before = {name: max(0, 2 * n - n_again[name]) for name, n in after["n_draws"].items()}
    return replace(step, states=after | {"n_draws": n_before})


def _step(learner: Learner, train_step: TrainStep, x: Any, y: Any) -> Step:
    nets = _parts(learner, Net)
    prefixes = {"" if net is learner.net else f"{name}.": net for name, net in nets.items()}
    return Step(partial(_run, learner, train_step, list(nets.values())), x, y, learner.loss, prefixes)


def samples_of(learner: Learner, step: int) -> tuple[int, ...]:
    """The indices in the training data of the samples in a batch: the order of the epoch is drawn again.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64), batch_size=16)
        >>> sorted(index for step in range(4) for index in samples_of(learner, step)) == list(range(64))
        True
    """
    epoch, index = divmod(step, learner.batches_per_epoch)
    with streams.place_kept():
        streams.go_to(epoch + 1, step=0)
        indices, size = _Indices(len(learner.train)), learner.batch_size
        order = batches(indices, size, shuffle=True, drop_last=learner.drop_last, first=index)
        return tuple(map(int, next(order)[0]))


def first_bad_update(learner: Learner, copy: Copy, losses: Sequence[float]) -> tuple[NotFinite, int] | None:
    """Train again from a copy, and stop before the first update that makes weights, or what a rule keeps, not finite.

    The steps are those of the first time, bit for bit, unless a callback has had a hand in them; that shows in the
    losses. What callbacks do is not repeated.

    Args:
        learner: The learner; its nets and optimizers are afterwards as they were before that update, or at the end.
        copy: What to begin with.
        losses: Those of the steps since then.

    Returns:
        What was found, and the step; None if all updates are finite.
    """
    copy.put_back()
    with _going_to_steps(learner):
        for step, loss in enumerate(losses, copy.step):
            found = _train_again(learner, step, loss)
            if found is not None:
                return (found, step) if found.path else None
    return None


def find_after(learner: Learner, copy: Copy, losses: Sequence[float]) -> NotFinite | None:
    """Train again from a copy, and find what is not finite in the step after that; nothing is changed.

    So a layer that counts its calls, or draws from a generator of its own, comes to that step as it did before.
    """
    with kept(*_parts(learner, (Net, Optimizer)).values(), learner.loss), _going_to_steps(learner):
        copy.put_back()
        if any(_train_again(learner, step, loss) is not None for step, loss in enumerate(losses, copy.step)):
            return None
        _, (x, y) = _batch(learner, copy.step + len(losses))
        return find(_step(learner, type(learner).train_step, x, y))


@contextmanager
def _going_to_steps(learner: Learner) -> Iterator[None]:
    """Afterwards the learner is at the step where it was before."""
    place = learner.epoch, learner._n_batches_done
    with streams.place_kept(), np.errstate(all="ignore"), ExitStack() as stack:
        for net in _parts(learner, Net).values():
            stack.enter_context(unwatched(net))
        try:
            yield
        finally:
            learner.epoch, learner._n_batches_done = place


def _batch(learner: Learner, step: int) -> tuple[int, tuple[Any, Any]]:
    """The batch of a step, and its place in the epoch."""
    learner.go_to(step)
    streams.go_to(learner.epoch + 1, step=0)
    return next(learner._batches(learner.epoch + 1))


def _train_again(learner: Learner, step: int, loss: float) -> NotFinite | None:
    """A step of a learner, again; what is found has no path if the step is not what it was."""
    index, (x, y) = _batch(learner, step)
    undo: list[Callable[[], None]] = []
    seen: list[float] = []

    def check(loss: float, *_: Any) -> None:
        seen.append(float(loss))
        undo.append(copy_of(learner).put_back)

    with _shadowed([learner], check_finite=check):
        type(learner).train_step(learner, x, y)
    if seen != [float(loss)]:
        return NotFinite("step", "")
    parameters, optimizer = learner.net.parameters(), learner.optimizer
    update = optimizer.step
    if first_bad_weight(parameters, optimizer) is None and index + 1 == learner.batches_per_epoch:
        undo, update = [copy_of(learner).put_back], optimizer.finish
        optimizer.finish(parameters)
    if first_bad_weight(parameters, optimizer) is None:
        return None
    undo[-1]()
    return bad_update(parameters, optimizer, update)


def _run(learner: Learner, train_step: TrainStep, nets: list[Net], x: Any, y: Any, loss: Loss) -> Any:
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


def _parts(learner: Learner, kinds: Any) -> dict[str, Any]:
    return {name: part for name, part in vars(learner).items() if isinstance(part, kinds)}


@contextmanager
def _shadowed(owners: Sequence[Any], **attributes: Any) -> Iterator[None]:
    """Give objects other attributes for the length of a block; afterwards all of theirs are what they were."""
    before = [dict(vars(owner)) for owner in owners]
    for owner in owners:
        vars(owner).update(attributes)
    try:
        yield
    finally:
        for owner, own in zip(owners, before, strict=True):
            vars(owner).clear()
            vars(owner).update(own)


class _Indices:
    """A data set whose samples are their own indices."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: Any) -> Any:
        return rows, rows
