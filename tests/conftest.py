"""Every test starts from the same random streams, so that none depends on those that ran before it."""

import pytest

# These run lines again, often with thousands of arguments, that smaller tests run too: coverage, which would take a
# third of their time, learns nothing from them.
SWEEPS = (
    "tests/benchmarks/",
    "tests/calls/",
    "tests/cli/test_models.py",
    "tests/cli/test_own_pairs.py",
    "tests/contract/",
    "tests/docs/",
    "tests/examples/",
    "tests/extremes/",
    "tests/gradcheck/test_no_alarm.py",
    "tests/gradcheck/test_planted_bugs.py",
    "tests/layers/test_absent.py",
    "tests/learner/test_interrupted_fit.py",
    "tests/learner/test_resume_everywhere.py",
    "tests/learner/test_statistics.py",
    "tests/losses/test_absent_rows.py",
    "tests/models/test_generating.py",
    "tests/models/test_language.py",
    "tests/models/test_models.py",
    "tests/models/test_vision.py",
    "tests/net/test_predicting.py",
    "tests/parity/",
    "tests/probe/doctor/test_course.py",
    "tests/probe/explain/test_every_layer.py",
    "tests/probe/explain/test_every_model.py",
    "tests/probe/explain/test_every_rule.py",
    "tests/probe/explain/test_sequences.py",
    "tests/probe/test_watched_arrays.py",
    "tests/probe/test_where_nan_begins.py",
    "tests/project/",
    "tests/storage/test_storage_bounds.py",
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
