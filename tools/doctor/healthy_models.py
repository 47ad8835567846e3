"""Healthy runs of our own models, each on data of its kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tinynet.data import Dataset, Text, digits
from tinynet.layers import Softmax
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error, soft_dice
from tinynet.models import (
    AdversarialLearner,
    char_gpt,
    char_lstm,
    conv_autoencoder,
    dcgan,
    evidence_loss,
    mobilenet,
    resnet20,
    seq2seq,
    unet,
    vae,
)
from tinynet.net import Net
from tinynet.optimizers import (
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    LinearWarmup,
    Optimizer,
)
from tools.doctor.material import pictures
from tools.doctor.program import Build, Trial, accuracy_skill


def no_skill(learner: Learner) -> float:
    """What these nets do has no score between a guess and perfection."""
    return float("nan")


def small_resnet(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 300, n_classes=4, size=8)
    learner = Learner(resnet20((3, 8, 8), 4), cross_entropy, SGD(lr=0.02), train, valid=valid, batch_size=16)
    return Trial(learner, 10, accuracy_skill)


def autoencoder(seed: int) -> Trial:
    train, valid = (Dataset(part.x, part.x) for part in digits())
    learner = Learner(conv_autoencoder((1, 8, 8)), mean_squared_error, Adam(lr=0.003), train, valid=valid)
    return Trial(learner, 10, no_skill)


def variational_autoencoder(seed: int) -> Trial:
    train, valid = (Dataset(part.x, part.x) for part in digits())
    net = vae((1, 8, 8), hidden=64)
    return Trial(Learner(net, evidence_loss, Adam(lr=0.002), train, valid=valid), 12, no_skill)


def discs(seed: int) -> Trial:
    """A small U-Net finds the discs in pictures of 16×16."""
    return _discs(seed, unet(width=8), partial(cross_entropy, axis=1))


def discs_by_overlap(seed: int) -> Trial:
    """The same with soft Dice, which takes probabilities."""
    return _discs(seed, Net([unet(width=8), Softmax(axis=1)]), partial(soft_dice, axis=1))


def _discs(seed: int, net: Net, loss: Callable) -> Trial:
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:16, :16]
    middle, radius = rng.uniform(5, 11, (160, 2, 1, 1)), rng.uniform(3, 5, (160, 1, 1))
    y = (np.hypot(row - middle[:, 0], column - middle[:, 1]) < radius).astype(np.int64)
    x = (y + rng.normal(0, 0.3, y.shape))[:, None].astype(np.float32)
    train, valid = Dataset(x, y).split(0.2, rng=seed)
    learner = Learner(net, loss, Adam(lr=0.005), train, valid=valid, batch_size=16)
    return Trial(learner, 5, no_skill)


def _story(seed: int) -> Text:
    """Sentences of a small grammar."""
    rng = np.random.default_rng(seed)
    who, does, what = ["the cat", "a dog", "the old man"], ["sees", "likes", "calls"], ["a bird", "the sea", "nobody"]
    sentences = [f"{rng.choice(who)} {rng.choice(does)} {rng.choice(what)}. " for _ in range(600)]
    return Text("".join(sentences), length=24)


def language(make: Callable[[int], Net], rule: Callable[[], Optimizer], epochs: int) -> Build:
    """A model that writes sentences, character by character."""

    def build(seed: int) -> Trial:
        story = _story(seed)
        net = make(len(story.vocabulary))
        return Trial(Learner(net, cross_entropy, rule(), story.train, valid=story.valid), epochs, no_skill)

    return build


def drawn_digits(seed: int) -> Trial:
    """A generator against a discriminator: their losses go to and fro, and that is as it should be."""
    train, _ = digits()
    generator, discriminator = dcgan((1, 8, 8), 16, width=8)
    rules = [Adam(rate, betas=(0.5, 0.999)) for rate in (1e-3, 2e-4)]
    learner = AdversarialLearner(generator, discriminator, *rules, train, 16, batch_size=64)
    return Trial(learner, 5, no_skill)


def _warmed_up() -> Optimizer:
    rate = LinearWarmup(CosineAnnealingLR(0.01, T_max=8 * 17), n_steps=20)
    return AdamW(rate, betas=(0.9, 0.99), clip_norm=1.0)


def reversed_words(seed: int) -> Trial:
    """A transformer reads words of four letters and writes them backwards."""
    rng = np.random.default_rng(seed)
    question = rng.integers(0, 6, (1200, 4))
    answer = np.concatenate([np.full((1200, 1), 6), question[:, ::-1]], axis=1)
    data = Dataset((question, answer[:, :-1]), answer[:, 1:])
    net = seq2seq(vocabulary=7, embed_dim=32, num_heads=2, max_length=8)
    return Trial(Learner(net, cross_entropy, AdamW(lr=0.003), data), 12, no_skill)


def small_mobilenet(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 400, n_classes=4, size=8)
    net = mobilenet((3, 8, 8), 4, width=8)
    return Trial(Learner(net, cross_entropy, Adam(lr=0.005), train, valid=valid, batch_size=16), 12, accuracy_skill)


MODELS: dict[str, Build] = {
    "resnet20": small_resnet,
    "autoencoder": autoencoder,
    "vae": variational_autoencoder,
    "unet": discs,
    "unet, overlap": discs_by_overlap,
    "char_lstm": language(lambda n: char_lstm(n, 16, 48), lambda: Adam(lr=0.01), 8),
    "char_gpt": language(lambda n: char_gpt(n, 32, 2, 2), lambda: AdamW(lr=0.005), 8),
    "char_lstm, warm-up": language(lambda n: char_lstm(n, 16, 48), _warmed_up, 8),
    "dcgan": drawn_digits,
    "seq2seq": reversed_words,
    "mobilenet": small_mobilenet,
}
