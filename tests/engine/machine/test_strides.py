"""Arrays as flat memory and steps."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.engine.machine.strides import flat_memory


def test_a_view_keeps_its_memory() -> None:
    x = np.arange(2 * 5 * 12.0).reshape(2, 5, 3, 4).transpose(0, 2, 1, 3)[:, 1:, :, 1:]
    memory, steps = flat_memory(x)
    assert steps == (60, 4, 12)
    assert np.shares_memory(memory, x)
    for n, head, t, d in np.ndindex(*x.shape):
        assert memory[n * 60 + head * 4 + t * 12 + d] == x[n, head, t, d]
    assert memory[-1] == x[-1, -1, -1, -1]


@pytest.mark.parametrize("index", [np.s_[:, ::-1], np.s_[:, :, ::2]])
def test_other_orders_are_copied(index: tuple) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)[index]
    memory, steps = flat_memory(x)
    assert steps == (x.shape[1] * x.shape[2], x.shape[2])
    np.testing.assert_array_equal(memory, x.ravel())
