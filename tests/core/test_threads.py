"""The number of threads."""

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
