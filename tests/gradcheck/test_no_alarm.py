"""The tool that looks for alarms at correct layers: it draws every layer, and an alarm is counted and shown."""

import json

import pytest

from tests.contract.table import LAYERS
from tinynet.layers import Linear
from tools import no_alarm


def test_every_layer_of_the_contract_is_drawn() -> None:
    assert {type(row.build()).__name__ for row in LAYERS} == set(no_alarm.STRATEGIES)


@pytest.mark.parametrize("piece", ["Dropout", "Embedding", "GRU", "MaxUnpool2D", "MultiHeadAttention", "Net"])
def test_a_correct_layer_raises_none(piece: str) -> None:
    said: list[str] = []
    assert no_alarm.check(4, 3, piece, said.append) == 0
    assert said[0].startswith("4 random configurations of 1 layers: 0 alarms; largest relative error ")


def test_a_wrong_layer_is_counted_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Linear.backward
    monkeypatch.setattr(Linear, "backward", lambda layer, dy: -right(layer, dy))
    said: list[str] = []
    assert no_alarm.check(3, 0, "Linear", said.append) == 3
    assert json.loads(said[0].splitlines()[0].removeprefix("ALARM "))["piece"] == "Linear"
    assert "everything is negated" in said[0]
    assert said[3].startswith("3 random configurations of 1 layers: 3 alarms")


def test_the_same_seed_draws_the_same() -> None:
    assert no_alarm.draw("Conv2D", 5, 1) == no_alarm.draw("Conv2D", 5, 1) != no_alarm.draw("Conv2D", 5, 2)
