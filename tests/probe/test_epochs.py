"""Epochs as series, the mark of guessing, and the bounds of each kind of course, on histories made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.probe import Guessing, course, guessing, read_course
from tinynet.probe.epochs import Epochs, percent


def epochs(
    guess: Guessing | None = None, has_dropout: bool = False, wanted: int | None = None, **columns: Any
) -> Epochs:
    names = {"valid": "valid_loss", "right": "valid_accuracy"}
    n = len(next(iter(columns.values())))
    rows = [{"epoch": at + 1} | {names.get(name, name): v[at] for name, v in columns.items()} for at in range(n)]
    return Epochs(rows, guess or Guessing(), has_dropout, wanted)


def test_columns() -> None:
    seen = Epochs([{"loss": 1, "lr": 0.5}, {"loss": np.float32(0.5)}], Guessing(), False, None)
    assert seen.loss.tolist() == [1, 0.5]
    assert seen.loss.dtype == np.float64
    assert seen.column("lr").tolist() == seen.valid.tolist() == seen.accuracy.tolist() == []
    assert (seen.judged is seen.loss, seen.judged_name) == (True, "training loss")
    assert [seen.epoch(0), seen.epoch(1)] == [1, 2]
    both = epochs(loss=[1.0], valid=[2.0], epoch=[7])
    assert (both.judged.tolist(), both.judged_name, both.epoch(0)) == ([2], "validation loss", 7)
    assert epochs(loss=[1.0], epoch=["first"]).epoch(0) == 1


@pytest.mark.parametrize(
    ("rates", "spent"),
    [([1.0, 0.5, 0.1], False), ([0.5, 1.0, 0.09], True), ([1.0, 0.01], False), ([1.0, 0.5, 0.01, 0.2], False)],
)
def test_a_rate_that_is_spent(rates: list[float], spent: bool) -> None:
    assert epochs(lr=rates).rate_is_spent == spent


def test_the_way_of_the_loss() -> None:
    assert epochs(loss=[2.0, 0.123456]).way() == "The training loss went from 2 to 0.1235 in 2 epochs."
    one = epochs(loss=[2.0], guess=Guessing(2.5))
    assert one.way() == "The training loss was 2 in this epoch. A net that only guesses has 2.5."


def test_which_samples_are_right() -> None:
    both = epochs(accuracy=[0.1, 0.505], right=[0.2, 0.4])
    assert both.right() == [
        "At the end it gets 50.5 % of the training samples and 40.0 % of the validation samples right."
    ]
    assert epochs(right=[0.2, 0.4]).right() == ["At the end it gets 40.0 % of the validation samples right."]
    assert epochs(loss=[1.0]).right() == []


NONE = "There are no validation data, so nothing tells whether it overfits."


def test_notes() -> None:
    assert epochs(loss=[2.0, 1.0]).notes() == [NONE]
    assert epochs(loss=[2.0, 1.0], wanted=3).notes() == ["Training was ended after 2 of 3 epochs.", NONE]
    assert epochs(loss=[2.0, 1.0], wanted=2).notes() == [NONE]
    above = epochs(loss=[2.0, 1.02], valid=[2.0, 1.0])
    words = "The training loss (1.02) lies above the validation loss (1)"
    assert above.notes() == [
        f"{words}: it is a mean over the epoch, while the net was still learning, and validation comes after it."
    ]
    dropped = epochs(loss=[2.0, 1.02], valid=[2.0, 1.0], has_dropout=True)
    assert dropped.notes() == [
        f"{words} because dropout switches units off while the net trains, and none while it is validated. That is as "
        "it should be."
    ]
    assert epochs(loss=[2.0, 1.01], valid=[2.0, 1.0]).notes() == []


def test_a_loss_that_swings() -> None:
    steady, wild = [9.0, 1.0, 9.0, 1.0, 9.0], [1.0, 1.25, 1.0, 1.25, 1.0]
    swings = epochs(loss=[2.0] * 10, valid=[9.0] * 5 + wild)
    assert swings._swings() == (
        "The validation loss jumps up and down by some 25 % from epoch to epoch: a smaller learning rate or more "
        "validation data would show more clearly where it goes."
    )
    assert epochs(loss=steady + [2.0] * 5)._swings() == ""
    assert epochs(loss=[9.0] * 5 + [1.0, 1.16, 1.0, 1.16, 1.0])._swings().startswith("The training loss jumps")
    assert epochs(loss=[9.0] * 5 + [1.0, 1.14, 1.0, 1.14, 1.0])._swings() == ""


def test_percents() -> None:
    assert [percent(share) for share in (0.0312, 0.0949, 0.095, 0.4567, 1.0)] == [
        "3.1 %",
        "9.5 %",
        "10 %",
        "46 %",
        "100 %",
    ]


def test_the_mark_of_guessing() -> None:
    y = np.array([0, 0, 0, 1])
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert guessing(cross_entropy, y) == Guessing(pytest.approx(entropy), 0.75, "the entropy of the labels, 0.5623")
    assert guessing(cross_entropy, y + 2) == Guessing(pytest.approx(entropy), 0.75, "the entropy of the labels, 0.5623")
    assert guessing(cross_entropy, np.arange(30) % 3) == Guessing(pytest.approx(np.log(3)), 1 / 3, "ln 3 = 1.099")
    nearly = np.repeat([0, 1], [55, 45])
    assert guessing(cross_entropy, nearly).words == "ln 2 = 0.6931"
    assert guessing(cross_entropy, np.repeat([0, 1], [56, 44])).words == "the entropy of the labels, 0.6859"
    assert guessing(cross_entropy, np.repeat([0, 1], [58, 42])).words == "the entropy of the labels, 0.6803"
    assert guessing(cross_entropy, np.zeros(4, int)) == Guessing(0.0, 1.0, "the entropy of the labels, 0")
    for loss in (mean_squared_error, lambda p, y: (float("nan"), p), lambda p, y: (entropy * 1.0011, p)):
        assert guessing(loss, y) == Guessing(None, 0.75)
    assert guessing(lambda p, y: (entropy * 1.0009, p), y).loss == pytest.approx(entropy)
    asked: list = []
    guessing(lambda p, y: (asked.append(p) or 0.0, p), np.array([0, 0, 2, 2]))
    np.testing.assert_allclose(asked, [[np.log([0.5, 1e-12, 0.5])] * 4])
    numbers = np.array([[1.0, 5.0], [3.0, 5.0]])
    found = guessing(lambda p, y: (float(np.abs(p - [2, 5]).sum()) + 0.25, p), numbers)
    assert found == Guessing(0.25, None, "0.25, by always answering the mean")
    assert guessing(lambda p, y: (np.inf, p), numbers) == guessing(None, numbers) == Guessing()
    for none in ([], [-1, 1], [[0, 1]], ["a"], [True]):
        assert guessing(cross_entropy, np.array(none)) == Guessing()
    assert guessing(None, y) == Guessing(None, 0.75)


@pytest.mark.parametrize("error", [ValueError, TypeError, IndexError])
def test_a_loss_that_takes_something_else(error: type[Exception]) -> None:
    def picky(p: Any, y: Any) -> Any:
        raise error

    assert guessing(picky, np.array([0, 1])) == Guessing(None, 0.5)


TWO = Guessing(2.0, 0.5, "a guess")


def read(guess: Guessing | None = None, **columns: Any) -> Any:
    return read_course(SimpleNamespace(rows=epochs(**columns).rows), guess=guess)


def test_the_bounds_of_diverged() -> None:
    advice = "Start again with a tenth of the learning rate, or clip the gradients with clip_norm=1.0."
    found = read(loss=[2.0, 1.0, 2.5], accuracy=[0.5] * 3)
    assert str(found) == (
        "It diverged from epoch 3 on.\nThe training loss rose from 1 in epoch 2 to 2.5.\n"
        f"At the end it gets 50.0 % of the training samples right.\n{advice}"
    )
    assert found.epoch == 3
    assert read(loss=[2.0, 1.0, 2.0]).kind != "diverged"
    assert read(loss=[1.5, 1.0, 1.5]).kind != "diverged"
    assert read(loss=[1.5, 1.0, 1.6]).kind == "diverged"
    assert read(loss=[1.1, 1.0, 1.5]).kind != "diverged"
    found = read(guess=TWO, loss=[5.0, 4.1, 4.5])
    assert (
        str(found)
        == f"It diverged from the start.\nThe training loss ends at 4.5; a net that only guesses has a guess.\n{advice}"
    )
    assert found.epoch == 1
    assert read(guess=TWO, loss=[5.0, 4.0, 4.5]).kind != "diverged"
    first = read(loss=[np.nan, 1.0])
    assert (first.sentences, first.epoch) == (("The training loss is nan in epoch 1.",), 1)
    assert read(loss=[1.0, 0.12345, -np.inf]).sentences == (
        "The training loss is -inf in epoch 3, 0.1235 in the epoch before.",
    )


def test_the_bounds_of_stuck() -> None:
    stuck = "It is stuck at chance: it does no better than guessing."
    assert read(guess=TWO, loss=[2.0, 2.01, 1.94, 2.0, 1.94, 1.945]).headline == stuck
    assert read(guess=TWO, loss=[2.0, 2.01, 1.94, 2.0, 1.93, 1.93]).headline != stuck
    assert read(guess=TWO, loss=[2.0]).headline != stuck
    lucky = {"loss": [2.0, 2.01, 2.0], "accuracy": [0.0, 0.0, 0.76]}
    assert read(guess=TWO, **lucky).headline != stuck
    assert read(guess=TWO, **lucky | {"accuracy": [0.9, 0.9, 0.75]}).headline == stuck
    assert read(guess=Guessing(2.0), **lucky).headline == stuck
    large = read(guess=TWO, loss=[3.1, 2.0, 2.01])
    assert large.sentences[1] == "In the first epoch it was 3.1: steps that were too large threw the weights far off."
    assert large.advice == (
        "Start again with a much smaller learning rate: tinynet find-rate or learner.find_rate() suggests one."
    )
    assert len(read(guess=TWO, loss=[3.0, 2.0, 2.01]).sentences) == 1
    slow = read(guess=TWO, loss=[2.11, 2.1, 2.09, 2.08])
    assert slow.headline == "It has hardly begun: the training loss falls by 0.48 % an epoch."
    assert slow.advice == "Take a larger learning rate: tinynet find-rate or learner.find_rate() suggests one."
    assert read(guess=TWO, loss=[2.5, 2.3, 2.2, 2.19]).headline == stuck
    assert read(guess=TWO, loss=[2.5, 2.4, 2.3, 2.2]).kind == "unfinished"


def test_the_bounds_of_stuck_without_a_mark() -> None:
    advice = read(guess=Guessing(None, 0.5), loss=[1.0, 1.001, 1.0]).advice
    assert advice == (
        "More epochs will not help. See whether it can learn a single batch (tinynet check or "
        "learner.overfit_one_batch()), try another learning rate (tinynet find-rate or learner.find_rate()), and look "
        "whether the last layer fits the loss (cross_entropy takes the numbers before a softmax)."
    )
    still = "It is stuck: the training loss has not moved."
    found = read(loss=[1.0, 1.009, 1.0])
    assert str(found).startswith(
        f"{still}\nThe training loss was 1 in the first epoch and is 1 in the last.\nMore epochs"
    )
    assert found.advice.endswith("look whether the last layer fits the loss.")
    assert read(loss=[1.0, 1.02, 1.0]).headline != still
    assert read(loss=[-1.0, -1.009, -1.0]).headline == still
    assert read(loss=[1.0, 1.001]).headline != still
    assert read(loss=[1.0, 1.001, 1.0], accuracy=[0.9, 0.9, 0.9]).headline == still
    assert read(loss=[1.0, 1.001, 1.0], accuracy=[0.9, 0.9, 0.91]).headline != still
    wild = {"loss": [1.0, 1.2, 1.1, 1.2, 1.1, 1.15, 1.1, 1.2, 1.0, 1.1, 1.2, 1.1]}
    same = {"accuracy": [0.6] * 8 + [0.5] * 4}
    assert read(**wild, **same).headline == "It is stuck: exactly 50.00 % are right, epoch after epoch."
    assert not read(**wild, accuracy=[0.6] * 9 + [0.5] * 3).headline.startswith("It is stuck")
    chance = "It is stuck at chance: it does no better than guessing."
    for share, said in ((0.52, True), (0.54, False)):
        shares = [0.9] * 8 + [share, share, share, share + 0.01]
        found = read(guess=Guessing(None, 0.5), **wild, accuracy=shares)
        assert (found.headline == chance) is said


def test_the_bounds_of_overfitted() -> None:
    valid, loss = [2.0, 1.0, 1.0, 1.0, 1.2, 1.2, 1.2], [2.0, 1.5, 1.2, 1.0, 0.8, 0.6, 0.5]
    found = read(loss=loss, valid=valid, right=[0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.895])
    assert found.headline == "It overfits from epoch 3 on."
    assert found.sentences == (
        "The validation loss was lowest in epoch 2, at 1, and is around 1.2 at the end, while the training loss fell "
        "from 1.5 to 0.5: what it learns now holds for the training data alone.",
        "At the end it gets 89.5 % of the validation samples right.",
        "It gets as many validation samples right as then, but is surer of those it gets wrong.",
    )
    assert found.advice == (
        'Keep the weights of epoch 2 (callbacks=[KeepBest("valid_loss")]), or train on more data, with augmentation, '
        "dropout or weight decay."
    )
    assert len(read(loss=loss, valid=valid, right=[0.5] + [0.9] * 5 + [0.89]).sentences) == 2
    assert read(loss=[2.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5], valid=valid).kind != "overfitted"
    never = read(guess=Guessing(1.03, None, "a guess"), loss=loss, valid=valid, right=[0.9] * 7)
    assert never.sentences[0].endswith(
        " Even then it was no better than guessing (a guess): nothing that it learns carries over to other samples. Do "
        "the labels belong to the samples?"
    )
    assert len(never.sentences) == 2
    assert "Even then" not in str(read(guess=Guessing(1.04), loss=loss, valid=valid))


def test_the_bounds_of_done() -> None:
    level = [2.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert read(loss=level).headline == "Done: the training loss has levelled off since epoch 3."
    nothing = "Done: there is next to nothing left to learn since epoch 3."
    assert read(loss=level, accuracy=[1.0] * 7).headline == nothing
    assert read(loss=level, accuracy=[1.0] * 7, right=[0.9] * 7).headline != nothing
    assert read(loss=level, accuracy=[1.0] * 7, right=[1.0] * 7).headline == nothing
    assert read(guess=Guessing(51.0), loss=level).headline == nothing
    assert read(guess=Guessing(50.0), loss=level).headline != nothing
    late = [1.0, 1.2, 1.1, 1.25, 1.1, 1.3, 1.0, 0.6]
    assert read(loss=late).headline == "Done: the training loss no longer falls by 1 % an epoch."


def fit(**known: Any) -> str:
    return course._fit(epochs(**{"loss": [1.0], "guess": Guessing(2.0)} | known))


def test_how_well_a_net_knows_its_samples() -> None:
    better = (
        "It knows its own samples better than others: more data, augmentation, dropout or weight decay may bring the "
    )
    better += "two closer."
    badly = "It does not fit its own samples well: a larger net, or another learning rate, may fit them better."
    assert fit(accuracy=[0.5], right=[0.25]) == better
    assert fit(accuracy=[0.0625], right=[0.0]) == better
    assert fit(accuracy=[0.05], right=[0.0]) == ""
    assert fit(accuracy=[0.89], loss=[1.01]) == badly
    assert fit(accuracy=[0.89], loss=[1.0]) == fit(accuracy=[0.9], loss=[1.01]) == fit(right=[0.1], loss=[1.01]) == ""
    assert fit(accuracy=[0.1], loss=[9.0], guess=Guessing()) == ""


def test_the_bounds_of_unfinished() -> None:
    one = read(loss=[1.8], valid=[1.0])
    assert str(one) == (
        "One epoch is too little to tell how it goes on.\nThe training loss was 1.8 in this epoch.\nThe training loss "
        "(1.8) lies above the validation loss (1): it is a mean over the epoch, while the net was still learning, and "
        "validation comes after it.\nTrain for more epochs."
    )
    falls = list(2 * 0.95 ** np.arange(8))
    assert read(loss=falls).headline == "Unfinished: the training loss is still falling by 5 % an epoch."
    assert read(loss=falls, accuracy=[1.0] * 8).kind == "done"
    assert read(guess=Guessing(3.0), loss=[0.05, 0.04, 0.035, 0.031]).kind == "unfinished"
    assert read(guess=Guessing(3.0), loss=[0.05, 0.04, 0.035, 0.029]).kind == "done"
    assert read(loss=[1.0, 0.05, 0.02, 0.011]).kind == "unfinished"
    assert read(loss=[1.0, 0.05, 0.02, 0.009]).kind == "done"
    late = [5.0] * 12 + [4.0, 3.8, 3.6, 3.4]
    assert read(loss=late).headline == "Unfinished: the training loss is still falling by 5.3 % an epoch."
    assert read(loss=[3.0, 2.0, 1.0, 0.0, -1.0]).headline.endswith("still falling by 25 % of its whole way an epoch.")
