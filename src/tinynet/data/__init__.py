"""Data sets, batches of them, and transforms.

    train, test = tinynet.data.digits()
    train, valid = train.split(0.1)
    for x, y in tinynet.data.batches(train, 32, shuffle=True):
        ...

A data set is anything with `len(d)` and `d[indices] -> (x, y)`. For data of your own, see `pictures`, `table`,
`text_file` and `pairs`:

    train, test, preparation = tinynet.data.table("houses.csv", target="price")
"""

from tinynet.data.batching import batches
from tinynet.data.catalog import DATASETS, load
from tinynet.data.characters import Text, Windows, text
from tinynet.data.cifar import cifar10
from tinynet.data.curves import curve, line, polynomial, sine
from tinynet.data.dataset import Dataset
from tinynet.data.dates import dates
from tinynet.data.embedded import digits
from tinynet.data.idx import fashion_mnist, mnist
from tinynet.data.own.pair_file import PairPreparation, pairs
from tinynet.data.own.picture_folder import PicturePreparation, pictures
from tinynet.data.own.preparations import preparation_of
from tinynet.data.own.table_file import TablePreparation, table
from tinynet.data.own.text_file import TextPreparation, text_file
from tinynet.data.toys import blobs, circles, moons, spirals
from tinynet.data.transforms import Compose, Normalize, RandomCrop, RandomFlip

__all__ = [
    "DATASETS",
    "Compose",
    "Dataset",
    "Normalize",
    "PairPreparation",
    "PicturePreparation",
    "RandomCrop",
    "RandomFlip",
    "TablePreparation",
    "Text",
    "TextPreparation",
    "Windows",
    "batches",
    "blobs",
    "cifar10",
    "circles",
    "curve",
    "dates",
    "digits",
    "fashion_mnist",
    "line",
    "load",
    "mnist",
    "moons",
    "pairs",
    "pictures",
    "polynomial",
    "preparation_of",
    "sine",
    "spirals",
    "table",
    "text",
    "text_file",
]
