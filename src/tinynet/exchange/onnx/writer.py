"""A graph of ONNX while it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.layers import Layer

Shapes = dict[int, tuple[tuple[int, ...], ...]]  #: By the id of a layer, the shapes of its inputs, batch axis included.
Writer = Callable[..., Any]
PATH, LAYER = "tinynet.path", "tinynet.layer"  #: What the metadata of a node say of the layer that it comes from.
SCOPES = "pkg.torch.onnx.name_scopes"  #: The same for readers that know PyTorch's exporter: a list of all paths around.


class Padding(NamedTuple):
    """The names of what layers inside a `Padded` read, None where it is not there."""

    mask: str | None = None  #: True at padding, (N, T).
    lengths: str | None = (
        None  #: The lengths, (N,) of type int32; not known of a mask, whose padding may stand anywhere.
    )


class GraphWriter:
    """The nodes and constants that the layers of a net are turned into, one after the other.

    A layer of a user's own takes part by a method `to_onnx(graph, *inputs)`. It adds nodes, lets inner layers
    do so, and returns the name of its output.

    Args:
        onnx: The module.
        net: The outermost layer.
        shapes: What `shape` gives.
        writers: The writer of each class of layers.

    Example:
        >>> from tinynet.layers import Linear
        >>> class Twice(Linear):
        ...     def forward(self, x):
        ...         return 2 * super().forward(x)
        ...     def to_onnx(self, graph, x):
        ...         y = graph.node("Gemm", x, graph.weight(self.weight), graph.weight(self.bias), transB=1)
        ...         return graph.node("Mul", y, graph.constant(2.0))
    """

    def __init__(self, onnx: Any, net: Layer, shapes: Shapes, writers: Mapping[type[Layer], Writer]) -> None:
        self.onnx, self.dtype, self.writers = onnx, net.dtype, writers
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.padding = Padding()  # inside a Padded, where its sequences end
        self._shapes = shapes
        self._paths = {id(layer): path for path, layer in reversed(list(net.layers_inside()))}
        self._names = {id(parameter): path for path, parameter in net.parameters().items()}
        self._within: list[Layer] = []
        self._counts: Counter[str] = Counter()

    def layer(self, layer: Layer, *inputs: str) -> Any:
        """Write a layer, and return the name of its output, or a tuple of several."""
        write = self._writer_of(layer)
        with self._inside(layer):
            return write(self, layer, *inputs)

    def node(self, op: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add a node, and return the name of its output, or a tuple of several; an input that is left out is ""."""
        path = self.path
        name = self._unused(f"{path}/{op}" if path else op)
        outputs = [name if n_outputs == 1 else f"{name}:{index}" for index in range(n_outputs)]
        node = self.onnx.helper.make_node(op, list(inputs), outputs, name=name, **attributes)
        self._add_metadata(node, path)
        self.nodes.append(node)
        return outputs[0] if n_outputs == 1 else tuple(outputs)

    def constant(self, value: Any, dtype: Any = None) -> str:
        """The name of a constant; numbers that are not integers take the type of the net."""
        array = np.asarray(value, dtype)
        if array.dtype.kind == "f":
            array = array.astype(self.dtype)
        return self._initializer(self._unused(f"{self.path}/constant" if self.path else "constant"), array)

    def weight(self, parameter: Parameter) -> str:
        """The name of a parameter: its path in the net."""
        return self._initializer(self._names[id(parameter)], parameter.tensor)

    def statistic(self, layer: Layer, name: str) -> str:
        """The name of a running statistic of a layer: its path in the net."""
        path = self._paths[id(layer)]
        return self._initializer(f"{path}.{name}" if path else name, getattr(layer, name))

    def shape(self, layer: Layer, index: int = 0) -> tuple[int, ...]:
        """The shape of an input of this layer; the size of the batch axis means nothing."""
        return self._shapes[id(layer)][index]

    @contextmanager
    def padded_with(self, padding: int | None, tokens: str) -> Iterator[None]:
        """Within this block, layers take those tokens (N, T) for padding that are this one; None changes nothing."""
        around = self.padding
        if padding is not None:
            self.padding = Padding(mask=self.node("Equal", tokens, self.constant(padding)))
        try:
            yield
        finally:
            self.padding = around

    def batch(self, x: str) -> str:
        """The number of rows of x, as an array with one number."""
        return self.node("Shape", x, start=0, end=1)

    @property
    def path(self) -> str:
        """The path of the layer that is being written."""
        return self._paths.get(id(self._within[-1]), "") if self._within else ""

    def _writer_of(self, layer: Layer) -> Writer:
        """The method `to_onnx` of the layer, or the writer of the class whose forward it has."""
        for kind in type(layer).__mro__:
            if "to_onnx" in vars(kind):
                return lambda graph, layer, *inputs: layer.to_onnx(graph, *inputs)
            if kind in self.writers and type(layer).forward is kind.forward:  # type: ignore[attr-defined]
                return self.writers[kind]
        path, near = self._paths.get(id(layer), ""), _nearest(layer, self.writers)
        checks.fail(
            "export_onnx",
            f"{f'layer {path}, ' if path else ''}{type(layer).__name__}, has no form in ONNX that Tinynet knows.",
            f"give the class a method to_onnx(self, graph, *inputs), as GraphWriter describes{near}.",
            NotImplementedError,
        )

    def _add_metadata(self, node: Any, path: str) -> None:
        around = [self._paths.get(id(layer), "") for layer in self._within]
        kind = type(self._within[-1]).__name__ if self._within else ""
        for key, value in {PATH: path, LAYER: kind, SCOPES: repr([*dict.fromkeys(around)])}.items():
            entry = node.metadata_props.add()
            entry.key, entry.value = key, value

    def _initializer(self, name: str, array: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = self.onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def _unused(self, name: str) -> str:
        self._counts[name] += 1
        return name if self._counts[name] == 1 else f"{name}_{self._counts[name]}"

    @contextmanager
    def _inside(self, layer: Layer) -> Iterator[None]:
        self._within.append(layer)
        try:
            yield
        finally:
            self._within.pop()


def _nearest(layer: Layer, writers: Mapping[type[Layer], Writer]) -> str:
    """The known class that a layer is derived from, for a hint."""
    bases = [kind.__name__ for kind in type(layer).__mro__[1:] if kind in writers]
    return f"; its own forward is not that of {bases[0]}" if bases else ""
