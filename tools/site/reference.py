"""The reference: a page for each public name, written from its docstring when the docs are built.

`write_pages` makes the files, which autodoc fills. `prepare` turns our docstrings into what Sphinx reads: equations
into mathematics, shapes into lines, and stars and bars of the prose into themselves.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from tinynet.core.formula import SECTIONS

ROOMS = {
    "layers": "Layers",
    "losses": "Losses",
    "metrics": "Metrics",
    "optimizers": "Optimizers, schedules, clipping",
    "net": "Nets",
    "learner": "Training",
    "data": "Data",
    "models": "Models",
    "gradcheck": "Proofs by differences",
    "probe": "Looking inside",
    "visualize": "Pictures",
    "storage": "Files",
    "exchange": "PyTorch, ONNX, NumPy, scikit-learn",
    "core": "Parameters, random streams, formulas",
    "core.initializers": "Initial weights",
    "core.checks": "Checks, for layers of your own",
    "engine": "The engine",
}
OTHERS = {"exchange": ("TinynetClassifier", "TinynetRegressor")}  # loaded where scikit-learn is


def public_names(room: str) -> list[str]:
    """The names that a room offers, those of modules left out."""
    module = import_module(f"tinynet.{room}")
    names = [*getattr(module, "__all__", _functions_of(module)), *OTHERS.get(room, ())]
    return [name for name in names if not name.startswith("__") and not _is_module(room, name)]


def page_of(room: str, name: str) -> str:
    """The page of a name, as `layers/Linear`; a class gets another one than the function that differs only in case."""
    twins = [other for other in public_names(room) if other.lower() == name.lower() and other != name]
    return f"{room}/{name}{'-class' if twins and name[0].isupper() else ''}"


def write_pages(folder: Path) -> None:
    """Write a page for each public name and one for each room; those that are there and right keep their date."""
    pages = {folder / f"{room}.rst": _room_page(room) for room in ROOMS}
    pages |= {folder / f"{page_of(room, name)}.rst": _page(room, name) for room in ROOMS for name in public_names(room)}
    for path in set(folder.rglob("*.rst")) - set(pages):
        path.unlink()
    for path, content in pages.items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def _functions_of(module: Any) -> list[str]:
    functions = {name: thing for name, thing in vars(module).items() if inspect.isfunction(thing)}
    return [name for name, thing in functions.items() if name[0] != "_" and thing.__module__ == module.__name__]


def _is_module(room: str, name: str) -> bool:
    return inspect.ismodule(getattr(import_module(f"tinynet.{room}"), name, None))


def _page(room: str, name: str) -> str:
    thing = _thing(room, name)
    if inspect.isclass(thing):
        directive, options = "autoclass", "   :members:\n"
    elif callable(thing):
        directive, options = "autofunction", ""
    else:
        return _table_page(room, name, thing)
    return f"{_title(name)}.. currentmodule:: tinynet.{room}\n\n.. {directive}:: {name}\n{options}"


def _table_page(room: str, name: str, table: dict[str, Any]) -> str:
    """The page of a dict from names to functions, such as the models that the command line knows."""
    rows = "".join(f"   * - ``{key}``\n     - {_plain(value.description)}\n" for key, value in table.items())
    about = f".. py:data:: tinynet.{room}.{name}\n\n   What stands behind each name.\n\n"
    return f"{_title(name)}{about}.. list-table::\n   :widths: 30 70\n\n{rows}"


def _room_page(room: str) -> str:
    names = public_names(room)
    pages = {name: page_of(room, name) for name in names}
    rows = "".join(f"   * - :doc:`{name} <{page}>`\n     - {_first_line(room, name)}\n" for name, page in pages.items())
    tree = "".join(f"   {page}\n" for page in pages.values())
    about = _plain(_summary(import_module(f"tinynet.{room}")))
    return (
        f"{_title(ROOMS[room])}``tinynet.{room}``: {about}\n\n"
        f".. list-table::\n   :widths: 30 70\n\n{rows}\n.. toctree::\n   :hidden:\n\n{tree}"
    )


def _title(words: str) -> str:
    return f"{words}\n{'=' * len(words)}\n\n"


def _thing(room: str, name: str) -> Any:
    return getattr(import_module(f"tinynet.{room}"), name)


def _first_line(room: str, name: str) -> str:
    thing = _thing(room, name)
    return _plain(_summary(thing)) if callable(thing) else "What stands behind each name."


def _summary(thing: object) -> str:
    """The first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def signature(app: Any, what: str, name: str, thing: Any, options: object, shown: str, returns: str) -> Any:
    """The signature of a class is that of its __init__, which Layer's own __new__ hides from autodoc."""
    if what != "class" or not inspect.isfunction(thing.__init__):
        return None
    given = list(inspect.signature(thing.__init__).parameters.values())[1:]
    return str(inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in given])), ""


def prepare(app: Any, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Turn one docstring into what Sphinx reads, in place; called by autodoc."""
    new: list[str] = []
    for heading, given, body in _sections(lines):
        if heading in SECTIONS:
            new += [f".. formula:: {name}", f"   :only: {heading}", "", *([_plain(given.strip()), ""] if given else [])]
        elif heading == "Shapes":
            new += [".. rubric:: Shapes", "", *(f"| {_plain(line.strip())}" for line in body if line.strip()), ""]
        elif heading.startswith("Example"):
            new += [f"{heading}:", *body]
        else:
            new += ([f"{heading}{given}:"] if heading else []) + _plain("\n".join(body)).split("\n")
    lines[:] = new


def _sections(lines: list[str]) -> list[tuple[str, str, list[str]]]:
    """Cut a docstring at its headings: (heading, what stands in parentheses behind it, the lines below it)."""
    found: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in lines:
        match = re.fullmatch(r"([A-Z][a-z]+)( \(.*\))?:", line)
        if match:
            found.append((match[1], match[2] or "", []))
        elif line and not line.startswith(" ") and found[-1][0]:
            found.append(("", "", [line]))  # a paragraph of prose after a section
        else:
            found[-1][2].append(line)
    return found


def _plain(text: str) -> str:
    """Prose whose stars, bars and underscores at the end of a word mean themselves; code between backticks is kept."""
    parts = text.replace("``", "`").split("`")
    parts[::2] = [re.sub(r"([*|\\])|_(?=\W|$)", lambda found: f"\\{found[0]}", part) for part in parts[::2]]
    parts[2::2] = [rf"\ {part}" if part[:1].isalnum() else part for part in parts[2::2]]  # the s of "`Permute`s"
    return "``".join(parts)
