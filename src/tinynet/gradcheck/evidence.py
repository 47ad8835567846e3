"""What is known about a wrong gradient, and the questions that a diagnosis can ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.gradcheck.compare import Mismatch
from tinynet.gradcheck.differences import Function, slope
from tinynet.gradcheck.subject import Subject, is_floating, rebuild
from tinynet.layers import Layer
from tinynet.net import watch

MAX_SIZE = 2000  # larger arrays are not differentiated entry by entry


class Evidence:
    """A wrong gradient, its right values, and the layer to try things on.

    Args:
        subject: What was checked.
        mismatch: What was found.
    """

    def __init__(self, subject: Any, mismatch: Mismatch) -> None:
        self.subject, self.mismatch = subject, mismatch
        self.name, self.function = mismatch.name, mismatch.function
        self.found = mismatch.found[self.name]
        self.expected = self.slopes(self.function)

    @property
    def is_layer(self) -> bool:
        """Whether a layer was checked by itself, without a loss."""
        return isinstance(self.subject, Subject) and self.subject.loss is None

    @property
    def is_parameter(self) -> bool:
        """Whether the gradient is that of a parameter."""
        return self.is_layer and self.name in self.subject.parameters()

    @property
    def is_elementwise(self) -> bool:
        """Whether the gradient is that of the only input, and the only output has its shape."""
        weights = self.function.weights
        return self.is_layer and not self.is_parameter and len(weights) == 1 and weights[0].shape == self.found.shape

    @property
    def values(self) -> np.ndarray:
        """The input or parameter itself."""
        return self.function.arrays[self.name]

    @cached_property
    def outputs(self) -> list[np.ndarray]:
        """The outputs at the point."""
        return self.function.outputs()

    def same(self, a: Any, b: Any) -> bool:
        """Whether two gradients are equal, for the accuracy of finite differences."""
        if np.shape(a) != np.shape(b):
            return False
        scale = max(float(np.max(np.abs(each))) for each in (self.expected, a, b))
        return bool(np.max(np.abs(np.subtract(a, b))) <= 1e-5 * scale)

    def slopes(self, function: Function) -> np.ndarray:
        """The right gradient, one slope for each entry."""
        result = np.zeros(function.arrays[self.name].shape)
        for index in np.ndindex(*result.shape):
            result[index] = slope(function, self.name, index)
        return result

    def expected_for(self, weights: list[np.ndarray]) -> np.ndarray:
        """The right gradient if the outputs had other weights."""
        return self.slopes(Function(self.function.arrays, self.function.outputs, weights))

    def found_by_a_new_layer(self) -> Any:
        """What backward gives in a layer that was just built and has the same parameters."""
        layer = rebuild(self.subject.layer).astype(np.float64)
        layer.load_state(self.subject.layer.state())
        for (_, inner), (_, like) in zip(layer.layers_inside(), self.subject.layer.layers_inside(), strict=True):
            inner.training = like.training
        before, self.subject.layer = self.subject.layer, layer
        try:
            return self.subject.claims(self.function.weights)[self.name]
        finally:
            self.subject.layer = before

    @contextmanager
    def holding(self, array: np.ndarray, values: np.ndarray) -> Iterator[None]:
        """Other values in an array, for a moment."""
        before = array.copy()
        array[...] = values
        try:
            yield
        finally:
            array[...] = before

    def found_with_parameter_transposed(self, path: str) -> Any:
        """What backward gives if a square parameter is transposed between the two passes."""
        subject = self.subject
        tensor = subject.parameters()[path].tensor
        subject.layer.zero_gradient()
        dy = subject.output_gradients(subject.forward(), self.function.weights)
        with self.holding(tensor, tensor.T.copy()):
            dx = subject.backward(dy)
        found = dict(zip(subject.names(), dx, strict=True))
        return found.get(self.name)

    def expected_at_first_parameters(self) -> np.ndarray:
        """The right gradient at the parameters that the layer had before the check moved them."""
        first = self.subject.original.parameters()
        now = {path: p.tensor.copy() for path, p in self.subject.parameters().items()}
        for path, parameter in self.subject.parameters().items():
            parameter.tensor = first[path].tensor
        try:
            return self.slopes(self.function)
        finally:
            for path, parameter in self.subject.parameters().items():
                parameter.tensor = now[path]

    def gradients_of_inner_layers(self) -> dict[str, np.ndarray]:
        """What came back from each layer right inside, where it has the shape of the gradient."""
        found: dict[str, np.ndarray] = {}

        class Observer:
            def on_backward(self, path: str, layer: Layer, dy: Any, dx: Any) -> None:
                if path and is_floating(dx):
                    found[path] = dx

        with watch(self.subject.layer, Observer()):
            self.subject.claims(self.function.weights)
        return {path: dx for path, dx in found.items() if dx.shape == self.found.shape}

    def integer_inputs(self) -> list[np.ndarray]:
        """The inputs that are no floating-point numbers."""
        return [x for x in self.subject.inputs if not is_floating(x)] if self.is_layer else []
