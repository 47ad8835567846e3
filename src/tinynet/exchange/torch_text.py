"""Python code, set into lines."""

from __future__ import annotations

import keyword
import unicodedata

WIDTH = 100  #: Where a line is broken.
NAMES_OF_MODULES = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia
named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory
state_dict to to_empty train training type xpu zero_grad
"""
#: What a module of PyTorch has under these names is not its parts, which are then found in its tables only.
OF_MODULES = frozenset(NAMES_OF_MODULES.split())


def call(start: str, parts: list[str], end: str, in_lines: bool = False) -> str:
    """A call in one line, or with a line for each argument where it is long, holds calls, or is wanted so.

    Example:
        >>> call("f(", ["x", "y"], ")")
        'f(x, y)'
    """
    line = f"{start}{', '.join(parts)}{end}"
    if len(line) <= WIDTH and "\n" not in line and not in_lines:
        return line
    inside = "".join(f"{part},\n" for part in parts)
    return f"{start}\n{indented(inside)}{end}"


def indented(text: str) -> str:
    """The lines of a text, four blanks further to the right.

    Example:
        >>> indented("x = 1")
        '    x = 1'
    """
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def attribute(name: str, table: str) -> str:
    """How a part of a module is written after it: by its name, or in its table if that is no name of Python's.

    Example:
        >>> attribute("norm", "_modules"), attribute("type", "_modules")
        ('.norm', "._modules['type']")
    """
    is_plain = name.isidentifier() and not name.startswith("_") and unicodedata.normalize("NFKC", name) == name
    is_free = not keyword.iskeyword(name) and name not in OF_MODULES
    return f".{name}" if is_plain and is_free else f".{table}[{name!r}]"
