"""The seam between the lessons and the engine."""

import pytest

from tinynet.core import faster


@pytest.mark.parametrize("missing", ["tinynet.engine", "tinynet.engine.tables"])
def test_without_the_folder_of_the_engine_the_lessons_run(missing, monkeypatch):
    def import_module(name):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(faster, "import_module", import_module)
    faster.load_engine.__wrapped__()  # as at the first call of anything that is marked


def test_what_the_engine_itself_lacks_is_said(monkeypatch):
    def import_module(name):
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    monkeypatch.setattr(faster, "import_module", import_module)
    with pytest.raises(ModuleNotFoundError, match="No module named 'numba'"):
        faster.load_engine.__wrapped__()


def test_choices_for_a_block_and_from_now_on():
    before = faster.in_use()
    with faster.use("loops"):
        assert faster.in_use() == "loops"
        faster.use("plain")
        assert faster.in_use() == "plain"
    assert faster.in_use() == before
    words = (
        r"^use: choice must be one of 'auto', 'plain', 'loops', 'compiled'; got 'loop'\.\nHint: did you mean 'loops'\?$"
    )
    with pytest.raises(ValueError, match=words):
        faster.use("loop")
    assert faster.in_use() == before


def test_a_replacement_may_decline():
    @faster.faster
    def double(x, *, more=0):
        return 2 * x + more

    faster.TABLES["loops"][double] = lambda x, more=0: "fast" if more else NotImplemented
    try:
        with faster.use("loops"):
            assert double(3) == 6
            assert double(3, more=1) == "fast"
        with faster.use("plain"):
            assert double(3, more=1) == 7
    finally:
        del faster.TABLES["loops"][double]
