"""Net: a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tinynet.core import checks, pack
from tinynet.layers import Layer
from tinynet.net.fusion import fused
from tinynet.net.modes import evaluating, frozen
from tinynet.net.watch import watch

if TYPE_CHECKING:
    from tinynet.net.summary import Summary
    from tinynet.optimizers import Optimizer


class Net(Layer):
    """Layers one after the other: each takes what the one before gives.

    `forward` runs them in order, `backward` in reverse, which is the chain rule; `update` lets an optimizer change all
    parameters at once. A Net is a layer itself, so nets nest.

    Equation:
        y = fₙ(… f₂(f₁(x)))

    Gradients (given dy = ∂L/∂y):
        dx = f₁′ᵀ f₂′ᵀ … fₙ′ᵀ dy, where fᵢ′ᵀ dy is the backward of layer i

    Args:
        layers: A list of layers. No layer object may appear twice, here or deeper inside.

    Raises:
        TypeError: `layers` is not a list, or something in it is not a layer.
        ValueError: A layer is used twice. Errors from inside a layer are passed on with its path.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> net = Net([Linear(4, 3), ReLU(), Linear(3, 2)])
        >>> net.forward(np.ones((5, 4))).shape
        (5, 2)
        >>> list(net.parameters())
        ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    any_layout = True  # it arranges the memory for each of its layers

    def __init__(self, layers: list[Layer]) -> None:
        self.layers: tuple[Layer, ...] = checks.list_of_layers("Net", layers, Layer)
        self._check_each_layer_once()
        pack(self.parameters().values())

    def forward(self, *inputs: np.ndarray) -> Any:
        x: Any = self._cast(inputs[0]) if len(inputs) == 1 else tuple([self._cast(value) for value in inputs])
        steps = fused(self.layers)
        for index, layer in steps:
            try:
                x = layer.forward(*_arranged(layer, x))
            except (ValueError, TypeError, RuntimeError) as error:
                previous = self.layers[index - 1] if index else None
                checks.locate(error, self.layers[index], self.layers_inside(), previous)
                raise
        self.remember(steps, [np.shape(y) for y in x] if isinstance(x, tuple) else [np.shape(x)])
        return x

    def backward(self, *gradients: np.ndarray, input_gradient: bool = True) -> Any:
        """Run the layers' backward in reverse and free what each remembered.

        Args:
            gradients: ∂L/∂y, one for each output.
            input_gradient: If False, ∂L/∂x is not needed, so the layers stop as early as they can and return None.

        Raises:
            ValueError: A gradient has not the shape of its output.
            RuntimeError: There was no forward, or it has been gone back through already.
        """
        steps, shapes = self.recall()
        checks.output_gradients(f"{type(self).__name__}.backward", gradients, shapes)
        dy: Any = _tuple(gradients)
        last_needed = 0 if input_gradient else self._first_trainable()
        end = len(self.layers)
        for index, layer in reversed(steps):  # it does the work of the layers from index to end
            try:
                if index > last_needed or input_gradient:
                    dy = layer.backward(*_arranged(layer, dy))
                elif end > last_needed:
                    layer.backward_parameters(*_arranged(layer, dy))
            except (ValueError, TypeError, RuntimeError) as error:
                checks.locate(error, self.layers[index], self.layers_inside())
                raise
            layer.forget()
            end = index
        self._memory = None  # each layer has forgotten already
        return dy if input_gradient else None

    def backward_parameters(self, *gradients: np.ndarray) -> None:
        self.backward(*gradients, input_gradient=False)

    def update(self, optimizer: Optimizer) -> None:
        """Let the optimizer change every trainable parameter, then clear the gradients."""
        checks.an_optimizer("Net.update", optimizer)
        optimizer.step(self.parameters())

    def predict(self, *inputs: np.ndarray, batch_size: int = 256) -> Any:
        """The output in evaluation mode, computed in batches; nothing is kept for a backward.

        Args:
            inputs: Arrays with the batch axis first, any number of rows.
            batch_size: How many rows go through the net at once.

        Returns:
            What `forward` returns, for all rows.
        """
        checks.integer("Net.predict", "batch_size", batch_size, minimum=1)
        n_rows = checks.same_length("Net.predict", inputs)
        outputs = []
        with evaluating(self) as layers:
            for start in range(0, max(n_rows, 1), batch_size):
                outputs.append(self.forward(*[np.asarray(x)[start : start + batch_size] for x in inputs]))
                for layer in layers:
                    layer._memory = None  # forget() would look for them all again
        if isinstance(outputs[0], tuple):
            return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
        return np.concatenate(outputs)

    def step(self, x: np.ndarray, state: tuple | None = None) -> tuple[np.ndarray, tuple]:
        """Go on with a few places of a sequence, in evaluation mode, from the state that an earlier call gave."""
        states, kept = state or (None,) * len(self.layers), []
        x = self._cast(x)
        with self.evaluating():
            for layer, before in zip(self.layers, states, strict=True):
                x, after = layer.step(_arranged(layer, x)[0], before)
                kept.append(after)
        return x, tuple(kept)

    def evaluating(self) -> AbstractContextManager[Any]:
        """Within `with net.evaluating():` every layer is in evaluation mode; afterwards as it was."""
        return evaluating(self)

    def frozen(self) -> AbstractContextManager[None]:
        """Within `with net.frozen():` no parameter collects a gradient or is updated; afterwards as it was."""
        return frozen(self)

    def watch(self, observer: Any) -> AbstractContextManager[Any]:
        """Within `with net.watch(observer):` the observer sees every layer's inputs, outputs and gradients.

        Args:
            observer: An object with `on_forward(path, layer, x, y)`, `on_backward(path, layer, dy, dx)` or both.
        """
        return watch(self, observer)

    def summary(self, input_shape: tuple[int, ...] | list[tuple[int, ...]]) -> Summary:
        """A table of the layers: output shape, parameters, multiply-adds, memory and formula of each.

        Args:
            input_shape: The shape of one input without the batch axis, as in (1, 28, 28); a list of shapes for several.
        """
        from tinynet.net.summary import summarize

        return summarize(self, input_shape)

    def astype(self, dtype: np.dtype | type) -> Self:
        super().astype(dtype)
        pack(self.parameters().values())
        return self

    def attributes(self) -> dict[str, Any]:
        attributes = super().attributes()
        return {"": attributes.pop("layers", ()), **attributes}  # no name of its own, so that paths read "0.weight"

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # a copy or an unpickled net: its parameters come each in a store of its own
        pack(self.parameters().values())

    def __repr__(self) -> str:
        lines = [f"  ({index}): {layer!r}".replace("\n", "\n  ") for index, layer in enumerate(self.layers)]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"]) if lines else f"{type(self).__name__}()"

    def _repr_html_(self) -> str:
        from tinynet.net.summary import net_html

        return net_html(self)

    def _cast(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        return x.astype(self.dtype) if x.dtype.kind == "f" and x.dtype != self.dtype else x

    def _first_trainable(self) -> int:
        for index, layer in enumerate(self.layers):
            if any(parameter.trainable for parameter in layer.parameters().values()):
                return index
        return len(self.layers)

    def _check_each_layer_once(self) -> None:
        first_path: dict[int, str] = {}
        for path, layer in self.layers_inside():
            if id(layer) in first_path:
                checks.used_twice("Net", layer, first_path[id(layer)], path)
            first_path[id(layer)] = path


def _tuple(values: tuple) -> Any:
    return values[0] if len(values) == 1 else values


def _arranged(layer: Layer, values: Any) -> tuple:
    """The values as a tuple, each in C order unless the layer takes any."""
    if isinstance(values, np.ndarray) and (layer.any_layout or values.flags.c_contiguous):
        return (values,)  # mostly
    values = values if isinstance(values, tuple) else (values,)
    if layer.any_layout:
        return values
    return tuple([np.ascontiguousarray(x) if isinstance(x, np.ndarray) and x.ndim else x for x in values])
