"""In these tests an error inside a rule of the doctor is an error, and not the silence that a user hears."""

import pytest

from tests.probe.doctor.made import Tried
from tinynet.probe.doctor import trials, visit


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "ERRORS", ())


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Tried:
    """Nothing is trained: the experiments have the outcome that the test wants."""
    made = Tried()
    monkeypatch.setattr(trials, "compare", made.compare)
    monkeypatch.setattr(trials, "unchanged", made.unchanged)
    return made
