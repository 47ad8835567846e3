"""Arguments of the checkers in another order are named with the right order."""

import numpy as np
import pytest

from tinynet.gradcheck import check_layer, check_loss, check_net
from tinynet.layers import Linear
from tinynet.losses import cross_entropy
from tinynet.net import Net

NET = Net([Linear(2, 3)])
Y = np.zeros(4, int)


@pytest.mark.parametrize(
    ("call", "what", "order"),
    [
        (
            lambda: check_net(NET, cross_entropy, (4, 2), Y),
            r"input_shape is the function cross_entropy and loss is \(4, 2\)",
            "check_net(net, input_shape, loss, ground_truth)",
        ),
        (
            lambda: check_net(NET, (4, 2), Y, cross_entropy),
            r"ground_truth is the function cross_entropy and loss is an array of shape \(4,\)",
            "check_net(net, input_shape, loss, ground_truth)",
        ),
        (
            lambda: check_net(NET, cross_entropy),
            "input_shape is the function cross_entropy and loss is None",
            "check_net(net, input_shape, loss, ground_truth)",
        ),
        (
            lambda: check_net((4, 2), NET, cross_entropy, Y),
            r"input_shape is a Net and net is \(4, 2\)",
            "check_net(net, input_shape, loss, ground_truth)",
        ),
        (
            lambda: check_layer((4, 2), NET),
            r"input_shape is a Net and layer is \(4, 2\)",
            "check_layer(layer, input_shape)",
        ),
        (
            lambda: check_loss((4, 3), cross_entropy, Y),
            r"predicted is the function cross_entropy and loss is \(4, 3\)",
            "check_loss(loss, predicted, ground_truth)",
        ),
    ],
)
def test_the_right_order_is_named(call, what, order):
    with pytest.raises(TypeError, match=f"the arguments seem to stand in another order: {what}") as caught:
        call()
    assert str(caught.value).endswith(f"\nHint: the order is {order}.")


def test_a_loss_that_is_no_function():
    with pytest.raises(TypeError, match=r"check_net: loss must be a function, got \(4, 3\)"):
        check_net(NET, (4, 2), (4, 3), Y)


def test_the_right_order_passes():
    assert check_net(NET, (4, 2), cross_entropy, Y).max_error < 1e-6
