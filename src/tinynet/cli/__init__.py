"""The `tinynet` command."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run `tinynet` with arguments, those of the process if None, and exit with its status.

    Example:
        >>> main(["--version"])
        Traceback (most recent call last):
        SystemExit: 0
    """
    try:
        from tinynet.cli.app import main
    except KeyboardInterrupt:  # loading takes seconds on a slow machine
        sys.stderr.write("tinynet: interrupted.\n")
        sys.exit(130)
    main(arguments)


__all__ = ["main"]
