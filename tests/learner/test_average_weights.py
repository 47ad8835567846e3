"""After training the net holds the average of its weights."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import AverageWeights, Callback, Learner
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, ParameterGroups


class Keep(Callback):
    def __init__(self):
        self.weights = []

    def on_batch_end(self, learner, index, means):
        self.weights.append(learner.net[0].weight.tensor.copy())


def learner(*callbacks):
    x = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    data = Dataset(x, x[:, :1])
    return Learner(Net([Linear(2, 1)]), mean_squared_error, SGD(0.1), data, batch_size=4, callbacks=callbacks)


def test_the_net_ends_with_the_average_of_all_steps():
    keep = Keep()
    trained = learner(keep, AverageWeights(decay=0.5))
    trained.fit(2, progress=False)
    expected = keep.weights[0]
    for weight in keep.weights[1:]:
        expected = 0.5 * expected + 0.5 * weight
    assert len(keep.weights) == 6
    np.testing.assert_allclose(trained.net[0].weight.tensor, expected, rtol=1e-6)
    assert abs(trained.net[0].weight.tensor - keep.weights[-1]).max() > 1e-4


def test_a_second_fit_starts_a_new_average():
    averaging = AverageWeights(decay=0.5)
    trained = learner(averaging)
    trained.fit(1, progress=False)
    trained.fit(1, progress=False)
    assert averaging.average.n_updates == 3


def test_training_that_fails_at_once_keeps_its_weights():
    trained = learner(AverageWeights())
    before = trained.net.state()
    trained.loss = lambda predicted, truth: (float("nan"), np.zeros_like(predicted))
    with pytest.raises(FloatingPointError):
        trained.fit(progress=False)
    assert all(np.array_equal(trained.net.state()[path], array) for path, array in before.items())


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.1, gradient_accumulation_steps=3),
        ParameterGroups([("*", SGD(0.1))], gradient_accumulation_steps=3),
        ParameterGroups([("*", SGD(0.1, gradient_accumulation_steps=3))]),
    ],
    ids=["alone", "groups", "in a group"],
)
def test_batches_that_only_add_up_gradients_count_once(optimizer):
    keep, averaging = Keep(), AverageWeights(decay=0.5)
    trained = learner(keep, averaging)
    trained.optimizer = optimizer
    trained.fit(2, progress=False)
    assert averaging.average.n_updates == 2
    np.testing.assert_allclose(trained.net[0].weight.tensor, (keep.weights[2] + keep.weights[5]) / 2, rtol=1e-6)


def test_a_step_without_the_optimizer_counts_too():
    class Alone(Learner):
        def train_step(self, x, y):
            self.net[0].weight.tensor += 1.0
            return 0.0, y

    averaging = AverageWeights(decay=0.5)
    whole = learner()
    trained = Alone(whole.net, whole.loss, whole.optimizer, whole.train, batch_size=4, callbacks=[averaging])
    trained.fit(1, progress=False)
    assert averaging.average.n_updates == 3


def test_a_bad_decay():
    with pytest.raises(ValueError, match="AverageWeights: decay must be at least 0 and below 1"):
        AverageWeights(decay=1.0)
