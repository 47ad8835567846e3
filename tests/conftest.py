"""Every test starts from the same random streams, so that none depends on those that ran before it."""

import pytest

# These run lines again, with thousands of arguments, that smaller tests run too: coverage, which would take a third of
# their time, learns nothing from them.
SWEEPS = (
    "tests/benchmarks/",
    "tests/calls/",
    "tests/contract/",
    "tests/examples/",
    "tests/extremes/",
    "tests/gradcheck/test_no_alarm.py",
    "tests/gradcheck/test_planted_bugs.py",
    "tests/layers/test_absent.py",
    "tests/learner/test_resume_everywhere.py",
    "tests/losses/test_absent_rows.py",
    "tests/net/test_predicting.py",
    "tests/parity/",
    "tests/probe/explain/test_every_layer.py",
    "tests/probe/explain/test_every_model.py",
    "tests/probe/explain/test_every_rule.py",
    "tests/probe/explain/test_sequences.py",
    "tests/probe/test_where_nan_begins.py",
    "tests/project/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell pytest-cov which tests it need not look at."""
    for item in items:
        if item.nodeid.startswith(SWEEPS):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True)
def _same_streams() -> None:
    import tinynet as tn  # not at the top: coverage starts after this file is read

    tn.seed(0)


@pytest.fixture(autouse=True)
def _threads_share_small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        from tinynet.engine.machine import pool
    except ModuleNotFoundError as error:
        if error.name != "tinynet.engine":
            raise
    else:
        monkeypatch.setattr(pool, "TIMED_CALLS", 0)
