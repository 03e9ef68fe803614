"""Bodies: what a user's function built on fresh variables, as a graph, and what of the rest it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from bitale_graph.errors import ArgumentError, BitaleError, DtypeError
from bitale_graph.functions.apply import as_variable
from bitale_graph.graph import Graph, substitute, toposort
from bitale_graph.ops.movement import Broadcast
from bitale_graph.variable import Apply, Constant, Variable


def captured(
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    name: str | None = None,
    outside: Callable[[Variable], bool] | None = None,
) -> tuple[Graph, list[Variable]]:
    """A body whose first inputs are `inputs`, and the variables outside that its further inputs stand for.

    What does not depend on `inputs` stays outside and is computed once, save arrays filled with one number, which cost
    nothing. With `outside` everything belongs to the body but the variables of which it is true, and what is behind.
    """
    oldest = min((v.serial for v in inputs), default=0)
    nodes = toposort(outputs, _edge(outputs, outside or (lambda v: v.serial < oldest)) | set(inputs))
    inside = set(inputs)
    own = []
    for node in nodes:
        if outside or any(v in inside for v in node.inputs) or _is_filled(node):
            inside.update(node.outputs)
            own.append(node)
    read = chain(*(node.inputs for node in own), outputs)
    outer = dict.fromkeys(v for v in read if v not in inside and not isinstance(v, Constant))
    fresh = {v: Variable(v.type, name=v.name, origin=v.origin) for v in outer}
    return Graph([*inputs, *fresh.values()], substitute(outputs, fresh), name), list(outer)


def _edge(outputs: Sequence[Variable], outside: Callable[[Variable], bool]) -> set[Variable]:
    """The first variables behind `outputs` that are outside."""
    stack, seen, edge = list(outputs), set(), set()
    while stack:
        v = stack.pop()
        if v in seen:
            continue
        seen.add(v)
        if outside(v):
            edge.add(v)
        elif v.owner is not None:
            stack.extend(v.owner.inputs)
    return edge


def _is_filled(node: Apply) -> bool:
    return isinstance(node.op, Broadcast) and not any(v.ndim for v in node.inputs)


def described(function: Callable[..., Any]) -> str:
    """A user's function by its name and where it is written."""
    inner: Any = function
    while hasattr(inner, "func") or hasattr(inner, "__wrapped__"):
        inner = getattr(inner, "func", None) or inner.__wrapped__
    name = getattr(inner, "__name__", type(inner).__name__)
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else name


def called(what: str, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """What the function returns. Raises ArgumentError where it does not take that many arguments."""
    from inspect import signature

    try:
        signature(function).bind(*arguments)
    except TypeError as error:
        names = ", ".join(_shown(a) for a in arguments)
        raise ArgumentError(
            f"{what}: {described(function)} is called with {len(arguments)} arguments, ({names}): {error}"
        ) from None
    except ValueError:  # no signature to be had
        pass
    return function(*arguments)


def _shown(argument: Any) -> str:
    return argument.name or str(argument.type) if isinstance(argument, Variable) else type(argument).__name__


def result_variable(where: str, label: str, value: Any) -> Variable:
    """What a user's function returned as a variable. Raises DtypeError, which names the function, where it is none."""
    try:
        return as_variable(value)
    except BitaleError:
        raise DtypeError(
            f"{where} returns {value!r} (a {type(value).__name__}) as {label}: a variable or a number is wanted"
        ) from None
