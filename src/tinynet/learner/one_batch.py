"""Whether a net can learn a single batch by heart, tried before a long training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.learner.batch import n_rows
from tinynet.learner.twin import endless_batches, twin
from tinynet.net.tuples import as_tuple, one_or_tuple

RATE_FACTORS = (0.1, 10.0, 0.01, 100.0)  # Other rates to try, as multiples of the learner's own.
USUAL_RATES = (1e-3, 0.1)  # And those that are usual.
MAX_SHARE_OF_LOSS = 0.5  # A rate that brings the loss down to this share of what the other reached is clearly better.

NO_REASON = (
    "Nothing was found: look at how large the inputs, the first weights and the outputs are, whether the net has "
    "enough units, and whether the loss can come near zero at all: that of a VAE, or of targets between 0 and 1, has "
    "a part that cannot."
)

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner
    from tinynet.probe.one_batch import OneBatch


def overfit_one_batch(learner: Learner, n_steps: int = 300, n_samples: int = 32) -> OneBatch:
    """Train a copy of the net on a single batch until it knows it by heart, or say what keeps it from that.

    A net, a loss and an optimizer that cannot even do this have a fault that no further data and no patience heal. The
    copy trains without dropout and weight decay, which are there to prevent just this, and at a constant learning rate.
    Where it fails and no other reason is found, smaller and larger rates are tried too. The learner stays as it is, bit
    for bit.

    Args:
        learner: The learner.
        n_steps: How many steps at most, at least 50.
        n_samples: How many samples at most; no more than the batch size.

    Returns:
        How it went: `learned`, the losses, and the `reasons` where it failed.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> from tinynet.data import digits
        >>> from tinynet.layers import Flatten, Linear, ReLU
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import Adam
        >>> net = Net([Flatten(), Linear(64, 32), ReLU(), Linear(32, 10)])
        >>> Learner(net, cross_entropy, Adam(lr=0.01), digits()[0]).overfit_one_batch().learned
        True
    """
    from tinynet.probe.one_batch import OneBatch, how_it_went, still_falls  # it is not needed to train

    n_steps = checks.integer("overfit_one_batch", "n_steps", n_steps, minimum=50)
    n_samples = checks.integer("overfit_one_batch", "n_samples", n_samples, minimum=1)
    with twin(learner) as copy:
        x, y = _first_rows(next(endless_batches(copy)), n_samples)
    rate, n = _usual_rate(learner), n_rows(x, y)
    trial = _tried(learner, x, y, rate, n_steps)
    losses = np.array(trial.losses)
    words = how_it_went(losses, n, rate, trial.learned) if len(losses) else "the first step gave no finite loss."
    if trial.learned:
        return OneBatch(True, losses, rate, words)
    wrong, found = _faults(learner, x, y)
    if not wrong and still_falls(losses):
        return OneBatch(False, losses, rate, f"{words} It is still falling, so more steps will tell.")
    if not found:
        other_rates = (*(factor * rate for factor in RATE_FACTORS), *USUAL_RATES)
        others = [_tried(learner, x, y, other, n_steps) for other in other_rates]
        found = _better_rate(trial, min(others, key=lambda other: other.reached))
    broke = [trial.broke] if trial.broke else []
    return OneBatch(False, losses, rate, words, (*broke, *(found or [NO_REASON])))


def _faults(learner: Learner, x: Any, y: Any) -> tuple[str, list[str]]:
    """What is wrong with the gradients, and all that is wrong; nothing of a training step that goes its own way."""
    from tinynet.learner.learner import Learner
    from tinynet.probe.one_batch import reasons, wrong_backward

    if type(learner).train_step is not Learner.train_step:
        return "", []
    wrong = wrong_backward(learner.net, learner.loss, x, y)
    with twin(learner) as copy:
        return wrong, [reason for reason in (wrong, *reasons(copy.net, copy.loss, x, y)) if reason]


@dataclass(frozen=True)
class _Trial:
    """How one rate did; `broke` says in words what ended it early."""

    rate: float
    losses: list[float]
    learned: bool = False
    broke: str = ""

    @property
    def reached(self) -> float:
        return self.losses[-1] if self.losses and not self.broke else np.inf


def _tried(learner: Learner, x: Any, y: Any, rate: float, n_steps: int) -> _Trial:
    """Train a copy on one batch at one rate, with nothing that keeps it from learning by heart."""
    from tinynet.probe.guessing import guessing
    from tinynet.probe.one_batch import holds_back, is_learned

    losses: list[float] = []
    guess = guessing(learner.loss, y).loss if isinstance(y, np.ndarray) else None
    with twin(learner) as copy, np.errstate(over="ignore", invalid="ignore"):
        for layer in copy.net.every_layer():
            layer.training = layer.training and not holds_back(layer)
        for rule in (copy.optimizer, *copy.optimizer.rules):
            rule.lr, rule.gradient_accumulation_steps = rate, 1
            if hasattr(rule, "weight_decay"):
                rule.weight_decay = 0.0
        for _ in range(n_steps):
            try:
                loss, predicted = copy.train_step(x, y)
            except FloatingPointError as error:
                problem = str(error).removeprefix("Learner: ").partition(" in step ")[0].partition("\n")[0].rstrip(".")
                return _Trial(rate, losses, broke=f"In step {len(losses) + 1} {problem}.")
            losses.append(float(loss))
            if is_learned(losses, min(losses[0], guess) if guess else losses[0], predicted, y):
                return _Trial(rate, losses, learned=True)
    return _Trial(rate, losses)


def _better_rate(trial: _Trial, best: _Trial) -> list[str]:
    """That another learning rate does clearly better, if it does."""
    if not best.learned and not best.reached < MAX_SHARE_OF_LOSS * min([trial.reached, *trial.losses[:1]]):
        return []
    kind = "high" if best.rate < trial.rate else "low"
    where = f"at {best.rate:.2g} the loss came to {best.reached:.4g} in {len(best.losses)} steps"
    return [f"The learning rate is too {kind}: {where}."]


def _first_rows(batch: Any, n_samples: int) -> tuple[Any, Any]:
    """The first rows of each array of a batch."""
    x, y = (
        one_or_tuple([array[:n_samples] if np.ndim(array) else array for array in as_tuple(part)]) for part in batch
    )
    return x, y


def _usual_rate(learner: Learner) -> float:
    """The learning rate; of a schedule, the largest of the next ten epochs."""
    rule = learner.optimizer.rules[-1]
    if not callable(rule.lr):
        return rule.lr
    steps = range(rule.n_steps, rule.n_steps + 10 * learner.batches_per_epoch)
    return max(float(rule.lr(step)) for step in steps)
