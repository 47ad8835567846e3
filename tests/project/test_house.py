"""The house rules that no linter knows: who may import whom, and how long a file and a function may be."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinynet

PACKAGE = Path(tinynet.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 300, 45
# Each floor may import those before it.
FLOORS = ["core", "layers", "losses", "metrics", "optimizers", "net", "engine", "gradcheck"]
FLOORS += ["data", "storage", "probe", "learner", "models", "exchange", "visualize", "cli"]
LESSON = {"core", "layers", "losses", "metrics", "optimizers", "net", "learner"}
# The seam, and the number of threads that a user may choose.
NAMES_THE_ENGINE = {"core/faster.py", "core/threads.py"}
# What the engine is about, as names in code and as words in prose.
SPEED_NAMES = re.compile(
    r"layout|channels_last|contiguous|strides|fuse|(?<!con)fusion|threads|one_thread|thread_count|blas|numba|compile|vectorized|kernels$"
    r"|at_once|any_layout|backward_parameters|cleared|elementwise$|through$|forward_of_sum|forward_drawn"
)
SPEED_WORDS = re.compile(
    r"channels.last|memory order|memory layout|\bfus(e|ed|ion)\b|\bthreads\b|\bBLAS\b|Numba|compiled"
)

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def floors_imported(tree: ast.AST, inside: tuple[str, ...] = ("tinynet",)) -> Iterator[tuple[str, int]]:
    """The floors that a module imports, with the lines, also inside functions and by relative imports."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(inside[: len(inside) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (start, node.module) if part)
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            floor = rest.partition(".")[0]
            if package == "tinynet" and floor in FLOORS:
                yield floor, node.lineno


def function_lengths(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each function with its number of lines, the docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            yield node.name, (node.body[0].lineno - node.lineno) + (node.end_lineno or 0) - first.lineno + 1


def test_every_folder_is_a_floor() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(FLOORS)


@each_file
def test_imports_only_floors_above(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    if len(parts) == 1:
        return  # tinynet/__init__.py shows the rooms
    here = FLOORS.index(parts[0])
    found = floors_imported(ast.parse(path.read_text(encoding="utf-8")), ("tinynet", *parts[:-1]))
    assert [(floor, line) for floor, line in found if FLOORS.index(floor) > here] == []


def lesson_files() -> list[Path]:
    names = {path: path.relative_to(PACKAGE).as_posix() for path in FILES}
    return [path for path, name in names.items() if name.partition("/")[0] in LESSON and name not in NAMES_THE_ENGINE]


def speed_in(source: str) -> list[tuple[str, int]]:
    """What a file says of memory order, fusion, threads or compilers, with the lines."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        pattern = {tokenize.NAME: SPEED_NAMES, tokenize.STRING: SPEED_WORDS, tokenize.COMMENT: SPEED_WORDS}.get(
            token.type
        )
        if pattern is not None and (match := pattern.search(token.string)):
            found.append((match[0], token.start[0] + token.string[: match.start()].count("\n")))
    return found


@pytest.mark.parametrize("path", lesson_files(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_lesson_knows_nothing_of_the_engine(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "tinynet.engine" not in source
    assert speed_in(source) == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.relative_to(PACKAGE).parts[0] not in ("engine", "cli")]
)
def test_only_the_command_line_looks_into_the_engine(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [line for floor, line in floors_imported(tree) if floor == "engine"] == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("y = x.flags.c_contiguous", "contiguous"),
        ("def f(any_layout): pass", "any_layout"),
        ("# waits for the other threads", "threads"),
        ("'''One\n\nmemory order'''", "memory order"),
    ],
)
def test_the_search_for_speed_finds_it(source: str, word: str) -> None:
    assert [found for found, _ in speed_in(source)] in ([word], ["layout"])


@each_file
def test_fits_a_screen_or_a_few(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES
    assert {name: length for name, length in function_lengths(ast.parse(text)) if length > FUNCTION_LINES} == {}


@pytest.mark.parametrize(
    ("source", "floor"),
    [
        ("import tinynet.net", "net"),
        ("from tinynet import net", "net"),
        ("from tinynet.net.net import Net", "net"),
        ("from ..net import Net", "net"),
        ("def f():\n    from tinynet.cli import main", "cli"),
    ],
)
def test_the_walk_sees_every_way_to_import(source: str, floor: str) -> None:
    assert [name for name, _ in floors_imported(ast.parse(source), ("tinynet", "layers"))] == [floor]


def test_function_lengths_leave_the_docstring_out() -> None:
    source = 'def f(\n    x\n):\n    """One.\n\n    Two.\n    """\n    y = x\n    return y\n'
    assert dict(function_lengths(ast.parse(source))) == {"f": 5}
