"""Net: a stack of layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.faster import faster
from tinynet.layers import Layer
from tinynet.net.masks import masked
from tinynet.net.modes import evaluating, frozen, predicting
from tinynet.net.tuples import as_tuple, one_or_tuple
from tinynet.net.watch import watch

if TYPE_CHECKING:
    from tinynet.net.summary import Summary
    from tinynet.optimizers import Optimizer

ERRORS = Exception  #: Those that get the path of the layer they come from: all but Ctrl-C and the like.


class Net(Layer):
    """A stack of layers: the output of each is the input of the next.

    `forward` runs them in order, and `backward` in reverse, which is the chain rule. `update` lets an optimizer change
    all parameters. A Net is itself a layer, so nets nest.

    Equation:
        y = fₙ(… f₂(f₁(x)))

    Gradients (given dy = ∂L/∂y):
        dx = f₁′ᵀ f₂′ᵀ … fₙ′ᵀ dy, where fᵢ′ᵀ dy is the backward of layer i

    Args:
        layers: A list of layers. No layer object may appear twice, here or deeper inside.

    `forward(x, padding_mask=…)` hands a mask (N, T), True at padding, on to every attention and recurrent layer inside,
    and to each layer of your own whose forward has an argument `padding_mask`.

    Raises:
        TypeError: `layers` is not a list, something in it is not a layer, or there is a mask that no layer reads.
        ValueError: There is no layer, or one is used twice. An error from inside a layer is raised with its path.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> net = Net([Linear(4, 3), ReLU(), Linear(3, 2)])
        >>> net.forward(np.ones((5, 4))).shape
        (5, 2)
        >>> list(net.parameters())
        ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    only_hands_on = True

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = _tuple_of_layers(layers)
        self._check_each_layer_once()

    @faster
    def forward(self, *inputs: np.ndarray, padding_mask: np.ndarray | None = None) -> Any:
        x = one_or_tuple([self.cast(value) for value in inputs])
        layers: Any = self.layers if padding_mask is None else masked(self, self.layers, padding_mask)
        for index, layer in enumerate(layers):
            try:
                x = layer.forward(*as_tuple(x))
            except ERRORS as error:
                self.locate(error, index, previous=True)
                raise
        self.remember(shapes=[np.shape(y) for y in as_tuple(x)])
        return x

    @faster
    def backward(self, *gradients: np.ndarray, input_gradient: bool = True) -> Any:
        """Run the backward of every layer in reverse order, and free what each remembered.

        Args:
            gradients: ∂L/∂y, one for each output.
            input_gradient: If False, ∂L/∂x is not computed: layers before the first trainable one are skipped,
                and the result is None.

        Raises:
            ValueError: A gradient does not have the shape of its output.
            RuntimeError: There was no forward, or an earlier backward has used it up.
        """
        (shapes,) = self.recall()
        checks.output_gradients(f"{type(self).__name__}.backward", gradients, shapes)
        dy = one_or_tuple(gradients)
        first = 0 if input_gradient else self.first_that_learns()
        for index in reversed(range(first, len(self.layers))):
            try:
                dy = self.layers[index].backward(*as_tuple(dy))
            except ERRORS as error:
                self.locate_back(error, index, dy)
                raise
        self.forget()
        return dy if input_gradient else None

    def update(self, optimizer: Optimizer) -> None:
        """Let the optimizer change every trainable parameter, then clear the gradients."""
        _check_optimizer(optimizer)
        optimizer.step(self.parameters())

    def predict(self, *inputs: np.ndarray, batch_size: int = 256, padding_mask: np.ndarray | None = None) -> Any:
        """The output in evaluation mode, computed batch by batch.

        Nothing in the net changes, so several callers may predict at once, even while another one trains.

        Args:
            inputs: Arrays with the batch axis first, any number of rows.
            batch_size: How many rows go through the net at once.
            padding_mask: As in `forward`, for all rows.

        Returns:
            What `forward` returns, for all rows.
        """
        checks.integer("Net.predict", "batch_size", batch_size, minimum=1)
        inputs = tuple(as_array(x) for x in inputs)
        n_rows = _count_rows(inputs)
        if padding_mask is not None:
            checks.array("Net.predict", padding_mask, "padding_mask")
        outputs = []
        with predicting(self):
            for start in range(0, max(n_rows, 1), batch_size):
                rows = slice(start, start + batch_size)
                mask = {} if padding_mask is None else {"padding_mask": padding_mask[rows]}
                outputs.append(self.forward(*[x[rows] for x in inputs], **mask))
                self.forget()
        _check_batch_axis(inputs, as_tuple(outputs[0]), min(n_rows, batch_size))
        if isinstance(outputs[0], tuple):
            return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
        return np.concatenate(outputs)

    def step(self, x: np.ndarray, state: tuple | None = None) -> tuple[np.ndarray, tuple]:
        """Process the next places of a sequence, in evaluation mode, from the state that the last call returned."""
        if state is not None and (not isinstance(state, tuple) or len(state) != len(self.layers)):
            checks.fail(
                "Net.step", f"expected the state of an earlier step, got {checks.of_kind(state)}.", kind=TypeError
            )
        states, kept = state or (None,) * len(self.layers), []
        x = self.cast(x)
        with predicting(self):
            for index, (layer, before) in enumerate(zip(self.layers, states, strict=True)):
                try:
                    x, after = layer.step(x, before)
                except ERRORS as error:
                    self.locate(error, index, previous=True)
                    raise
                kept.append(after)
        return x, tuple(kept)

    def evaluating(self) -> AbstractContextManager[Any]:
        """Inside `with net.evaluating():` every layer is in evaluation mode, for this thread only; then in its own."""
        return evaluating(self)

    def frozen(self) -> AbstractContextManager[None]:
        """Inside `with net.frozen():` no parameter collects a gradient or is updated."""
        return frozen(self)

    def watch(self, observer: Any) -> AbstractContextManager[Any]:
        """Inside `with net.watch(observer):` the observer sees every layer's inputs, outputs and gradients.

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
        # The layers stand under no name, so that paths read "0.weight" and not "layers.0.weight".
        attributes = super().attributes()
        return {"": attributes.pop("layers", ()), **attributes}

    def __getitem__(self, index: int) -> Layer:
        _check_index(index, len(self))
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
        """Floating-point x in the type of this net; anything else, such as tokens, as it is."""
        x = checks.unmasked("Net", as_array(x))
        return x.astype(self.dtype) if x.dtype.kind == "f" and x.dtype != self.dtype else x

    def first_that_learns(self) -> int:
        """The index of the first layer with a trainable parameter; the number of layers if there is none."""
        for index, layer in enumerate(self.layers):
            if any(parameter.trainable for parameter in layer.parameters().values()):
                return index
        return len(self.layers)

    def locate(self, error: Exception, index: int, previous: bool = False) -> None:
        """Put the path of layer `index` into an error, and if `previous`, the layer its input came from."""
        before = self.layers[index - 1] if previous and index else None
        checks.locate(error, self.layers[index], self.layers_inside(), before)

    def locate_back(self, error: Exception, index: int, dy: Any) -> None:
        """Put the path of layer `index` into an error of its backward, or blame the layer that gave it no gradient."""
        giver = checks.giver_of_nothing(self.layers, index, dy)
        if giver is not None:
            error = checks.no_gradient(self.layers[giver], dy)
            self.locate(error, giver)
            raise error from None
        checks.explain_in_place(error, self.layers[index])
        self.locate(error, index)

    def _check_each_layer_once(self) -> None:
        first_path: dict[int, str] = {}
        for path, layer in self.layers_inside():
            if id(layer) in first_path:
                checks.fail(
                    "Net",
                    f"the layer {layer!r} is used twice, as {first_path[id(layer)]} and as {path}, "
                    "but it remembers only its last forward.",
                    "make a second layer; to share weights, let both hold the same Parameter: "
                    "second.weight = first.weight.",
                )
            first_path[id(layer)] = path


def as_array(x: Any) -> np.ndarray:
    """A NumPy array of x, unless it is an array already."""
    return x if type(x) is np.ndarray else checks.as_array("Net", "x", x)


def _tuple_of_layers(layers: object) -> tuple[Layer, ...]:
    if not isinstance(layers, (list, tuple)):
        problem = f"layers must be a list of layers, got {type(layers).__name__}."
        checks.fail("Net", problem, "write Net([Linear(2, 3), ReLU()]).", TypeError)
    checks.non_empty_list("Net", "layers", layers)
    for index, layer in enumerate(layers):
        if isinstance(layer, type) and issubclass(layer, Layer):
            problem = f"layers[{index}] is the class {layer.__name__}."
            checks.fail("Net", problem, f"write {layer.__name__}(...).", TypeError)
        if not isinstance(layer, Layer):
            problem = f"layers[{index}] must be a layer, got {type(layer).__name__}."
            checks.fail("Net", problem, "a function needs a Layer with a backward.", TypeError)
    return tuple(layers)


def _check_index(index: Any, n_layers: int) -> None:
    if not isinstance(index, slice) and not -n_layers <= checks.integer("Net", "index", index) < n_layers:
        checks.fail("Net", f"there is no layer {index}, they count from 0 to {n_layers - 1}.", kind=IndexError)


def _check_optimizer(optimizer: Any) -> None:
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        what = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else type(optimizer).__name__
        hint = "write net.update(SGD(lr=0.1)), for example."
        checks.fail("Net.update", f"expected an optimizer, got {what}.", hint, TypeError)


def _check_batch_axis(inputs: tuple, outputs: tuple, n_rows: int) -> None:
    """Check that there are arrays of rows, and that numbers (N,) gave N, and were not taken for a single one."""
    if not outputs or not all(np.ndim(y) for y in outputs):
        came = checks.of_kind(outputs[0]) if outputs else "nothing"
        problem = f"expected of the last layer an array with a row for each of x, got {came}."
        checks.fail("Net.predict", problem, "a forward ends with return y.", TypeError)
    if 1 in [np.ndim(x) for x in inputs] and np.shape(outputs[0])[:1] != (n_rows,):
        problem = f"expected arrays with a batch axis, got x of shape {shape_text(np.shape(inputs[0]))}."
        checks.fail("Net.predict", problem, "the batch axis is missing; pass x[np.newaxis] for a batch of one.")


def _count_rows(inputs: tuple) -> int:
    """The number of rows, which must be the same in every input."""
    if not inputs:
        checks.fail("Net.predict", "expected at least one input array, got none.", kind=TypeError)
    if 0 in [np.ndim(x) for x in inputs]:
        hint = "pass x[np.newaxis] for a batch of one."
        checks.fail("Net.predict", "expected arrays with a batch axis, got a single number.", hint)
    lengths = [len(x) for x in inputs]
    if len(set(lengths)) > 1:
        checks.fail("Net.predict", f"expected inputs with as many rows, got {' and '.join(map(str, lengths))}.")
    return lengths[0]
