"""How two sets of values are compared."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-9


def must_agree(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Raise unless both have the same entries of the same shapes, equal to 1e-9 of the largest number in each."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        scale = max(1.0, float(np.max(np.abs(value), initial=0.0)))
        np.testing.assert_allclose(found[name], value, rtol=0, atol=TOLERANCE * scale, err_msg=name)
