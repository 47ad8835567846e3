"""How every replacement is held against its lesson: drawn arguments, both run, everything that comes out compared."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tests.engine import cases
from tinynet.core import faster
from tinynet.core.faster import TABLES
from tinynet.layers import Layer

NASTY = (np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-30, 1e-41, 0.0, -0.0)  # 1e-41 is subnormal in float32
ORDERS = ("C", "transposed", "strided", "channels-last")


@dataclass(frozen=True)
class Case:
    """One way to call a replacement.

    Args:
        entry: The marked function, by which the table is keyed.
        build: Given a `Draw`, a function of no arguments that does the same from a fresh state at each call, and gives
            any nesting of arrays: results, what layers remember, gradients.
        float32: How far results may be apart in float32, relative to the largest number of each.
        table: The table that holds the replacement.
        nasty: Whether NaN, infinities and numbers of extreme size are drawn too.
        serves: The types that are not always declined.
    """

    entry: Callable[..., Any]
    build: Callable[[Draw], Callable[[], Any]]
    float32: float = 1e-5
    table: str = "compiled"
    nasty: bool = True
    serves: tuple[type, ...] = (np.float64, np.float32)

    def __str__(self) -> str:
        return f"{self.entry.__qualname__}-{self.table}-{getattr(self.build, '__name__', 'case')}"


class Draw:
    """Drawn arguments: their sizes, their numbers and their memory order."""

    def __init__(self, seed: int, dtype: type = np.float32, nasty: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.dtype, self.nasty = np.dtype(dtype), nasty

    def integer(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def size(self, low: int = 0, high: int = 20) -> int:
        """A length: mostly odd, now and then as small as it may be."""
        return low + self.integer(0, 1) if self.rng.random() < 0.15 else min(high, self.integer(low, high) | 1)

    def choice(self, *options: Any) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def array(self, *shape: int) -> np.ndarray:
        """Floating numbers, some of them nasty where this is wanted, in any memory order."""
        x = self.rng.normal(size=shape)
        if self.nasty and x.size:
            places = self.rng.random(shape) < self.choice(0.0, 0.02, 0.3)
            x = np.where(places, self.rng.choice(NASTY, shape), x)
        return self.arranged(x.astype(self.dtype))

    def integers(self, low: int, high: int, *shape: int) -> np.ndarray:
        """From low to high, both included."""
        return self.rng.integers(low, high + 1, shape)

    def booleans(self, *shape: int) -> np.ndarray:
        return self.rng.random(shape) < 0.5

    def layer(self, layer: Layer) -> Any:
        """The layer in this type, with other parameters and statistics than fresh ones."""
        layer.astype(self.dtype)
        for parameter in layer.parameters().values():
            parameter.tensor += self.rng.normal(0, 0.3, parameter.shape).astype(self.dtype)
        return layer

    def arranged(self, x: np.ndarray) -> np.ndarray:
        """The same numbers in another memory order."""
        order = self.choice(*ORDERS)
        if order == "transposed" and x.ndim > 1:
            return np.ascontiguousarray(x.T).T
        if order == "strided" and x.ndim:
            wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
            wide[..., ::2] = x
            return wide[..., ::2]
        if order == "channels-last" and x.ndim > 2:
            return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
        return x


def every_case() -> list[Case]:
    """The cases of all modules in `tests/engine/cases`."""
    names = [module.name for module in pkgutil.iter_modules(cases.__path__)]
    return [case for name in sorted(names) for case in importlib.import_module(f"{cases.__name__}.{name}").CASES]


def flattened(result: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a nesting of tuples, lists and dicts, with its path."""
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if isinstance(result, (tuple, list)):
        result = dict(enumerate(result))
    if isinstance(result, dict):
        for key, value in result.items():
            yield from flattened(value, f"{path}.{key}")
    else:
        yield path, result


def run(call: Callable[[], Any], choice: str) -> list[tuple[str, Any]]:
    """What comes out while the lessons, or a table, are in use."""
    with faster.use(choice), np.errstate(all="ignore"):
        return [(path, deepcopy(leaf)) for path, leaf in flattened(call())]


class counted:  # noqa: N801 - reads as what it gives: with counted(case) as served
    """Within this block, a list that grows by each call that a replacement serves."""

    def __init__(self, case: Case) -> None:
        self.table, self.entry = TABLES[case.table], case.entry

    def __enter__(self) -> list[None]:
        served: list[None] = []
        self.replacement = replacement = self.table[self.entry]

        def noted(*arguments: Any, **options: Any) -> Any:
            result = replacement(*arguments, **options)
            if result is not NotImplemented:
                served.append(None)
            return result

        self.table[self.entry] = noted
        return served

    def __exit__(self, *_: object) -> None:
        self.table[self.entry] = self.replacement


def differences(ours: list[tuple[str, Any]], theirs: list[tuple[str, Any]], bound: float) -> list[str]:
    """What differs between two results, in words: paths, shapes, types, and numbers further apart than the bound."""
    if [path for path, _ in ours] != [path for path, _ in theirs]:
        return [f"other leaves: {[path for path, _ in ours]} and {[path for path, _ in theirs]}"]
    found = []
    for (path, a), (_, b) in zip(ours, theirs, strict=True):
        if not isinstance(a, (np.ndarray, np.generic, float)) or isinstance(a, (bool, np.bool_)):
            if not (a is b or a == b):
                found.append(f"{path}: {a!r} and {b!r}")
            continue
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            found.append(f"{path}: {a.dtype}{a.shape} and {b.dtype}{b.shape}")
        elif not np.array_equal(np.isfinite(a), np.isfinite(b)):
            found.append(f"{path}: finite elsewhere, {np.sum(np.isfinite(a) != np.isfinite(b))} of {a.size}")
        elif not np.array_equal(a[~np.isfinite(a)], b[~np.isfinite(b)], equal_nan=True):
            found.append(f"{path}: NaN and infinities are not the same ones")
        else:
            finite = np.isfinite(a)
            x, y = a[finite].astype(np.float64), b[finite].astype(np.float64)
            scale = max(1e-30, float(np.max(np.abs(y), initial=0.0)))
            worst = float(np.max(np.abs(x - y), initial=0.0)) / scale
            if worst > bound:
                found.append(f"{path}: {worst:.1e} apart, relative to {scale:.1e}; the bound is {bound:.0e}")
    return found


def differing_bits(results: list[list[tuple[str, Any]]]) -> list[str]:
    """The paths whose bits are not the same in all results."""
    return [
        path
        for one, other in pairwise(results)
        for (path, a), (_, b) in zip(one, other, strict=True)
        if np.asarray(a).tobytes() != np.asarray(b).tobytes()
    ]
