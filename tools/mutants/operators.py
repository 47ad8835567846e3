"""What is changed: each rule looks at one node of a function's syntax tree and gives what could stand there instead."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from tools.mutants import statements

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
FUNCTIONS = {"maximum": "minimum", "max": "min", "argmax": "argmin", "mean": "sum", "any": "all", "sin": "cos"}
FUNCTIONS |= {"floor": "ceil", "zeros": "ones", "zeros_like": "ones_like"}
FUNCTIONS |= {right: left for left, right in FUNCTIONS.items()}
ACCUMULATES = ("accumulate", "add_product", "add_column_sums")  # what adds to a gradient
# Functions of one number: without them their argument stands there.
PLAIN = {"sqrt", "abs", "square", "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "reversed", "sign", "cumsum"}
WORDS = (ast.Tuple, ast.List, ast.JoinedStr)  # + joins them, which is no arithmetic


@dataclass
class Change:
    """One place in a tree, and the node that is put there."""

    rule: str
    line: int
    before: str  #: The statement as it is; of one that holds others, its first line.
    after: str
    parent: ast.AST
    field: str
    index: int | None
    new: Any

    def apply(self) -> None:
        """Change the tree. There is no way back: make the change in a process of its own."""
        _put(self.parent, self.field, self.index, self.new)


def changes(function: ast.FunctionDef, checks: set[str], steers: bool = False) -> Iterator[Change]:
    """Every change of a function's arithmetic, in the order of its lines.

    Args:
        function: The definition; its annotations and docstring stay as they are.
        checks: Names whose calls check arguments, which is no arithmetic.
        steers: Whether it reads, writes, checks or steers, rather than computes: the rules of `statements` hold too,
            and nothing is left as it is but docstrings and imports.
    """
    seen = set()
    rules = [*RULES, *statements.RULES] if steers else RULES
    if steers:
        yield from _of_several(function)
    for statement, parent, field, index, node in _places(function, checks, None, steers):
        before = _first_line(statement)
        for rule in rules:
            for new in rule(node, function):
                ast.copy_location(new, node)
                _put(parent, field, index, new)
                after = _first_line(new if node is statement else statement)
                _put(parent, field, index, node)
                if after != before and (node.lineno, before, after) not in seen:
                    seen.add((node.lineno, before, after))
                    yield Change(rule.__name__, node.lineno, before, after, parent, field, index, new)


def _of_several(function: ast.FunctionDef) -> Iterator[Change]:
    """Changes of more than one node: two statements in the other order, and the defaults of arguments."""
    for defaults, index, new in statements.altered_defaults(function):
        args, field = function.args, "defaults" if defaults is function.args.defaults else "kw_defaults"
        names = [*args.posonlyargs, *args.args][-len(args.defaults) :] if field == "defaults" else args.kwonlyargs
        before, after = (f"{names[index].arg}={ast.unparse(value)}" for value in (defaults[index], new))
        ast.copy_location(new, defaults[index])
        yield Change("altered_defaults", defaults[index].lineno, before, after, args, field, index, new)
    for node in ast.walk(function):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            for index, new in statements.swapped_statements(body) if isinstance(body, list) else ():
                lines = [_first_line(statement) for statement in body[index : index + 2]]
                before, after = "; ".join(lines), "; ".join(reversed(lines))
                yield Change("swapped_statements", body[index].lineno, before, after, node, field, None, new)


# The rules. Each gives new nodes and leaves the old one as it is.


def swapped_operator(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """+ to −, · to /, and back; the factors of a matrix product are swapped."""
    if _is_sum_or_product(node):
        if isinstance(node.op, ast.MatMult):
            yield ast.BinOp(node.right, node.op, node.left)
        elif type(node.op) in OPERATORS:
            yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def dropped_term(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """a + b to a, and to b; a factor or a divisor likewise."""
    if _is_sum_or_product(node) and not isinstance(node.op, ast.MatMult | ast.FloorDiv | ast.Mod):
        yield node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield node.right


def dropped_sign(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """−a to a, not a to a."""
    if isinstance(node, ast.UnaryOp):
        yield node.operand


def flipped_gradient(node: ast.AST, function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What a backward returns or accumulates, with the other sign."""
    if isinstance(node, ast.Return) and node.value and any(word in function.name for word in ("backward", "gradient")):
        first, *rest = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        minus = ast.UnaryOp(ast.USub(), first)
        yield ast.Return(ast.Tuple([minus, *rest], ast.Load()) if rest else minus)
    if any(_is_call(node, name) and node.args for name in ACCUMULATES):
        first, *rest = node.args
        yield ast.Call(node.func, [ast.UnaryOp(ast.USub(), first), *rest], node.keywords)


def dropped_accumulate(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """The gradient of one parameter left out."""
    if isinstance(node, ast.Expr) and any(_is_call(node.value, name) for name in ACCUMULATES):
        yield ast.Pass()


def changed_update(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """+= to =, and to −=."""
    if isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
        yield ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)


def dropped_transpose(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """a.T to a, a.transpose(…) to a."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if _is_call(node, "transpose") and isinstance(node.func, ast.Attribute):
        yield node.func.value


def other_axis(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """axis=0 to axis=1, any other to 0; of several axes the first is left out."""
    if isinstance(node, ast.keyword) and node.arg in ("axis", "axes"):
        if isinstance(node.value, ast.Tuple):
            yield ast.keyword(node.arg, ast.Tuple(node.value.elts[1:], ast.Load()))
        elif isinstance(node.value, ast.Constant | ast.UnaryOp):
            first = isinstance(node.value, ast.Constant) and node.value.value == 0
            yield ast.keyword(node.arg, ast.Constant(1 if first else 0))


def dropped_keepdims(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """keepdims=True to False."""
    if isinstance(node, ast.keyword) and node.arg == "keepdims":
        yield ast.keyword(node.arg, ast.Constant(False))


def other_number(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """1 to 0, any other number to 1: a factor gone, a term gone, an index or an exponent off by one."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(type(node.value)(0 if node.value == 1 else 1))


def shifted_bound(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """A slice or a range that starts one later, ends one earlier, or runs the other way."""
    if isinstance(node, ast.Slice):
        if node.lower:
            yield ast.Slice(_plus(node.lower, 1), node.upper, node.step)
        if node.upper:
            yield ast.Slice(node.lower, _plus(node.upper, -1), node.step)
        if node.step:
            yield ast.Slice(node.lower, node.upper, None)
    if _is_call(node, "range"):
        last = min(1, len(node.args) - 1)
        yield ast.Call(node.func, [*node.args[:last], _plus(node.args[last], -1), *node.args[last + 1 :]], [])


def flipped_comparison(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """> to >= and to <, == to !=, and so on."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [kind()], node.comparators)


def other_function(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """max to min, mean to sum, and so on, or none at all where the function takes and gives one thing."""
    if not isinstance(node, ast.Call):
        return
    name = _name(node.func)
    if name in FUNCTIONS:
        func = copy.copy(node.func)
        setattr(func, "attr" if isinstance(func, ast.Attribute) else "id", FUNCTIONS[name])
        yield ast.Call(func, node.args, node.keywords)
    if name in PLAIN and len(node.args) == 1 and not node.keywords:
        yield node.args[0]


def swapped_choice(node: ast.AST, _: ast.FunctionDef) -> Iterator[ast.AST]:
    """where(c, a, b) to where(c, b, a); `a if c else b` too, unless c asks for None."""
    if _is_call(node, "where") and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)
    if isinstance(node, ast.IfExp) and "None" not in ast.unparse(node.test):
        yield ast.IfExp(node.test, node.orelse, node.body)


RULES: list[Callable[[ast.AST, ast.FunctionDef], Iterator[ast.AST]]] = [
    swapped_operator, dropped_term, dropped_sign, flipped_gradient, dropped_accumulate, changed_update,
    dropped_transpose, other_axis, dropped_keepdims, other_number, shifted_bound, flipped_comparison, other_function,
    swapped_choice,
]  # fmt: skip


# How a tree is walked and written.


def _places(node: ast.AST, checks: set[str], statement: ast.stmt | None, steers: bool) -> Iterator[tuple]:
    """(statement, parent, field, index, node) for each node that is part of the arithmetic, or of all that is done."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list") or isinstance(value, ast.arguments):
            continue
        if field == "args" and _is_call(node, "reshape"):
            continue  # another shape would only raise
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _stays(child, checks, steers):
                continue
            inside = child if isinstance(child, ast.stmt) else statement
            if hasattr(child, "lineno"):
                yield inside, node, field, index if isinstance(value, list) else None, child
            if not (isinstance(child, ast.keyword) and child.arg in ("axis", "axes", "keepdims", "dtype")):
                yield from _places(child, checks, inside, steers)


def _stays(node: ast.AST, checks: set[str], steers: bool) -> bool:
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.FunctionDef):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if steers:
        return False
    is_check = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] in checks
    return isinstance(node, ast.Raise) or is_check


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _plus(node: ast.expr, number: int) -> ast.expr:
    """node + number; where that is known, the number itself, so that −1 − 1 reads −2."""
    try:
        return ast.copy_location(ast.Constant(ast.literal_eval(node) + number), node)
    except (ValueError, TypeError):
        operator = ast.Add() if number > 0 else ast.Sub()
        return ast.copy_location(ast.BinOp(node, operator, ast.Constant(abs(number))), node)


def _first_line(statement: ast.AST) -> str:
    shown = copy.copy(statement)
    if hasattr(shown, "body") and isinstance(shown.body, list):
        shown.body = [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(shown)).partition("\n")[0]


def _is_sum_or_product(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and not isinstance(node.left, WORDS) and not isinstance(node.right, WORDS)


def _is_call(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) == name


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
