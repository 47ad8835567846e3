"""Training entered at any step goes on as it did from there, bit by bit."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset, RandomCrop, RandomFlip
from tinynet.layers import Dropout, Flatten, Linear, Tanh
from tinynet.learner import Callback, Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import Adam

N_EPOCHS, N_BATCHES = 3, 4  # the last batch of an epoch is shorter


class Diary(Callback):
    """Keeps, at each step, all that is needed to enter there, and what was learned from."""

    def __init__(self):
        self.kept, self.read, self.means = {}, {}, {}

    def on_batch_begin(self, learner, index):
        self.keep(learner)
        self.read[learner.step] = learner.batch[0].copy()

    def on_batch_end(self, learner, index, means):
        self.means[learner.step] = means

    def on_fit_end(self, learner):
        self.keep(learner)

    def keep(self, learner):
        self.kept[learner.step] = learner.net.state(), learner.optimizer.state(learner.net.parameters())


def make(seed=5):
    tn.seed(seed)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 1, 4, 4)).astype(np.float32), np.arange(30) % 3
    data = Dataset(x, y, transform=[RandomCrop(4, padding=1), RandomFlip()])
    net = Net([Flatten(), Linear(16, 8), Tanh(), Dropout(0.4), Linear(8, 3)])
    diary = Diary()
    valid = Dataset(x[:7], y[:7])
    return Learner(net, cross_entropy, Adam(lr=0.01), data, valid=valid, batch_size=8, callbacks=[diary]), diary


def undisturbed():
    learner, diary = make()
    learner.fit(N_EPOCHS, progress=False)
    assert sorted(diary.kept) == list(range(N_EPOCHS * N_BATCHES + 1))
    return learner, diary


def entered(diary, step, epochs=None):
    """A learner that has never seen the steps before."""
    learner, own_diary = make()
    tn.core.stream("dropout").random()  # nor does it matter what was drawn before
    state, optimizer_state = diary.kept[step]
    learner.net.load_state(state)
    learner.optimizer.load_state(optimizer_state, learner.net.parameters())
    learner.go_to(step)
    learner.fit(epochs or N_EPOCHS - step // N_BATCHES, progress=False)
    return learner, own_diary


@pytest.mark.parametrize("step", range(N_EPOCHS * N_BATCHES))
def test_a_run_entered_at_a_step_equals_the_undisturbed_run(step):
    whole, diary = undisturbed()
    learner, own_diary = entered(diary, step)
    assert sorted(own_diary.read) == [k for k in sorted(diary.read) if k >= step]
    for k, x in own_diary.read.items():
        np.testing.assert_array_equal(x, diary.read[k])
        for path, array in own_diary.kept[k][0].items():
            assert array.tobytes() == diary.kept[k][0][path].tobytes(), (k, path)
    for path, array in whole.net.state().items():
        assert array.tobytes() == learner.net.state()[path].tobytes()
    assert learner.step == whole.step == N_EPOCHS * N_BATCHES


def test_rows_have_the_numbers_of_their_epochs_and_a_part_counts_what_was_seen():
    whole, diary = undisturbed()
    learner, _ = entered(diary, N_BATCHES + 2)
    assert learner.history["epoch"] == [2, 3]
    for name in ("loss", "valid_loss"):
        assert learner.history[name][1] == whole.history[name][2]
    assert learner.history["valid_loss"][0] == whole.history["valid_loss"][1]
    first_two = diary.means[N_BATCHES + 2]["loss"]  # of 16 of the 30 rows
    assert learner.history["loss"][0] == pytest.approx((30 * whole.history["loss"][1] - 16 * first_two) / 14)


def test_the_rest_of_an_epoch_is_one_of_those_asked_for():
    _, diary = undisturbed()
    learner, own_diary = entered(diary, N_BATCHES + 3, epochs=1)
    assert sorted(own_diary.read) == [N_BATCHES + 3]
    assert (learner.epoch, learner.step) == (2, 2 * N_BATCHES)
    learner.fit(1, progress=False)
    assert learner.history["epoch"] == [2, 3]


def test_two_calls_of_fit_make_the_run_of_one():
    whole, _ = undisturbed()
    learner, _ = make()
    for _ in range(N_EPOCHS):
        learner.fit(1, progress=False)
        tn.core.stream("shuffling").random()
    for path, array in whole.net.state().items():
        assert array.tobytes() == learner.net.state()[path].tobytes()


def test_the_random_order_depends_on_the_seed():
    _, diary = undisturbed()
    learner, other = make(seed=6)
    learner.fit(1, progress=False)
    assert not np.array_equal(other.read[0], diary.read[0])


def test_every_batch_draws_augmentation_and_dropout_of_its_own():
    class Same:
        """Every row is the same picture."""

        def __len__(self):
            return 16

        def __getitem__(self, indices):
            x = np.broadcast_to(np.arange(64, dtype=np.float32).reshape(1, 1, 8, 8), (len(indices), 1, 8, 8))
            return RandomCrop(8, padding=2)(x), np.zeros(len(indices), int)

    masks = []

    class Mask(Dropout):
        def forward(self, x):
            y = super().forward(x)
            masks.append(y != 0)
            return y

    tn.seed(0)
    diary = Diary()
    net = Net([Flatten(), Linear(64, 20), Mask(0.5), Linear(20, 2)])
    Learner(net, cross_entropy, Adam(lr=0.0), Same(), batch_size=8, callbacks=[diary]).fit(3, progress=False)
    read = [diary.read[k].tobytes() for k in range(6)]
    assert len(set(read)) == 6
    assert len({mask.tobytes() for mask in masks}) == 6


def test_what_is_drawn_after_training_does_not_depend_on_it():
    found = []
    for epochs in (0, 1, 3):
        learner, _ = make()
        if epochs:
            learner.fit(epochs, progress=False)
        found.append(Linear(3, 2).weight.tensor)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_evaluate_and_predict_draw_nothing():
    learner, _ = make()
    before = tn.core.generator_states()
    learner.evaluate(learner.valid)
    learner.predict(learner.valid.x)
    assert tn.core.generator_states() == before


def test_an_epoch_that_was_stopped_is_over():
    class StopOnce(Callback):
        def on_batch_end(self, learner, index, means):
            learner.stop = learner.step == 2

    learner, diary = make()
    learner.callbacks += (StopOnce(),)
    learner.fit(3, progress=False)
    assert (learner.epoch, learner.step) == (1, N_BATCHES)
    learner.fit(1, progress=False)
    assert learner.history["epoch"] == [1, 2]
    assert sorted(diary.read) == [0, 1, 4, 5, 6, 7]


def test_steps_are_checked():
    learner, _ = make()
    with pytest.raises(ValueError, match=r"^Learner\.go_to: step must be at least 0, got -1\."):
        learner.go_to(-1)
    with pytest.raises(TypeError, match=r"^Learner\.go_to: step must be an integer, got 1\.5\."):
        learner.go_to(1.5)
