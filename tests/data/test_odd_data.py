"""Data as people have them: masked arrays, columns that can lack values, classes from NumPy, single samples."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from tinynet.core import seed, stream
from tinynet.core.streams import go_to, place_kept
from tinynet.data import Dataset, batches
from tinynet.layers import Linear
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.net import Net

MASKED = np.ma.masked_equal(np.array([[1.0, -999.0], [2.0, 3.0]]), -999)
LABELS = np.array([0, 1])


class NAType:
    """What a table of pandas holds where there is nothing."""

    def __float__(self):
        raise TypeError("float() argument must be a string or a real number, not 'NAType'")


NA = NAType()


class Column:
    """A column or table as pandas has them: NumPy makes an array of objects of it."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=object)

    def __len__(self):
        return len(self.values)

    def to_numpy(self):
        return np.asarray(self)


@pytest.mark.parametrize(
    ("call", "who"),
    [
        (lambda: Dataset(MASKED, LABELS), "Dataset: x"),
        (lambda: Dataset(np.ones((2, 1)), np.ma.masked_equal([1, 0], 0)), "Dataset: y"),
        (lambda: Dataset((np.ones((2, 1)), MASKED), LABELS), r"Dataset: x\[1\]"),
        (lambda: Net([Linear(2, 2)]).forward(MASKED), "Net: x"),
        (lambda: Net([Linear(2, 2)]).predict(MASKED), "Net: x"),
        (lambda: mean_squared_error(np.ones((2, 2)), MASKED), "mean_squared_error: ground_truth"),
        (lambda: cross_entropy(np.ones((2, 2)), np.ma.masked_equal([1, 0], 0)), "cross_entropy: ground_truth"),
        (lambda: accuracy(MASKED, LABELS), "accuracy: predicted"),
    ],
)
def test_what_is_masked_is_not_taken_for_a_number(call, who):
    with pytest.raises(
        ValueError, match=rf"^{who} is a masked array, in which 1 of \d values are masked\.\nHint: replace"
    ):
        call()


def test_a_mask_that_hides_nothing_does_no_harm():
    whole = np.ma.array([[1.0, 2.0], [3.0, 4.0]])
    assert type(Dataset(whole, LABELS).x) is np.ndarray
    net = Net([Linear(2, 2)])
    y = net.predict(whole)
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, net.predict(np.asarray(whole)))
    assert mean_squared_error(np.ones((2, 2)), whole)[0] == (0 + 1 + 4 + 9) / 4


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([1, 0, 2], np.int64), ([1.5, 2.0, 3], np.float64), ([True, False, True], bool), ([[1, 2.5], [3, 4]], np.float64)],
)
def test_columns_that_lack_nothing_are_numbers(values, dtype):
    data = Dataset(Column(values), np.arange(len(values)))
    np.testing.assert_array_equal(data.x, values)
    assert data.x.dtype == dtype


@pytest.mark.parametrize("nothing", [NA, None])
def test_what_a_column_lacks_is_named_by_its_row(nothing):
    with pytest.raises(ValueError, match=r"Dataset: y has NaN or infinity in 1 of 3 samples, the first is sample 1\."):
        Dataset(np.ones((3, 1)), Column([1, nothing, 0]))


def test_a_column_of_words_is_refused_as_before():
    with pytest.raises(TypeError, match=r"Dataset: x must hold numbers, got object\.\nHint: encode words"):
        Dataset(Column(["a", "b"]), LABELS)


def test_a_net_predicts_from_a_table():
    net = Net([Linear(2, 2)])
    table = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    np.testing.assert_array_equal(net.predict(Column(table), batch_size=2), net.predict(np.array(table), batch_size=2))


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        (np.unique(["dog", "cat"]), ("cat", "dog")),
        (np.array(["cat", "dog"], dtype=object), ("cat", "dog")),
        (np.unique([3, 7]), ("3", "7")),
        (list(np.unique(["dog", "cat"])), ("cat", "dog")),
    ],
)
def test_classes_as_numpy_gives_them(classes, names):
    data = Dataset(np.ones((2, 1)), LABELS, classes=classes)
    assert data.classes == names
    assert all(type(name) is str for name in data.classes)


@pytest.mark.parametrize("classes", ["cat", 3, np.array([["a", "b"]]), np.array([0.5, 1.5]), [None, "a"]])
def test_classes_that_are_no_names(classes):
    with pytest.raises(TypeError, match="classes must be a list of names"):
        Dataset(np.ones((2, 1)), LABELS, classes=classes)


# Data sets that take one index only.


class Singles:
    """As many data sets for PyTorch are: lists inside, and one sample for one integer."""

    def __init__(self, n=7):
        self.n, self.n_reads = n, 0
        self.x = [np.full((2, 3), i, np.float32) for i in range(n)]

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        x = self.x[index]
        self.n_reads += 1
        return x, index % 2


class Files(Singles):
    def __getitem__(self, index):
        if f"{index}.png" not in [f"{i}.png" for i in range(self.n)]:
            raise FileNotFoundError(2, "No such file", f"{index}.png")
        return np.full((2, 3), index, np.float32), int(index) % 2


class Compared(Singles):
    def __getitem__(self, index):
        if index >= self.n:
            raise IndexError(index)
        return np.full((2, 3), index, np.float32), int(index) % 2


class Pairs(Singles):
    def __getitem__(self, index):
        return (self.x[index], np.float32(index)), (index % 2, None)


@pytest.mark.parametrize("kind", [Singles, Files, Compared])
def test_samples_that_come_one_by_one_are_stacked(kind):
    read = list(batches(kind(), 3))
    assert [x.shape for x, _ in read] == [(3, 2, 3), (3, 2, 3), (1, 2, 3)]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in read])[:, 0, 0], np.arange(7))
    np.testing.assert_array_equal(np.concatenate([y for _, y in read]), np.arange(7) % 2)


def test_each_is_read_once():
    data = Singles()
    list(batches(data, 3, shuffle=True))
    assert data.n_reads == 7 + 1  # the first was tried


def test_several_inputs_and_no_truth_one_by_one():
    (a, b), (labels, nothing) = next(batches(Pairs(), 4))
    assert (a.shape, b.shape, labels.tolist(), nothing) == ((4, 2, 3), (4,), [0, 1, 0, 1], None)


def test_samples_of_different_shapes_are_named():
    data = Singles()
    data.x[2] = np.ones((5, 3), np.float32)
    with pytest.raises(
        ValueError, match=r"samples of a batch have the shapes \(2, 3\) and \(5, 3\)\.\nHint: bring all"
    ):
        list(batches(data, 3))


def test_an_error_about_something_else_stays_itself():
    class Broken(Singles):
        def __getitem__(self, index):
            raise ValueError("the disk is wet")

    with pytest.raises(ValueError, match="the disk is wet"):
        list(batches(Broken(), 3))
    ours = Dataset(np.ones((4, 2)), np.arange(4), transform=lambda x: x.nonsense)
    with pytest.raises(AttributeError, match="nonsense"):
        list(batches(ours, 3))


def test_a_single_that_is_no_pair():
    class Triples(Singles):
        def __getitem__(self, index):
            return self.x[index], 1, 2

    with pytest.raises(TypeError, match=r"d\[indices\] must be a pair \(x, y\), got tuple"):
        list(batches(Triples(), 3))


class Converted(Singles):
    def __getitem__(self, index):
        return self.x[int(index)], int(index) % 2  # takes an array of one too, which NumPy makes a number


def test_batches_of_one_are_stacked_too():
    assert [(x.shape, y.shape) for x, y in batches(Converted(3), 1)] == [((1, 2, 3), (1,))] * 3


class Noisy(Singles):
    def __getitem__(self, index):
        noise = stream("augmentation").random()
        return np.full(2, noise) + self.x[index][0, 0], index % 2


def test_what_was_tried_draws_no_random_numbers():
    """So an epoch that is continued in its middle reads what it would have read."""

    def read(first):
        seed(4)
        rest = batches(Noisy(), 2, shuffle=True, first=first)
        found = []
        for index in range(first, 4):
            go_to(epoch=1, step=index + 1)
            found.append(next(rest)[0])
        return found

    with place_kept():
        whole, rest = read(0), read(2)
    np.testing.assert_array_equal(np.concatenate(whole[2:]), np.concatenate(rest))


@pytest.mark.parametrize(
    ("x", "numbers"),
    [
        (np.array([[1, 2.5], [np.float32(3), True]], object), [[1, 2.5], [3, 1]]),
        (np.array([[Fraction(1, 4)], [10**30]], object), [[0.25], [1e30]]),
        ([[10**30], [2]], [[1e30], [2]]),
    ],
)
def test_objects_that_are_numbers_are_taken_as_such(x, numbers):
    found = Dataset(x, np.array([1, 0], object))
    assert found.x.tolist() == numbers
    assert (found.y.tolist(), found.y.dtype) == ([1, 0], np.int64)


@pytest.mark.parametrize(
    ("x", "hint"),
    [
        (["cat", "dog"], r"<U3\.\nHint: encode words as numbers: classes, x = np\.unique\(x, return_inverse=True\)"),
        (
            np.array(["2020-01-01"], "M8[D]"),
            r"datetime64\[D\]\.\nHint: a difference of times in days is a number: \(x - x",
        ),
        (np.ones(2, complex), r"complex128\.\nHint: take \.real and \.imag"),
        (
            np.zeros(2, [("a", float)]),
            r"\[\('a', '<f8'\)\]\.\nHint: numpy\.lib\.recfunctions\.structured_to_unstructured",
        ),
        (
            sparse.csr_matrix(np.eye(2)),
            r"object\.\nHint: it is a sparse csr_matrix; make it an array with \.toarray\(\)",
        ),
        ([10**400, 1], r"object\.\nHint: encode words and objects"),
    ],
)
def test_what_are_no_numbers_is_told_how_to_become_such(x, hint):
    with pytest.raises(TypeError, match=r"Dataset: x must hold numbers, got " + hint):
        Dataset(x, [0, 1])
