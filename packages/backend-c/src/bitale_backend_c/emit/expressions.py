"""Scalar expressions in C."""

from __future__ import annotations

from bitale_backend_c.emit.ctypes import literal
from bitale_backend_c.emit.spellings import spell
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Name, Value
from bitale_rewrite.loops.values import fold


def is_strided(buffer: Buffer) -> bool:
    """Whether the buffer comes with strides of its own."""
    return buffer.strided and buffer.base is None


def brings_strides(buffer: Buffer) -> bool:
    """Whether a kernel is told the strides of the buffer."""
    return is_strided(buffer) and buffer.kind != "scratch"


def text(value: Value, done: dict[Value, str] | None = None) -> str:
    """`value` as C. Iterative; `done` keeps texts between calls."""
    return fold(value, _text, done)


def _text(value: Value, operands: list[str]) -> str:
    if isinstance(value, Literal):
        return literal(value.number, value.dtype)
    if isinstance(value, Name):
        return value.name
    if isinstance(value, Load):
        return f"{value.buffer.name}[{offset(value.buffer, value.index, operands)}]"
    assert isinstance(value, Call)
    return spell(value.function, [v.dtype for v in value.operands], operands)


def offset(buffer: Buffer, index: tuple[Value, ...], texts: list[str]) -> str:
    """The place of an element, in elements from the start."""
    terms = []
    for i, value, stride in zip(texts, index, strides(buffer), strict=True):
        if isinstance(value, Literal) and value.number == 0:
            continue
        wrapped = i if isinstance(value, (Name, Literal)) or stride == "1" else f"({i})"
        terms.append(wrapped if stride == "1" else f"{wrapped}*{stride}")
    return " + ".join(terms) or "0"


def strides(buffer: Buffer) -> list[str]:
    """The strides of a buffer, in elements. The rows of tiles are contiguous, wherever they lie."""
    if not is_strided(buffer):
        return row_strides(buffer)
    if buffer.kind == "scratch":
        return [f"{buffer.name}_s0", "1"]
    return [f"{buffer.name}_s{axis}" for axis in range(len(buffer.shape))]


def row_strides(buffer: Buffer) -> list[str]:
    """The row-major strides of a buffer as C texts."""
    strides: list[str] = []
    for axis in range(len(buffer.shape)):
        later = [n for n in buffer.shape[axis + 1 :] if not (isinstance(n, Literal) and n.number == 1)]
        strides.append("*".join(_factor(n) for n in later) or "1")
    return strides


def _factor(n: Value) -> str:
    return text(n) if isinstance(n, (Name, Literal)) else f"({text(n)})"
