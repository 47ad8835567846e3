"""What explains what: a symptom of a mistake that was found is no second mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinynet.probe.doctor.diagnosis import Diagnoses, Diagnosis

#: Symptoms that any mistake may have which stops learning altogether.
ANY = {
    "stuck",
    "width",
    "few-steps",
    "lr-low",
    "batch",
    "no-signal",
    "saturated",
    "vanish",
    "dead-relu",
    "explode",
    "imbalance",
    "lr-high",
    "reg-much",
    "bn-mode",
    "init-wide",
    "eps",
    "hid-act",
    "reg-none",
}
#: From a mistake to the diagnoses that it explains.
EXPLAINS: dict[str, set[str]] = {
    "shape": ANY,
    "softmax1": ANY | {"out-act", "in-scale", "out-scale", "loss"},
    "softmax2": {"stuck", "few-steps", "lr-low", "saturated", "vanish", "no-signal", "imbalance", "batch"},
    "sign": ANY | {"in-scale", "out-scale", "reduce"},
    "gradient": ANY,
    "accumulate": ANY,
    "broadcast": ANY | {"stuck"},
    "no-softmax": ANY,
    "loss": ANY - {"lr-high"},
    "out-act": ANY,
    "labels": ANY | {"in-scale", "loss", "leak"},
    "one-class": ANY,
    "sorted": ANY,
    "init-const": ANY,
    "no-signal": ANY,
    "bn-mode": ANY - {"bn-mode"},
    "in-scale": ANY - {"reg-much"},
    "out-scale": ANY - {"reg-much"},
    "reduce": ANY - {"reg-much"},
    "init-wide": ANY,
    "lr-high": ANY - {"lr-high"},
    "eps": ANY - {"eps"},
    "hid-act": ANY - {"hid-act", "reg-none"},
    "vanish": {"stuck", "few-steps", "lr-low", "no-signal", "saturated", "batch", "imbalance", "reg-much"},
    "dead-relu": {"stuck", "few-steps", "lr-low", "no-signal", "vanish", "explode", "batch", "imbalance", "reg-much"},
    "reg-much": {"stuck", "few-steps", "lr-low", "no-signal", "batch", "imbalance"},
    "eval-prep": {"reg-none", "bn-mode", "imbalance"},
    "imbalance": {"reg-none"},
    "lr-low": {"stuck", "few-steps", "no-signal", "batch", "imbalance", "reg-much"},
}


def settled(found: Iterable[Diagnosis]) -> Diagnoses:
    """The diagnoses, in order, where what another one explains is only a remark of less weight."""
    found = list(found)
    problems = sorted((each for each in found if each.level == "problem"), key=lambda each: -each.weight)
    explained: set[str] = set()
    for each in problems:
        if each.name not in explained:
            explained |= explained_by(each)
    return Diagnoses([_lowered(each) if each.name in explained else each for each in found])


def explained_by(each: Diagnosis) -> set[str]:
    """The names of what is only a symptom of a problem; nothing for a remark."""
    return EXPLAINS.get(each.name, set()) - {each.name} if each.level == "problem" else set()


def _lowered(each: Diagnosis) -> Diagnosis:
    if each.level == "remark":
        return replace(each, weight=each.weight / 2)
    return replace(each, level="remark", weight=each.weight * 0.6)
