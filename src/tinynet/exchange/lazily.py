"""Packages that are needed only here, imported where they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tinynet.core.checks.words import fail


def imported(who: str, name: str, install: str) -> Any:
    """A module of a package that Tinynet does not require.

    Args:
        who: The function that needs it.
        name: The name of the module.
        install: The command that installs it.

    Raises:
        ImportError: The package is not installed.

    Example:
        >>> imported("from_nowhere", "no_such_package", "pip install no-such-package")
        Traceback (most recent call last):
        ImportError: from_nowhere: it needs no_such_package, which is not installed here.
        Hint: install it with: pip install no-such-package
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise  # it is there, and lacks something itself
        fail(who, f"it needs {package}, which is not installed here.", f"install it with: {install}", ImportError)
