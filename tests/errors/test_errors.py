"""The catalogue of bad input: each case gives one clear error, and destroys nothing that was there before.

A clear error says who, what was expected and what came in its first line, which ends with a full stop, and what to do
in a line that begins with "Hint: ".
"""

import re

import numpy as np
import pytest

from tests.errors import data_cases, file_cases, layer_cases, look_cases, loss_cases, net_cases, training_cases
from tests.errors.case import net

PLAIN = [*layer_cases.CASES, *net_cases.CASES, *loss_cases.CASES, *data_cases.CASES, *look_cases.CASES]
TRAINING = training_cases.CASES
FILES = file_cases.CASES


def raised(case, *args):
    """The message of the error that a case gives."""
    with pytest.raises(case.kind, match=case.words) as caught:
        case.call(*args)
    assert type(caught.value) is case.kind
    message = str(caught.value)
    first, *others = message.splitlines()
    assert re.match(r"(layer [\w.]+: )?[A-Za-z][\w.]*(\(.*\))?: \S.*[.:]$", first), message
    assert all(line.startswith(("Hint: ", "(What came is ", "  http")) for line in others), message
    assert sum(line.startswith("Hint: ") for line in others) <= 1, message
    return message


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_bad_arguments(case):
    raised(case)


@pytest.mark.parametrize("case", TRAINING, ids=lambda case: case.name)
def test_bad_training_changes_no_weight(case):
    tested = net()
    before = tested.state()
    raised(case, tested)
    for path, array in tested.state().items():
        np.testing.assert_array_equal(array, before[path])
    assert all(not parameter.gradient.any() for parameter in tested.parameters().values())


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
def test_bad_files_leave_every_file(case, tmp_path, monkeypatch):
    file_cases.prepare(tmp_path)
    before = file_cases.snapshot(tmp_path)
    monkeypatch.chdir(tmp_path)
    raised(case, tmp_path, monkeypatch)
    monkeypatch.undo()
    assert file_cases.snapshot(tmp_path) == before


def test_a_refused_state_changes_no_weight():
    tested = net()
    before = tested.state()
    for bias in (np.ones(4), np.array(["a"] * 3)):
        with pytest.raises(ValueError, match="does not fit"):
            tested.load_state({"0.weight": np.full((3, 2), 7.0), "0.bias": bias})
    np.testing.assert_array_equal(tested.state()["0.weight"], before["0.weight"])


def test_the_catalogue_is_long_enough_and_names_each_case_once():
    names = [case.name for case in [*PLAIN, *TRAINING, *FILES]]
    assert len(set(names)) == len(names) >= 150
