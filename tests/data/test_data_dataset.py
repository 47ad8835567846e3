"""Dataset: reading rows, splitting, memory maps, and what it refuses."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinynet as tn
from tinynet.data import Dataset, Normalize, batches, digits


def numbered(n: int = 10, n_classes: int = 2) -> Dataset:
    """Sample i holds the number i, so that every test can see which rows it got."""
    return Dataset(np.arange(float(n))[:, None], np.arange(n) % n_classes)


def test_rows_by_integers_slice_mask_and_alone() -> None:
    d = numbered()
    assert d[[7, 2, -1]][0].ravel().tolist() == [7, 2, 9]
    assert d[2:5][0].ravel().tolist() == [2, 3, 4]
    assert d[np.arange(10) > 7][0].ravel().tolist() == [8, 9]
    assert d[np.array([], int)][0].shape == (0, 1)
    assert d[[]][1].shape == (0,)
    x, y = d[-1]
    assert x.shape == (1,)
    assert (x[0], y) == (9, 1)
    assert d[np.int64(3)][0][0] == 3
    assert d[np.array([1], np.uint8)][0][0, 0] == 1


def test_looping_over_a_dataset_ends() -> None:
    assert [x[0] for x, _ in numbered(3)] == [0, 1, 2]


@pytest.mark.parametrize("index", [10, -11, [0, 10], np.array([-11])])
def test_row_that_is_not_there(index: object) -> None:
    with pytest.raises(IndexError, match=r"there is no sample -?1\d, they count from 0 to 9"):
        numbered()[index]


@pytest.mark.parametrize("index", [1.5, "a", [0.5], [[1, 2]], np.ones(3, bool), None])
def test_indices_of_another_kind(index: object) -> None:
    with pytest.raises(TypeError, match=r"indices must be an integer, a slice or integers, got"):
        numbered()[index]


def test_batches_do_not_share_memory_with_the_data() -> None:
    d = numbered()
    x, _ = d[:5]
    x[...] = -1
    assert d.x[0, 0] == 0


def test_several_inputs_and_outputs() -> None:
    d = Dataset((np.arange(4), np.arange(4) * 10), (np.arange(4.0), np.ones((4, 2))))
    (a, b), (c, e) = d[[1, 3]]
    assert a.tolist() == [1, 3]
    assert b.tolist() == [10, 30]
    assert c.tolist() == [1, 3]
    assert e.shape == (2, 2)
    rest, part = d.split(0.25, rng=0)
    assert sorted([*rest.x[1], *part.x[1]]) == [0, 10, 20, 30]
    assert [value.tolist() for value in d[2][0]] == [2, 20]
    assert repr(d) == "Dataset(4 samples, x[0]=() int64, x[1]=() int64, y[0]=() float64, y[1]=(2,) float64)"


def test_lists_become_arrays() -> None:
    assert Dataset([[1.0, 2.0], [3.0, 4.0]], [0, 1]).x.tolist() == [[1, 2], [3, 4]]


def test_repr_names_shapes_classes_transform_and_source() -> None:
    d = Dataset(np.zeros((4, 1, 2, 2), np.float32), np.arange(4), list("abcd"), Normalize(0, 1))
    d.source = "here"
    assert repr(d) == (
        "Dataset(4 samples, x=(1, 2, 2) float32, y=() int64, 4 classes, "
        "transform=Normalize(mean=[0.0], std=[1.0]), source='here')"
    )


@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), st.floats(0.05, 0.95), st.integers(0, 9))
def test_split_keeps_every_sample_once_and_the_classes_in_proportion(y: list[int], share: float, seed: int) -> None:
    n_part = round(share * len(y))
    d = Dataset(np.arange(len(y)), np.array(y))
    if n_part in (0, len(y)):
        with pytest.raises(ValueError, match="leaves one part empty"):
            d.split(share, rng=seed)
        return
    rest, part = d.split(share, rng=seed)
    assert len(part) == n_part
    assert sorted([*rest.x, *part.x]) == list(range(len(y)))
    assert np.all(np.diff(part.x) > 0)
    assert np.all(np.diff(rest.x) > 0)
    exact = np.bincount(y, minlength=5) * n_part / len(y)
    assert np.all(np.abs(np.bincount(part.y, minlength=5) - exact) < 1)


def test_samples_left_over_by_rounding_go_to_the_largest_remainder() -> None:
    d = Dataset(np.arange(20), np.repeat([0, 1], [4, 16]))  # a tenth of them is 0.4 and 1.6
    assert d.split(0.1, rng=0)[1].y.tolist() == [1, 1]


def test_split_follows_the_seed() -> None:
    d = numbered(100)
    tn.seed(3)
    first = d.split(0.2)[1].x.ravel().tolist()
    second = d.split(0.2)[1].x.ravel().tolist()
    tn.seed(3)
    assert d.split(0.2)[1].x.ravel().tolist() == first
    assert first != second
    from_seed = d.split(0.2, rng=5)[1].x
    assert np.array_equal(d.split(0.2, rng=np.random.default_rng(5))[1].x, from_seed)


def test_split_of_a_split_and_of_numbers() -> None:
    d = Dataset(np.arange(40), np.linspace(0, 1, 40))
    rest = d.split(0.5, rng=0)[0]
    inner = rest.split(0.25, rng=1)[1]
    assert len(inner) == 5
    assert set(inner.x) <= set(rest.x)
    assert np.array_equal(inner.y, d.y[inner.x])
    assert np.array_equal(inner[[0, 4]][0], inner.x[[0, 4]])


def test_parts_share_the_arrays_and_keep_what_belongs_to_them() -> None:
    d = Dataset(np.zeros((6, 2)), np.arange(6) % 2, ["a", "b"], transform=lambda x: x + 1)
    d.source = "here"
    part = d.split(0.5, rng=0)[1]
    assert part._x is d._x
    assert (part.classes, part.source) == (("a", "b"), "here")
    assert part[:1][0].tolist() == [[1, 1]]
    assert copy.deepcopy(part).subset([1]).y.tolist() == [part.y[1]]
    assert pickle.loads(pickle.dumps(numbered().subset([4]))).x.tolist() == [[4]]


def test_transform_applies_when_read_and_changes_nothing_stored() -> None:
    d = numbered()
    doubled = d.with_transform([lambda x: 2 * x, lambda x: x + 1])
    assert doubled[[3, 4]][0].ravel().tolist() == [7, 9]
    assert doubled[3][0].tolist() == [7]
    assert d[[3]][0].tolist() == [[3]]
    assert doubled.x is d.x
    assert doubled.with_transform(None)[[3]][0].tolist() == [[3]]
    assert len(doubled.subset([1, 2])) == 2
    assert len(d) == 10


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2])
def test_split_refuses_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="fraction must lie between 0 and 1, got"):
        numbered().split(share)


def test_other_refusals_of_split_and_subset() -> None:
    with pytest.raises(ValueError, match=r"fraction 0.01 of 10 samples leaves one part empty"):
        numbered().split(0.01)
    with pytest.raises(TypeError, match="fraction must be a number, got 'x'"):
        numbered().split("x")
    with pytest.raises(TypeError, match=r"rng must be a np\.random\.Generator or a seed from 0 on, got 'x'"):
        numbered().split(0.5, rng="x")
    with pytest.raises(ValueError, match="no sample was chosen"):
        numbered().subset([])


@pytest.mark.parametrize(
    ("x", "y", "kind", "words"),
    [
        (np.empty((0, 2)), np.empty(0), ValueError, r"x is empty, its shape is \(0, 2\)"),
        (np.ones((3, 2)), np.empty(0), ValueError, r"y is empty, its shape is \(0,\)"),
        (np.ones((3, 2)), np.ones(4), ValueError, "one row per sample each, but x has 3, y has 4"),
        ((np.ones(3), np.ones(2)), np.ones(3), ValueError, r"but x\[0\] has 3, x\[1\] has 2, y has 3"),
        (np.float64(3), np.ones(1), ValueError, "x must have one row per sample, got the single number 3"),
        ((), np.ones(1), ValueError, "x is an empty tuple"),
        ([[1, 2], [3]], [0, 1], ValueError, "x must be an array, got rows of different shapes"),
        ("abc", np.ones(3), TypeError, "x must be an array, got str"),
        (None, np.ones(3), TypeError, "x must be an array, got NoneType"),
        (np.array(["a", "b"]), np.ones(2), TypeError, "x must hold numbers, got <U1"),
        (np.ones(2), np.array([None, 1]), TypeError, "y must hold numbers, got object"),
        (np.array([1.0, np.nan, np.inf]), np.ones(3), ValueError, "x has NaN or infinity in 2 of 3 samples.*sample 1"),
        (np.ones(3), np.array([0, 1, -np.inf]), ValueError, "y has NaN or infinity in 1 of 3 samples.*sample 2"),
    ],
)
def test_arrays_that_are_refused(x: object, y: object, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        Dataset(x, y)


def test_classes_and_transforms_that_are_refused() -> None:
    x = np.ones((3, 1))
    with pytest.raises(ValueError, match="labels must lie in 0 to 1 for 2 classes, got 0 to 2"):
        Dataset(x, np.arange(3), ["a", "b"])
    with pytest.raises(ValueError, match="labels must lie in 0 to 2 for 3 classes, got -1 to 1"):
        Dataset(x, np.arange(3) - 1, ["a", "b", "c"])
    for classes in ("ab", [0, 1], 2):
        with pytest.raises(TypeError, match="classes must be a list of names, got"):
            Dataset(x, np.arange(3), classes)
    with pytest.raises(TypeError, match="transform must be callable on a batch x, got int"):
        Dataset(x, np.arange(3), transform=3)
    with pytest.raises(TypeError, match="Compose: transform must be callable on a batch x, got str"):
        Dataset(x, np.arange(3), transform=["flip"])


def test_memory_mapped_rows_come_in_the_order_asked_for(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(60.0).reshape(20, 3))
    d = Dataset(np.load(tmp_path / "x.npy", mmap_mode="r"), np.arange(20) % 4)
    x, y = d[[17, 2, 2, 9]]
    assert x[:, 0].tolist() == [51, 6, 6, 27]
    assert y.tolist() == [1, 2, 2, 1]
    assert not isinstance(x, np.memmap)
    part = d.split(0.25, rng=0)[1]
    assert isinstance(part._x, np.memmap)
    order = np.concatenate([x[:, 0] / 3 for x, _ in batches(part, 2, shuffle=True, rng=0)])
    assert sorted(order) == (part.x[:, 0] / 3).tolist()
    assert order.tolist() != sorted(order)


def test_memory_mapped_nan_is_found_when_its_row_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1.0], [2.0], [np.nan], [4.0]]))
    d = Dataset(np.load(tmp_path / "x.npy", mmap_mode="r"), np.zeros(4))
    assert d[[0, 3]][0].ravel().tolist() == [1, 4]
    with pytest.raises(ValueError, match=r"NaN or infinity in 1 of 2 samples, the first is sample 2"):
        d[[3, 2]]


def test_a_file_larger_than_memory_is_read_by_the_batch(tmp_path: Path) -> None:
    shape = (65536, 512, 512)  # 64 GiB, as a file with holes
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, shape).flush()
    tracemalloc.start()
    try:
        x = np.load(tmp_path / "x.npy", mmap_mode="r")
        for y in (np.arange(shape[0]) % 10, x):
            train, valid = Dataset(x, y).split(0.1, rng=0)
            for part in (train, valid, valid.split(0.5, rng=0)[1]):
                rows, _ = next(batches(part, 16, shuffle=True, rng=0))
                assert rows.shape == (16, 512, 512)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6


def test_digits_are_the_published_ones() -> None:
    train, test = digits()
    assert (len(train), len(test)) == (1437, 360)
    for part in (train, test):
        assert part.x.dtype == np.float32
        assert part.x.shape[1:] == (1, 8, 8)
        assert part.y.dtype == np.int64
        assert (part.x.min(), part.x.max()) == (0, 1)
        assert part.classes == tuple("0123456789")
    assert np.bincount(test.y).tolist() == [36] * 10
    assert np.bincount(train.y).tolist() == [142, 146, 141, 147, 145, 146, 145, 143, 138, 144]
    assert round(float((train.x.sum() + test.x.sum()) * 16)) == 561718  # every pixel counts
    first = (train.x[0, 0, 0] * 16).tolist()
    assert first == [0, 0, 5, 13, 9, 1, 0, 0]
    assert not {row.tobytes() for row in train.x} & {row.tobytes() for row in test.x}
