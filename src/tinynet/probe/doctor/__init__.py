"""The doctor: what is wrong with a training, why it hurts, and what to write instead.

A `Case` is a training with what the doctor measures of it. Each rule is a function from a case to a diagnosis, or to
None, and stands with its reason in the file of its kind:

    endings   the last activation and the loss against the targets
    scales    inputs, targets and validation data
    labels    labels, classes and rows
    weights   the weights before the first step
    units     dead, saturated, without an activation; vanishing and exploding; batch norm
    rates     the direction and the length of the steps
    course    unfinished, overfitted, held back

A rule asks by behaviour, not by name: a loss is asked what it does with shifted, halved and doubled predictions, an
activation what it gives for huge numbers. Where a sign may be harmless, `trials` repeats a few steps with the proposed
change, and the diagnosis is a problem only if that helps. `causes` says which diagnosis explains which others.
"""

from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnoses, Diagnosis, Experiment, Span
from tinynet.probe.doctor.visit import diagnose

__all__ = ["Case", "Diagnoses", "Diagnosis", "Experiment", "Span", "diagnose"]
