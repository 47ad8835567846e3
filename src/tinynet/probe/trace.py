"""Trace: every value of one training step, under its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks

#: What the batch and the loss are called in a trace; the net itself has the path "".
GROUND_TRUTH, LOSS = "ground_truth", "loss"


class NoSuchNameError(KeyError):
    """A KeyError that shows its sentence as it is, and not between quotation marks.

    Example:
        >>> str(NoSuchNameError("there is no value named 'x'."))
        "there is no value named 'x'."
    """

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class LayerStep:
    """What a trace knows of a layer besides its arrays.

    Attributes:
        path: Where the layer is in the net, as in "0.body.2"; "" is the net itself.
        kind: The name of its class.
        arguments: The constructor's arguments, as text.
        settings: The plain values among its attributes, as eps, momentum or a kernel's size.
        built_in: Whether it is a layer of Tinynet, and not one of a user's own.
        formula: The sections "Equation" and "Gradients" of its docstring.
        training: Whether it was in training mode.
        inputs: The names of its inputs, as in ["0.x"]; several are ["0.x.0", "0.x.1"].
        outputs: The names of its outputs.
        memory: From what `forward` remembered to the name of the array, or to the value where it is no array.
        output_gradients: The names of ∂L/∂y; empty if no backward ran.
        input_gradients: The names of ∂L/∂x.
        parameters: From the layer's own name of a parameter, "weight", to its path, "0.weight".
        statistics: From the layer's own name of a running statistic to the name of the array: "running_mean" is
            "3.running_mean" before the step, and "3.running_mean.after" after it.
        inside: The paths of the layers directly inside it, in the order in which they ran.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> from tinynet.probe import trace
        >>> step = trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
        >>> step.layers["0"].kind, step.layers["0"].parameters["bias"]
        ('Linear', '0.bias')
    """

    path: str
    kind: str
    arguments: dict[str, str]
    settings: dict[str, Any]
    built_in: bool
    formula: dict[str, str]
    training: bool
    inputs: list[str]
    outputs: list[str]
    memory: dict[str, Any]
    output_gradients: list[str] = field(default_factory=list)
    input_gradients: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    statistics: dict[str, str] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ParameterStep:
    """What a trace knows of a parameter besides its arrays.

    Attributes:
        path: Its first path in the net, as in "0.weight".
        trainable: Whether it collects a gradient.
        rule: The name of the optimizer's class that updated it; "" if there was no update.
        settings: The numbers of that rule: lr, momentum and so on, as they were in this step.
        count: Which update of this parameter it was, counted from 1, for rules that count.
        slots: The names of the arrays that the rule keeps: "velocity" is "0.weight.velocity" after the step, and
            "0.weight.velocity.before" before it.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> from tinynet.probe import trace
        >>> step = trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
        >>> step.parameters["0.bias"].rule, step.parameters["0.bias"].settings["lr"]
        ('SGD', 0.1)
    """

    path: str
    trainable: bool
    rule: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    slots: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trace:
    """Every value of one training step, under its path; `tinynet.trace` makes one.

    The names follow the docstrings' symbols. The net is the layer with the empty path, so "x" is the batch, "y" what
    the net predicted, "dy" the gradient of the loss, and "dx" that of the batch:

        "0.x", "0.y", "0.dy", "0.dx"     inputs, outputs and gradients of layer 0
        "0.mask"                         what layer 0 remembered as `mask`
        "0.p", "0.passes.0.da"           what a layer computes on the way: see `probe.derived`
        "0.weight"                       a parameter before the step
        "0.weight.gradient"              ∂L/∂W, all of it as the optimizer got it
        "0.weight.gradient.before"       what was in the gradient before this step, if that was not zero
        "0.weight.gradient.used"         what the rule got, where clipping or a mean over several steps has changed it
        "0.weight.after"                 the parameter after the update
        "3.running_mean"                 a running statistic before the step; "….after" is after it
        "0.weight.velocity"              what the optimizer keeps, after the update; "….before" is before it
        "ground_truth", "loss"           the truth and the number

    Attributes:
        values: From name to array.
        layers: From path to `LayerStep`, in the order in which the forwards ended.
        parameters: From path to `ParameterStep`.
        loss: The name of the loss, its options and its formula.
        about: Where and with what the step ran: the net's architecture, the optimizer, the random streams.
        objects: The net, the loss and what each layer remembered, as they are in this process; a file has none of it.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.probe import trace
        >>> net = Net([Linear(2, 3), ReLU(), Linear(3, 1)])
        >>> step = trace(net, np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error)
        >>> step["0.weight.gradient"].shape, step["1.dx"].shape
        ((3, 2), (4, 3))
    """

    values: dict[str, np.ndarray]
    layers: dict[str, LayerStep]
    parameters: dict[str, ParameterStep]
    loss: dict[str, Any]
    about: dict[str, Any]
    objects: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _derived: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getitem__(self, name: str) -> np.ndarray:
        value = self._find(name)
        if value is None:
            self._fail_without(name)
        return value

    def __contains__(self, name: object) -> bool:
        return self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def save(self, path: Any, layers: Any = None) -> Any:
        """Write the trace as safetensors and JSON; see `tinynet.probe.save_trace`."""
        from tinynet.probe.files import save_trace

        return save_trace(self, path, layers)

    def replay(self, net: Any = None, **options: Any) -> Trace:
        """Run the step again, with the same draws, on a net of its own; see `tinynet.probe.replay`."""
        from tinynet.probe.replay import replay

        return replay(self, net, **options)

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take, each counted once."""
        return sum({id(array): array.nbytes for array in self.values.values()}.values())

    def __repr__(self) -> str:
        n_layers = len(self.layers) - 1
        return f"Trace({n_layers} layers, {len(self)} arrays, {self.nbytes / 1e6:.1f} MB, loss {self.values[LOSS]:.6g})"

    def _find(self, name: object) -> Any:
        """The array of a name: one that was recorded, or one that follows from those; None if there is none."""
        if not isinstance(name, str):
            return None
        if name in self.values:
            return self.values[name]
        if name in self._derived:
            return self._derived[name]
        path = max((path for path in self.layers if name.startswith(joined(path, ""))), key=len, default=None)
        if path is None:
            return None
        from tinynet.probe.derived import derive, derived_names

        short = name.removeprefix(joined(path, ""))
        if short not in derived_names(self.layers[path]):
            return None
        try:
            self._derived.update(derive(self, path, short))
        except KeyError:  # a file need not hold all that it is computed from
            return None
        return self._derived[name]

    def _fail_without(self, name: object) -> NoReturn:
        import difflib

        checks.instance("Trace", "name", name, str)
        close = difflib.get_close_matches(str(name), list(self.values), n=3, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(close)}?" if close else f"the names are {', '.join(list(self.values)[:6])}, …"
        )
        checks.fail("Trace", f"there is no value named {name!r}.", hint, NoSuchNameError)


def joined(path: str, name: str) -> str:
    """The name of a layer's value: "0.x", or "x" for the net itself.

    Example:
        >>> joined("0.body", "x"), joined("", "x")
        ('0.body.x', 'x')
    """
    return f"{path}.{name}" if path else name
