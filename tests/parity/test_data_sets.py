"""Data sets of PyTorch as the data of a Learner."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset, batches
from tinynet.layers import Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD

torch = pytest.importorskip("torch")
from torch.utils.data import (  # noqa: E402  (only where it is)
    ConcatDataset,
    DataLoader,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)
from torch.utils.data import Dataset as TorchDataset  # noqa: E402

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


class Single(TorchDataset):
    """One sample at a time, as most are written, with a tensor that has a gradient."""

    def __init__(self):
        self.rows = [x.clone().requires_grad_() for x in X]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index], int(Y[index])


class Named(TensorDataset):
    """A sample as a dict."""

    def __getitem__(self, index):
        return {"pixel_values": X[index], "labels": Y[index], "index": index}


WHOLE = TensorDataset(X, Y)
GIVEN = {
    "tensors": (X, Y),
    "tensor data set": WHOLE,
    "one by one": Single(),
    "dicts": Named(X, Y),
    "subset": Subset(WHOLE, list(range(40))),
    "two in a row": ConcatDataset([Subset(WHOLE, range(30)), Subset(WHOLE, range(30, 40))]),
}


def trained_on(data):
    tn.seed(3)
    net = Net([Linear(3, 2)])
    learner = Learner(net, cross_entropy, SGD(lr=0.5), data, valid=data, batch_size=16, metrics=[accuracy])
    learner.fit(2, progress=False)
    return net.state()["0.weight"]


@pytest.mark.parametrize("name", GIVEN)
def test_they_train_as_the_same_arrays_do(name):
    np.testing.assert_array_equal(trained_on(GIVEN[name]), trained_on(Dataset(X.numpy(), Y.numpy())))


def test_a_random_part_has_its_rows():
    part, _ = random_split(WHOLE, [30, 10], torch.Generator().manual_seed(1))
    x, y = next(batches(part, 30))
    np.testing.assert_array_equal(x, X[list(part.indices)])
    np.testing.assert_array_equal(y, Y[list(part.indices)])


def test_a_loader_and_a_stream_are_no_data_sets():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter([])

    for given in (DataLoader(WHOLE), Stream()):
        with pytest.raises(TypeError, match=r"^Learner: train must have len\(d\) and d\[indices\]"):
            trained_on(given)
