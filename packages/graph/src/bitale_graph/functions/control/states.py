"""Shared variables that change inside a loop: they are carried from step to step, and written back by updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.broadcasting import specify_shape
from bitale_graph.functions.control.carries import Settled
from bitale_graph.graph import substitute
from bitale_graph.variable import Constant, Variable


def made_since(outputs: Iterable[Variable], since: int) -> tuple[list[Variable], list[Variable]]:
    """What was made after the serial number `since` for the outputs, and the older variables that it reads."""
    stack, seen = list(outputs), set()
    inside, outside = [], []
    while stack:
        v = stack.pop()
        if v in seen:
            continue
        seen.add(v)
        if v.serial < since:
            outside.append(v)
            continue
        inside.append(v)
        if v.owner is not None:
            stack.extend(v.owner.inputs)
    return inside, sorted(outside, key=lambda v: v.serial)


def advancing(outputs: Iterable[Variable], since: int, known: Mapping[Variable, Any]) -> dict[Variable, Variable]:
    """Shared variables with a `default_update`, such as states of random numbers, that a body reads; their updates."""
    found: dict[Variable, Variable] = {}
    pending = list(outputs)
    while pending:
        inside, outside = made_since(pending, since)
        candidates = [v for v in (*inside, *outside) if v not in found and v not in known]
        new = {v: update for v in candidates if (update := getattr(v, "default_update", None)) is not None}
        found |= new
        pending = list(new.values())
    return dict(sorted(found.items(), key=lambda pair: pair[0].serial))


def carried(
    where: str, carries: Settled, others: Sequence[Variable], updates: Mapping[Variable, Any]
) -> list[Variable]:
    """Make the shared variables that have `updates` carries too; returns `others`, which now read the carried values.

    Raises DtypeError or ShapeError for an update of another dtype or rank than its variable.
    """
    if not updates:
        return list(others)
    new = [_new_value(where, target, value) for target, value in updates.items()]
    inside = {v: Variable(v.type, name=v.name) for v in updates}
    results = substitute([*carries.new, *new, *others], inside)
    count = len(carries.new) + len(new)
    carries.first.extend(updates)
    carries.inside.extend(inside.values())
    carries.new[:] = results[:count]
    return results[count:]


def advance(updates: Mapping[Variable, Variable]) -> None:
    """Give what advances by itself the values it has after the loop as its next ones."""
    for target, last in updates.items():
        if getattr(target, "default_update", None) is not None:
            target.default_update = last  # type: ignore[attr-defined]


def _new_value(where: str, target: Variable, value: Any) -> Variable:
    new = as_variable(value)
    if not isinstance(value, Variable):
        new = cast(value, target.dtype)
    what = f"{where} updates {target.name or 'a shared variable'} of type {target.type} with {new.type}"
    if new.dtype != target.dtype:
        raise DtypeError(explain(what, [target, new], f"Cast the new value: .astype({target.dtype!r})."))
    if new.ndim != target.ndim:
        raise ShapeError(explain(what, [target, new], "Reshape it, or reduce with keepdims=True."))
    return new if target.type.accepts(new.type) else specify_shape(new, target.type.shape)


def check_closed(where: str, outputs: Sequence[Variable], since: int, given: Iterable[Variable]) -> None:
    """Raise ArgumentError where a body reads variables from outside that are not among `given`."""
    _, outside = made_since(outputs, since)
    known = set(given)
    closed = [v for v in outside if v not in known and not isinstance(v, Constant) and not _is_size(v)]
    if closed:
        names = ", ".join(v.name or str(v.type) for v in closed)
        advice = "Pass what the function reads as non_sequences, or leave out strict=True."
        raise ArgumentError(explain(f"{where} uses variables that are not passed to it: {names}", closed, advice))


def _is_size(v: Variable) -> bool:
    """Whether a variable is a length, which is read of a sequence or argument."""
    return (
        v.owner is not None
        and v.type.dtype == "int64"
        and not v.ndim
        and all(u.ndim == 0 or v.owner.op.name == "dimension" for u in v.owner.inputs)
    )
