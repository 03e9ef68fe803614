"""The errors Bitale raises: each names what was wrong, where the variables were made, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bitale_graph.variable import Variable


class BitaleError(Exception):
    """Base of every error that Bitale raises on purpose."""


class DtypeError(BitaleError, TypeError):
    """An argument has a dtype the operation is not defined for."""


class BoundsError(DtypeError, OverflowError):
    """A Python integer is too large or too small for the dtype it meets."""


class ShapeError(BitaleError, ValueError):
    """Ranks or lengths do not fit together."""


class ArgumentError(BitaleError, ValueError):
    """A parameter (an axis, a mode, a count) has a value the operation does not take."""


class IndexingError(BitaleError, IndexError):
    """An index is out of range, or there are more indices than axes."""


class LinearAlgebraError(BitaleError, np.linalg.LinAlgError):
    """A matrix that a function met when it ran cannot be inverted or decomposed. `number` is its place in the batch."""

    def __init__(self, message: str = "", number: int = 0) -> None:
        super().__init__(message)
        self.number = number


class MatrixShapeError(ShapeError, np.linalg.LinAlgError):
    """A matrix is not square, or does not fit another one."""


class SymbolicError(BitaleError, TypeError):
    """A value was asked of a variable that has none until a function runs."""


class MissingInputError(BitaleError, ValueError):
    """A graph needs a variable that is neither among its inputs nor given a value."""


class GraphError(BitaleError, ValueError):
    """A graph is not well formed: duplicate inputs, a cyclic replacement, a foreign variable."""


class VerifyError(GraphError):
    """A node's recorded type is not what its inputs give: a fault in Bitale, not in the user's program."""


class MissingRule(BitaleError, NotImplementedError):
    """A rule table has no row for an op."""


def fill_in(message: str, values: Sequence[Any]) -> str:
    """`message` with the values for {0}, {1}, ...; other braces (an op's parameters) stand for themselves."""
    known = {f"{{{k}}}": str(value) for k, value in enumerate(values)}
    return re.sub(r"\{\d+\}", lambda place: known.get(place[0], place[0]), message)


def describe(variable: Variable, label: str | None = None) -> str:
    """One line on a variable: its name or the expression it is, its type, and where the user made it."""
    from bitale_graph.expression import expression

    name = label or variable.name or (expression(variable, 60) if variable.owner else "constant or input")
    made = f"    made at {variable.origin}" if variable.origin else ""
    return f"    {name}: {variable.type}{made}"


def explain(problem: str, variables: Iterable[Variable] = (), advice: str = "") -> str:
    """The text of an error: the problem, a line per variable, then what to do about it."""
    lines = [problem, *(describe(v) for v in variables)]
    if advice:
        lines.append(f"  {advice}")
    return "\n".join(lines)
