"""Known files out of a .tar.gz.

A tar file is a row of headers of 512 bytes, each followed by its file, which is filled up to a multiple of 512. Only
plain files are taken: a link may lead out of the archive or to itself, and a sparse file claims any size.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from tinynet.data.sources import damaged

BLOCK = 512
MAX_MEMBERS = 100  # Files and folders; in CIFAR-10 there are nine.
MAX_REST = 2**20  # bytes that are neither wanted nor a header


def unpack(archive: Path, wanted: dict[str, int], folder: Path) -> None:
    """Write known files of an archive into a folder.

    Args:
        archive: A .tar.gz file.
        wanted: For each file, by its name in the archive, how many bytes it may have at most.
        folder: Where they are written, under these names; the folders in them are there already.

    Raises:
        ValueError: The archive is damaged, a file is missing or too long, or there is more in it than expected.
    """
    try:
        with gzip.open(archive) as file:
            missing = wanted.keys() - _unpacked(cast(BinaryIO, file), wanted, folder)
            rest = file.read(MAX_REST)  # to the end, where the checksum stands
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        damaged(archive, "an archive of the binary version of CIFAR-10", str(error) or type(error).__name__)
    if missing or len(rest) == MAX_REST:
        found = f"no {min(missing)}" if missing else "too much after its end"
        damaged(archive, "an archive of the binary version of CIFAR-10", found)


def _unpacked(file: BinaryIO, wanted: dict[str, int], folder: Path) -> set[str]:
    """Write the wanted files, and return their names."""
    found: set[str] = set()
    rest = MAX_REST
    for _ in range(MAX_MEMBERS):
        header = file.read(BLOCK)
        if not any(header):  # the end
            return found
        member = tarfile.TarInfo.frombuf(header, "utf-8", "replace")
        size = 0 if member.islnk() or member.issym() or member.isdir() or member.isdev() else member.size
        padding = -size % BLOCK
        if member.name in wanted:
            _check_member(member, wanted[member.name])
            (folder / member.name).write_bytes(_exactly(file, size))
            found.add(member.name)
            size = 0
        rest -= max(size, 0)
        if rest < 0 or size < 0:
            raise tarfile.TarError(f"{member.name!r} of {member.size} bytes")
        _exactly(file, size + padding)
    raise tarfile.TarError(f"more than {MAX_MEMBERS} files")


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError("it ends in the middle of a file")
    return content


def _check_member(member: tarfile.TarInfo, longest: int) -> None:
    """Check that a file is a plain one of a possible size."""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise tarfile.TarError(f"{member.name} is no plain file")
    if not 0 <= member.size <= longest:
        raise tarfile.TarError(f"{member.name} of {member.size} bytes, expected at most {longest}")
