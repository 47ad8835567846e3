"""A generator and its discriminator at the command line: two nets in one file, each with an optimizer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinynet.cli.settings import Settings
from tinynet.core.checks.words import fail
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import AverageWeights, Callback, Learner
from tinynet.models import AdversarialLearner
from tinynet.models.adversarial import to_be_judged
from tinynet.net import Named, Net
from tinynet.probe import Course

RATE = 0.2  #: The discriminator's, as a multiple of the generator's; or it learns too fast to teach.
TOLD_APART = 0.9  #: By so much more of the real pictures than of those drawn are taken for real.
AVERAGE = 0.999  #: What the generator draws goes to and fro with every step, so its weights are averaged.


def is_judged(net: Any) -> bool:
    """Whether a net is a generator with its discriminator.

    Example:
        >>> from tinynet.models import build
        >>> is_judged(build("dcgan", (1, 8, 8), width=2)), is_judged(build("vae"))
        (True, False)
    """
    named: Any = net if isinstance(net, Named) and net.names == ("generator", "discriminator") else None
    return named is not None and isinstance(named[0], Net) and isinstance(named[0][0], Linear)


def latent_of(net: Any) -> int:
    """The numbers that the generator of a pair draws a picture from.

    Raises:
        ValueError: The net is no such pair.
    """
    if not is_judged(net):
        problem = f"expected a generator with its discriminator, got the net {type(net).__name__} of {len(net)} layers."
        fail("tinynet", problem, "train again: the file of the run is not the one that was written.")
    return net[0][0].in_features


def judged(net: Net, data: Any) -> Dataset:
    """For as many pictures as there are in the data, noise to draw from, and the truth that they are real."""
    return to_be_judged(len(data), latent_of(net))


def net_of(learner: Learner) -> Net:
    """The net that is saved of a training: with a generator, its discriminator too."""
    return learner.as_one if isinstance(learner, AdversarialLearner) else learner.net


def adversarial_learner(settings: Settings, net: Any, train: Any, callbacks: Sequence[Callback]) -> Learner:
    """The learner of a pair; nothing is held out, for no number over other pictures would say how well it draws."""
    latent = latent_of(net)
    return AdversarialLearner(
        net[0],
        net[1],
        settings.make_optimizer(len(train)),
        replace(settings, lr=RATE * settings.lr).make_optimizer(len(train)),
        train,
        latent,
        batch_size=settings.batch_size,
        metrics=[drawn_taken_for_real],
        callbacks=[AverageWeights(AVERAGE), *callbacks],
    )


def drawn_taken_for_real(logits: np.ndarray, truth: Any) -> float:
    """The share of drawn pictures that the discriminator takes for real.

    Example:
        >>> drawn_taken_for_real(np.array([[2.0], [-1.0]]), None)
        0.5
    """
    return float((logits > 0).mean())


def course_of(results: dict[str, float]) -> Course:
    """What a training of a pair has come to, in words: how many pictures the discriminator takes for real.

    Example:
        >>> print(course_of({"drawn_taken_for_real": 0.4, "real_taken_for_real": 0.6}))
        The losses do not tell how well it draws; look at the drawn pictures.
        Of pictures that neither net has learned from, the discriminator takes 60 % of the real ones for real, and ...
    """
    drawn, real = results["drawn_taken_for_real"], results["real_taken_for_real"]
    shares = (
        f"Of pictures that neither net has learned from, the discriminator takes {100 * real:.0f} % of the real ones "
        f"for real, and {100 * drawn:.0f} % of those drawn."
    )
    advice = ""
    if real - drawn > TOLD_APART:
        shares += " It tells nearly all of them apart, so the generator learns little from it."
        advice = "Train for more epochs, or with another learning rate."
    return Course("unknown", "The losses do not tell how well it draws; look at the drawn pictures.", (shares,), advice)


def real_taken_for_real(net: Any, data: Any) -> float:
    """The share of real pictures that the discriminator of a pair takes for real."""
    pictures = data[np.arange(len(data))][0]
    return float((net[1].predict(pictures) > 0).mean())
