"""Names that every doctest may use without importing them: `np` and `tn`."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def _doctest_names(doctest_namespace: dict[str, object]) -> None:
    import tinynet as tn  # not at the top: coverage starts after this file is read

    doctest_namespace.update(np=np, tn=tn)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what needs a package that is not there: these modules are imported only where it is."""
    needs = {"exchange/twins/*.py": "torch", "exchange/estimators.py": "sklearn"}
    missing = [package for place, package in needs.items() if collection_path.match(place) and not find_spec(package)]
    return True if missing else None
