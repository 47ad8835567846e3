"""Net: a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import is_array
from tinynet.core.faster import faster
from tinynet.layers import Layer
from tinynet.net.modes import evaluating, frozen
from tinynet.net.tuples import as_tuple, one_or_tuple
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

    def __init__(self, layers: list[Layer]) -> None:
        self.layers: tuple[Layer, ...] = _list_of_layers("Net", layers, Layer)
        self._check_each_layer_once()

    @faster
    def forward(self, *inputs: np.ndarray) -> Any:
        x = one_or_tuple([self.cast(value) for value in inputs])
        for index, layer in enumerate(self.layers):
            try:
                x = layer.forward(*as_tuple(x))
            except ERRORS as error:
                self.locate(error, index, previous=True)
                raise
        self.remember(shapes=[np.shape(y) for y in as_tuple(x)])
        return x

    @faster
    def backward(self, *gradients: np.ndarray, input_gradient: bool = True) -> Any:
        """Run the layers' backward in reverse and free what each remembered.

        Args:
            gradients: ∂L/∂y, one for each output.
            input_gradient: If False, ∂L/∂x is not needed: layers before the first that learns are left out, and the
                result is None.

        Raises:
            ValueError: A gradient has not the shape of its output.
            RuntimeError: There was no forward, or it has been gone back through already.
        """
        (shapes,) = self.recall()
        checks.output_gradients(f"{type(self).__name__}.backward", gradients, shapes)
        dy = one_or_tuple(gradients)
        first = 0 if input_gradient else self.first_that_learns()
        for index in reversed(range(first, len(self.layers))):
            try:
                dy = self.layers[index].backward(*as_tuple(dy))
            except ERRORS as error:
                self.locate(error, index)
                raise
            self.layers[index].forget()
        self.forget()
        return dy if input_gradient else None

    def update(self, optimizer: Optimizer) -> None:
        """Let the optimizer change every trainable parameter, then clear the gradients."""
        _an_optimizer("Net.update", optimizer)
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
        n_rows = _same_length("Net.predict", inputs)
        outputs = []
        with evaluating(self):
            for start in range(0, max(n_rows, 1), batch_size):
                outputs.append(self.forward(*[as_array(x)[start : start + batch_size] for x in inputs]))
                self.forget()
        if isinstance(outputs[0], tuple):
            return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
        return np.concatenate(outputs)

    def step(self, x: np.ndarray, state: tuple | None = None) -> tuple[np.ndarray, tuple]:
        """Go on with a few places of a sequence, in evaluation mode, from the state that an earlier call gave."""
        states, kept = state or (None,) * len(self.layers), []
        x = self.cast(x)
        with self.evaluating():
            for layer, before in zip(self.layers, states, strict=True):
                x, after = layer.step(x, before)
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

    def attributes(self) -> dict[str, Any]:
        attributes = super().attributes()
        return {"": attributes.pop("layers", ()), **attributes}  # no name of its own, so that paths read "0.weight"

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        lines = [f"  ({index}): {layer!r}".replace("\n", "\n  ") for index, layer in enumerate(self.layers)]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"]) if lines else f"{type(self).__name__}()"

    def _repr_html_(self) -> str:
        from tinynet.net.summary import net_html

        return net_html(self)

    def cast(self, x: np.ndarray) -> np.ndarray:
        """Floating numbers in the type of this net; anything else, such as labels of words, as it is."""
        x = as_array(x)
        return x.astype(self.dtype) if x.dtype.kind == "f" and x.dtype != self.dtype else x

    def first_that_learns(self) -> int:
        """The index of the first layer with a trainable parameter; as many as there are layers if there is none."""
        for index, layer in enumerate(self.layers):
            if any(parameter.trainable for parameter in layer.parameters().values()):
                return index
        return len(self.layers)

    def locate(self, error: Exception, index: int, previous: bool = False) -> None:
        """Put the path of layer `index` into an error that passes by, and if wanted whose output came in."""
        before = self.layers[index - 1] if previous and index else None
        checks.locate(error, self.layers[index], self.layers_inside(), before)

    def _check_each_layer_once(self) -> None:
        first_path: dict[int, str] = {}
        for path, layer in self.layers_inside():
            if id(layer) in first_path:
                _used_twice("Net", layer, first_path[id(layer)], path)
            first_path[id(layer)] = path


ERRORS = (ValueError, TypeError, RuntimeError)


def as_array(x: Any) -> np.ndarray:
    """A NumPy array of x, unless it is an array already."""
    return x if is_array(x) else np.asarray(x)


def _an_optimizer(who: str, optimizer: Any) -> None:
    """Check that a value can update parameters."""
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else type(optimizer).__name__
        checks.fail(
            who, f"expected an optimizer, got {what}.", "write net.update(SGD(lr=0.1)), for example.", TypeError
        )


def _list_of_layers(who: str, layers: object, kind: type) -> tuple:
    """Check that `layers` is a list or tuple of layer objects."""
    if not isinstance(layers, (list, tuple)):
        checks.fail(
            who,
            f"layers must be a list of layers, got {type(layers).__name__}.",
            "write Net([Linear(2, 3), ReLU()]).",
            TypeError,
        )
    for index, layer in enumerate(layers):
        if isinstance(layer, type) and issubclass(layer, kind):
            checks.fail(
                who, f"layers[{index}] is the class {layer.__name__}.", f"write {layer.__name__}(...).", TypeError
            )
        if not isinstance(layer, kind):
            checks.fail(
                who,
                f"layers[{index}] must be a layer, got {type(layer).__name__}.",
                "a function needs a Layer with a backward.",
                TypeError,
            )
    return tuple(layers)


def _used_twice(who: str, layer: object, first: str, second: str) -> NoReturn:
    """One layer object stands at two places of a tree."""
    checks.fail(
        who,
        f"the layer {layer!r} is used twice, as {first} and as {second}, but it remembers only its last forward.",
        "make a second layer; to share weights, let both hold the same Parameter: second.weight = first.weight.",
    )


def _same_length(who: str, arrays: tuple) -> int:
    """Check that several arrays have as many rows, and return how many."""
    if not arrays:
        checks.fail(who, "expected at least one input array, got none.", kind=TypeError)
    if 0 in [np.ndim(x) for x in arrays]:
        checks.fail(
            who, "expected arrays with a batch axis, got a single number.", "pass x[np.newaxis] for a batch of one."
        )
    lengths = [len(x) for x in arrays]
    if len(set(lengths)) > 1:
        checks.fail(who, f"expected inputs with as many rows, got {' and '.join(map(str, lengths))}.")
    return lengths[0]
