"""The search for what a layer consists of leaves out tuples of numbers, and nothing else."""

import numpy as np
import pytest

from tests.contract.table import LAYERS
from tinynet.core import Parameter
from tinynet.engine import parts
from tinynet.engine.parts import items, only_numbers
from tinynet.layers import Layer, Linear, ReLU
from tinynet.net import Concat, Net, Padded, Residual


class Holder(Layer):
    """A layer with an attribute."""

    def __init__(self, value: object) -> None:
        self.value = value

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda part: ((1, 1), part), "value.1"),
        (lambda part: (1, (2, part)), "value.1.1"),
        (lambda part: (1, [part]), "value.1.0"),
        (lambda part: (((part,),),), "value.0.0.0"),
        (lambda part: ({"a": part}, 2), "value.0.a"),
    ],
)
def test_a_part_among_numbers_is_found(wrap, path) -> None:
    for _ in range(2):  # the second time something may be remembered
        weight, inner = Parameter(np.zeros(2)), Linear(2, 2)
        assert Holder(wrap(weight)).parameters() == {path: weight}
        assert inner in Holder(wrap(inner)).every_layer()
        assert list(Holder(wrap(inner)).parameters()) == [f"{path}.weight", f"{path}.bias"]


def test_what_only_numbers_are() -> None:
    for _ in range(2):
        assert only_numbers((1, (2.0, True), ()))
        assert not only_numbers((1, "1"))
        assert not only_numbers((1, None))
        assert not only_numbers((1, np.zeros(2)))
        assert not only_numbers(((1, [2]),))
    assert list(items((1, (2, 3)), tuple)) == []
    assert list(items([1], list)) == [(0, 1)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_of_numbers", set())
    for number in range(1100):
        assert only_numbers((number, number))
    assert len(parts._of_numbers) == 1000
    assert only_numbers((2000, 1))


def test_a_layer_that_is_listed_as_alone_holds_no_other() -> None:
    built = [row.build() for row in LAYERS]
    assert {type(layer) for layer in built if type(layer) in parts.ALONE and len(layer.every_layer()) > 1} == set()
    holding = {type(layer) for layer in built if len(layer.every_layer()) > 1}
    assert holding - {Net, Padded, Residual, Concat} == set(parts.HOLD_LAYERS)


def test_a_net_forgets_what_lies_before_the_first_layer_that_learns() -> None:
    net = Net([ReLU(), Linear(2, 2), Net([Linear(2, 2), ReLU()])])
    net.backward(np.ones_like(net.forward(np.ones((3, 2)))), input_gradient=False)
    assert [layer._memory for layer in net.every_layer()] == [None] * 6


class WithSpare(Net):
    """A net with a layer that is not in its stack."""

    def __init__(self) -> None:
        super().__init__([Linear(2, 2)])
        self.spare = ReLU()


def test_a_net_forgets_layers_that_are_not_in_its_stack() -> None:
    net = WithSpare()
    net.spare.forward(np.ones(2))
    net.backward(np.ones_like(net.forward(np.ones((3, 2)))))
    assert net.spare._memory is None
