"""Finding the files of a data set: in TINYNET_DATA, in the cache folder, or on a mirror.

A download counts only if its SHA-256 is the known one. A file that somebody put there by hand is checked by its
structure where it is read, and named as unverified if its hash is another.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.temporary import temporary_folder

NAMED_FOLDERS = ("mnist", "fashion-mnist", "fashionmnist", "fashion_mnist")  # of files with the same names


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Attributes:
        name: Its file name.
        folder: The folder that it lies in, below TINYNET_DATA or the cache folder.
        sha256: The hash of the file itself.
        mirrors: Addresses of the folders that offer it, tried in this order.
        content: The hash of what a gzip file holds, if known: the same data may have been compressed again.
        folders: Other names of its folder, as other programs give them.
        others: Hashes of files that have the same name, but belong to another data set.
    """

    name: str
    folder: str
    sha256: str
    mirrors: tuple[str, ...]
    content: str = ""
    folders: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """The whole address on each mirror."""
        return [f"{mirror.rstrip('/')}/{self.name}" for mirror in self.mirrors]

    @property
    def names(self) -> list[str]:
        """The names that the file may have: packed or not, and with a dot, as 7-Zip unpacks it and Kaggle offers it."""
        bare = self.name.removesuffix(".gz")
        dotted = bare.replace("-idx", ".idx")
        return list(dict.fromkeys([self.name, bare, f"{dotted}.gz" if bare != self.name else dotted, dotted]))

    def places(self) -> list[Path]:
        """The folders where the file is looked for; TINYNET_DATA may also name the folder of this data set itself."""
        below = list(dict.fromkeys([self.folder, *self.folders]))
        named = _named_folder()
        return [root / name for root in data_folders() for name in below] + ([named / "raw", named] if named else [])

    def is_meant(self, path: Path) -> bool:
        """Whether a file of the right name is not that of another data set: those of MNIST and Fashion-MNIST are alike.

        The name of its folder says so or, where that says nothing, that its hash is not one of the others.
        """
        parents = [part.lower() for part in Path(os.path.realpath(path)).parts[:-1]]
        while len(parents) > 1 and parents[-1] in ("raw", path.name.lower()):
            parents.pop()
        folders = {name.lower().removesuffix("/raw") for name in (self.folder, *self.folders)}
        if not self.others or parents[-1] in folders:
            return True
        return parents[-1] not in NAMED_FOLDERS and sha256(path.read_bytes()) not in self.others


def cache_folder() -> Path:
    """The user's cache folder for Tinynet, which pooch knows for each operating system.

    A user without a home, as a container may have, gets one among the temporary files.
    """
    import pooch

    folder = Path(pooch.os_cache("tinynet")).expanduser() if _has_home() else None
    if folder is None or not folder.is_absolute():
        return Path(tempfile.gettempdir()) / f"tinynet-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
    return folder


def _has_home() -> bool:
    return os.path.expanduser("~") != "~" or bool(os.environ.get("XDG_CACHE_HOME"))


def data_folders() -> list[Path]:
    """Where files are looked for: the folder named by TINYNET_DATA, if that is set, and the cache folder.

    Raises:
        NotADirectoryError: TINYNET_DATA names something that is not a folder.
    """
    named = _named_folder()
    return [cache_folder()] if named is None else [named, cache_folder()]


def _named_folder() -> Path | None:
    """The folder that TINYNET_DATA names."""
    named = os.environ.get("TINYNET_DATA", "")
    if not named:
        return None
    folder = Path(os.path.expanduser(named))
    if not os.path.isdir(folder):
        what = "is a file" if os.path.exists(folder) else "does not exist"
        problem = f"expected a folder, but {folder} {what}."
        checks.fail("TINYNET_DATA", problem, "correct the path, or unset it.", NotADirectoryError)
    return folder


def find(file: RemoteFile) -> Path | None:
    """The file on this disk, as downloaded or already unpacked from .gz; None if it is not there."""
    for folder in file.places():
        for name in file.names:
            path = folder / name
            if os.path.isfile(path / name):  # a folder of the same name, as archives of Kaggle have
                path = path / name
            if os.path.lexists(path):
                checks.readable_file("data", path)
                if file.is_meant(path):
                    return path
    return None


def find_or_download(file: RemoteFile) -> Path:
    """The file on this disk, downloaded to the cache folder if it is not there.

    Raises:
        OSError: It is not there, and no mirror gives it.
    """
    return find(file) or download(file)


def download(file: RemoteFile) -> Path:
    """Download a file into the cache folder, from the first mirror that gives what the hash asks for.

    Raises:
        OSError: No mirror gives it. What was in the cache folder before is left as it was.
    """
    folder = cache_folder() / file.folder
    failures = []
    for address in file.addresses:
        try:
            return _retrieved(file, address, folder)
        except (OSError, ValueError) as error:  # no connection or a refusal; another hash
            failures.append(f"{address}: {_reason(error)}")
    _not_downloaded(file, folder, failures)


def _retrieved(file: RemoteFile, address: str, folder: Path) -> Path:
    """Download into a temporary folder, which the next download removes if this one is killed."""
    import pooch

    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with temporary_folder(folder) as temporary:
            whole = pooch.retrieve(address, known_hash=f"sha256:{file.sha256}", fname=file.name, path=temporary)
            os.replace(whole, folder / file.name)
    finally:
        with suppress(OSError):  # not empty, as it should be
            for place in new:
                place.rmdir()
    return folder / file.name


def _reason(error: OSError | ValueError) -> str:
    """The reason in one line; the error of a failed connection has many."""
    response = getattr(error, "response", None)  # there if the server refused
    if response is not None:
        return f"the server answers {response.status_code} {response.reason}"
    if isinstance(error, ValueError):
        return "what it gives has another SHA-256"
    if error.errno is not None or isinstance(error, PermissionError):  # the disk failed, not the connection
        return " ".join(str(error).split())
    return f"no connection ({type(error).__name__})"


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def is_verified(file: RemoteFile, path: Path, content: bytes) -> bool:
    """Whether a file, or the content that was unpacked from it, has the known hash."""
    return sha256(content) in (file.content, file.sha256) or sha256(path.read_bytes()) == file.sha256


def _not_downloaded(file: RemoteFile, folder: Path, failures: list[str]) -> NoReturn:
    """A file is not on this disk, and no mirror gave it."""
    tried = "".join(f"\n  {failure}" for failure in failures)
    elsewhere = [str(place) for place in file.places() if place != folder]
    searched = f", nor in {', '.join(elsewhere)}" if elsewhere else ""
    checks.fail(
        "data",
        f"{file.name} is not in {folder}{searched}, and no address gave it:{tried}",
        f"download it where there is a connection and put it into {folder}, or into the same subfolder of the folder "
        f"that the environment variable TINYNET_DATA names; its SHA-256 is {file.sha256}.",
        OSError,
    )


def damaged(path: Path, expected: str, found: str) -> NoReturn:
    """A file is truncated, of another kind, or otherwise not what its name promises."""
    checks.fail(
        "data",
        f"{path} is damaged or another kind of file: expected {expected}, found {found}.",
        "delete it and let it be downloaded again, or replace it by the original.",
    )


def labels_below(path: Path, labels: np.ndarray, n_classes: int, inside: str = "") -> None:
    """Check that all labels in a file, or those `inside` a file that holds others, name a class."""
    if labels.max() >= n_classes:
        damaged(path, f"labels from 0 to {n_classes - 1}{inside}", f"the label {labels.max()}")
