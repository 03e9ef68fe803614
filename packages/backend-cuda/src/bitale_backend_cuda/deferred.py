"""Numbers of steps, and checks, that stay on the device: the host need not read what only they depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bitale_backend_cuda.bounds import bound
from bitale_backend_cuda.guards import has_loads
from bitale_backend_cuda.persistent import names_used
from bitale_rewrite.loops.integers import LESS_EQUAL, ZERO
from bitale_rewrite.loops.ir import (
    Buffer,
    Call,
    Choose,
    Define,
    Literal,
    Load,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import all_steps, statements
from bitale_rewrite.loops.values import transform


def deferred(program: Program) -> Program:
    """`program` without the lengths that it defines for loops and checks alone; these read the arrays themselves."""
    steps = list(all_steps(program.steps))
    defined = {s.name: s.value for s in steps if isinstance(s, Define) and has_loads([s.value])}
    for name in names_used([s for s in map(_without_extent, steps) if s is not None], program.outputs):
        defined.pop(name, None)
    return replace(program, steps=_deferred(program.steps, defined, stored_numbers(program))) if defined else program


def stored_numbers(program: Program) -> dict[Buffer, Value]:
    """The values of the single elements that are stored in one place only, without reading others."""
    found: dict[Buffer, list[Value]] = {}
    for step in all_steps(program.steps):
        for s in statements(step.kernel.body) if isinstance(step, Run) else ():
            if isinstance(s, Store) and not s.buffer.shape:
                found.setdefault(s.buffer, []).append(s.value)
    return {buffer: values[0] for buffer, values in found.items() if len(values) == 1}


def _without_extent(step: Step) -> Step | None:
    """What of a step counts as a use on the host."""
    if isinstance(step, Require):
        return None
    return replace(step, extent=Name("extent")) if isinstance(step, Loop) else step


def _deferred(steps: list[Step], defined: Mapping[Name, Value], stored: Mapping[Buffer, Value]) -> list[Step]:
    def new(value: Value) -> Value:
        return transform(value, lambda v: defined.get(v, v) if isinstance(v, Name) else v, {})

    def changed(step: Any, **parts: Any) -> Step:
        result: Step = replace(step, **parts)
        return result

    result: list[Step] = []
    for step in steps:
        if isinstance(step, Define) and step.name in defined:
            continue
        if isinstance(step, Loop):
            step = changed(step, extent=new(step.extent), body=_deferred(step.body, defined, stored))
        elif isinstance(step, Choose):
            sides = [_deferred(side, defined, stored) for side in (step.then, step.otherwise)]
            step = changed(step, then=sides[0], otherwise=sides[1])
        elif isinstance(step, Require):
            step = check = replace(step, condition=new(step.condition), values=tuple(map(new, step.values)))
            if _is_sure(check, stored):
                continue
        result.append(step)
    return result


def most(extent: Value, stored: Mapping[Buffer, Value]) -> Value | None:
    """What a number of steps is at most, by the numbers it is chosen from; None where the device alone knows."""
    known = bound(transform(extent, lambda v: stored.get(v.buffer, v) if isinstance(v, Load) else v, {}), {})
    return known if isinstance(known, Literal) else bound(extent, {})


def _is_sure(check: Require, stored: Mapping[Buffer, Value]) -> bool:
    """Whether a check only says that a number chosen from two that are not negative is not."""
    condition = check.condition
    if not isinstance(condition, Call) or condition.function is not LESS_EQUAL or condition.operands[0] != ZERO:
        return False
    value = condition.operands[1]
    value = stored.get(value.buffer, value) if isinstance(value, Load) else value
    if not isinstance(value, Call) or value.function.name != "where":
        return False
    return all(isinstance(v, Literal) and v.number >= 0 for v in value.operands[1:])
