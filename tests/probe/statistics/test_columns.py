"""Values over time stay in a bounded number of columns, and none gets lost."""

import numpy as np
import pytest

from tinynet.probe.statistics.columns import Columns, mean_of, sum_of


def filled(n, most=8, combine=mean_of):
    columns = Columns(most, combine)
    for step in range(1, n + 1):
        columns.add(10 * step, {"a": np.array([step, -step, np.nan])})
    return columns


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 17, 100, 1000, 1023])
def test_however_long_the_columns_are_few_alike_and_cover_all(n):
    columns = filled(n)
    found = columns.list
    assert len(found) <= 8
    assert len(found) > 4 or n <= 4
    assert sum(column.n for column in found) == n
    assert len({column.n for column in found[:-1]}) <= 1
    assert found[-1].n <= found[0].n
    assert [column.first for column in found[1:]] == [column.last + 10 for column in found[:-1]]
    assert (found[0].first, found[-1].last) == (10, 10 * n)
    for column in found:  # the mean of 1, 2, … from the first step to the last
        mean = (column.first + column.last) / 20
        np.testing.assert_allclose(column.values["a"], [mean, -mean, np.nan])


def test_counts_add_up():
    columns = filled(100, combine=sum_of)
    assert columns.stacked("a").sum(axis=0)[0] == 5050


def test_a_training_that_goes_back_leaves_no_later_step():
    columns = filled(5)
    columns.add(30, {"a": np.zeros(3)})
    assert [column.last for column in columns.list] == [10, 20, 30]
    assert columns.stacked("a")[-1].tolist() == [0, 0, 0]


def test_what_was_not_seen_does_not_spoil_a_mean():
    mean = mean_of(np.array([np.nan, 2.0, np.nan]), 3, np.array([1.0, np.nan, np.nan]), 1)
    np.testing.assert_array_equal(mean, [1, 2, np.nan])


def test_the_mean_is_that_of_all_looks():
    assert mean_of(np.array([1.0]), 3, np.array([5.0]), 1).tolist() == [2.0]


def test_infinity_is_passed_on_without_a_warning():
    assert mean_of(np.array([np.inf]), 1, np.array([1.0]), 1).tolist() == [np.inf]
    assert np.isnan(mean_of(np.array([np.inf]), 1, np.array([-np.inf]), 1)).all()
    assert mean_of(np.array([3e38], np.float32), 2, np.array([1], np.float32), 1).tolist() == [np.inf]
