"""What a callback or an optimizer remembers belongs to one learner, and only a callback that began is ended."""

import copy
import pickle

import numpy as np
import pytest

import tinynet as tn
from tests.learner.test_callbacks import Scripted, weight
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import (
    AverageWeights,
    Callback,
    CSVLog,
    EarlyStopping,
    KeepBest,
    Learner,
    LearningRateLog,
    ReduceOnPlateau,
)
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, ParameterGroups

ONES = np.ones((4, 1), np.float32)


def one_weight(value=0.0):
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = np.full((1, 1), value)
    return net


def learner(net=None, optimizer=None, **options):
    return Learner(
        net or one_weight(), mean_squared_error, optimizer or SGD(lr=0.1), Dataset(ONES, ONES), batch_size=2, **options
    )


# Callbacks for two learners, as in folds.


def test_keep_best_gives_each_fold_its_own_net():
    keep = KeepBest("loss")
    first, second = Scripted([1, 2, 3], [keep]), Scripted([7, 5, 6], [keep])
    first.fit(epochs=3, progress=False)
    second.fit(epochs=3, progress=False)
    assert (weight(first), weight(second)) == (1, 2)
    assert (keep.best_epoch, keep.best) == (2, 5.0)


def test_keep_best_saves_the_best_of_the_learner_that_trains(tmp_path):
    keep = KeepBest("loss", path=tmp_path / "best.safetensors")
    Scripted([1, 2], [keep]).fit(epochs=2, progress=False)
    Scripted([7, 5], [keep]).fit(epochs=2, progress=False)
    assert float(tn.load(keep.path)[0].weight.tensor[0, 0]) == 2


def test_a_second_fold_without_an_improvement_keeps_its_own_last_weights():
    keep = KeepBest("loss")
    Scripted([1, 2], [keep]).fit(epochs=2, progress=False)
    second = Scripted([float("nan")] * 3, [keep])
    second.fit(epochs=3, progress=False)
    assert (weight(second), keep.best) == (3, None)


def test_keep_best_still_looks_at_the_whole_history_of_one_learner():
    keep = KeepBest("loss")
    alone = Scripted([1, 2, 3, 4], [keep])
    alone.fit(epochs=2, progress=False)
    alone.fit(epochs=2, progress=False)
    assert (weight(alone), keep.best_epoch) == (1, 1)


def every_callback(folder):
    return [
        EarlyStopping("loss", patience=3),
        ReduceOnPlateau("loss", patience=1),
        LearningRateLog(),
        AverageWeights(0.5),
        CSVLog(folder / "log.csv"),
        KeepBest("loss"),
    ]


def test_every_callback_does_for_a_second_learner_what_a_new_one_does(tmp_path):
    """All that two callbacks remember after the same training is the same, whatever one of them saw before."""

    def train(callbacks, losses):
        scripted = Scripted(losses, callbacks, batch_size=2)
        scripted.fit(epochs=len(losses), progress=False)
        return scripted

    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    used, new = every_callback(tmp_path / "a"), every_callback(tmp_path / "b")
    train(used, [0.1, 5, 0.05, 7, 8])
    ours, theirs = train(used, [3, 2, 4, 1, 6]), train(new, [3, 2, 4, 1, 6])
    assert weight(ours) == weight(theirs)
    assert ours.history["lr"] == theirs.history["lr"]
    assert (ours.stop_reason, len(ours.history)) == (theirs.stop_reason, len(theirs.history))
    assert (used[0].waited, used[1].waited, used[1].resting) == (new[0].waited, new[1].waited, new[1].resting)
    assert used[2].rates == new[2].rates
    assert used[3].average.n_updates == new[3].average.n_updates == 10
    assert (used[5].best, used[5].best_epoch) == (new[5].best, new[5].best_epoch)


def test_callbacks_can_be_copied_after_training(tmp_path):
    callbacks = every_callback(tmp_path)
    Scripted([1, 2], callbacks).fit(epochs=2, progress=False)
    assert copy.deepcopy(callbacks[-1]).best == pickle.loads(pickle.dumps(callbacks[-1])).best == 1


def test_one_callback_twice_is_refused():
    stopping = EarlyStopping("loss")
    with pytest.raises(
        ValueError, match=r"Learner: the EarlyStopping stands twice in callbacks.*\nHint: make a second"
    ):
        learner(callbacks=[stopping, KeepBest("loss"), stopping])


# An optimizer for two nets.


@pytest.mark.parametrize("make", [lambda: SGD(lr=lambda step: 0.1 / (1 + step)), lambda: Adam(lr=0.1)])
def test_an_optimizer_for_a_second_net_is_refused_before_anything_is_done(make):
    optimizer, begun = make(), []

    class Begin(Callback):
        def on_fit_begin(self, learner):
            begun.append(learner)

    learner(optimizer=optimizer).fit(progress=False)
    second = learner(optimizer=optimizer, callbacks=[Begin()])
    sentence = (
        r"^(SGD|Adam): it has updated another net, .*\nHint: make an optimizer for each net; in a loop over folds"
    )
    with pytest.raises(ValueError, match=sentence):
        second.fit(progress=False)
    assert (begun, weight(second), len(second.history)) == ([], 0, 0)
    with pytest.raises(ValueError, match=sentence):
        second.net.update(optimizer)


def test_an_optimizer_stays_with_a_net_that_grows_thaws_or_is_trained_again():
    net, optimizer = one_weight(), SGD(lr=0.1)
    learner(net, optimizer).fit(progress=False)
    learner(net, optimizer).fit(progress=False)
    grown = Net([Linear(1, 1), *net])
    learner(grown, optimizer).fit(progress=False)
    grown[1].weight.trainable = False
    learner(grown, optimizer).fit(progress=False)
    learner(Net([grown[0]]), optimizer).fit(progress=False)
    assert optimizer.n_steps == 10


def test_groups_belong_to_one_net_too():
    net = Net([Linear(1, 2), Linear(2, 1)])
    rule = ParameterGroups([("0.*", SGD(lr=0.1)), ("9.*", SGD(lr=0.1)), ("*", SGD(lr=0.1))])
    for parameter in net[0].parameters().values():
        parameter.trainable = False
    learner(net, rule).fit(progress=False)
    for layer, trains in ((0, True), (1, False)):  # the groups change places
        for parameter in net[layer].parameters().values():
            parameter.trainable = trains
    learner(net, rule).fit(progress=False)
    with pytest.raises(ValueError, match="it has updated another net"):
        learner(optimizer=rule).fit(progress=False)


def test_a_group_that_has_trained_another_net_is_refused():
    used = SGD(lr=0.1)
    learner(optimizer=used).fit(progress=False)
    with pytest.raises(ValueError, match="SGD: it has updated another net"):
        learner(optimizer=ParameterGroups([("*", used)])).fit(progress=False)


@pytest.mark.parametrize(
    "make", [lambda: Adam(lr=0.1), lambda: ParameterGroups([("9.*", Adam(lr=0.1)), ("*", SGD(lr=0.1))])]
)
def test_a_state_that_is_loaded_takes_the_optimizer_to_other_parameters(make):
    first, optimizer = one_weight(), make()
    learner(first, optimizer).fit(progress=False)
    second, again = one_weight(), make()
    second.load_state(first.state())
    again.load_state(optimizer.state(first.parameters()), second.parameters())
    learner(first, optimizer).fit(progress=False)
    learner(second, again).fit(progress=False)
    assert first[0].weight.tensor == second[0].weight.tensor


def test_copied_together_net_and_optimizer_go_on():
    net, optimizer = one_weight(), SGD(lr=0.1)
    learner(net, optimizer).fit(progress=False)
    for twin_net, twin in (copy.deepcopy((net, optimizer)), pickle.loads(pickle.dumps((net, optimizer)))):
        learner(twin_net, twin).fit(progress=False)
        assert twin.n_steps == 4


# on_fit_end.


class Diary(Callback):
    def __init__(self, name, calls, fails=""):
        self.name, self.calls, self.fails = name, calls, fails

    def on_fit_begin(self, learner):
        self.calls.append(f"{self.name} begins")
        if self.fails == "begin":
            raise KeyError(self.name)

    def on_fit_end(self, learner):
        self.calls.append(f"{self.name} ends")
        if self.fails == "end":
            raise OSError(self.name)


def test_only_callbacks_that_began_are_ended_and_in_their_order():
    calls = []
    with pytest.raises(KeyError, match="c"):
        learner(callbacks=[Diary("a", calls), Diary("b", calls), Diary("c", calls, "begin"), Diary("d", calls)]).fit()
    assert calls == ["a begins", "b begins", "c begins", "a ends", "b ends"]


def test_all_are_ended_even_if_one_fails_to():
    calls = []
    with pytest.raises(OSError, match="a"):
        learner(callbacks=[Diary("a", calls, "end"), Diary("b", calls)]).fit(progress=False)
    assert calls == ["a begins", "b begins", "a ends", "b ends"]


def test_a_wrong_monitor_keeps_its_own_error():
    with pytest.raises(ValueError, match=r"EarlyStopping: there is no column 'valid_loss'"):
        learner(callbacks=[EarlyStopping(), AverageWeights()]).fit(progress=False)
    with pytest.raises(ValueError, match=r"KeepBest: there is no column 'valid_loss'"):
        learner(callbacks=[AverageWeights(), KeepBest()]).fit()


def test_a_callback_that_fails_first_lets_no_other_overwrite_the_weights():
    keep = KeepBest("loss")
    first = Scripted([1, 2], [keep])
    first.fit(epochs=2, progress=False)
    first.callbacks = (EarlyStopping("nothing", mode="min"), keep)
    first.net[0].weight.tensor = [[42.0]]
    with pytest.raises(ValueError, match="there is no column 'nothing'"):
        first.fit(progress=False)
    assert weight(first) == 42
