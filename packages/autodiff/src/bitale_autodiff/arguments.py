"""Arguments of the functions users call: variables, singly or in a list, checked with helpful errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.dtypes import is_differentiable
from bitale_graph.errors import ArgumentError, DtypeError, explain
from bitale_graph.functions import as_variable
from bitale_graph.variable import Variable


def as_list(value: Any) -> list[Any]:
    """A list or tuple as a list; anything else as its only element."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def in_kind(like: Any, values: Sequence[Any]) -> Any:
    """`values` as `like` came: one value, a list or a tuple."""
    if isinstance(like, tuple):
        return tuple(values)
    return list(values) if isinstance(like, list) else values[0]


def variables_of(what: str, values: Any, differentiable: bool = True) -> list[Variable]:
    """Variables from one variable or a list of them. Raises ArgumentError or DtypeError for what has no derivative."""
    found = []
    for value in as_list(values):
        if not isinstance(value, Variable) and not hasattr(value, "__bitale_variable__"):
            raise ArgumentError(f"{what}: a symbolic variable is wanted, not {value!r} (a {type(value).__name__})")
        variable = as_variable(value)
        found.append(check_differentiable(what, "a variable", variable) if differentiable else variable)
    return found


def check_differentiable(what: str, role: str, x: Variable) -> Variable:
    """x itself. Raises DtypeError when arrays of its dtype have no derivatives."""
    if not is_differentiable(x.dtype):
        raise DtypeError(explain(f"{what}: {role} has dtype {x.dtype}; derivatives exist for floating numbers only",
                                 [x], "Make it a floating array, or cast it before it is used."))
    return x
