"""The trained net of the methods, for their pictures."""

from tests.probe.interpret.conftest import pictures, trained

__all__ = ["pictures", "trained"]
