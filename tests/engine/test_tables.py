"""The one proof of the engine: every replacement gives what its lesson gives, and leaves the same memory."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.engine.walk import Case, Draw, counted, differences, differing_bits, every_case, run
from tinynet.core.faster import TABLES, load_engine
from tinynet.core.threads import threads

load_engine()
CASES = every_case()
# As plain Python, for the coverage of compiled lines, one draw takes as long as all of them compiled.
AS_PYTHON = bool(os.environ.get("NUMBA_DISABLE_JIT"))
N_DRAWS = 2 if AS_PYTHON else 12  # of each case and type
STRUCTURAL = {"Layer.every_layer", "Layer.parameters", "Net.forward", "Net.backward"}  # held by tests of their own

each_case = pytest.mark.parametrize("case", CASES, ids=str)


def test_every_entry_of_the_tables_has_a_case() -> None:
    proven = {(case.table, case.entry) for case in CASES}
    entries = {(name, entry) for name, table in TABLES.items() for entry in table}
    assert {entry.__qualname__ for name, entry in entries - proven} <= STRUCTURAL
    assert proven <= entries


@each_case
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_equals_its_lesson(case: Case, dtype: type) -> None:
    bound = 1e-10 if dtype is np.float64 else case.float32
    with counted(case) as served:
        for seed in range(N_DRAWS):
            call = case.build(Draw(seed, dtype))
            assert differences(run(call, case.table), run(call, "plain"), bound) == [], f"seed {seed}"
    assert AS_PYTHON or bool(served) == (dtype in case.serves), (
        "it declines everything that was drawn, or else it should"
    )


@pytest.mark.needs_compiler  # as plain Python, NumPy warns in threads that no errstate reaches
@pytest.mark.parametrize("case", [case for case in CASES if case.nasty], ids=str)
def test_nasty_numbers_come_out_as_in_the_lesson(case: Case) -> None:
    for seed in range(N_DRAWS):
        call = case.build(Draw(1000 + seed, np.float32, nasty=True))
        assert differences(run(call, case.table), run(call, "plain"), 1e-4) == [], f"seed {1000 + seed}"


@pytest.mark.needs_compiler
@pytest.mark.parametrize("case", [case for case in CASES if case.table == "compiled"], ids=str)
def test_the_same_bits_on_any_number_of_threads(case: Case) -> None:
    for seed in range(4):
        call = case.build(Draw(seed, np.float32))
        results = []
        for n in (1, 2, 3):
            with threads(n):
                results.append(run(call, "compiled"))
        assert differing_bits(results) == [], f"seed {seed}"
