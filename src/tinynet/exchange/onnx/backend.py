"""Tinynet as a backend of ONNX, so that anyone's tests of ONNX nodes and models run against its layers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinynet.core import checks
from tinynet.exchange.onnx.load import read_model
from tinynet.exchange.onnx.needed import onnx_library
from tinynet.exchange.onnx.read.file import Unreadable
from tinynet.net.tuples import as_tuple

CPU = "CPU"


def backend() -> Any:
    """The class `TinynetBackend`, derived from `onnx.backend.base.Backend`, which only ONNX itself has.

    Example:
        >>> outputs = backend().run_model(onnx.load("net.onnx"), [x])  # doctest: +SKIP
    """
    onnx_library("backend")
    from onnx.backend.base import Backend, BackendRep

    class Prepared(BackendRep):
        """A model that is ready to run."""

        def __init__(self, model: Any) -> None:
            self.runner = Runner(model)

        def run(self, inputs: Any, **options: Any) -> tuple:
            """The outputs for these inputs, a list of arrays."""
            return self.runner.run([np.asarray(x) for x in inputs])

    class TinynetBackend(Backend):
        """ONNX models run by Tinynet's layers."""

        @classmethod
        def prepare(cls, model: Any, device: str = CPU, **options: Any) -> Any:
            """A model, ready to run."""
            super().prepare(model, device, **options)
            return Prepared(model)

        @classmethod
        def is_compatible(cls, model: Any, device: str = CPU, **options: Any) -> bool:
            """Whether every operator becomes a layer, with the inputs that the model itself describes."""
            try:
                Runner(model).net_for([])
            except Unreadable:
                return False
            return cls.supports_device(device)

        @classmethod
        def supports_device(cls, device: str) -> bool:
            """Only the processor."""
            return device == CPU

    return TinynetBackend


class _Built(NamedTuple):
    net: Any
    inputs: list[int]  #: Which of the inputs of a call it takes; the others are weights of it.


class Runner:
    """A model that is turned into a net once it is known which of its inputs are data.

    In tests of nodes the weights come as inputs too, as in Conv(x, W). Where a net needs them as weights, all
    inputs but the first become weights.
    """

    def __init__(self, model: Any) -> None:
        self.onnx, self.model = onnx_library("backend"), model

    def run(self, inputs: list[np.ndarray]) -> tuple:
        """The outputs."""
        try:
            net, taken = self.net_for(inputs)
        except Unreadable as error:
            checks.fail("backend", error.problem, error.hint)
        with net.evaluating():
            outputs = as_tuple(net.forward(*[inputs[index] for index in taken]))
        net.forget()
        return outputs

    def net_for(self, inputs: list[np.ndarray]) -> _Built:
        """The net, and which inputs it takes."""
        try:
            return _Built(read_model(self.onnx, self.model, None), list(range(len(inputs))))
        except Unreadable:
            if len(inputs) < 2:
                raise
        return _Built(read_model(self.onnx, self._with_weights(inputs), None), [0])

    def _with_weights(self, inputs: list[np.ndarray]) -> Any:
        """The model in which all inputs but the first are weights."""
        model = self.onnx.ModelProto()
        model.CopyFrom(self.model)
        given = {tensor.name for tensor in model.graph.initializer}
        names = [value.name for value in model.graph.input if value.name not in given]
        for name, array in zip(names[1:], inputs[1:], strict=True):
            model.graph.initializer.append(self.onnx.numpy_helper.from_array(array, name))
        return model
