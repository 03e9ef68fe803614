"""Branches: expressions of which only the one that is chosen is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.dtypes import INTEGERS, is_weak, result_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, describe, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.control.build import step_variable
from bitale_graph.functions.control.capture import called, captured, described, result_variable
from bitale_graph.functions.control.carries import adapted
from bitale_graph.functions.control.loop import boolean_scalar
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Branch
from bitale_graph.tree import Tree, flatten
from bitale_graph.variable import Apply, Constant, Variable


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """`then_branch` if the scalar condition holds, else `else_branch`; the other one is not computed.

    A branch is a variable or number, a tree (tuples, lists, dicts) of them, or a function of no arguments that builds
    one. Both have the same form, dtypes and ranks; lengths may differ. What only one branch needs is computed in that
    branch only, and derivatives flow through the branch that was taken. `name` is what printed graphs call it.

    Raises ShapeError for a condition that is no scalar, ArgumentError, DtypeError or ShapeError for branches that do
    not fit together.
    """
    chosen = boolean_scalar("ifelse", "the condition", condition)
    return _branch("ifelse", cast(chosen, "int64"), [else_branch, then_branch], (), ("else", "then"), name)


def cond(pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any:
    """true_fun(*operands) if the scalar `pred` holds, else false_fun(*operands). As `ifelse`; operands are trees."""
    chosen = boolean_scalar("cond", "the condition", pred)
    return _branch("cond", cast(chosen, "int64"), [false_fun, true_fun], operands, ("false", "true"), None)


def switch_case(index: Any, branches: Sequence[Any], operands: Sequence[Any] = (), name: str | None = None) -> Any:
    """The branch whose number is `index`: an integer scalar; below 0 the first, beyond the end the last.

    Branches are as for `ifelse`; functions are called with `operands`. Raises as `ifelse`, and DtypeError for an index
    that is no integer.
    """
    number = as_variable(index)
    if number.dtype not in ("bool", *INTEGERS):
        raise DtypeError(explain(f"switch_case: the index must be an integer, not {number.dtype}", [number]))
    if number.ndim:
        raise ShapeError(explain(f"switch_case: the index is no scalar but {number.type}", [number]))
    if not len(branches):
        raise ArgumentError("switch_case: there is no branch")
    labels = [f"number {k}" for k in range(len(branches))]
    return _branch("switch_case", cast(number, "int64"), list(branches), tuple(operands), labels, name)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """branches[index](*operands), in the style of JAX: see `switch_case`."""
    return switch_case(index, branches, operands)


def _branch(
    what: str, number: Variable, branches: Sequence[Any], operands: tuple[Any, ...], labels: Sequence[str],
    name: str | None,
) -> Any:  # fmt: skip
    """The outputs of a Branch between trees; what was made while a function of the user's ran belongs to its body."""
    since = step_variable().serial
    built = [called(what, b, operands) if _is_function(b) else b for b in branches]
    wheres = [
        f"{what}: {described(b)}" if _is_function(b) else f"{what}: the branch {label}"
        for b, label in zip(branches, labels, strict=True)
    ]
    rows, form = _same_forms(built, wheres)
    columns = [_fitting(k, column, wheres) for k, column in enumerate(zip(*rows, strict=True))]
    outputs = [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in branches]
    if isinstance(number, Constant):
        taken = min(max(int(number.data), 0), len(outputs) - 1)
        return form.build(outputs[taken])
    return form.build(_applied(number, outputs, since, name) if columns else [])


def _applied(number: Variable, rows: Sequence[Sequence[Variable]], since: int, name: str | None) -> Sequence[Variable]:
    """A Branch whose bodies compute what was made since the serial number, of all that is older."""
    bodies = [captured([], row, name, lambda v: v.serial < since) for row in rows]
    return branch(number, bodies).outputs


def branch(number: Variable, bodies: Sequence[tuple[Graph, list[Variable]]]) -> Apply:
    """A Branch between bodies, of which each comes with what its inputs stand for."""
    read = list(dict.fromkeys(v for _, outer in bodies for v in outer))
    choices = []
    for body, outer in bodies:
        own = dict(zip(outer, body.inputs, strict=True))
        inputs = [own[v] if v in own else Variable(v.type, name=v.name, origin=v.origin) for v in read]
        choices.append(Graph(inputs, body.outputs, body.name))
    return Apply(Branch(tuple(choices)), (number, *read))


def _is_function(branch: Any) -> bool:
    return callable(branch) and not isinstance(branch, Variable)


def _same_forms(built: Sequence[Any], wheres: Sequence[str]) -> tuple[list[list[Any]], Tree]:
    rows, forms = zip(*map(flatten, built), strict=True)
    for where, form in zip(wheres[1:], forms[1:], strict=True):
        if form != forms[0]:
            raise ArgumentError(f"{where} has the form {form}, and {wheres[0]} the form {forms[0]}")
    return list(rows), forms[0]


def _fitting(number: int, column: Sequence[Any], wheres: Sequence[str]) -> list[Variable]:
    """The values of one output in all branches as variables of one dtype and rank; Python numbers adapt."""
    label = f"output {number}"
    values = [v if is_weak(v) else result_variable(w, label, v) for v, w in zip(column, wheres, strict=True)]
    firm = [v.dtype for v in values if isinstance(v, Variable)]
    dtype = firm[0] if firm else result_type(*values)
    values = [as_variable(adapted(v, dtype)) for v in values]
    first = values[0]
    for where, v in zip(wheres[1:], values[1:], strict=True):
        kind = DtypeError if v.dtype != first.dtype else ShapeError if v.ndim != first.ndim else None
        if kind is not None:
            problem = f"{where} gives {v.type} as output {number}, and {wheres[0]} {first.type}"
            advice = "  All branches give one dtype and rank: cast or reshape one of them."
            raise kind("\n".join([problem, describe(first), describe(v), advice]))
    return values
