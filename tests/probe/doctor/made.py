"""Cases made by hand: a rule is asked about what it looks at, and nothing is trained."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from types import SimpleNamespace
from typing import Any

from tinynet.losses import mean_squared_error
from tinynet.optimizers import SGD
from tinynet.probe.doctor.diagnosis import Experiment
from tinynet.probe.doctor.loss_facts import LossFacts
from tinynet.probe.doctor.trials import Change, Trial
from tinynet.probe.doctor.truth import TruthFacts
from tinynet.probe.doctor.walk import Place

FACTS = LossFacts("numbers", False, False, False, False, False, 1.0)
HELPS = Experiment("it", (2.0, 1.9), (2.0, 1.0), (0.1, 0.6))
HELPS_NOT = Experiment("it", (2.0, 1.5), (2.0, 1.5), (0.5, 0.5))


def case(**known: Any) -> Any:
    """A case of a training that goes neither well nor badly, but for what is known of it."""
    usual: dict[str, Any] = {
        "fitted": True, "goes_well": False, "goes_badly": False, "may_try": True, "usual_step": True,
        "ended_by": "", "refusal": "", "n_steps": 100, "n_tried": 20, "n_long": 100, "history": (), "batch_size": 32,
        "skill": 0.5, "valid_skill": nan, "first_skill": 0.0, "valid": None, "valid_sample": None, "rate": 0.1,
        "optimizer": SGD(lr=0.1), "loss": mean_squared_error, "loss_facts": FACTS, "metrics": {}, "explained": set(),
        "truth": TruthFacts("numbers", None, None),
    }  # fmt: skip
    return SimpleNamespace(**usual | known)


def facts(**known: Any) -> LossFacts:
    """What a loss does: that of a mean squared error, but for what is known of it."""
    return replace(FACTS, **known)


def place(path: str = "0", layer: Any = None, kind: str = "other", **known: Any) -> Place:
    """A layer on the way of a batch."""
    usual: dict[str, Any] = {
        "size": 1.0, "varies": 1.0, "dead": None, "saturated": None, "multiply_adds": 10, "n_outputs": 4,
    }  # fmt: skip
    return Place(path, layer, kind=kind, **usual | known)


def walk(*places: Place, **known: Any) -> Any:
    """The places that a batch passes."""
    weighted = [each for each in places if each.kind == "weights"]
    return SimpleNamespace(places=list(places), weighted=lambda: weighted, **{"loss": 1.0, "output": None} | known)


class Tried:
    """In place of the experiments: it gives what a test has put there, the last again and again, and notes what it is
    asked."""

    def __init__(self) -> None:
        self.gives: list[Experiment | None] = [HELPS_NOT]
        self.trial = Trial((2.0, 1.5), 0.1, None)  # type: ignore[arg-type]
        self.asked: list[tuple[str, str, bool]] = []
        self.changes: list[Change] = []

    def compare(self, case: Any, change: Change, start: str = "first", long: bool = False) -> Experiment | None:
        """As `trials.compare`."""
        self.changes.append(change)
        self.asked.append((change.words, start, long))
        return self.gives.pop(0) if len(self.gives) > 1 else self.gives[0]

    def unchanged(self, case: Any, start: str = "first", long: bool = False) -> Trial:
        """As `trials.unchanged`."""
        self.asked.append(("as it is", start, long))
        return self.trial
