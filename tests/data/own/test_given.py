"""What a Learner takes as data: arrays, files, frames, lists, and data sets of other libraries."""

import zipfile

import numpy as np
import pytest
from PIL import Image
from scipy import sparse

import tinynet as tn
from tests.data.own.test_table_file import Frame as Columns
from tinynet.data import Dataset, batches
from tinynet.data.own.given import as_dataset
from tinynet.layers import Flatten, Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


class Tensor:
    """What a tensor of PyTorch has of what is used."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class Frame(Columns):
    """A frame of pandas: some of its columns are one, too."""

    iloc = None

    def __getitem__(self, name):
        return Frame({key: self.of[key] for key in name}) if isinstance(name, list) else self.of[name]

    def __len__(self):
        return 40

    def __array__(self, dtype=None, copy=None):
        return np.stack(list(self.of.values()), axis=1)


class TensorRows:
    """A map-style data set of PyTorch that takes arrays of indices."""

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return Tensor(X[index]), Tensor(Y[index])


class Singles(TensorRows):
    """One that takes a single index, as most do, and gives a list."""

    def __getitem__(self, index):
        return [Tensor(X[[0, *range(40)][index + 1]]), int(Y[index])]


class Dicts(TensorRows):
    """A data set of Hugging Face: a dict of lists for several rows, and one of values for a single row."""

    def __getitem__(self, index):
        return {"features": X[index].tolist(), "idx": np.arange(40)[index].tolist(), "label": Y[index].tolist()}


class NumberDicts(TensorRows):
    """One whose features are columns."""

    def __getitem__(self, index):
        return {"a": X[index, 0], "b": X[index, 1], "c": X[index, 2], "label": Y[index]}


class SparseRows(TensorRows):
    """Rows of a sparse matrix of SciPy."""

    def __getitem__(self, index):
        return sparse.csr_matrix(X)[index], Y[index]


def saved(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    np.savez(tmp_path / "both.npz", x=X, label=Y)
    return tmp_path


GIVEN = {
    "arrays": lambda folder: (X, Y),
    "lists": lambda folder: (X.tolist(), Y.tolist()),
    "tensors": lambda folder: (Tensor(X), Tensor(Y)),
    "samples": lambda folder: list(zip(X, Y, strict=True)),
    "samples as lists": lambda folder: [[list(x), int(y)] for x, y in zip(X.tolist(), Y, strict=True)],
    "samples as dicts": lambda folder: [{"x": x, "label": y} for x, y in zip(X, Y, strict=True)],
    "a dict": lambda folder: {"x": X, "y": Y},
    "a file": lambda folder: saved(folder) / "both.npz",
    "the name of a file": lambda folder: str(saved(folder) / "both.npz"),
    "an open file": lambda folder: np.load(saved(folder) / "both.npz"),
    "two files": lambda folder: (saved(folder) / "x.npy", str(folder / "y.npy")),
    "frames": lambda folder: (Frame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}), Y),
    "a frame": lambda folder: Frame({"a": X[:, 0], "Target": Y, "b": X[:, 1], "c": X[:, 2]}),
    "tensor rows": lambda folder: TensorRows(),
    "single rows": lambda folder: Singles(),
    "rows as dicts": lambda folder: Dicts(),
    "columns as dicts": lambda folder: NumberDicts(),
    "a data set": lambda folder: Dataset(X, Y),
    "tuples of numbers": lambda folder: (tuple(map(tuple, X.tolist())), tuple(Y.tolist())),
    "sparse rows": lambda folder: SparseRows(),
}


def trained_on(data):
    """The weights after two epochs, and the numbers of the last."""
    tn.seed(3)
    net = Net([Linear(3, 2)])
    learner = Learner(net, cross_entropy, SGD(lr=0.5), data, valid=data, batch_size=16, metrics=[accuracy])
    learner.fit(2, progress=False)
    return net.state()["0.weight"], learner.history["accuracy"] + learner.history["valid_loss"]


@pytest.mark.parametrize("name", GIVEN)
def test_everything_that_people_have_trains_as_a_data_set_of_it_does(name, tmp_path):
    weight, numbers = trained_on(GIVEN[name](tmp_path))
    wanted, wanted_numbers = trained_on(Dataset(X, Y))
    assert np.abs(weight - wanted).max() < 1e-6
    assert numbers == pytest.approx(wanted_numbers)
    x, y = next(batches(as_dataset("Learner", "train", GIVEN[name](tmp_path)), 40))
    assert np.abs(x - X).max() < 1e-6
    assert np.array_equal(y, Y)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("P", 3), ("1", 1)])
def test_pictures_of_pillow_become_numbers_from_0_to_1(mode, channels):
    class Pictures:
        def __len__(self):
            return 6

        def __getitem__(self, index):
            label = int(index) % 2
            return {"image": Image.new("L", (4, 5), 255 * label).convert(mode), "label": label}

    x, y = next(batches(Pictures(), 6))
    assert x.shape == (6, channels, 5, 4)
    assert x.dtype == np.float32
    assert np.array_equal(x.mean(axis=(1, 2, 3)), y)
    learner = Learner(Net([Flatten(), Linear(20 * channels, 2)]), cross_entropy, SGD(lr=0.1), Pictures(), batch_size=3)
    learner.fit(1, progress=False)


class Odd(TensorRows):
    def __init__(self, row):
        self.row = row

    def __getitem__(self, index):
        return self.row


class OfLength(TensorRows):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


class Loader:
    dataset, batch_size = None, 3

    def __len__(self):
        return 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (X, r"train must be a dataset, got a ndarray\.\nHint: pass a pair of arrays \(x, y\)"),
        ((X, Y, Y), r"train must be a dataset, got a tuple\.\nHint: pass a pair"),
        ((X, Y[:5]), r"train cannot be used: x and y must have one row per sample each, but x has 40, y has 5\."),
        ((X, ["cat"] * 40), r"train cannot be used: y must hold numbers, got <U3\.\nHint: encode words"),
        ((X, 3), r"train\[1\] must be an array, got int\.\nHint: pass train as \(x, y\)\."),
        ((X * np.nan, Y), "train cannot be used: x has NaN or infinity in 40 of 40 samples"),
        ([], "train is empty"),
        (zip(X, Y, strict=True), r"got zip\.\nHint: it can be read only once: pass list\(train\)\."),
        (
            (iter(X), Y),
            r"train\[0\] must be an array, got .*iterator.*\.\nHint: it can be read only once: make it a list",
        ),
        (
            (sparse.csr_matrix(X), Y),
            r"train cannot be used: x must hold numbers, got object\.\nHint: it is a sparse csr",
        ),
        (
            OfLength(2.5),
            r"Learner: len\(train\) fails: 'float' object cannot be .*\.\nHint: return the number of samples",
        ),
        (OfLength(-1), r"Learner: len\(train\) fails: __len__\(\) should return >= 0\.\nHint: return the number"),
        ([1, 2], r"each row of train must be a pair \(x, y\), but row 0 is a int\.\nHint: arrays of all x and all y"),
        ([(1, 2), (1, 2, 3)], r"each row of train must be a pair \(x, y\), but row 1 is a tuple of 3\."),
        ([([1.0], 0), ([1.0, 2.0], 0)], r"the samples of a batch have the shapes \(1,\) and \(2,\)"),
        ({"a": X, "b": Y}, r'got a dict with \'a\', \'b\'\.\nHint: name them "x" and "y"'),
        ({}, "train must be a dataset, got a dict with nothing"),
        (
            {"train": 1, "test": 2},
            r'got a dict with \'train\', \'test\'\.\nHint: pass one of the parts, as in data\["train"\]',
        ),
        ("data.csv", "train must be a dataset, got a str"),
        ("nowhere.npz", "there is no file nowhere.npz"),
        (Frame({"a": X[:, 0], "b": Y}), r"a frame with the columns 'a', 'b', and it is not to be seen which is to be"),
        (
            Loader(),
            r"train must have len\(d\) and d\[indices\] -> \(x, y\), got Loader\.\nHint: .*pass loader\.dataset",
        ),
        (Odd(3), r"batches: d\[indices\] must be a pair \(x, y\), got int\."),
        (Odd((1, 2, 3)), r"batches: d\[indices\] must be a pair \(x, y\), got tuple of 3\.\nHint: return \(x, y\)"),
        (Odd({"x": 1}), r"a row gave a dict with 'x' \(int\); none of its names is one of y, label"),
        (Odd({}), "a row gave a dict with nothing; none of its names"),
        (
            Odd({"a": "text", "b": "text", "label": 1}),
            r"a row gave a dict with 'a' \(str\), .*what goes in is not to be",
        ),
    ],
)
def test_what_cannot_be_taken_is_said(given, words):
    with pytest.raises((TypeError, ValueError, OSError), match=words):
        Learner(Net([Linear(3, 2)]), cross_entropy, SGD(lr=0.1), given).fit(1, progress=False)


class Streaming:
    def __iter__(self): ...

    def take(self, n): ...


class Endless:
    def __iter__(self): ...


class Taking:
    def take(self, n): ...


STREAMS = "Hint: rows that stream cannot be drawn by number: load it without streaming, or pass list(data.take(…))."
PASSED = "Hint: a Learner makes the batches itself: pass loader.dataset, and batch_size=…."


@pytest.mark.parametrize(
    ("given", "hint"), [(Streaming(), STREAMS), (Loader(), PASSED), (Endless(), ""), (Taking(), ""), (object(), "")]
)
def test_what_has_no_rows_by_number_gets_the_hint_that_fits(given, hint):
    with pytest.raises(TypeError) as caught:
        as_dataset("Learner", "train", given)
    said, _, rest = str(caught.value).partition("\n")
    assert said == f"Learner: train must have len(d) and d[indices] -> (x, y), got {type(given).__name__}."
    assert rest == hint


def test_every_sentence_begins_with_who_complains(tmp_path):
    saved(tmp_path)
    for given, words in (
        ([], "train is empty.\nHint: check how the data were selected or split."),
        (Frame({"a": X[:, 0], "y": np.array(["no"] * 40)}), None),
        (
            Frame({"a": np.array(["no"] * 40), "y": Y}),
            "the column 'a' of train does not hold numbers.\n"
            "Hint: leave it out, or see tinynet.data.table, which takes texts and gaps too.",
        ),
        (
            Frame({"y": Y, "Label": Y}),
            "train is a frame with the columns 'y', 'Label', and it is not to be seen which is to be predicted.\n"
            'Hint: pass (frame[["a", "b"]], frame["c"]), or see tinynet.data.table, which takes texts and gaps too.',
        ),
        (
            tmp_path / "x.npy",
            f"train is {tmp_path / 'x.npy'}, which holds one array, but there must be two: x and y.\n"
            'Hint: pass a pair, as in ("x.npy", "x.npy").',
        ),
        ((X, 3), "train[1] must be an array, got int.\nHint: pass train as (x, y)."),
        (
            "words",
            "train must be a dataset, got a str.\nHint: pass a pair of arrays (x, y), or wrap them as Dataset(x, y).",
        ),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            as_dataset("Learner", "train", given)
        said = str(caught.value)
        assert said == f"Learner: {words}" if words else said.startswith("Learner: train cannot be used: y must hold")


def test_files_of_numpy_that_cannot_be_used_are_said(tmp_path):
    folder = saved(tmp_path)
    np.savez(folder / "objects.npz", x=np.array([{}, {}]), y=Y[:2])
    (folder / "broken.npz").write_bytes((folder / "both.npz").read_bytes()[:100])
    (folder / "empty.npy").write_bytes(b"")
    for given, words in (
        (folder / "x.npy", r"x\.npy, which holds one array, but there must be two: x and y\.\nHint: pass a pair"),
        (folder / "objects.npz", "it holds objects"),
        (folder / "broken.npz", "it is damaged, or no file of NumPy"),
        ((folder / "empty.npy", Y), "it is damaged, or no file of NumPy"),
    ):
        with pytest.raises(ValueError, match=words):
            as_dataset("Learner", "train", given)


def header(text: str) -> bytes:
    """The beginning of an .npy file."""
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode()


SHAPE = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s)}"


SIZES = ("9" * 30, "9" * 30 + ",", "2**70, 2", "-1, 2", "10" * 6 + ", 2", "9223372036854775807, 3")
HEADERS = ("{", "(" * 3000, *(SHAPE % sizes for sizes in SIZES))


@pytest.mark.parametrize("content", [*map(header, HEADERS), b"text", b""])
def test_lies_in_files_of_numpy_are_told(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content)
        archive.writestr("y.npy", header(SHAPE % "3,") + bytes(12))
    (tmp_path / "x.npy").write_bytes(content)
    for given, name in (((tmp_path / "x.npy", Y), r"x\.npy"), (tmp_path / "x.npz", r"x\.npz")):
        words = rf"^Learner: (cannot read .*{name}: it is damaged|in .*{name}: train cannot be used)"
        with pytest.raises((TypeError, ValueError), match=words):
            as_dataset("Learner", "train", given)


@pytest.mark.parametrize("place", [(8, 6), (10, 8)], ids=["encrypted", "packed in an unknown way"])
def test_an_archive_that_no_one_can_open_is_told(tmp_path, place):
    content = bytearray((saved(tmp_path) / "both.npz").read_bytes())
    content[content.rfind(b"PK\1\2") + place[0]] = content[place[1]] = 99
    (tmp_path / "both.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"^Learner: cannot read .*both\.npz: it is damaged, or no file of NumPy\."):
        as_dataset("Learner", "train", tmp_path / "both.npz")


def test_a_small_file_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header(SHAPE % "3, 25000000") + bytes(100_000_000))
        archive.writestr("y.npy", header(SHAPE % "3,") + bytes(12))
    assert (tmp_path / "x.npz").stat().st_size < 2_000_000
    with pytest.raises(
        ValueError, match=r"x\.npz: its arrays would take 100,000,\d+ bytes\.\nHint: write it with np\.savez"
    ):
        as_dataset("Learner", "train", tmp_path / "x.npz")


def test_a_large_array_stays_on_the_disk(tmp_path):
    saved(tmp_path)
    data = as_dataset("Learner", "train", (tmp_path / "x.npy", tmp_path / "y.npy"))
    assert isinstance(data.x, np.memmap)


def test_a_file_whose_numbers_are_none_is_named(tmp_path):
    np.save(tmp_path / "x.npy", np.full((len(Y), 3), np.nan, np.float32))
    np.save(tmp_path / "empty.npy", Y[:0])
    data = as_dataset("Learner", "train", (tmp_path / "x.npy", Y))
    with pytest.raises(ValueError, match=r"the memory-mapped array .*x\.npy has NaN or infinity in 2 of 2 samples"):
        data[:2]
    with pytest.raises(ValueError, match=r"Learner: in .*empty\.npy: train cannot be used: y is empty"):
        as_dataset("Learner", "train", (X, tmp_path / "empty.npy"))
