"""A training step gives the same bits on any number of threads."""

import numpy as np
import pytest

import tinynet as tn
from tinynet import models
from tinynet.losses import cross_entropy
from tinynet.optimizers import Adam

pytestmark = pytest.mark.needs_compiler

PICTURES = {
    "mlp": (models.mlp, (64, 784)),
    "mnist_cnn": (models.mnist_cnn, (5, 1, 28, 28)),
    "lenet5": (models.lenet5, (9, 1, 28, 28)),
    "resnet20": (models.resnet20, (3, 3, 32, 32)),
    "mobilenet": (lambda: models.mobilenet(width=16), (3, 3, 32, 32)),
}
TEXTS = {
    "char_gpt": lambda: models.char_gpt(num_layers=1),
    "char_lstm": models.char_lstm,
}


def trained(make, x: np.ndarray, y: np.ndarray, threads: int) -> np.ndarray:
    with tn.threads(threads):
        tn.seed(0)
        net, optimizer = make(), Adam(0.01)
        for _ in range(2):
            net.backward(cross_entropy(net.forward(x), y)[1], input_gradient=False)
            net.update(optimizer)
        return np.concatenate([parameter.tensor.ravel() for parameter in net.parameters().values()])


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    make, shape = PICTURES[name]
    rng = np.random.default_rng(0)
    x, y = rng.random(shape, np.float32), rng.integers(0, 10, shape[0])
    one = trained(make, x, y, 1)
    assert np.isfinite(one).all()
    for threads in (2, 3):
        np.testing.assert_array_equal(trained(make, x, y, threads), one)


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 65, (2, 5, 64))
    one = trained(TEXTS[name], x, y, 1)
    assert np.isfinite(one).all()
    for threads in (2, 3):
        np.testing.assert_array_equal(trained(TEXTS[name], x, y, threads), one)
