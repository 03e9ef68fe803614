"""Accumulating in C: one step of a reduction, and the operators OpenMP knows for it."""

from __future__ import annotations

from bitale_backend_c.emit.spellings import spell
from bitale_graph.ops.elementwise import Function

OMP_OPERATORS = {
    "add": "+", "multiply": "*", "maximum": "max", "minimum": "min", "logical_and": "&&", "logical_or": "||",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
}
COMPOUND = {"add": "+=", "multiply": "*=", "bitwise_and": "&=", "bitwise_or": "|=", "bitwise_xor": "^="}


def combine(function: Function, dtype: str, place: str, value: str) -> str:
    """place = function(place, value), as a statement."""
    if function.name in COMPOUND and dtype != "float16":
        return f"{place} {COMPOUND[function.name]} {value};"
    return f"{place} = {spell(function, dtype, [place, value])};"
