"""In these tests an error inside a rule of the doctor is an error, and not the silence that a user hears."""

import pytest

from tinynet.probe.doctor import visit


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "ERRORS", ())
