"""What explanations say, word for word and symbol for symbol: as recorded."""

import pytest

from tests.probe.explain.texts import KINDS, made, read


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_as_recorded(kind: str) -> None:
    now, before = made(KINDS[kind]), read(kind)
    assert list(now) == list(before)
    for heading in now:
        assert now[heading] == before[heading], heading
