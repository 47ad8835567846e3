"""The package's random numbers."""

import re

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import generator_states, seed, set_generator_states, stream, streams

NAMES = ["weights", "shuffling", "dropout", "augmentation"]


def draws(count: int = 4) -> dict[str, list[float]]:
    return {name: stream(name).random(count).tolist() for name in NAMES}


def test_one_seed_gives_the_same_numbers_and_another_gives_others():
    seed(7)
    first = draws()
    seed(7)
    assert draws() == first
    seed(8)
    assert all(draws()[name] != first[name] for name in NAMES)


def test_streams_are_separate():
    seed(7)
    first = draws()
    assert len({tuple(numbers) for numbers in first.values()}) == len(NAMES)
    seed(7)
    stream("dropout").random(100)
    assert stream("weights").random(4).tolist() == first["weights"]


def test_states_put_every_stream_back():
    seed(3)
    stream("dropout").random(5)
    states = generator_states()
    first = draws()
    set_generator_states(states)
    assert draws() == first


def test_every_draw_has_numbers_of_its_own():
    seed(7)
    first, second = draws(), draws()
    assert all(first[name] != second[name] for name in NAMES)
    seed(7)
    one_by_one = stream("dropout").random(2).tolist() + stream("dropout").random(2).tolist()
    assert one_by_one == first["dropout"][:2] + second["dropout"][:2]


@pytest.mark.parametrize("place", [(1, 0), (1, 1), (2, 0), (3, 5)])
def test_numbers_are_a_function_of_seed_and_place(place):
    seed(7)
    before = draws()
    streams.go_to(*place)
    there = draws()
    streams.go_to(9, 9)
    draws(100)
    streams.go_to(*place)
    assert draws() == there
    assert all(there[name] != before[name] for name in NAMES)
    seed(8)
    streams.go_to(*place)
    assert all(draws()[name] != there[name] for name in NAMES)


def test_the_draws_at_one_place_differ_and_come_again_after_going_back():
    seed(7)
    streams.go_to(2, 3)
    first, second, third = draws(), draws(), draws()
    assert all(len({tuple(d[name]) for d in (first, second, third)}) == 3 for name in NAMES)
    streams.go_to(2, 4)
    draws()
    streams.go_to(2, 3)
    assert [draws(), draws(), draws()] == [first, second, third]


def test_numbers_of_different_draws_steps_and_epochs_do_not_overlap():
    seed(7)
    found, n_draws = set(), 0
    for epoch, step in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]:
        streams.go_to(epoch, step)
        for _ in range(3):
            found.update(stream("dropout").integers(2**64, size=1000, dtype=np.uint64).tolist())
            n_draws += 1
    assert len(found) == 1000 * n_draws


def test_numbers_are_those_of_philox_at_the_place():
    seed(7)
    streams.go_to(epoch=5, step=3)
    key = (int(np.random.SeedSequence(7).generate_state(1, np.uint64)[0]), NAMES.index("dropout"))
    for n_draw in range(3):
        philox = np.random.Philox(key=key, counter=[0, n_draw, 3, 5])
        assert stream("dropout").random(5).tolist() == np.random.Generator(philox).random(5).tolist()


def test_epoch_and_step_are_not_taken_for_each_other():
    found = []
    for place in [(1, 2), (2, 1), (1, 1), (2, 2)]:
        seed(7)
        streams.go_to(*place)
        found.append(stream("dropout").random())
    assert len(set(found)) == 4


def test_a_seed_begins_before_training():
    seed(7)
    first = draws()
    streams.go_to(3, 4)
    seed(7)
    assert generator_states() == {"seed": 7, "epoch": 0, "step": 0, "n_draws": dict.fromkeys(NAMES, 0)}
    assert draws() == first


def test_a_place_is_kept_over_a_block():
    seed(7)
    first, second = draws(), draws()
    seed(7)
    assert draws() == first
    with streams.place_kept():
        streams.go_to(3, 4)
        draws()
    assert draws() == second


def test_a_seed_may_be_longer_than_a_word():
    seed(2**200)
    first = draws()
    seed(2**200 + 1)
    assert all(draws()[name] != first[name] for name in NAMES)


def test_without_a_seed_numbers_differ_from_run_to_run(monkeypatch):
    found = []
    for _ in range(2):
        monkeypatch.setattr(streams, "_seed", None)
        found.append(stream("weights").random())
    assert found[0] != found[1]


def test_without_a_seed_the_states_lead_back_too(monkeypatch):
    """So a check of a Dropout, which runs it twice with the same numbers, needs no seed first."""
    monkeypatch.setattr(streams, "_seed", None)
    states = generator_states()
    drawn = stream("dropout").random()
    set_generator_states(states)
    assert stream("dropout").random() == drawn


def test_seed_is_exported_and_takes_numpy_integers():
    tn.seed(np.int64(5))
    first = draws()
    tn.seed(5)
    assert draws() == first


def test_bad_seeds_and_names():
    with pytest.raises(ValueError, match=r"^seed: number must be at least 0, got -1\."):
        seed(-1)
    with pytest.raises(TypeError, match=r"^seed: number must be an integer, got 1\.5\."):
        seed(1.5)
    with pytest.raises(TypeError, match=r"^seed: number must be an integer, got None\."):
        seed(None)
    with pytest.raises(
        ValueError, match=r"^stream: name must be one of 'weights', .*; got 'weight'\.\nHint: did you mean 'weights'\?"
    ):
        stream("weight")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"seed": None}, TypeError, "seed must be an integer, got None."),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1."),
        ({"epoch": -1}, ValueError, "epoch must be at least 0, got -1."),
        ({"step": 1.5}, TypeError, "step must be an integer, got 1.5."),
        ({"n_draws": 3}, ValueError, "n_draws must hold weights, shuffling, dropout, augmentation, got 3."),
        ({"n_draws": {"weights": 0}}, ValueError, "n_draws must hold weights, shuffling, dropout, augmentation, got"),
        ({"n_draws": dict.fromkeys(NAMES, 0) | {"dropout": -1}}, ValueError, "dropout must be at least 0, got -1."),
        ({"n_draws": dict.fromkeys(NAMES, 0) | {"dropout": "2"}}, TypeError, "dropout must be an integer, got '2'."),
        ({"more": 1}, TypeError, "expected what generator_states() gave, got a dict."),
    ],
)
def test_bad_states_are_refused_before_anything_changes(changes, kind, words):
    seed(3)
    stream("dropout")
    states = generator_states()
    with pytest.raises(kind, match=f"^set_generator_states: {re.escape(words)}"):
        set_generator_states(states | changes)
    assert generator_states() == states


def test_states_may_have_a_seed_longer_than_a_word():
    seed(2**200)
    states, first = generator_states(), draws()
    seed(3)
    set_generator_states(states)
    assert draws() == first
    with pytest.raises(
        TypeError, match=r"^set_generator_states: expected what generator_states\(\) gave, got a list\.$"
    ):
        set_generator_states([3])
