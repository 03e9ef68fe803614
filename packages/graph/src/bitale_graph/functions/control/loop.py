"""Loops as functions of functions, in the style of JAX: what is carried and collected are trees of variables.

A tree is a variable, or tuples, lists and dicts of trees. The functions given are called once, when the graph is built
(again if the type of what is carried turns out to be another); what they compute without their arguments is computed
once, before the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_integer
from bitale_graph.functions.control.build import Loop, slice_variable, step_variable
from bitale_graph.functions.control.capture import called, described, result_variable
from bitale_graph.functions.control.carries import Carry, settle
from bitale_graph.functions.control.lengths import joint_length, step_count
from bitale_graph.ops.elementwise import where as choose
from bitale_graph.sizes import Size, size_maximum, size_subtract, size_variable
from bitale_graph.tree import Tree, flatten
from bitale_graph.variable import Variable

MANY = np.iinfo("int64").max  # steps: no bound


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: Any = None,
    reverse: bool = False,
    *,
    name: str | None = None,
    checkpoint: Any = None,
) -> tuple[Any, Any]:
    """carry = init; for x in xs: carry, y = f(carry, x). Returns the last carry and the ys, stacked along axis 0.

    `init`: the first carry, a tree whose leaves keep their dtypes, ranks and known lengths. `xs`: a tree of arrays with
    first axes of one length, over which the loop runs; None for `length` steps, in which x is None. `reverse` takes
    the last element first; each y stands at the place of its x. `name` is what printed graphs call the loop.
    `checkpoint`: derivatives of reverse mode keep what is carried after every so many steps ("sqrt": about the square
    root of their number), and compute the steps between again: less memory, the same values.

    Raises ArgumentError where `f` returns no pair or the number of steps is unknown or negative; ShapeError and
    DtypeError where a carry changes its form or type, or lengths differ (when the function runs, if they are not
    known before). Errors name `f` and its line.
    """
    where = f"scan: {described(f)}"
    first, form = flatten(init)
    arrays, sequence_form = flatten(xs)
    sequences = [as_variable(x) for x in arrays]
    labels = [f"xs{path}" for path in sequence_form.paths()]
    steps = _steps(where, list(zip(labels, sequences, strict=True)), length)
    slices = [slice_variable(v, v.name) for v in sequences]
    x = sequence_form.build(slices)

    def trace(inside: list[Variable]) -> tuple[list[Any], tuple[list[Any], Tree]]:
        result = called("scan", f, (form.build(inside), x))
        if not isinstance(result, tuple) or len(result) != 2:
            raise ArgumentError(f"{where} returns {_kind(result)}: a pair (carry, y) is wanted")
        return _same_form(where, result[0], form, "carry"), flatten(result[1])

    carries = [_carry("the carry", path, v) for path, v in zip(form.paths(), first, strict=True)]
    settled, (ys, output_form) = settle(where, carries, trace)
    collected = [result_variable(where, f"y{path}", y) for path, y in zip(output_form.paths(), ys, strict=True)]
    loop = Loop(name or getattr(f, "__name__", None), steps, step_variable(), settled, sequences, slices, collected)
    loop.reverse = bool(reverse)
    results = loop.run(where, checkpoint)
    return form.build(results.last), output_form.build(results.collected)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """f of each element along the first axes of `xs`, stacked along axis 0. Raises as `scan` does."""
    _, ys = scan(_Mapped(f), None, xs)
    return ys


class _Mapped:
    """A step without a carry, which errors describe as the function inside."""

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self.func = f
        self.__name__ = getattr(f, "__name__", "map")

    def __call__(self, carry: None, x: Any) -> tuple[None, Any]:
        return None, called("map", self.func, (x,))


def while_loop(
    cond: Callable[[Any], Any], body: Callable[[Any], Any], init: Any, max_steps: Any = None, *,
    name: str | None = None, checkpoint: Any = None,
) -> Any:  # fmt: skip
    """value = init; while cond(value): value = body(value). Returns the last value, a tree like `init`.

    `max_steps` bounds the number of steps. Derivatives of both modes go through the steps that were taken; `checkpoint`
    is as for `scan`, and has the loop run twice. Raises as `scan` does, and ShapeError or DtypeError for a condition
    that is no boolean scalar.
    """
    where = f"while_loop: {described(body)}"
    first, form = flatten(init)

    def trace(inside: list[Variable]) -> tuple[list[Any], None]:
        result = called("while_loop", body, (form.build(inside),))
        return _same_form(where, result, form, "value"), None

    def going(leaves: list[Variable]) -> Variable:
        result = called("while_loop", cond, (form.build(leaves),))
        return changing_scalar(f"while_loop: {described(cond)}", "the condition", result)

    carries = [_carry("the value", path, v) for path, v in zip(form.paths(), first, strict=True)]
    settled, _ = settle(where, carries, trace)
    bound = MANY if max_steps is None else step_count("while_loop", "max_steps", max_steps)
    steps = choose(going(settled.first), size_variable(bound), size_variable(0))
    loop = Loop(name or getattr(body, "__name__", None), steps, step_variable(), settled, going=going(settled.new))
    return form.build(loop.run(where, checkpoint).last)


def fori_loop(
    lower: Any, upper: Any, body: Callable[[Any, Any], Any], init: Any, *,
    name: str | None = None, checkpoint: Any = None,
) -> Any:  # fmt: skip
    """value = init; for i in range(lower, upper): value = body(i, value). Returns the last value, a tree like `init`.

    The bounds are integers or integer scalar variables; i is an int64 scalar. `checkpoint` and errors are as for
    `scan`.
    """
    where = f"fori_loop: {described(body)}"
    low, high = as_integer("fori_loop: lower", lower), as_integer("fori_loop: upper", upper)
    first, form = flatten(init)
    step = step_variable()
    i = step if isinstance(low, int) and low == 0 else step + low

    def trace(inside: list[Variable]) -> tuple[list[Any], None]:
        return _same_form(where, called("fori_loop", body, (i, form.build(inside))), form, "value"), None

    carries = [_carry("the value", path, v) for path, v in zip(form.paths(), first, strict=True)]
    settled, _ = settle(where, carries, trace)
    steps = size_maximum(size_subtract(high, low), 0)
    loop = Loop(name or getattr(body, "__name__", None), steps, step, settled)
    return form.build(loop.run(where, checkpoint).last)


def changing_scalar(where: str, label: str, value: Any) -> Variable:
    """A condition that may end a loop. Raises ArgumentError for True and False, which never change."""
    if isinstance(value, (bool, np.bool_)):
        advice = "== and != ask whether two variables are one object: write equal(a, b) or not_equal(a, b)."
        raise ArgumentError(f"{where}: {label} is {value} in every step\n  {advice}")
    return boolean_scalar(where, label, value)


def boolean_scalar(where: str, label: str, value: Any) -> Variable:
    """A condition as a boolean scalar; numbers are true where they are not 0. Raises ShapeError for an array."""
    condition = result_variable(where, label, value)
    if condition.ndim:
        raise ShapeError(
            explain(
                f"{where}: {label} is no scalar but {condition.type}", [condition], "Reduce it with all() or any()."
            )
        )
    if condition.dtype.startswith("complex"):
        raise DtypeError(explain(f"{where}: {label} is complex, neither true nor false", [condition]))
    return cast(condition, "bool")


def _steps(where: str, sequences: list[tuple[str, Variable]], length: Any) -> Size:
    given = None if length is None else step_count(where, "length", length)
    if not sequences and given is None:
        raise ArgumentError(f"{where}: how many steps are wanted? Give xs, or length")
    return given if not sequences and given is not None else joint_length(where, sequences, given)


def _carry(label: str, path: str, first: Any) -> Carry:
    known = first.name if isinstance(first, Variable) else None
    return Carry(first, f"{label}{path}", known)


def _same_form(where: str, value: Any, form: Tree, label: str) -> list[Any]:
    leaves, found = flatten(value)
    if found != form:
        raise ArgumentError(f"{where} returns a {label} of the form {found}; the first one has the form {form}")
    return leaves


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value!r} (a {type(value).__name__})"
