"""Data sets of Hugging Face, played by a stand-in that answers as `datasets.Dataset` of version 5 does."""

import numpy as np
import PIL.Image
import pytest

import tinynet as tn
from tinynet.data.own.given import as_dataset
from tinynet.data.own.hugging_face import HuggingFaceRows
from tinynet.layers import Flatten, Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD


class Value:
    def __init__(self, dtype):
        self.dtype = dtype


class ClassLabel(Value):
    def __init__(self, names):
        super().__init__("int64")
        self.names = names


class Image(Value):
    def __init__(self):
        super().__init__("PIL.Image.Image")


class List:
    def __init__(self, feature):
        self.feature = feature


FLOAT, LABEL, TEXT = Value("float32"), ClassLabel(["a", "b"]), Value("string")


class HubRows:
    """Columns of Python values, each with a feature; in the format of NumPy they are arrays, and None is NaN."""

    def __init__(self, columns, features, kind=None):
        self.columns, self.features, self.format = columns, features, {"type": kind}

    def with_format(self, kind, columns):
        return HubRows({name: self.columns[name] for name in columns}, self.features, kind)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, rows):
        read = {name: [values[row] for row in np.arange(len(self))[rows]] for name, values in self.columns.items()}
        if self.format["type"] != "numpy":
            return read
        return {name: as_numpy(values) for name, values in read.items()}


def as_numpy(values):
    lengths = {len(value) if isinstance(value, list) else 0 for value in values}
    if len(lengths) > 1:  # rows of several lengths, or a row that is missing
        ragged = np.empty(len(values), object)
        ragged[:] = [None if value is None else np.array(value) for value in values]
        return ragged
    array = np.array(values)
    return array.astype(np.float32) if array.dtype.kind in "fO" else array


X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = np.arange(12) % 2


def rows(x=None, y=None, feature=LABEL, kind=None):
    columns = {"x": X.tolist() if x is None else x, "label": Y.tolist() if y is None else y}
    return HubRows(columns, {"x": List(FLOAT), "label": feature}, kind)


def refused(data):
    with pytest.raises((TypeError, ValueError)) as caught:
        as_dataset("Learner", "train", data)[np.arange(4)]
    return str(caught.value)


@pytest.mark.parametrize("kind", [None, "numpy", "torch", "pandas"])
def test_it_trains_as_arrays_do_and_knows_its_classes(kind):
    weights = []
    for data in (rows(kind=kind), (X, Y)):
        tn.seed(0)
        learner = Learner(Net([Linear(3, 2)]), cross_entropy, SGD(0.1), data, valid=data, metrics=[accuracy])
        learner.fit(2, progress=False)
        weights.append(learner.net.state()["0.weight"])
    assert np.array_equal(*weights)
    train = as_dataset("Learner", "train", rows(kind=kind))
    assert train.classes == ["a", "b"]
    assert repr(train) == "HuggingFaceRows(12 samples, x=x, y=label)"
    assert np.array_equal(train[3][0], X[3])
    assert train[3][1] == 1


def test_columns_of_numbers_go_in_together_and_a_number_as_truth_is_a_row():
    features = {"age": Value("int64"), "height": FLOAT, "member": Value("bool"), "target": FLOAT}
    columns = {"age": [20, 30], "height": [1.8, 1.6], "member": [True, False], "target": [0.5, 1.5]}
    x, y = as_dataset("Learner", "train", HubRows(columns, features))[np.arange(2)]
    assert np.allclose(x, [[20, 1.8, 1], [30, 1.6, 0]])
    assert np.array_equal(y, [[0.5], [1.5]])


def test_truth_of_yes_and_no_is_0_and_1():
    _, y = as_dataset("Learner", "train", rows(y=(Y == 1).tolist(), feature=Value("bool")))[np.arange(4)]
    assert y.dtype == np.int64
    assert y.tolist() == [0, 1, 0, 1]


def test_the_one_column_of_classes_is_the_truth_whatever_its_name():
    data = HubRows({"x": X.tolist(), "species": Y.tolist()}, {"x": List(FLOAT), "species": LABEL})
    assert as_dataset("Learner", "train", data)[np.arange(4)][1].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("kind", [None, "numpy"])
@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 3)])
def test_pictures_are_channels_first_and_from_0_to_1_in_every_format(kind, mode, channels):
    pictures = [PIL.Image.new(mode, (5, 4), 255 if mode == "L" else (255,) * len(mode)) for _ in range(12)]
    columns = {"image": pictures, "name": ["p"] * 12, "label": Y.tolist()}
    data = HubRows(columns, {"image": Image(), "name": TEXT, "label": LABEL}, kind)
    x, _ = as_dataset("Learner", "train", data)[np.arange(6)]
    assert x.shape == (6, channels, 4, 5)
    assert x.dtype == np.float32
    assert (x == 1).all()
    learner = Learner(Net([Flatten(), Linear(20 * channels, 2)]), cross_entropy, SGD(0.1), data)
    learner.fit(1, progress=False)


def test_what_a_transform_gives_is_read_by_its_rows():
    data = rows(kind="custom")
    assert as_dataset("Learner", "train", data) is data


@pytest.mark.parametrize("kind", [None, "numpy"])
def test_a_missing_value_is_named_with_its_row(kind):
    one_gap = [*X[:2].tolist(), [None, 1.0, 2.0], *X[3:].tolist()]
    said = "row 2 of train has no value in the column 'x', or not all of it"
    assert said in refused(rows(x=one_gap, kind=kind))
    assert said in refused(rows(x=[*X[:2].tolist(), None, *X[3:].tolist()], kind=kind))
    assert "row 1 of train has no value in the column 'label'" in refused(rows(y=[0, None] * 6, kind=kind))
    picture = PIL.Image.new("L", (2, 2))
    pictures = HubRows({"image": [picture, None] * 6, "label": Y.tolist()}, {"image": Image(), "label": LABEL}, kind)
    assert "row 1 of train has no value in the column 'image'" in refused(pictures)


def test_texts_are_refused_with_the_name_of_their_column():
    city = HubRows({"city": ["Bern"] * 4, "label": [0, 1] * 2}, {"city": TEXT, "label": LABEL})
    assert "the column 'city' of train holds texts, and a net takes numbers" in refused(city)
    words = HubRows({"words": [["a"]] * 4, "label": [0, 1] * 2}, {"words": List(TEXT), "label": LABEL})
    assert 'train.remove_columns("words")' in refused(words)
    named = rows(y=["yes", "no"] * 6, feature=TEXT)
    assert "the truth, the column 'label' of train, holds texts" in refused(named)
    assert 'train.class_encode_column("label")' in refused(named)


def test_columns_that_do_not_tell_what_they_are_for_are_refused():
    said = "'a' (numbers), 'b' (numbers), and it is not to be seen which is the truth; none is one of y, label"
    assert said in refused(HubRows({"a": [1.0] * 4, "b": [1.0] * 4}, {"a": FLOAT, "b": FLOAT}))
    two = HubRows({"x": [1.0] * 4, "fine": [0] * 4, "coarse": [0] * 4}, {"x": FLOAT, "fine": LABEL, "coarse": LABEL})
    assert "which is the truth; 'fine' and 'coarse' hold classes" in refused(two)
    lists = HubRows(
        {"a": [[1.0]] * 4, "b": [[1.0]] * 4, "label": [0] * 4}, {"a": List(FLOAT), "b": List(FLOAT), "label": LABEL}
    )
    assert "it is not to be seen which goes in" in refused(lists)
    assert "it is not to be seen which goes in" in refused(HubRows({"label": [0] * 4}, {"label": LABEL}))


def test_rows_of_two_lengths_are_refused():
    ragged = rows(x=[[1.0, 2.0], [1.0, 2.0, 3.0]] * 6)
    assert "the samples of a batch have the shapes (2,) and (3,)" in refused(ragged)


def test_no_rows_all_parts_and_a_stream_are_refused():
    assert "train is empty" in refused(rows(x=[], y=[]))
    assert 'pass one of the parts, as in data["train"]' in refused({"train": rows(), "test": rows()})

    class Stream:
        features = rows().features

        def __iter__(self): ...
        def take(self, n): ...

    assert "load it without streaming, or pass list(data.take(…))" in refused(Stream())
    assert isinstance(as_dataset("Learner", "train", rows()), HuggingFaceRows)
