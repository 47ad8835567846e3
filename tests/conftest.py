"""Every test starts from the same random streams, so that none depends on those that ran before it."""

import pytest


@pytest.fixture(autouse=True)
def _same_streams() -> None:
    import tinynet as tn  # not at the top: coverage starts after this file is read

    tn.seed(0)


@pytest.fixture(autouse=True)
def _threads_share_small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.engine.machine import pool as team

    monkeypatch.setattr(team, "TRIALS", 0)
