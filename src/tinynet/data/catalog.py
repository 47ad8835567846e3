"""The data sets that the command line knows by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tinynet.core import checks
from tinynet.data.cifar import cifar10
from tinynet.data.dataset import Dataset
from tinynet.data.dates import dates
from tinynet.data.embedded import digits
from tinynet.data.idx import fashion_mnist, mnist
from tinynet.data.toys import blobs, circles, moons, spirals


class Entry(NamedTuple):
    """One row of the table: a line about the data set, and the function that gives (train, test)."""

    description: str
    load: Callable[[], tuple[Dataset, Dataset]]


def _pair(make: Callable[..., Dataset], n_samples: int = 1500) -> tuple[Dataset, Dataset]:
    # A fixed seed: a run that is evaluated later must meet the same test set, as if it lay in a file.
    return make(n_samples, rng=0).split(0.2, rng=0)


DATASETS = {
    "digits": Entry("1,797 handwritten digits, 8×8 grey pixels, 10 classes; in the package", digits),
    "mnist": Entry("70,000 handwritten digits, 28×28 grey pixels, 10 classes; 12 MB", mnist),
    "fashion-mnist": Entry("70,000 pictures of clothes, 28×28 grey pixels, 10 classes; 31 MB", fashion_mnist),
    "cifar10": Entry("60,000 photographs, 32×32 colour pixels, 10 classes; 170 MB", cifar10),
    "spirals": Entry("1,500 points of the plane on three spiral arms; made up", partial(_pair, spirals)),
    "moons": Entry("1,500 points of the plane on two half circles; made up", partial(_pair, moons)),
    "blobs": Entry("1,500 points of the plane in three round clouds; made up", partial(_pair, blobs)),
    "circles": Entry("1,500 points of the plane on two circles, one in the other; made up", partial(_pair, circles)),
    "dates": Entry("4,000 dates in words, to be written as in 1998-03-05; made up", partial(_pair, dates, 4000)),
}


def load(name: str) -> tuple[Dataset, Dataset]:
    """The training and the test set of a data set named in `DATASETS`.

    Raises:
        ValueError: There is no data set of that name.

    Example:
        >>> train, test = load("moons")
        >>> len(train), len(test)
        (1200, 300)
    """
    return DATASETS[checks.one_of("data.load", "name", name, tuple(DATASETS))].load()
