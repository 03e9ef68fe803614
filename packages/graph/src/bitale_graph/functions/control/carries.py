"""What a loop carries from step to step: its type is found, and its new values are checked against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bitale_graph.dtypes import FLOATS, INTEGERS, is_weak, result_type
from bitale_graph.errors import BitaleError, DtypeError, ShapeError, describe, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.control.capture import result_variable
from bitale_graph.graph import toposort
from bitale_graph.types import SCALAR_SIZE, TensorType
from bitale_graph.variable import Constant, Variable

Rest = TypeVar("Rest")
Trace = Callable[[list[Variable]], tuple[list[Any], Rest]]
NARROWEST: dict[type, str] = {float: "float16"}
DEFAULT = {"float16": "float64"}  # for what is narrow only because a number began so
SHOWN = 3  # culprits named in an error


@dataclass(frozen=True)
class Carry:
    """A value that the loop carries: its first value, what errors and what texts call it."""

    first: Any
    label: str
    name: str | None = None


@dataclass(frozen=True)
class Settled:
    """Carries whose types are found: the first values, the variables of the body, and the new values there.

    What the user's function made has serial numbers from `since` on.
    """

    first: list[Variable]
    inside: list[Variable]
    new: list[Variable]
    since: int


def settle(where: str, carries: Sequence[Carry], trace: Trace[Rest]) -> tuple[Settled, Rest]:
    """Call `trace` on variables of the carries' types until the new values that it returns first have these types.

    A length that does not stay known becomes unknown; a Python number takes the dtype that it is given in the loop.
    Raises DtypeError or ShapeError, which name the function, the carry and its new value, where types cannot agree.
    """
    types = [_first_type(carry) for carry in carries]
    while True:
        inside = [Variable(t, name=carry.name) for t, carry in zip(types, carries, strict=True)]
        since = Variable(SCALAR_SIZE).serial
        try:
            values, rest = trace(inside)
        except BitaleError:
            firm = [_firm_type(carry, t) for carry, t in zip(carries, types, strict=True)]
            if firm == types:
                raise
            types = firm
            continue
        new = [result_variable(where, c.label, adapted(v, t.dtype)) for c, v, t in zip(carries, values, types)]
        wider = [_joint(where, c, v, t) for c, v, t in zip(carries, new, inside, strict=True)]
        if wider == types:
            first = [cast(c.first, t.dtype) for c, t in zip(carries, types, strict=True)]
            return Settled(first, inside, new, since), rest
        types = wider


def _first_type(carry: Carry) -> TensorType:
    """The type to begin with: for a Python float the narrowest, so that what it meets decides."""
    known = as_variable(carry.first).type
    return known.with_dtype(NARROWEST[type(carry.first)]) if type(carry.first) in NARROWEST else known


def _firm_type(carry: Carry, tried: TensorType) -> TensorType:
    """The type to try after one that a Python number could not have."""
    return tried.with_dtype(DEFAULT[tried.dtype]) if is_weak(carry.first) and tried.dtype in DEFAULT else tried


def adapted(value: Any, dtype: str) -> Any:
    """A Python number that arrays of `dtype` absorb as one of them; anything else as it is."""
    return cast(value, dtype) if _adapts(value, dtype) else value


def _adapts(value: Any, dtype: str) -> bool:
    """Whether a value is a Python number that arrays of `dtype` absorb."""
    return is_weak(value) and result_type(value, dtype) == dtype


def _joint(where: str, carry: Carry, new: Variable, old: Variable) -> TensorType:
    """The type of the carry when it is at first `old`'s, then that of its new value."""
    dtype = _adapted_dtype(carry.first, old.dtype, new.dtype) if is_weak(carry.first) else old.dtype
    if new.dtype != dtype and not _adapts(carry.first, new.dtype):
        raise DtypeError(_changed(where, carry, new, old, _culprits(new, old)))
    lengths = list(zip(old.type.shape, new.type.shape, strict=False))
    if new.ndim != old.ndim or any(n is not None and m is not None and n != m for n, m in lengths):
        raise ShapeError(_changed(where, carry, new, old, "  Reshape or reduce the new value, or begin with another."))
    shape = tuple(n if n == m or n is None else None for n, m in lengths)
    return old.type.with_dtype(dtype).with_shape(shape)


def _adapted_dtype(first: Any, old: str, new: str) -> str:
    """The next dtype to try for a Python number, which was of dtype `old` and became `new`."""
    if new == old:  # a narrow float met nothing that has a dtype of its own
        return DEFAULT.get(old, old)
    if old in INTEGERS and new in FLOATS:
        return "float16"
    return DEFAULT.get(new, new) if _adapts(first, new) else old


def _changed(where: str, carry: Carry, new: Variable, old: Variable, advice: str) -> str:
    lines = [
        f"{where} returns {new.type} as {carry.label}, which begins as {old.type}: what a loop carries keeps its type",
        describe(as_variable(carry.first), "first value"),
        describe(new, "new value"),
        advice,
    ]
    return "\n".join(lines)


def _culprits(new: Variable, old: Variable) -> str:
    """What brings the dtype of the new value into the loop: inputs and constants that have it, or the first op."""
    nodes = toposort([new], stop=[old])
    leaves = dict.fromkeys(v for node in nodes for v in node.inputs if v.owner is None and v.dtype == new.dtype)
    named = [v for v in leaves if not isinstance(v, Constant)] or list(leaves)
    advice = f"Cast it, or the new value: .astype({old.dtype!r}); or give the first value as {new.dtype}."
    if named:
        return explain(f"  {new.dtype} comes from", named[:SHOWN], advice)
    made = next((node.outputs[0] for node in nodes if node.outputs[0].dtype == new.dtype), new)
    return explain(f"  {new.dtype} comes from", [made], advice)
