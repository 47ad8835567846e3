"""The number of threads."""

import os
import subprocess
import sys

import pytest

import tinynet as tn
from tinynet.core import threads as core_threads
from tinynet.core.threads import blas, processors, thread_count


def test_threads_as_a_statement_and_as_a_context() -> None:
    before = thread_count()
    with tn.threads(3):
        assert thread_count() == 3
        tn.threads(1)
        assert thread_count() == 1
        assert {library.num_threads for library in blas()} == {1}
    assert thread_count() == before
    assert {library.num_threads for library in blas()} != {3}


def test_bad_numbers() -> None:
    with pytest.raises(ValueError, match="threads: n must be at least 1, got 0"):
        tn.threads(0)
    with pytest.raises(TypeError, match=r"threads: n must be an integer, got 1\.5"):
        tn.threads(1.5)


def test_there_are_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= processors() <= 4096
    count = processors.__wrapped__  # what it answers the first time
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5, 7}, raising=False)
    assert count() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert count() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)  # as where the system does not say
    assert count() == 1


def test_without_a_library_of_matrix_products_there_is_a_thread_for_each_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core_threads, "_count", 0)
    monkeypatch.setattr(core_threads, "blas", list)
    monkeypatch.setattr(core_threads, "processors", lambda: 5)
    assert thread_count() == 5


FIRST_QUESTION = """
import numpy as np
from tinynet.core.threads import thread_count
from tinynet.layers import Linear
from tinynet.net import Net
Net([Linear(3, 2)]).forward(np.ones((2, 3), np.float32))
print(thread_count())
"""


def test_the_first_question_within_a_net_does_not_count_the_one_thread_that_it_holds() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_QUESTION], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == ["2"]
