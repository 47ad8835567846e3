"""A copy of a learner to try things on: whatever is done to it, the learner itself stays as it is, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import CellType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import streams
from tinynet.core.arrays import is_array
from tinynet.data import batches

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

MAX_LENGTH = 1000  # Longer lists hold samples, not what prepares them.


@contextmanager
def twin(learner: Learner) -> Iterator[Learner]:
    """A copy of a learner with a net and an optimizer of its own, in training mode, on the same data.

    In this block the random streams move as in training. Afterwards they, and generators inside the data sets, are put
    back to where they were.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64))
        >>> before = learner.net[0].weight.tensor.copy()
        >>> with twin(learner) as copy:
        ...     history = copy.fit(progress=False)
        >>> np.array_equal(before, learner.net[0].weight.tensor)
        True
    """
    shared = (learner.train, learner.valid, learner.history, *learner.callbacks)
    states = [(one, one.bit_generator.state) for one in generators_in([learner.train, learner.valid])]
    copy = deepcopy(learner, {id(thing): thing for thing in shared})
    copy.callbacks, copy.history, copy.resumed = (), type(learner.history)(), None
    copy._is_training = False  # a callback may ask for it in the middle of a training
    copy.net.train()
    copy.optimizer.start(copy.net.parameters())
    try:
        with streams.place_kept():
            yield copy
    finally:
        for one, state in states:
            one.bit_generator.state = state


def endless_batches(learner: Learner) -> Iterator[tuple[Any, Any]]:
    """The training data of a learner, batch by batch, epoch after epoch, each with random numbers of its own."""
    epoch = learner.epoch
    while True:
        epoch += 1
        streams.go_to(epoch, step=0)
        order = batches(learner.train, learner.batch_size, shuffle=True, drop_last=learner.drop_last)
        for index in range(learner.batches_per_epoch):
            streams.go_to(epoch, step=index + 1)
            yield next(order)


def generators_in(thing: Any, seen: set[int] | None = None) -> Iterator[np.random.Generator]:
    """The generators of random numbers inside an object, such as that of an augmentation.

    Example:
        >>> len(list(generators_in([np.random.default_rng(0), {"rng": np.random.default_rng(1)}])))
        2
    """
    seen = set() if seen is None else seen
    if id(thing) in seen or is_array(thing) or isinstance(thing, (str, bytes, type, ModuleType)):
        return
    seen.add(id(thing))
    if isinstance(thing, np.random.Generator):
        yield thing
        return
    inside: list[Any] = list(thing.values()) if isinstance(thing, dict) else []
    inside += list(thing) if isinstance(thing, (list, tuple)) and len(thing) <= MAX_LENGTH else []
    inside += [*getattr(thing, "__dict__", {}).values(), getattr(thing, "__self__", None)]
    inside += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or () if cell != CellType()]
    for part in inside:
        yield from generators_in(part, seen)
