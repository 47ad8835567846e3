"""Writing to whatever takes the output: a terminal, a pipe of any encoding, a full disk, or nothing."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

#: How the signs of formulas and tables are written where they cannot be encoded.
SIGNS = {
    "∂": "d",
    "∇": "grad ",
    "·": "*",
    "−": "-",
    "′": "'",
    "×": "x",
    "─": "-",
    "│": "|",
    "–": "-",
    "µ": "u",
    "\u0302": "^",
    "⋆": "*",
    "√": "sqrt",
    "…": "...",
    "⋯": "...",
    "⊙": "*",
    "∞": "inf",
    "½": "1/2",
    "→": "->",
    "←": "<-",
    "⁻": "^-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "⌊": "floor(",
    "⌋": ")",
    "⌈": "ceil(",
    "⌉": ")",
    "Σ": "sum",
    **dict(zip("▁▂▃▄▅▆▇█", "_.-~=+*#", strict=True)),
}
INTERRUPTED = 130  #: The status of a process that Ctrl-C has ended.
NAME = "tinynet"  #: Of the codec's error handler.


def plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that an encoding lacks: a codec's error handler.

    Example:
        >>> codecs.register_error(NAME, plain)
        >>> "y = σ(x Wᵀ) · 2 × π, Łódź".encode("ascii", NAME)
        b'y = sigma(x W^T) * 2 x pi, \\\\u0141\\\\xf3d\\\\u017a'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    name = unicodedata.name(character, "").split()
    if name[:1] == ["GREEK"]:
        return name[-1].lower() if "SMALL" in name else name[-1].capitalize()
    kind, _, code = unicodedata.decomposition(character).partition("> ")
    letter = chr(int(code, 16)) if kind in ("<super", "<sub") and " " not in code else ""
    if letter.isascii() and letter:
        return letter if kind == "<sub" else f"^{letter}"
    return character.encode("ascii", "backslashreplace").decode("ascii")


def accept_all_characters() -> None:
    """Let the standard output and error write what their encoding lacks in another way, instead of failing.

    Pipes on Windows have cp1252, and LANG=C has ASCII; a file name may hold bytes that are no text at all.
    """
    codecs.register_error(NAME, plain)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # there is none, or it is another kind of stream
            stream.reconfigure(errors=NAME)  # type: ignore[union-attr]


def say(text: str) -> None:
    """Write a line to the standard output, if there is one.

    Raises:
        OSError: It cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.write(f"{text}\n")
        flush()


def complain(sentence: str) -> None:
    """Write a sentence to the standard error, if that is possible."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"tinynet: {sentence}\n")
        sys.stderr.flush()


@contextmanager
def warnings_in_sentences() -> Iterator[None]:
    """Within this block a warning is told like an error, without the line of code that it came from."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: complain(str(message))
        yield


def flush() -> None:
    """Write out what is still in the buffer, while an error can be told.

    Raises:
        OSError: It cannot be written.
    """
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()


def drop_output() -> None:
    """Let the rest of the standard output go nowhere: at its end Python would try again, and print a traceback."""
    with suppress(AttributeError, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def reason(error: OSError) -> str:
    """An error of the system in words; one of Tinynet's is a sentence already."""
    if error.errno is None:
        return str(error).removeprefix("tinynet: ")
    what = f"{error.filename}: " if error.filename else ""
    return f"{what}{error.strerror}."


def given_path(text: str) -> Path:
    """A path as a user gives it, with the home folder for `~`, which shells leave alone in --out=~/run.

    Raises:
        BadParameter: It is empty, or there is no home folder.
    """
    path = os.path.expanduser(text)
    if not text:
        raise typer.BadParameter("expected a path, got an empty text.")
    if text.split(os.sep)[0] == "~" == path.split(os.sep)[0]:
        raise typer.BadParameter(f"{text} begins with ~, but this user has no home folder.")
    return Path(path)
