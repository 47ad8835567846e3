"""The base class of every layer."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections import namedtuple
from copy import copy
from functools import cache
from typing import Any, NoReturn, Self

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import is_array
from tinynet.core.block_local import BlockLocal, local_values
from tinynet.core.faster import faster


class Layer(ABC):
    """A function of its input that knows its derivative.

    A subclass writes only `forward(x)` and `backward(dy)`. `forward` keeps what `backward` will need under a name, with
    `self.remember(x=x)`. `backward` takes it with `self.recall()`, adds ∂L/∂W to the gradient of each parameter, and
    returns ∂L/∂x. Neither writes into the arrays that it is given, or returns an array that it will use again.

    Nothing is registered, because a layer finds its parts in its attributes, also inside lists, tuples and dicts: a
    `Parameter` is learned, a `Layer` is an inner layer, and a NumPy array whose name has no leading underscore is a
    statistic that is saved with the weights.

    Example:
        >>> class Scale(Layer):
        ...     def __init__(self):
        ...         self.factor = Parameter(np.ones(1))
        ...     def forward(self, x):
        ...         self.remember(x=x)
        ...         return self.factor.tensor * x
        ...     def backward(self, dy):
        ...         (x,) = self.recall()
        ...         self.factor.accumulate((dy * x).sum(keepdims=True)[0])
        ...         return self.factor.tensor * dy
        >>> list(Scale().parameters())
        ['factor']
    """

    # Class attributes, so that a subclass that forgets super().__init__() still works.
    training = BlockLocal(default=True)  #: Set by `train()` and `eval()`, read by dropout and batch norm.
    dtype: np.dtype = np.dtype(np.float32)  #: The floating type of parameters, inputs and outputs.
    only_hands_on = False  #: Whether it reads a padding mask only to hand it on to the layers inside, as a net does.
    arguments: dict[str, Any]  #: The arguments of the constructor, kept by `__new__` for `config`.
    _memory = BlockLocal(default=None)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        vars(Layer)["training"].with_default_of(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        layer = super().__new__(cls)
        layer.arguments = {}
        try:
            bound = _signature(cls.__init__).bind(layer, *args, **kwargs)
        except TypeError:
            return layer  # copies and unpickling restore the arguments themselves; a wrong call fails in __init__
        arguments = list(bound.arguments.items())[1:]
        layer.arguments = {name: copy(value) if type(value) in (list, dict) else value for name, value in arguments}
        return layer

    @abstractmethod
    def forward(self, *inputs: np.ndarray) -> Any:
        """Compute y from x, and remember what `backward` needs."""

    @abstractmethod
    def backward(self, *gradients: np.ndarray) -> Any:
        """Given ∂L/∂y, add to the gradients of the parameters and return ∂L/∂x (a tuple for several inputs)."""

    def multiply_adds(self, x: Any, y: Any) -> int:
        """The number of multiply-adds that compute y from x, for `Net.summary`; elementwise work counts 0.

        A layer with sums of products overrides it. Inner layers count their own.
        """
        return 0

    def step(self, x: np.ndarray, state: Any = None) -> tuple[np.ndarray, Any]:
        """Process the next places of a sequence, (N, T, …), without keeping a memory: the way a model generates.

        This version is for layers that treat each place by itself. A layer whose places depend on earlier ones has its
        own `step`, which continues from the state that the last call returned.

        Returns:
            y for these places, and the state for the next call.
        """
        with local_values(self.every_layer(), _memory=None):
            return self.forward(x), state

    def __call__(self, *inputs: np.ndarray, **options: Any) -> Any:
        return self.forward(*inputs, **options)

    # The memory between forward and backward.

    def remember(self, **values: Any) -> None:
        """Keep values for `backward` under their names; they replace those of the last forward."""
        self._memory = _memory_of(tuple(values))(*values.values())

    def recall(self) -> Any:
        """What the last forward remembered, as a named tuple: `x, mask = self.recall()`, or `self.recall().x`.

        Raises:
            RuntimeError: There was no forward, or its memory has been freed.
        """
        memory = self._memory
        if memory is None:
            _fail_without_forward(self)
        return memory

    def forget(self) -> None:
        """Free the memory of this layer and of all inside it."""
        for layer in self.every_layer():
            layer._memory = None

    # The parts of the layer, found in its attributes.

    def attributes(self) -> dict[str, Any]:
        """The attributes in which parts are searched, by the name that they have in paths."""
        attributes = vars(self).copy()
        attributes.pop("arguments", None)
        attributes.pop("_memory", None)
        return attributes

    def parts(self) -> list[tuple[str, Any]]:
        """Every Parameter, inner Layer and statistic directly in this layer, with its path."""
        found = []
        for name, value in self.attributes().items():
            if is_array(value) and not name.startswith("_"):
                found.append((name, value))
            found += _parameters_and_layers(name, value)
        return found

    def layers_inside(self, path: str = "") -> list[tuple[str, Layer]]:
        """This layer and every layer inside it, with paths like "0.body.2"; the layer itself comes first."""
        found: list[tuple[str, Layer]] = [(path, self)]
        for name, part in self.parts():
            if isinstance(part, Layer):
                found += part.layers_inside(_join(path, name))
        return found

    @faster
    def every_layer(self) -> list[Layer]:
        """The layers of `layers_inside`, in any order."""
        return [layer for _, layer in self.layers_inside()]

    @faster
    def parameters(self) -> dict[str, Parameter]:
        """Every parameter by its path, as in "0.weight". A shared parameter appears once, under its first path."""
        first_paths: dict[int, tuple[str, Parameter]] = {}
        for path, part in self._arrays():
            if isinstance(part, Parameter):
                first_paths.setdefault(id(part), (path, part))
        return dict(first_paths.values())

    def zero_gradient(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters().values():
            parameter.zero_gradient()

    def _arrays(self, path: str = "") -> list[tuple[str, Any]]:
        """Every Parameter and statistic with its path; those of a layer come before those of the layers inside it."""
        found: list[tuple[str, Any]] = []
        inner: list[tuple[str, Any]] = []
        for name, part in self.parts():
            (inner if isinstance(part, Layer) else found).append((_join(path, name), part))
        for at, layer in inner:
            found += layer._arrays(at)
        return found

    # Mode and floating type.

    def train(self) -> Self:
        """Put this layer and all inside it in training mode: dropout drops, batch norm uses the batch."""
        return self._set("training", True)

    def eval(self) -> Self:
        """Put this layer and all inside it in evaluation mode: the output depends on x alone."""
        return self._set("training", False)

    def astype(self, dtype: np.dtype | type) -> Self:
        """Convert every parameter and statistic to another floating type, which inputs must then have."""
        dtype = checks.floating_dtype(self, dtype)
        for _, layer in self.layers_inside():
            layer._memory = None
            for name, value in list(vars(layer).items()):
                if is_array(value) and value.dtype.kind == "f":
                    setattr(layer, name, value.astype(dtype))
        for parameter in self.parameters().values():
            parameter.astype(dtype)
        return self._set("dtype", dtype)

    def _set(self, name: str, value: Any) -> Self:
        for _, layer in self.layers_inside():
            setattr(layer, name, value)
        return self

    # State: all arrays, by path.

    def state(self) -> dict[str, np.ndarray]:
        """A copy of every parameter and statistic by its path, under PyTorch's names and shapes."""
        parameters = {path: parameter.tensor for path, parameter in self.parameters().items()}
        statistics = {path: part for path, part in self._arrays() if is_array(part)}
        return {path: array.copy() for path, array in (parameters | statistics).items()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Copy the arrays of `state` into the parameters and statistics, converted to their types.

        Raises:
            ValueError: Entries are missing, unexpected or of another shape. All are named, and nothing is changed.
        """
        parameters = self.parameters()
        targets = {path: parameter.tensor for path, parameter in parameters.items()}
        targets |= {path: part for path, part in self._arrays() if is_array(part)}
        checks.matching_state(self, state, {path: array.shape for path, array in targets.items()})
        for path, array in targets.items():
            array[...] = state[path]

    # Copies, configuration, display.

    def config(self) -> dict[str, Any]:
        """The class and the arguments of the constructor as plain values, from which the layer can be built again.

        Raises:
            TypeError: An argument is a function or an array, which a configuration cannot hold.
        """
        arguments = {name: _encode(self, name, value) for name, value in self.arguments.items() if name != "rng"}
        return {"class": type(self).__name__, "arguments": arguments}

    def __getstate__(self) -> dict[str, Any]:
        # A copy or a pickle has no memory of a forward, and is not watched.
        return {name: value for name, value in vars(self).copy().items() if name not in ("_memory", *WATCHED)}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items() if name != "rng")
        return f"{type(self).__name__}({arguments})"


WATCHED = ("forward", "backward")  #: The methods that `Net.watch` replaces on a layer object.


_signature = cache(inspect.signature)


@cache
def _memory_of(names: tuple[str, ...]) -> Any:
    return namedtuple("Memory", names)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _parameters_and_layers(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (int, float, str, np.ndarray)):
        return []  # as most attributes are
    if isinstance(value, (Parameter, Layer)):
        return [(name, value)]
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        return [part for key, item in value.items() for part in _parameters_and_layers(_join(name, str(key)), item)]
    return []


def _encode(layer: Layer, name: str, value: Any) -> Any:
    if isinstance(value, Layer):
        return value.config()
    if isinstance(value, (list, tuple)):
        items = [_encode(layer, name, item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {key: _encode(layer, name, item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    what = "a function" if callable(value) else f"a {type(value).__name__}"
    checks.fail(
        type(layer).__name__,
        f"argument {name} is {what}, which cannot be saved in a configuration.",
        "take a number, a string or a layer instead, or save only the weights with net.state().",
        TypeError,
    )


def _fail_without_forward(layer: Layer) -> NoReturn:
    checks.fail(
        layer,
        "backward was called, but there is no forward to go back through.",
        "call forward on a batch first, then backward once; predict and evaluate keep nothing for backward.",
        RuntimeError,
    )
