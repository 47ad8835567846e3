"""Where changes are made: the functions of the package, a fair sample of changes, and how one gets into a function."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tools.mutants.operators import Change, changes

# The engine is compared with the lesson, entry by entry; a picture is looked at.
COMPUTE = ("layers", "losses", "optimizers", "metrics")
STEER = ("core", "net", "learner", "data", "models", "storage", "exchange", "probe", "gradcheck", "cli")
ROOMS = (*COMPUTE, *STEER)
COPIED = "exchange/twins/"  # their text goes into a file, so a change of what they are in memory reaches nobody
NEED_OTHERS = {"exchange/estimators.py": "sklearn"}
STEERING_FILES = ("layers/layer.py",)
# What a summary prints is not what a layer computes.
NOT_COMPUTED = {"multiply_adds", "__repr__", "__post_init__", "config"}


@dataclass(frozen=True)
class Function:
    """A function of the package."""

    file: str  #: As in "layers/linear.py".
    name: str  #: As in "Linear.forward".

    def __str__(self) -> str:
        return f"{self.file} {self.name}"


@dataclass
class Mutant:
    """One change of one function."""

    function: Function
    change: Change

    @property
    def key(self) -> str:
        """What it is called in the list of equivalent ones: no line, so that it outlives other edits of the file."""
        return f"{self.function}: {self.change.before} -> {self.change.after}"


class Source:
    """A module, with its syntax tree."""

    def __init__(self, file: str, package: Path) -> None:
        self.file = file
        self.path = package / file
        self.tree = ast.parse(self.path.read_text(encoding="utf-8"))
        self._in_classes = [
            node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef) and _calls_super(node)
        ]
        self.definitions = {Function(file, name): node for name, node in _definitions(self.tree, "", self.steers)}

    @property
    def steers(self) -> bool:
        """Whether it reads, writes, checks or steers, rather than computes."""
        return self.file.startswith(STEER) or self.file in STEERING_FILES

    def mutants(self) -> Iterator[Mutant]:
        """Every change of every function."""
        checks = _names_of_checks(self.tree)
        for function, node in self.definitions.items():
            for change in changes(node, checks, self.steers):
                yield Mutant(function, change)

    def mark(self, function: Function, call: str) -> None:
        """Let the function say when it is called: put a statement before its first."""
        self.definitions[function].body[:0] = ast.parse(call).body

    def install(self, functions: Iterable[Function]) -> ModuleType:
        """Compile the tree as it is now, and give these functions their new code. For good: do it in a child."""
        module = importlib.import_module("tinynet." + self.file.removesuffix(".py").replace("/", "."))
        for node in self._in_classes:  # without its super() too, a method reads a cell of its class
            node.body.append(ast.If(ast.Constant(False), [ast.Expr(ast.Name("__class__", ast.Load()))], []))
        codes = _codes(compile(ast.fix_missing_locations(self.tree), str(self.path), "exec"))
        for function in functions:
            found = _found(module, function.name)
            found.__code__ = codes[function.name]
            give_defaults(found, self.definitions[function].args)
        return module


def sources(package: Path, only: str = "") -> list[Source]:
    """Every module that computes something; `only` is a part of the path of those that are wanted."""
    files = [path.relative_to(package).as_posix() for room in ROOMS for path in sorted((package / room).rglob("*.py"))]
    absent = {file for file, other in NEED_OTHERS.items() if importlib.util.find_spec(other) is None}
    files = [file for file in files if not file.startswith(COPIED) and file not in absent]
    wanted = [file for file in files if only in file and not file.endswith("__init__.py")]
    return [Source(file, package) for file in wanted]


def sample(mutants: Iterable[Mutant], most: int) -> list[Mutant]:
    """At most so many of each class, and of each function that is in none; always the same ones; 0 for all.

    Each function of a class gives as many as the others, as far as it has them, and changes of any kind.
    """
    groups: dict[tuple[str, str], dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        groups[mutant.function.file, mutant.function.name.partition(".")[0]][mutant.function.name].append(mutant)
    chosen = []
    for functions in groups.values():
        turns = []
        for those in functions.values():
            those.sort(key=lambda mutant: hashlib.sha256(mutant.key.encode()).digest())
            turns += [(turn, mutant.change.line, mutant) for turn, mutant in enumerate(those)]
        turns.sort(key=lambda entry: entry[:2])
        chosen += sorted((mutant for _, _, mutant in turns[: most or None]), key=lambda mutant: mutant.change.line)
    return chosen


def sample_of_rooms(mutants: Iterable[Mutant], number: int) -> list[Mutant]:
    """At most so many of each room, always the same ones; 0 for all."""
    chosen: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        chosen[mutant.function.file.partition("/")[0]].append(mutant)
    kept = {
        id(mutant)
        for those in chosen.values()
        for mutant in sorted(those, key=lambda mutant: hashlib.sha256(mutant.key.encode()).digest())[: number or None]
    }
    return [mutant for those in chosen.values() for mutant in those if id(mutant) in kept]


def _definitions(tree: ast.AST, inside: str, steers: bool) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node, f"{inside}{node.name}.", steers)
        elif isinstance(node, ast.FunctionDef) and not _sets(node):
            is_arithmetic = not (node.name in NOT_COMPUTED or _decides(node))
            if steers or is_arithmetic:
                yield inside + node.name, node


def give_defaults(function: FunctionType, args: ast.arguments) -> None:
    """The defaults that stand in the tree as plain constants; the others stay."""
    defaults = list(function.__defaults__ or ())
    for index, node in enumerate(args.defaults):
        if isinstance(node, ast.Constant):
            defaults[index] = node.value
    function.__defaults__ = tuple(defaults) or None
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if isinstance(default, ast.Constant):
            function.__kwdefaults__[argument.arg] = default.value


def _calls_super(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "super" for node in ast.walk(function))


def _decides(function: ast.FunctionDef) -> bool:
    """Whether it answers yes or no, mostly which of several ways to the same numbers is taken."""
    return isinstance(function.returns, ast.Name) and function.returns.id == "bool"


def _sets(function: ast.FunctionDef) -> bool:
    """Whether it is the setter of a property, which has the name of the getter."""
    return any(isinstance(mark, ast.Attribute) and mark.attr == "setter" for mark in function.decorator_list)


def _names_of_checks(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}".startswith("tinynet.core.checks"):
                    names.add(alias.asname or alias.name)
    return names


def _codes(code: CodeType) -> dict[str, CodeType]:
    found: dict[str, CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):  # the first of a name is the getter of a property
            found = {**_codes(constant), constant.co_qualname: constant, **found}
    return found


def _found(module: ModuleType, name: str) -> FunctionType:
    """The function behind a name: without the property (cached or not) or the wrapper (functools.cache) around it."""
    thing: Any = module
    for part in name.split("."):
        thing = vars(thing)[part]
    if hasattr(thing, "cache_clear"):
        thing.cache_clear()
    thing = getattr(thing, "fget", thing)
    thing = thing.func if isinstance(thing, cached_property) else thing
    return inspect.unwrap(getattr(thing, "__func__", thing))
