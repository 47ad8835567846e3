"""A folder of pictures, with a folder inside for each class."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data.dataset import Dataset
from tinynet.data.own.class_folders import Found, found_in
from tinynet.data.own.configs import class_names, entry, names, sizes_of
from tinynet.data.own.picture_files import picture_size, read_picture, resized
from tinynet.data.own.stable_split import TEST_FRACTION, fingerprint, in_test, share

SIDE = 32  # pixels of a side, unless all pictures have one size that is not much larger
LARGEST_KEPT = 64  # pixels of a side up to which a size that all pictures share is kept
LARGEST_SIDE = 1024
MEANS = 8  # pixels of which each pixel of a side is a mean, at least, where a picture is larger
LEAST_READ = 256  # pixels of a side
SHOWN = 3  # broken files that are named


class Sample(NamedTuple):
    """A picture that was read."""

    class_name: str
    is_for_test: bool
    planes: np.ndarray  #: Red, green, blue and grey, (4, H, W).
    content: bytes  #: A hash stands for it.


class PicturePreparation:
    """What is done to a picture before the net sees it: it is brought to one size, and to grey if all others were.

    Shapes:
        a call gives (C, H, W) float32 in [0, 1]

    Args:
        input_shape: Channels, height and width.
        classes: The names of the classes, in the order of their labels.
        fraction: The share of the test part.

    Example:
        >>> PicturePreparation((3, 32, 32), ["cat", "dog"])
        PicturePreparation(input_shape=(3, 32, 32), 2 classes)
    """

    kind = "pictures"

    def __init__(
        self, input_shape: tuple[int, int, int], classes: Sequence[str], fraction: float = TEST_FRACTION
    ) -> None:
        who = "PicturePreparation"
        shape = checks.sizes(who, "input_shape", input_shape)
        if len(shape) != 3 or shape[0] not in (1, 3) or not all(shape):
            got = checks.shape_text(shape)
            fail(who, f"input_shape must be (channels, height, width) with 1 or 3 channels, got {got}.")
        self.input_shape = (shape[0], shape[1], shape[2])
        self.classes = class_names(who, classes)
        self.fraction = share(who, fraction)

    def __call__(self, path: str | os.PathLike[str]) -> np.ndarray:
        """A picture file as the net takes it, without the batch axis."""
        return self.read(checks.path("PicturePreparation", path))[0]

    def read(self, path: Path) -> tuple[np.ndarray, list[str]]:
        """A picture file as the net takes it, and in words what was done to it."""
        pixels, opened = read_picture(path, _longest(self.input_shape[1:]))
        x, done = resized(pixels, self.input_shape)
        return x, [*opened, *done]

    def parts(self, folder: str | os.PathLike[str], skip_broken: bool = False) -> tuple[Dataset, Dataset]:
        """The training and the test part of a folder, cut as at first; where files were added, they are in either."""
        place = checks.path("pictures", folder)
        samples = _samples(place, self.input_shape[1:], self.fraction, skip_broken)
        return self._part(place, samples, False), self._part(place, samples, True)

    def dataset(self, folder: str | os.PathLike[str], skip_broken: bool = False) -> Dataset:
        """All pictures of a folder, none of which the net has learned from, to test it."""
        place = checks.path("pictures", folder)
        samples = _samples(place, self.input_shape[1:], self.fraction, skip_broken)
        return self._part(place, [sample._replace(is_for_test=True) for sample in samples], True)

    def config(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {
            "kind": self.kind,
            "input_shape": list(self.input_shape),
            "classes": list(self.classes),
            "fraction": self.fraction,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PicturePreparation:
        """The preparation that a config tells of."""
        shape = sizes_of(config, "input_shape", 3)
        return cls(shape, names(config, "classes"), entry(config, "fraction", float))  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"PicturePreparation(input_shape={self.input_shape}, {len(self.classes)} classes)"

    def _part(self, folder: Path, samples: Sequence[Sample], is_for_test: bool) -> Dataset:
        chosen = [sample for sample in samples if sample.is_for_test is is_for_test]
        unknown = sorted({sample.class_name for sample in samples} - set(self.classes))
        if unknown:
            known = ", ".join(self.classes)
            fail(
                "pictures",
                f"there is a class {unknown[0]!r} in {folder}, which the net does not know.",
                f"it knows {known}.",
            )
        _some(folder, chosen, is_for_test, self.fraction, len(samples))
        planes = slice(3, 4) if self.input_shape[0] == 1 else slice(0, 3)
        number = {name: label for label, name in enumerate(self.classes)}
        x = np.stack([sample.planes[planes] for sample in chosen])
        part = Dataset(x, np.array([number[sample.class_name] for sample in chosen]), self.classes)
        part.source = f"{len(samples):,} own pictures, {fingerprint(sample.content for sample in samples)}"
        return part


def pictures(
    folder: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    fraction: float = TEST_FRACTION,
    skip_broken: bool = False,
) -> tuple[Dataset, Dataset, PicturePreparation]:
    """A folder of pictures: each folder inside is a class, and what lies in it, at any depth, are its pictures.

    Pictures of every mode are read, and brought to one size. They are in colour, unless all of them are grey. A hash
    of its content decides whether a picture is for the test, so the parts stay as they are when others are added. Where
    the folders are `train` and `test`, and the classes lie in those, the parts are as given.

    Args:
        folder: The folder.
        size: Pixels of a side, or (height, width). None keeps the size of all pictures if it is one, up to 64; else 32.
        fraction: The share of the test part.
        skip_broken: Whether files that are no pictures are left out; else the first is an error.

    Returns:
        The training part, the test part, and the preparation, which takes a new picture.

    Raises:
        OSError: The folder or a file cannot be read.
        ValueError: There are not two classes with pictures, or a file is no picture.

    Example:
        >>> train, test, preparation = pictures("flowers", size=32)  # doctest: +SKIP
        >>> net.predict(preparation("a_new_one.jpg")[np.newaxis])  # doctest: +SKIP
    """
    part = share("pictures", fraction)
    place, shape = checks.path("pictures", folder), shape_of_pictures(folder, size)
    if max(shape) > LARGEST_SIDE:
        fail("pictures", f"size must be at most {LARGEST_SIDE}, got {max(shape)}.")
    samples = _samples(place, shape, part, checks.flag("pictures", "skip_broken", skip_broken))
    classes = _classes(place, samples)
    is_grey = all(np.ptp(sample.planes[:3], axis=0).max() < 1e-6 for sample in samples)
    preparation = PicturePreparation((1 if is_grey else 3, *shape), classes, part)
    return preparation._part(place, samples, False), preparation._part(place, samples, True), preparation


def shape_of_pictures(folder: str | os.PathLike[str], size: int | tuple[int, int] | None = None) -> tuple[int, int]:
    """Height and width to which `pictures` would bring those of a folder; only the beginnings of files are read."""
    place = checks.path("pictures", folder)
    return _one_size(found_in(place)) if size is None else checks.pair("pictures", "size", size, 1)


def _samples(folder: Path, size: tuple[int, int], fraction: float, skip_broken: bool) -> list[Sample]:
    """All pictures of a folder."""
    found = found_in(folder)
    height, width = size
    samples, broken = [], []
    for path, class_name, is_for_test in found:
        try:
            pixels, _ = read_picture(path, _longest(size))
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            broken.append(str(error).removeprefix("tinynet: ").partition("\n")[0])
            continue
        planes = np.concatenate([resized(pixels, (channels, height, width))[0] for channels in (3, 1)])
        if is_for_test is None:
            is_for_test = in_test(content, fraction)
        samples.append(Sample(class_name, is_for_test, planes, fingerprint([content]).encode()))
    if broken and not skip_broken:
        more = f" And {len(broken) - SHOWN} more." if len(broken) > SHOWN else ""
        problem = f"{len(broken)} of {len(found)} files cannot be used: {' '.join(broken[:SHOWN])}{more}"
        fail("pictures", problem, "mend or remove them, or leave them out with skip_broken=True, --skip-broken.")
    if not samples:
        fail("pictures", f"no file in {folder} is a picture that can be read.", f"the first: {broken[0]}")
    return samples


def _longest(size: tuple[int, int]) -> int:
    """To how many pixels a side of a larger picture may be reduced before it is brought to a size."""
    return max(MEANS * max(size), LEAST_READ)


def _one_size(found: Sequence[Found]) -> tuple[int, int]:
    """Height and width for all pictures: their own if they share one that is small, else the usual."""
    shared = {picture_size(each.path) for each in found} - {None}
    size = shared.pop() if len(shared) == 1 else None
    return size if size is not None and max(size) <= LARGEST_KEPT else (SIDE, SIDE)


def _classes(folder: Path, samples: Sequence[Sample]) -> list[str]:
    """The classes of a folder, of which each must have pictures to learn from."""
    classes = sorted({sample.class_name for sample in samples})
    if len(classes) < 2:
        problem = f"expected at least two classes in {folder}, got one: {classes[0]!r}."
        fail("pictures", problem, "add a folder with pictures of something else.")
    learned = {sample.class_name for sample in samples if not sample.is_for_test}
    for name in classes:
        if name not in learned:
            n_pictures = sum(sample.class_name == name for sample in samples)
            which = f"all {n_pictures} are for the test"
            problem = f"of the class {name!r} in {folder} there is no picture to learn from: {which}."
            fail("pictures", problem, "add more pictures of it, or remove it.")
    return classes


def _some(folder: Path, chosen: Sequence[Sample], is_for_test: bool, fraction: float, n_samples: int) -> None:
    """Check that a part is not empty."""
    if not chosen:
        part = "test" if is_for_test else "training"
        problem = (
            f"the {part} part of {folder} is empty: the hash that decides for each took none of {n_samples} pictures."
        )
        fail("pictures", problem, f"add pictures, or take another fraction than {fraction:g}.")
