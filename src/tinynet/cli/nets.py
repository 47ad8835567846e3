"""A net of a user's own: a Python file with a function that returns it.

The file runs only where a command is told --net FILE. What lies in the folder of a run is never run by itself.
"""

from __future__ import annotations

import copy
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from tinynet.cli.named import check_options, options_of
from tinynet.cli.output import given_path
from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.data.sources import sha256
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.storage.architecture import built_in_classes, classes_inside, streams_kept
from tinynet.storage.descriptions import checked_description

FROM_DATA = ("input_shape", "n_classes")  #: The arguments that a function gets from the data.
EXAMPLE = "def my_net(input_shape, n_classes): return Net([...])"
#: FILE, FILE:function, FILE:width=32 or FILE:function:width=32; a path of Windows has a colon of its own.
PLACE = re.compile(r"(?P<path>.+?)(:(?P<function>[A-Za-z_]\w*))?(:(?P<options>\w+=.*))?")


class Source(NamedTuple):
    """Where a net comes from: a file, the function in it, and what the function is told besides the data."""

    path: Path
    function: str | None
    options: dict[str, Any]

    @property
    def place(self) -> str:
        """The file and the function, in one word."""
        return str(self.path) + (f":{self.function}" if self.function else "")


@dataclass(frozen=True)
class NetFile:
    """A file with a net, after it has run.

    Attributes:
        source: Where it is.
        text: The file as it was.
        make: The function that returns the net.
        layers: The layer classes in the file.
    """

    source: Source
    text: bytes
    make: Callable[..., Any]
    layers: tuple[type[Layer], ...]

    @property
    def sha256(self) -> str:
        return sha256(self.text)

    def build(self, input_shape: tuple[int, ...], n_classes: int, options: Mapping[str, Any]) -> Net:
        """The net for certain data.

        Raises:
            ValueError: The function fails, or takes no such option.
            TypeError: It returns no net.
        """
        taken = list(inspect.signature(self.make).parameters)
        name = f"{self.make.__name__} in {self.source.path}"
        check_options(name, options, [each for each in taken if each not in FROM_DATA])
        given = {"input_shape": input_shape, "n_classes": n_classes}
        with failures_in(self.source.path):
            net = self.make(**{key: value for key, value in given.items() if key in taken}, **options)
        if isinstance(net, Layer):
            return net if isinstance(net, Net) else Net([net])
        _no_net(name, net)

    def rehearse(self, net: Net, data: Any, loss: Callable, n_outputs: int) -> None:
        """Let a copy of the net make a step on two samples, so that a mistake is told before anything is written.

        Raises:
            ValueError: The step fails, or the net gives another shape than the data need.
        """
        with streams_kept(), failures_in(self.source.path):
            x, y = data[: min(2, len(data))]
            tried = copy.deepcopy(net).train()
            given = tried.forward(*as_tuple(x))
            self._check_output(given, y, n_outputs)
            tried.backward(loss(given, y)[1], input_gradient=False)
            self._check_can_be_loaded(net)

    def _check_can_be_loaded(self, net: Net) -> None:
        """Check that the net can be saved, and that the file has each class that loading it takes."""
        checked_description(net, net.state())
        there = built_in_classes().values()
        for name, kind in classes_inside("tinynet", net).items():
            if kind not in there and kind not in self.layers and not kind.__module__.startswith("tinynet."):
                problem = (
                    f"the layer class {name} is not at the top of {self.source.path}, so the net could not be loaded."
                )
                fail("tinynet", problem, "define it outside of the function.")

    def _check_output(self, given: Any, y: Any, n_outputs: int) -> None:
        expected = y.shape if y.dtype.kind == "f" else (*y.shape, n_outputs)
        if not hasattr(given, "shape") or tuple(given.shape) != tuple(expected):
            came = shape_text(given.shape) if hasattr(given, "shape") else checks.of_kind(given)
            problem = (
                f"the net of {self.source.path} gives {came} for {len(y)} samples, expected {shape_text(expected)}."
            )
            fail("tinynet", problem, f"let the last layer have {n_outputs} outputs; the function can take n_classes.")


class _Loader(SourceLoader):
    """Loads a module from the very bytes whose hash is kept, and leaves no compiled file beside them."""

    def __init__(self, path: Path, text: bytes) -> None:
        self.path, self.text = path, text

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return self.text


def source_of(text: object) -> Source:
    """Read FILE, FILE:function, FILE:width=32 or FILE:function:width=32; the path becomes absolute.

    Example:
        >>> source = source_of("/home/ada/my_net.py:small:width=8")
        >>> source.path.name, source.function, source.options
        ('my_net.py', 'small', {'width': 8})
    """
    match = PLACE.fullmatch(checks.text("tinynet", "--net", text))
    if match is None:
        fail("tinynet", "--net is empty.", "write --net FILE.py, or --net FILE.py:function.")
    options = options_of(text, match["options"]) if match["options"] else {}
    return Source(given_path(match["path"]).absolute(), match["function"], options)


def read_net_file(text: str, function: str | None = None) -> NetFile:
    """Run a file with a net.

    Args:
        text: As a user names it.
        function: The function to take where the user names none; the only one if None.

    Raises:
        OSError: There is no such file.
        ValueError: It has a mistake, no function, or several.
    """
    source = source_of(text)
    path = source.path
    if path.suffix != ".py":
        fail("tinynet", f"--net must name a Python file, got {path}.", "write --net my_net.py.")
    checks.readable_file("tinynet", path)
    data = path.read_bytes()
    module = _run(path, data)
    make = _function(module, path, source.function or function)
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Layer)]
    own = tuple(kind for kind in dict.fromkeys(kinds) if not kind.__module__.startswith("tinynet."))
    return NetFile(source._replace(function=make.__name__), data, make, own)


@contextmanager
def failures_in(path: Path) -> Iterator[None]:
    """Within this block, whatever goes wrong is told with the line of the user's file."""
    try:
        yield
    except (Exception, SystemExit) as error:  # noqa: BLE001  a user's code can raise anything
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        place = f"{path}, line {lines[-1]}" if lines else f"the net of {path}"
        words = str(error).removeprefix("tinynet: ")
        if not lines and isinstance(error, (TypeError, ValueError)):
            problem, _, hint = words.partition("\nHint: ")
            fail("tinynet", problem if str(path) in problem else f"{place}: {problem}", hint)
        problem, _, hint = f"{place}: {type(error).__name__}: {words}".partition("\nHint: ")
        fail("tinynet", problem.rstrip(": ").removesuffix(".") + ".", hint)


def _run(path: Path, text: bytes) -> ModuleType:
    name = f"tinynet_net_of_{path.stem}"
    loader = _Loader(path, text)
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True  # so that the module knows its file
    module = module_from_spec(spec)
    sys.modules[name] = module  # where a class looks for its module
    try:
        with failures_in(path):
            loader.exec_module(module)
    except ValueError as error:
        cause = error.__context__
        if isinstance(cause, SyntaxError):
            place = f"{path}, line {cause.lineno}" if cause.lineno else f"{path}"
            fail("tinynet", f"{place}: {cause.msg}.", "put that right first.")
        if isinstance(cause, ModuleNotFoundError):
            hint = "install it, or if it is a file of yours, put what the net needs into one file."
            fail("tinynet", str(error).removeprefix("tinynet: "), hint)
        raise
    return module


def _function(module: ModuleType, path: Path, wanted: str | None) -> Callable[..., Any]:
    """The function that returns the net."""
    found = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }
    if wanted is not None:
        if wanted not in found:
            names = f"it has {', '.join(found)}." if found else f"write one: {EXAMPLE}"
            fail("tinynet", f"there is no function {wanted} in {path}.", names)
        _check_callable(found[wanted], path)
        return found[wanted]
    public = {name: value for name, value in found.items() if not name.startswith("_") and not _needed(value)}
    if not public and found:
        name, value = next(iter(found.items()))
        if len(found) == 1 and not name.startswith("_"):
            _check_callable(value, path)
    if not public:
        fail("tinynet", f"there is no function in {path} that returns a net.", f"write one: {EXAMPLE}")
    if len(public) > 1:
        problem = f"there are several functions in {path}: {', '.join(public)}."
        fail("tinynet", problem, f"say which: --net {path.name}:{next(iter(public))}")
    return next(iter(public.values()))


def _needed(function: Callable[..., Any]) -> list[str]:
    """The arguments without which a function cannot be called, besides those that the data tell."""
    kinds = inspect.Parameter
    return [
        name
        for name, each in inspect.signature(function).parameters.items()
        if each.default is kinds.empty
        and each.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
        and (name not in FROM_DATA or each.kind is kinds.POSITIONAL_ONLY)
    ]


def _check_callable(function: Callable[..., Any], path: Path) -> None:
    if needed := _needed(function):
        problem = f"{function.__name__} in {path} needs {', '.join(needed)}, which nobody gives it."
        fail("tinynet", problem, f"let it take {' and '.join(FROM_DATA)}, and give the others defaults.")


def _no_net(name: str, came: object) -> NoReturn:
    """A function has returned something else."""
    hint = "let it end with: return Net([...])"
    what = "None" if came is None else checks.of_kind(came)
    fail("tinynet", f"{name} must return a net, got {what}.", hint, TypeError)
