"""What is read from the history of a training: each kind of course on made histories, with and without noise."""

import numpy as np
import pytest

from tinynet.data import digits, spirals
from tinynet.layers import Flatten, Linear, ReLU, Softmax
from tinynet.learner import History, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tinynet.probe import Guessing, guessing, read_course

TEN = Guessing(2.3026, 0.1, "ln 10 = 2.303")
NAMES = {"loss": "loss", "valid": "valid_loss", "accuracy": "accuracy", "right": "valid_accuracy", "lr": "lr"}


def history(**columns):
    made = History()
    for epoch, values in enumerate(zip(*columns.values(), strict=True), 1):
        named = zip(columns, values, strict=True)
        made.append({"epoch": epoch} | {NAMES[name]: float(value) for name, value in named})
    return made


def decaying(n, floor, time=3.0):
    return (2.3 - floor) * np.exp(-np.arange(n) / time) + floor


def test_a_good_run_is_done():
    course = read_course(history(loss=decaying(30, 0.05), valid=decaying(30, 0.08)), guess=TEN)
    assert (course.kind, course.headline) == ("done", "Done: the validation loss has levelled off since epoch 14.")
    assert course.epoch == 14
    assert course.sentences == (
        "The training loss went from 2.3 to 0.05014 in 30 epochs. A net that only guesses has ln 10 = 2.303.",
    )
    assert course.advice == ""


def test_a_run_at_chance_is_stuck():
    flat = 2.303 + 0.004 * np.sin(np.arange(8))
    course = read_course(history(loss=flat, accuracy=np.full(8, 0.104), right=np.full(8, 0.1)), guess=TEN)
    assert course.kind == "stuck"
    assert course.headline == "It is stuck at chance: it does no better than guessing."
    assert course.sentences == (
        "The training loss is 2.306; a net that only guesses has ln 10 = 2.303.",
        "At the end it gets 10.4 % of the training samples and 10.0 % of the validation samples right; guessing gets "
        "10.0 % right.",
    )
    assert "overfit_one_batch" in course.advice
    assert "before a softmax" in course.advice


def test_numbers_that_are_always_the_mean_are_stuck_too():
    course = read_course(history(loss=[0.51, 0.50, 0.501, 0.502]), guess=Guessing(0.5, None, "0.5, by always"))
    assert course.kind == "stuck"
    assert "softmax" not in course.advice


def test_a_run_whose_first_steps_were_too_large_is_stuck_and_not_slow():
    course = read_course(history(loss=[1e9, 4e3, 3.0, 2.6, 2.4]), guess=TEN)
    assert course.kind == "stuck"
    assert "In the first epoch it was 1e+09: steps that were too large threw the weights far off." in course.sentences
    assert "much smaller learning rate" in course.advice
    assert read_course(history(loss=[2.65, 2.350, 2.345, 2.342, 2.341]), guess=TEN).kind == "stuck"
    assert read_course(history(loss=[5.0, 4.8, 4.6, 4.4]), guess=Guessing(4.3)).kind == "unfinished"


def test_a_loss_that_never_moves_is_stuck_without_a_mark():
    course = read_course(history(loss=[1.2, 1.201, 1.2, 1.199]))
    assert (course.kind, course.headline) == ("stuck", "It is stuck: the training loss has not moved.")
    assert read_course(history(loss=[0.02] * 4, accuracy=[0.99] * 4)).kind == "done"


def test_an_accuracy_that_never_moves_is_stuck_whatever_the_loss_does():
    wild = [1.2, 1.1, 1.25, 1.15, 1.22, 1.13]
    course = read_course(history(loss=wild, accuracy=[1 / 3] * 6))
    assert (course.kind, course.headline) == ("stuck", "It is stuck: exactly 33.33 % are right, epoch after epoch.")
    near = [0.33, 0.34, 0.32, 0.35, 0.33, 0.34]
    assert read_course(history(loss=wild, accuracy=near)).kind == "done"
    assert read_course(history(loss=wild, accuracy=near), guess=Guessing(None, 1 / 3)).kind == "stuck"


def test_a_run_that_learns_its_samples_by_heart_overfits_from_an_epoch_on():
    valid = decaying(20, 0.4, 2.0) + 0.05 * np.maximum(np.arange(20) - 8, 0)
    made = history(loss=decaying(20, 0.01), valid=valid, accuracy=[1.0] * 20, right=[0.9] * 20)
    course = read_course(made, guess=TEN)
    assert (course.kind, course.headline, course.epoch) == ("overfitted", "It overfits from epoch 10 on.", 10)
    assert "lowest in epoch 9, at 0.4348, and is around 0.9002 at the end" in course.sentences[0]
    assert "is surer of those it gets wrong" in course.sentences[2]
    assert 'epoch 9 (callbacks=[KeepBest("valid_loss")])' in course.advice


def test_labels_that_belong_to_no_sample_are_asked_for():
    made = history(loss=np.linspace(2.3, 1.2, 12), valid=np.linspace(2.31, 3.2, 12))
    assert "Do the labels belong to the samples?" in read_course(made, guess=TEN).sentences[0]


def test_a_loss_that_still_falls_is_unfinished():
    course = read_course(history(loss=2.2 * 0.97 ** np.arange(20), valid=2.2 * 0.97 ** np.arange(20)), guess=TEN)
    assert course.kind == "unfinished"
    assert course.headline == "Unfinished: the validation loss is still falling by 3 % an epoch."
    assert course.advice == "Train for more epochs than 20."


def test_a_few_epochs_that_fall_more_slowly_from_step_to_step_are_unfinished():
    assert read_course(history(loss=[2.0, 1.1, 0.7], valid=[1.07, 0.47, 0.41]), guess=TEN).kind == "unfinished"


def test_a_rate_that_has_come_to_its_end_needs_a_new_run():
    loss = 2.2 * 0.9 ** np.arange(10)
    advice = read_course(history(loss=loss, lr=np.linspace(0.1, 0.001, 10)), guess=TEN).advice
    assert advice == "The learning rate has come down to its end, so start a new run with more epochs than 10."


def test_a_rate_that_is_far_too_low_is_named():
    course = read_course(history(loss=2.33 - 0.003 * np.arange(10)), guess=TEN)
    assert course.kind == "unfinished"
    assert course.headline == "It has hardly begun: the training loss falls by 0.13 % an epoch."
    assert "larger learning rate" in course.advice


@pytest.mark.parametrize(
    ("loss", "headline", "epoch"),
    [
        ([2.3, 1.5, 0.8, 5.0, 30.0], "It diverged from epoch 4 on.", 4),
        ([2.3, 2.9, 3.8, 4.9], "It diverged from epoch 2 on.", 2),
        ([2.3, 1.5, np.nan], "It diverged in epoch 3.", 3),
        ([np.inf, np.inf], "It diverged in epoch 1.", 1),
        ([40.0, 30.0, 20.0], "It diverged from the start.", 1),
    ],
)
def test_a_run_that_diverged(loss, headline, epoch):
    course = read_course(history(loss=loss), guess=TEN)
    assert (course.kind, course.headline, course.epoch) == ("diverged", headline, epoch)
    assert "tenth of the learning rate" in course.advice


def test_a_validation_loss_that_is_not_finite():
    course = read_course(history(loss=[2.0, 1.0], valid=[2.0, np.inf]))
    assert course.sentences == ("The validation loss is inf in epoch 2, 2 in the epoch before.",)


def test_a_loss_below_zero_has_a_course_too():
    falling = -np.arange(8.0)
    course = read_course(history(loss=falling))
    assert course.headline == "Unfinished: the training loss is still falling by 14 % of its whole way an epoch."
    assert read_course(history(loss=-5 + 6 * np.exp(-np.arange(30.0)))).kind == "done"
    assert read_course(history(loss=[-1.0, -2.0, -3.0, 5.0])).headline == "It diverged from epoch 4 on."
    rising = np.concatenate([falling, -7 + 0.5 * np.arange(1, 9)])
    assert read_course(history(loss=-np.arange(16.0), valid=rising)).headline == "It overfits from epoch 9 on."


def test_odd_columns_are_left_out():
    made = History()
    for epoch in ("first", "second", "third"):
        made.append({"epoch": epoch, "loss": 0.5, "valid_loss": None, "accuracy": np.eye(2), "lr": "small"})
    assert read_course(made).headline == "It is stuck: the training loss has not moved."


def test_one_epoch_and_none():
    assert read_course(history(loss=[1.8]), guess=TEN).headline == "One epoch is too little to tell how it goes on."
    assert read_course(History()).kind == "unknown"
    with pytest.raises(TypeError, match=r"read_course: history must be a History, got a dict"):
        read_course({"loss": [1.0]})


def test_nothing_is_left_to_learn():
    made = history(loss=0.1 * 0.9 ** np.arange(12), accuracy=[1.0] * 12)
    assert read_course(made, guess=TEN).headline.startswith("Done: there is next to nothing left to learn")


def test_dropout_explains_a_training_loss_above_the_validation_loss():
    made = history(loss=decaying(30, 0.12), valid=decaying(30, 0.08))
    because = "lies above the validation loss (0.08014) because dropout switches units off while the net trains"
    assert because in str(read_course(made, guess=TEN, has_dropout=True))
    assert "it is a mean over the epoch" in str(read_course(made, guess=TEN))


def test_what_else_is_worth_a_word():
    wild = np.where(np.arange(20) % 2, 0.5, 0.8)
    assert "jumps up and down by some 60 %" in str(read_course(history(loss=decaying(20, 0.05), valid=wild)))
    assert "after 3 of 30 epochs" in str(read_course(history(loss=[0.5, 0.2, 0.1]), epochs_wanted=30))
    far = history(loss=decaying(20, 1.5), accuracy=np.full(20, 0.4))
    assert "does not fit its own samples well" in str(read_course(far, guess=TEN))
    apart = history(loss=decaying(20, 0.1), valid=decaying(20, 0.5), accuracy=np.full(20, 0.99), right=np.full(20, 0.8))
    assert "knows its own samples better than others" in str(read_course(apart, guess=TEN))


def test_overfitting_from_the_start_is_measured_against_guessing():
    for lowest, said in ((2.2, False), (2.23, False), (2.24, True), (1.0, False)):  # 0.97 · 2.3026 = 2.2335
        valid = [2.3, lowest, 2.6, 3.0, 3.5, 4.0, 4.5, 5.0]
        course = read_course(history(loss=decaying(8, 0.05), valid=valid), guess=TEN)
        assert course.kind == "overfitted"
        assert ("Even then it was no better than guessing" in str(course)) is said


def test_noise_does_not_change_the_verdict():
    rng = np.random.default_rng(0)

    def noisy(values, size):
        return values * np.exp(size * rng.normal(size=len(values)))

    for _ in range(40):
        n = int(rng.integers(15, 40))
        t = np.arange(n)
        done = history(loss=noisy(decaying(n, 0.05, n / 12), 0.01), valid=noisy(decaying(n, 0.1, n / 12), 0.05))
        assert read_course(done, guess=TEN).kind != "overfitted"
        rising = decaying(n, 0.4, n / 12) + 0.05 * np.maximum(t - n / 3, 0)
        over = history(loss=noisy(decaying(n, 0.01), 0.01), valid=noisy(rising, 0.02))
        assert read_course(over, guess=TEN).kind == "overfitted"
        assert read_course(history(loss=noisy(np.full(n, 2.303), 0.003)), guess=TEN).kind == "stuck"
        assert read_course(history(loss=noisy(2.2 * 0.96**t, 0.003)), guess=TEN).kind == "unfinished"


def trained(layers, optimizer, epochs, n_samples=None):
    train, valid = digits()[0].split(0.2)
    train = train if n_samples is None else train.subset(slice(n_samples))
    learner = Learner(Net(layers), cross_entropy, optimizer, train, valid=valid, metrics=[accuracy])
    made = learner.fit(epochs, progress=False)
    return read_course(made, guess=guessing(cross_entropy, train[np.arange(len(train))][1]))


def test_real_runs_read_differently():
    layers = lambda: [Flatten(), Linear(64, 64), ReLU(), Linear(64, 10)]  # noqa: E731
    assert trained(layers(), Adam(lr=0.003), 40).kind == "done"
    assert trained(layers(), SGD(lr=5.0), 5).kind == "stuck"
    assert trained([*layers(), Softmax()], SGD(lr=50.0), 5).kind == "stuck"
    assert trained(layers(), SGD(lr=50.0), 5).kind == "diverged"
    assert trained(layers(), SGD(lr=0.003), 5).kind == "unfinished"
    wide = [Flatten(), Linear(64, 256), ReLU(), Linear(256, 10)]
    assert trained(wide, Adam(lr=0.01), 60, n_samples=60).kind == "overfitted"


def test_spirals_with_a_softmax_too_many_and_a_rate_of_5_end_with_a_word():
    net = Net([Linear(2, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 3), Softmax()])
    train, valid = spirals(600).split(0.2)
    learner = Learner(net, cross_entropy, SGD(lr=5.0, momentum=0.9), train, valid=valid, metrics=[accuracy])
    made = learner.fit(8, progress=False)
    assert abs(made["accuracy"][-1] - 1 / 3) < 1e-9
    course = read_course(made, guess=guessing(cross_entropy, valid[np.arange(len(valid))][1]))
    assert course.headline == "It is stuck at chance: it does no better than guessing."
    assert "33.3 % of the training samples" in course.sentences[1]
    assert "cross_entropy takes the numbers before a softmax" in course.advice
    assert read_course(made).headline == "It is stuck: exactly 33.33 % are right, epoch after epoch."


def test_guessing_of_labels_numbers_and_neither():
    uneven = guessing(cross_entropy, np.array([0, 0, 0, 1]))
    assert abs(uneven.loss - 0.5623) < 1e-4
    assert (uneven.accuracy, uneven.words) == (0.75, "the entropy of the labels, 0.5623")
    assert guessing(None, np.array([0, 1])) == Guessing(None, 0.5)
    assert guessing(mean_squared_error, np.array([[1.0], [3.0]])) == Guessing(
        1.0, None, "1, by always answering the mean"
    )
    assert guessing(mean_squared_error, np.array(["a"])) == Guessing()
    assert guessing(cross_entropy, np.array([[0, 1]])) == Guessing()

    def picky(predicted, truth):
        raise ValueError("pairs are wanted")

    assert guessing(picky, np.array([0, 1])) == Guessing(None, 0.5)
    with pytest.raises(TypeError, match="guessing"):
        guessing(3, np.array([0]))


@pytest.mark.parametrize(
    ("below", "above", "kind"),
    [
        (history(loss=2.0 * 0.992 ** np.arange(20)), history(loss=2.0 * 0.988 ** np.arange(20)), "unfinished"),
        (history(loss=[2.3, 1.0, 0.5, 1.4 * 0.5 + 1.5]), history(loss=[2.3, 1.0, 0.5, 2.31]), "diverged"),
        (history(loss=[2.1, 2.0, 2.1, 1.9, 2.0]), history(loss=[2.3, 2.29, 2.31, 2.28, 2.3]), "stuck"),
        (
            history(loss=decaying(12, 0.1), valid=[2, 1, *np.linspace(0.5, 0.515, 10)]),
            history(loss=decaying(12, 0.1), valid=[2, 1, *np.linspace(0.5, 0.545, 10)]),
            "overfitted",
        ),
    ],
)
def test_the_edge_between_two_kinds(below, above, kind):
    assert read_course(below, guess=TEN).kind != kind
    assert read_course(above, guess=TEN).kind == kind


@pytest.mark.parametrize(
    ("columns", "much", "words"),
    [
        ({"accuracy": np.full(30, 0.99)}, {"right": np.full(30, 0.93)}, "knows its own samples better than others"),
        ({"accuracy": np.full(30, 0.99)}, {"right": np.full(30, 0.95)}, ""),
        ({"valid": decaying(30, 0.0985)}, {}, ""),
        ({"valid": decaying(30, 0.09)}, {}, "lies above the validation loss"),
        ({"valid": np.where(np.arange(30) % 2, 0.5, 0.55)}, {}, ""),
        ({"valid": np.where(np.arange(30) % 2, 0.5, 0.6)}, {}, "jumps up and down by some 20 %"),
    ],
)
def test_the_edge_of_what_is_worth_a_word(columns, much, words):
    said = str(read_course(history(loss=decaying(30, 0.1), **columns, **much), guess=TEN))
    worth = ("knows its own samples better", "lies above the validation", "jumps up and down")
    assert words in said if words else not any(part in said for part in worth)
