"""The checker finds every planted bug and says why it is there."""

from __future__ import annotations

from functools import partial

import pytest

from tests.gradcheck.planted_bugs import BUGS, Bug
from tinynet.gradcheck import GradientError, check_layer, check_loss


def found(bug: Bug) -> GradientError:
    check = partial(check_loss, bug.build) if bug.truth is not None else partial(check_layer, bug.build())
    given = [bug.inputs] if bug.truth is None else [bug.inputs, bug.truth]
    with pytest.raises(GradientError) as caught:
        check(*given)
    return caught.value


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_finds_it_and_names_the_cause(bug: Bug) -> None:
    error = found(bug)
    assert bug.build.__name__ in str(error)
    assert error.name == bug.name
    assert error.cause == bug.cause
    assert "likely cause" in str(error)


def test_there_are_enough_of_each_kind() -> None:
    kinds = [bug.cause for bug in BUGS]
    assert len(BUGS) >= 60
    assert {kind: kinds.count(kind) >= 4 for kind in kinds} == dict.fromkeys(
        ["factor", "sign", "transpose", "sum", "stale", "overwritten", "mask", "output", "branch"], True
    )
