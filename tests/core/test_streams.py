"""The package's random numbers."""

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


def test_without_a_seed_numbers_differ_from_run_to_run(monkeypatch):
    found = []
    for _ in range(2):
        monkeypatch.setattr(streams, "_generators", {})
        found.append(stream("weights").random())
    assert found[0] != found[1]


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
