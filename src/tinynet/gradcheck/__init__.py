"""Finite-difference checks of any layer, loss or net, with a diagnosis."""

from tinynet.gradcheck.check import check_layer, check_loss, check_net
from tinynet.gradcheck.report import Report
from tinynet.gradcheck.sentences import GradientError

__all__ = ["GradientError", "Report", "check_layer", "check_loss", "check_net"]
