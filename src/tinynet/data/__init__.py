"""Data sets, batches of them, and transforms."""

from tinynet.data.batching import batches
from tinynet.data.dataset import Dataset
from tinynet.data.embedded import digits
from tinynet.data.idx import fashion_mnist, mnist
from tinynet.data.transforms import Compose, Normalize, RandomCrop, RandomFlip

__all__ = [
    "Compose",
    "Dataset",
    "Normalize",
    "RandomCrop",
    "RandomFlip",
    "batches",
    "digits",
    "fashion_mnist",
    "mnist",
]
