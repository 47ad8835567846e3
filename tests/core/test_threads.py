"""The number of threads."""

import os
import subprocess
import sys

import pytest

import tinynet as tn
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


def test_there_are_processors() -> None:
    assert 1 <= processors() <= 4096


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
