"""Gathering many values into one in C: how a step is spelled, what OpenMP calls it, and how precision is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bitale_backend_c.emit.spellings import spell
from bitale_graph.dtypes import COMPLEX, FLOATS, SHORT
from bitale_graph.ops.elementwise import Function
from bitale_rewrite.loops.ir import Accumulate, Name, Statement

OMP_OPERATORS = {
    "add": "+", "multiply": "*", "maximum": "max", "minimum": "min", "logical_and": "&&", "logical_or": "||",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
}  # fmt: skip
OF_BOOLEANS = OMP_OPERATORS | {"add": "||", "multiply": "&&", "maximum": "||", "minimum": "&&"}
COMPOUND = {"add": "+=", "multiply": "*=", "bitwise_and": "&=", "bitwise_or": "|=", "bitwise_xor": "^="}
BLOCK = 1024  # terms of a sum added in its own precision, before a wider one takes over
WIDER = {"float32": "double", "float64": "long double"}


@dataclass(frozen=True)
class Gathering:
    """A scalar that loops accumulate into."""

    target: Name
    function: Function

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def dtype(self) -> str:
        return self.target.dtype

    @property
    def symbol(self) -> str | None:
        """OpenMP's operator; None where the loop has to run in order."""
        if self.dtype in (*SHORT, *COMPLEX):
            return None
        return OF_BOOLEANS.get(self.function.name) if self.dtype == "bool" else OMP_OPERATORS.get(self.function.name)

    @property
    def wide_type(self) -> str:
        """The type in which blocks of a sum are added, so that its error stays that of a block; empty for others."""
        return WIDER.get(self.dtype, "") if self.function.name == "add" else ""

    @property
    def has_nan(self) -> bool:
        """Whether a NaN must win: comparisons alone would lose it when the loop is vectorised."""
        return self.function.name in ("maximum", "minimum") and self.dtype in FLOATS and self.dtype not in SHORT


def gathered(body: Iterable[Statement]) -> list[Gathering]:
    """The scalars that the statements accumulate into, each once."""
    found = (s for s in body if isinstance(s, Accumulate) and isinstance(s.target, Name))
    return list(dict.fromkeys(Gathering(s.target, s.function) for s in found))  # type: ignore[arg-type]


def combine(function: Function, dtype: str, place: str, value: str) -> str:
    """place = function(place, value), as a statement."""
    plain = dtype not in ("bool", *SHORT) and (dtype not in COMPLEX or function.name == "add")
    if function.name in COMPOUND and plain:
        return f"{place} {COMPOUND[function.name]} {value};"
    return f"{place} = {spell(function, [dtype, dtype], [place, value])};"
