"""Every test starts from the same random streams, so that none depends on those that ran before it."""

import pytest


@pytest.fixture(autouse=True)
def _same_streams() -> None:
    import tinynet as tn  # not at the top: coverage starts after this file is read

    tn.seed(0)


@pytest.fixture(autouse=True)
def _threads_share_small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        from tinynet.engine.machine import pool
    except ModuleNotFoundError as error:
        if error.name != "tinynet.engine":
            raise
    else:
        monkeypatch.setattr(pool, "TIMED_CALLS", 0)
