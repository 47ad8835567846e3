"""The `tinynet` command."""

from __future__ import annotations


def main(arguments: list[str] | None = None) -> None:
    """Run `tinynet` with arguments, those of the process if None, and exit with its status.

    Example:
        >>> main(["--version"])
        Traceback (most recent call last):
        SystemExit: 0
    """
    from tinynet.cli.app import main

    main(arguments)


__all__ = ["main"]
