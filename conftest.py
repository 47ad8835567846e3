"""Names that every doctest may use without importing them: `np` and `tn`."""

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def _doctest_names(doctest_namespace: dict[str, object]) -> None:
    import tinynet as tn  # not at the top: coverage starts after this file is read

    doctest_namespace.update(np=np, tn=tn)
