"""A trained net, and the models that the methods are tried on."""

import numpy as np
import pytest

import tinynet as tn
from tinynet import models
from tinynet.data import digits
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.optimizers import Adam


@pytest.fixture(scope="session")
def trained():
    """A net that has learned digits for three epochs; tests leave it as it is."""
    tn.seed(0)
    net = models.digits_cnn()
    Learner(net, cross_entropy, Adam(lr=0.003), digits()[0], batch_size=64).fit(3, progress=False)
    return net


@pytest.fixture(scope="session")
def pictures():
    return digits()[1].x[:4]


def batch(*shape):
    return np.random.default_rng(5).random((2, *shape)).astype(np.float32)


def tokens():
    return np.random.default_rng(6).integers(0, 9, (2, 7))


IMAGES = {
    "mlp": lambda: (models.mlp(64), batch(1, 8, 8)),
    "digits_cnn": lambda: (models.digits_cnn(), batch(1, 8, 8)),
    "lenet5": lambda: (models.lenet5((1, 12, 12)), batch(1, 12, 12)),
    "mnist_cnn": lambda: (models.mnist_cnn((1, 12, 12)), batch(1, 12, 12)),
    "vgg11": lambda: (models.vgg11(width=4), batch(3, 32, 32)),
    "vgg16": lambda: (models.vgg16(width=2), batch(3, 32, 32)),
    "resnet20": lambda: (models.resnet20((1, 8, 8)), batch(1, 8, 8)),
    "mobilenet": lambda: (models.mobilenet((1, 8, 8), width=4), batch(1, 8, 8)),
    "unet": lambda: (models.unet(width=8), batch(1, 8, 8)),
    "conv_autoencoder": lambda: (models.conv_autoencoder((1, 8, 8)), batch(1, 8, 8)),
    "discriminator": lambda: (models.dcgan((1, 8, 8), width=4)[1], batch(1, 8, 8)),
}
SEQUENCES = {
    "char_lstm": lambda: (models.char_lstm(9, 6, 8), tokens()),
    "char_gpt": lambda: (models.char_gpt(9, 8, 2, 2), tokens()),
}
POINTS = {"mlp of points": lambda: (models.mlp(2, [8], 3), batch(2))}
EVERY = IMAGES | SEQUENCES | POINTS
