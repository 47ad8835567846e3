"""A training of two nets, each with its optimizer, is resumed at any of its steps as if nothing had happened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.learner.test_resume_everywhere import Moments, SeenError, bits, seen, through_a_file
from tinynet.data import Dataset
from tinynet.learner import AverageWeights, Checkpoint
from tinynet.learner.resume import _take
from tinynet.models import AdversarialLearner, dcgan
from tinynet.optimizers import SGD, Adam, AdamW, CosineAnnealingLR, Optimizer, ParameterGroups, RMSProp
from tinynet.storage.checkpoints import Content

N_EPOCHS, PER_EPOCH = 3, 4
RULES: dict[str, Any] = {
    "adam": lambda lr: Adam(CosineAnnealingLR(lr, 12), betas=(0.5, 0.999)),
    "adding up": lambda lr: SGD(lr, momentum=0.9, gradient_accumulation_steps=3, clip_norm=0.5),
    "groups": lambda lr: ParameterGroups([("*.bias", SGD(lr=lr, momentum=0.5)), ("*", RMSProp(lr=lr))]),
}


def made(rule: str, *callbacks: Any) -> AdversarialLearner:
    tn.seed(5)
    pictures = Dataset(np.random.default_rng(0).random((14, 1, 4, 4), np.float32), np.zeros(14, int))
    nets, rules = dcgan((1, 4, 4), latent=3, width=2), (RULES[rule](0.01), RULES[rule](0.002))
    return AdversarialLearner(
        *nets, *rules, pictures, 3, valid=pictures, batch_size=4, callbacks=[AverageWeights(0.8), *callbacks]
    )


def left(learner: AdversarialLearner) -> tuple[Any, ...]:
    """What a training of two nets has come to."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in learner.history]
    states = [
        rule.state(net.parameters())
        for rule, net in (
            (learner.optimizer, learner.net),
            (learner.discriminator_optimizer, learner.discriminator),
        )
    ]
    return learner.as_one.state(), states, rows, learner.epoch


@pytest.mark.parametrize("rule", RULES)
def test_every_step_of_both_nets(rule: str) -> None:
    contents: list[Content] = []
    straight = made(rule, Moments(contents.append))
    straight.fit(N_EPOCHS, progress=False)
    assert len(contents) == N_EPOCHS * (PER_EPOCH + 1)
    for index, content in enumerate(contents):
        learner = made(rule)
        _take(learner, Path("checkpoint"), through_a_file(content))
        if index % 4 == 2:  # the last of all is one of these
            learner.fit(progress=False)
            np.testing.assert_equal(left(learner), left(straight))
        elif index + 1 < len(contents):
            found: list[Content] = []
            learner.callbacks += (Moments(lambda content, found=found: seen(content, found)),)
            with pytest.raises(SeenError):
                learner.fit(progress=False)
            assert bits(found[0]) == bits(contents[index + 1]), index


def test_both_nets_and_both_optimizers_are_in_the_files(tmp_path: Path) -> None:
    straight = made("adam", Checkpoint(tmp_path, every="3 steps", keep=9))
    straight.fit(2, progress=False)
    learner = made("adam")
    learner.resume(tmp_path / "checkpoint-000001")
    assert learner.step == 3
    learner.fit(progress=False)
    np.testing.assert_equal(left(learner), left(straight))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (SGD(0.1), r"discriminator_optimizer=\['Adam'\], by its config.json; this learner has \['SGD'\]"),
        (AdamW(0.1), r"this learner has \['AdamW'\]"),
        (Adam(0.1, gradient_accumulation_steps=2), "gradient_accumulation_steps of discriminator_optimizer=1"),
    ],
)
def test_the_second_optimizer_must_be_what_it_was(other: Optimizer, words: str, tmp_path: Path) -> None:
    made("adam", Checkpoint(tmp_path)).fit(1, progress=False)
    learner = made("adam")
    learner.discriminator_optimizer = other
    with pytest.raises(ValueError, match=words):
        learner.resume(tmp_path)


def test_looking_at_the_average_changes_no_bit() -> None:
    ends = []
    for look in (False, True):
        learner = made("adam")
        averaging: Any = learner.callbacks[0]

        def hook(content: Content, averaging: Any = averaging, look: bool = look, learner: Any = learner) -> None:
            if look:
                with averaging.average.applied():
                    learner.evaluate(learner.train)

        learner.callbacks += (Moments(hook),)
        learner.fit(2, progress=False)
        ends.append(left(learner))
    np.testing.assert_equal(*ends)
