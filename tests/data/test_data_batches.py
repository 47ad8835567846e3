"""batches: every sample once, in the order of the seed, from any source."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset, batches


class Squares:
    """A source of the user's own: len and indices, nothing else."""

    def __init__(self, n: int, answer: object = None) -> None:
        self.n = n
        self.answer = answer

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, indices: np.ndarray) -> object:
        return (indices, indices**2) if self.answer is None else self.answer


@pytest.mark.parametrize(
    ("n", "batch_size", "drop_last", "sizes"),
    [
        (10, 4, False, [4, 4, 2]),
        (10, 4, True, [4, 4]),
        (8, 4, False, [4, 4]),
        (8, 4, True, [4, 4]),
        (3, 10, False, [3]),
    ],
)
def test_sizes(n: int, batch_size: int, drop_last: bool, sizes: list[int]) -> None:
    assert [len(x) for x, _ in batches(Squares(n), batch_size, drop_last=drop_last)] == sizes


def test_order_is_kept_without_shuffling() -> None:
    assert np.concatenate([y for _, y in batches(Squares(5), 2)]).tolist() == [0, 1, 4, 9, 16]


def test_shuffling_gives_every_sample_once_and_x_stays_with_y() -> None:
    x, y = (np.concatenate(parts) for parts in zip(*batches(Squares(50), 8, shuffle=True, rng=1), strict=True))
    assert x.tolist() != list(range(50))
    assert sorted(x.tolist()) == list(range(50))
    assert np.array_equal(y, x**2)


def test_shuffling_follows_the_package_seed_and_differs_between_epochs() -> None:
    def order() -> list[int]:
        return np.concatenate([x for x, _ in batches(Squares(50), 8, shuffle=True)]).tolist()

    tn.seed(7)
    first, second = order(), order()
    tn.seed(7)
    assert order() == first
    assert first != second
    tn.seed(8)
    assert order() != first


def test_reading_in_order_draws_nothing() -> None:
    tn.seed(7)
    before = tn.core.generator_states()
    list(batches(Squares(5), 2))
    assert tn.core.generator_states() == before


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("first", [0, 1, 3, 6])
def test_the_first_batches_are_left_out_of_the_same_order(first: int, drop_last: bool) -> None:
    tn.seed(7)
    whole = [x.tolist() for x, _ in batches(Squares(20), 3, shuffle=True, drop_last=drop_last)]
    tn.seed(7)
    rest = [x.tolist() for x, _ in batches(Squares(20), 3, shuffle=True, drop_last=drop_last, first=first)]
    assert rest == whole[first:]
    with pytest.raises(ValueError, match="first must be at least 0, got -1"):
        batches(Squares(20), 3, first=-1)


@pytest.mark.parametrize(
    ("source", "batch_size", "kind", "words"),
    [
        (Squares(4), 0, ValueError, "batch_size must be at least 1, got 0"),
        (Squares(4), -3, ValueError, "batch_size must be at least 1, got -3"),
        (Squares(4), 2.0, TypeError, "batch_size must be an integer, got 2.0"),
        (Squares(0), 2, ValueError, "is empty"),
        (np.ones(3), 2, TypeError, r"expected a data set with len\(d\) and d\[indices\] -> \(x, y\), got ndarray"),
        ((np.ones(3), np.ones(3)), 2, TypeError, "got tuple"),
        (3, 2, TypeError, "got int"),
    ],
)
def test_refusals_come_at_once(source: object, batch_size: object, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        batches(source, batch_size)


def test_dropping_the_only_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="drop_last leaves no batch, there are 3 samples and batch_size is 4"):
        batches(Squares(3), 4, drop_last=True)


@pytest.mark.parametrize("answer", [np.ones(2), (1, 2, 3), [1, 2, 3]])
def test_a_source_that_gives_no_pair(answer: object) -> None:
    with pytest.raises(TypeError, match=r"d\[indices\] must be a pair \(x, y\), got"):
        next(batches(Squares(4, answer), 2))


def test_a_dataset_is_read_through_its_transform() -> None:
    d = Dataset(np.ones((4, 1)), np.arange(4), transform=lambda x: x * 3)
    assert next(batches(d, 2))[0].tolist() == [[3], [3]]
