"""A Parameter: a tensor that is learned, and its gradient."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import flag


class Parameter:
    """A tensor that training changes, and the derivative of the loss with respect to it.

    Args:
        tensor: The initial values, floating-point numbers in any shape; they are copied.
        trainable: If False, `accumulate` adds nothing and optimizers leave the values alone.
        dtype: The floating type to hold them in; `Layer.astype` changes it later.

    Raises:
        TypeError: The values are not floating-point numbers, dtype is not a floating type, or trainable is not a bool.
        ValueError: A value of another shape is assigned, or a gradient of another shape is accumulated.

    Example:
        >>> weight = Parameter(np.zeros((2, 3)))
        >>> weight.accumulate(np.ones((2, 3)))
        >>> weight.accumulate(np.ones((2, 3)))
        >>> weight.gradient[0, 0]
        np.float32(2.0)
    """

    trainable: bool

    def __init__(self, tensor: np.ndarray, trainable: bool = True, dtype: np.dtype | type = np.float32) -> None:
        _check_floating(checks.as_array("Parameter", "tensor", tensor))
        checks.arguments(self, locals(), trainable=flag)  # and keep it as self.trainable
        dtype = checks.floating_dtype("Parameter", dtype)
        self._tensor = np.array(tensor, dtype, order="C")
        self._gradient = np.zeros_like(self._tensor)

    @property
    def tensor(self) -> np.ndarray:
        """The values. Assigning writes into them; the shape must be the same."""
        return self._tensor

    @tensor.setter
    def tensor(self, value: np.ndarray) -> None:
        if value is not self._tensor:  # `parameter.tensor -= step` assigns the array that it has just changed
            value = checks.numbers("Parameter.tensor", "the value", value)
            checks.same_shape("Parameter.tensor", value.shape, self.shape)
            self._tensor[...] = value

    @property
    def gradient(self) -> np.ndarray:
        """∂L/∂tensor, in the shape of `tensor`: the sum over every backward since the last update."""
        return self._gradient

    @gradient.setter
    def gradient(self, value: np.ndarray) -> None:
        if value is not self._gradient:
            value = checks.numbers("Parameter.gradient", "the value", value)
            checks.gradient_shape("Parameter.gradient", self, value)
            self._gradient[...] = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `tensor`."""
        return self._tensor.shape

    @property
    def size(self) -> int:
        """How many numbers are learned."""
        return self._tensor.size

    @property
    def dtype(self) -> np.dtype:
        """The floating type of `tensor` and `gradient`."""
        return self._tensor.dtype

    def accumulate(self, gradient: np.ndarray) -> None:
        """Add to the gradient. A parameter that is not trainable ignores the call."""
        if self.trainable:
            gradient = checks.numbers("Parameter.accumulate", "gradient", gradient)
            checks.gradient_shape("Parameter.accumulate", self, gradient)
            self._gradient += gradient

    def zero_gradient(self) -> None:
        """Set every number of the gradient to zero."""
        self._gradient[...] = 0

    def astype(self, dtype: np.dtype | type) -> None:
        """Convert the values and the gradient to another floating type."""
        dtype = checks.floating_dtype("Parameter.astype", dtype)
        self._tensor, self._gradient = self._tensor.astype(dtype), self._gradient.astype(dtype)

    def __copy__(self) -> Parameter:
        return deepcopy(self)  # two Parameters never share an array

    def __repr__(self) -> str:
        frozen = "" if self.trainable else ", trainable=False"
        return f"Parameter(shape={self.shape}, dtype={self.dtype}{frozen})"


def _check_floating(tensor: np.ndarray) -> None:
    if tensor.dtype.kind != "f":
        problem = f"tensor must hold floating-point numbers, got {tensor.dtype}."
        checks.fail("Parameter", problem, "convert with .astype(np.float32).", TypeError)
