"""How code that computes little breaks: a statement or a `with` left out, a condition turned, an order changed.

Each rule looks at one node and gives (parent field, new value) of what could stand there instead, like those in
`operators`. They are for the rooms that read, write, check and steer.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign)


def dropped_statement(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """A call for its effect, an error, or what is kept in an object or a table, left out."""
    if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield ast.Pass()
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
            yield ast.Pass()


def dropped_with(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """What stands inside a `with` runs without it."""
    if isinstance(node, ast.With) and not any(item.optional_vars for item in node.items):
        yield ast.If(ast.Constant(True), node.body, [])


def dropped_return(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """None in place of what a function returns."""
    if isinstance(node, ast.Return) and node.value and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))


def dropped_keyword(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """A call without one of its keyword arguments, which falls back on its default."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg and keyword.arg != "strict":  # of zip: it only asserts
                yield ast.Call(node.func, node.args, [other for other in node.keywords if other is not keyword])


def turned_condition(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """`if a` to `if not a`; a filter of a comprehension too."""
    if isinstance(node, ast.If) and not isinstance(node.test, ast.UnaryOp):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    if isinstance(node, ast.keyword | ast.Return | ast.Assign) and isinstance(node.value, ast.Constant):
        if not isinstance(node.value.value, bool):
            return
        other = ast.Constant(not node.value.value)
        if isinstance(node, ast.Return):
            yield ast.Return(other)
        elif isinstance(node, ast.Assign):
            yield ast.Assign(node.targets, other, lineno=node.lineno)
        elif node.arg != "strict":
            yield ast.keyword(node.arg, other)


def swapped_arguments(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """f(a, b) to f(b, a)."""
    if isinstance(node, ast.Call) and len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        first, second, *rest = node.args
        yield ast.Call(node.func, [second, first, *rest], node.keywords)


RULES: list[Callable[[ast.AST, ast.FunctionDef], Iterator[ast.AST]]] = [
    dropped_statement, dropped_with, dropped_return, dropped_keyword, turned_condition, swapped_arguments,
]  # fmt: skip


def swapped_statements(body: list[ast.stmt]) -> Iterator[tuple[int, list[ast.stmt]]]:
    """Two statements that follow each other, the other way round: the index of the first, and the new body."""
    for index, (first, second) in enumerate(pairwise(body)):
        both = isinstance(first, SIMPLE) and isinstance(second, SIMPLE)
        if both and not _is_docstring(first) and not _only_needs(first, second):
            yield index, [*body[:index], second, first, *body[index + 2 :]]


def altered_defaults(function: ast.FunctionDef) -> Iterator[tuple[list, int, ast.Constant]]:
    """The list of defaults, the index in it, and another default: True to False, a number to 1, or 1 to 0."""
    for defaults in (function.args.defaults, function.args.kw_defaults):
        for index, default in enumerate(defaults):
            if isinstance(default, ast.Constant) and isinstance(default.value, bool | int | float):
                value = default.value
                other = (not value) if isinstance(value, bool) else type(value)(0 if value == 1 else 1)
                yield defaults, index, ast.Constant(other)


def _only_needs(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether the order cannot matter, or breaks at once: one binds a name of its own, which the second may read."""
    binds = {node.id for node in ast.walk(first) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    reads = {node.id for node in ast.walk(second) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    plain = [isinstance(s, ast.Assign) and all(isinstance(t, ast.Name) for t in s.targets) for s in (first, second)]
    return bool(binds & reads) or any(plain)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
