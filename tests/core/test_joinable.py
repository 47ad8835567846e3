"""Numbers over parts of some data, and what they are over all of it."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

from tinynet.core import Mean, Total
from tinynet.core.joinable import Joinable, Sum, keeping_data, of_all, reduced
from tinynet.metrics import f1_score


def test_means_are_joined_by_what_they_are_over() -> None:
    parts = [Mean(3.0, 4), Mean(0.0, 0), Mean(1.0, 1)]
    for order in (parts, parts[::-1]):
        joined = order[0].joined(order[1:])
        assert joined == 0.8
        assert (joined.total, joined.over) == (4, 5)
    assert Mean(1, 3) == 1 / 3


def test_the_mean_of_nothing() -> None:
    assert math.isnan(Mean(0, 0))
    assert math.isnan(Mean(0, 0).joined([Mean(0, 0)]))
    nothing = Mean(0, 0, of_nothing=0.5)
    assert nothing == nothing.joined([nothing]) == 0.5
    assert nothing.joined([Mean(3, 1)]) == 3
    assert reduced(0.0, 0, "mean") == reduced(0.0, 0, "mean").joined([reduced(0.0, 0, "mean")]) == 0
    assert math.isnan(Mean(math.nan, 1).joined([Mean(1.0, 1)]))


def test_totals_add_up() -> None:
    assert Total(3.0).joined([Total(1.0), Total(0.5)]) == 4.5
    assert type(reduced(3.0, 4, "sum")) is Total


def test_what_needs_all_data_keeps_them_only_where_it_is_asked_to() -> None:
    data = np.arange(4.0)
    assert type(of_all(np.float64(3.0), np.max, data)) is float
    with keeping_data():
        with keeping_data():
            pass
        kept = of_all(3.0, np.max, data)
        assert kept == 3
        assert kept.needs_all  # type: ignore[attr-defined]
        assert kept.joined([of_all(9.0, np.max, data + 6), kept]) == 9  # type: ignore[attr-defined]
    assert type(of_all(3.0, np.max, data)) is float
    with pytest.raises(KeyError), keeping_data():
        raise KeyError
    assert type(of_all(3.0, np.max, data)) is float


def test_sums_and_multiples_of_numbers() -> None:
    mean, total, score = Mean(3.0, 4), Total(5.0), f1_score(np.array([0, 1, 1]), np.array([0, 1, 0]))
    for number, value, doubled in (
        (mean + total, 5.75, 10.75),  # a mean stays, and a total doubles
        (2 * mean, 1.5, 1.5),
        (mean / 3, 0.25, 0.25),
        (-1 * total, -5.0, -10.0),
        ((mean + total) * 2, 11.5, 21.5),
        (sum([mean, mean]), 1.5, 1.5),
    ):
        assert number == pytest.approx(value)
        assert number.joined([number]) == pytest.approx(doubled)  # type: ignore[union-attr]
    for number in (mean + 1, 1 + mean, mean + 0.0, mean * mean, mean / mean, 2 * score, np.float32(2) * mean, mean - 1):
        assert not isinstance(number, (Mean, Total))
    assert 0 + mean is mean
    with pytest.raises(ZeroDivisionError):
        mean / 0
    assert (score + mean).joined([score + mean]) == pytest.approx(score + 0.75)


def test_sums_know_whether_they_need_all() -> None:
    with keeping_data():
        kept = of_all(3.0, np.max, np.arange(4.0))
        number = kept + Mean(1.0, 2)
        assert number.needs_all  # type: ignore[attr-defined]
        assert number.joined([number]) == 3.5  # type: ignore[attr-defined]
    assert not (Mean(1.0, 2) + Mean(1.0, 2)).needs_all
    assert (2 * kept).__class__ is float


def test_copies() -> None:
    with keeping_data():
        kept = of_all(3.0, np.max, np.arange(4.0))
    for number in (Mean(3.0, 4), Mean(0.0, 0, of_nothing=2.0), Total(2.5), Sum([Mean(3.0, 4), Total(2.0)]), kept):
        for same in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
            assert same == number
            assert type(same) is type(number)
            assert same.joined([same]) == number.joined([number])  # type: ignore[attr-defined]


def test_a_joinable_of_ones_own_has_to_say_how() -> None:
    with pytest.raises(NotImplementedError):
        Joinable(1.0).joined([])
