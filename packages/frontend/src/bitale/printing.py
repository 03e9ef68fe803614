"""Expressions as text: `pp` on one line, `debugprint` as a tree, `latex` for papers and notebooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from bitale_graph.errors import ArgumentError
from bitale_graph.expression import expression
from bitale_graph.graph import Graph
from bitale_graph.latex import latex
from bitale_graph.text import constant_text
from bitale_graph.variable import Constant, Variable

__all__ = ["debugprint", "dprint", "latex", "pp"]

DEPTH = 100  # levels of a tree that are shown


def pp(variable: Variable, limit: int = 10_000) -> str:
    """The expression on one line, cut off after about `limit` characters."""
    return expression(variable, limit)


def debugprint(target: Any, file: TextIO | None = None, depth: int = DEPTH, types: bool = True) -> None:
    """Print a variable, a list of them, a graph or a function as a tree, outputs at the root.

    A node that stands in several places is shown once and later only named by its number. `depth` is how many levels
    are shown; `types` adds dtype and shape; `file` is where it is written, the terminal when None.
    """
    print("\n".join(_lines(_roots(target), depth, types)), file=file or sys.stdout)


dprint = debugprint


def _roots(target: Any) -> Sequence[Variable]:
    if isinstance(target, Variable):
        return [target]
    if isinstance(target, Graph):
        return target.outputs
    if isinstance(target, (list, tuple)) and all(isinstance(v, Variable) for v in target):
        return target
    specification = getattr(target, "specification", None)
    if specification is None:
        raise ArgumentError(f"debugprint shows variables, graphs and functions, not {target!r}")
    return specification.graph.outputs


def _lines(roots: Sequence[Variable], depth: int, types: bool) -> Iterator[str]:
    """One line per variable, what it is computed from indented below it."""
    numbers: dict[Variable, int] = {}
    pending = [(v, "", "", 0) for v in reversed(roots)]
    while pending:
        variable, before, indent, level = pending.pop()
        known = variable in numbers
        yield before + _line(variable, numbers, types)
        if known or variable.owner is None:
            continue
        operands = variable.owner.inputs
        if level >= depth:
            yield f"{indent}└─ ..."
            continue
        for place, operand in reversed(list(enumerate(operands))):
            last = place == len(operands) - 1
            branch, further = ("└─ ", "   ") if last else ("├─ ", "│  ")
            pending.append((operand, indent + branch, indent + further, level + 1))


def _line(variable: Variable, numbers: dict[Variable, int], types: bool) -> str:
    if variable.owner is None:
        text = constant_text(variable.data) if isinstance(variable, Constant) else variable.name or "<no name>"
        return f"{text}: {variable.type}" if types else text
    shown = variable in numbers
    number = numbers.setdefault(variable, len(numbers) + 1)
    name = f" `{variable.name}`" if variable.name else ""
    place = f".{variable.index}" if len(variable.owner.outputs) > 1 else ""
    text = f"[{number}] {variable.owner.op}{place}{name}"
    if shown:
        return f"{text} (above)"
    return f"{text}: {variable.type}" if types else text
