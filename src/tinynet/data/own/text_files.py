"""Files of text, whatever program has written them."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from tinynet.core import checks
from tinynet.core.checks.words import fail

LONGEST = 2**31  # bytes; what is read is kept in memory several times


def is_text(name: str) -> bool:
    """Whether a name of a file is text: a system may give names of any bytes.

    Example:
        >>> is_text("café"), is_text("caf\\udce9")
        (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_of(who: str, path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark; each line ends with a line feed.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: It is empty, too large, or no text.
    """
    checks.readable_file(who, path)
    size = path.stat().st_size
    if size > LONGEST:
        fail(who, f"{path} has {size / 1e9:.1f} GB, more than is read at once.", "take a part of it.")
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        fail(
            who,
            f"{path} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}.",
            "convert the file to UTF-8, for example with iconv.",
        )
    if not text:
        fail(who, f"{path} is empty.", "name a file with text in it.")
    if "\0" in text:
        fail(who, f"{path} is no text: it has zero bytes.", "save it as text in UTF-8; a sheet, as CSV.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
