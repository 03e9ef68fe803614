"""The inputs of a function against what its results need: none missing, none twice, none for nothing."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from bitale.shared import SharedVariable
from bitale_graph.errors import ArgumentError, GraphError, MissingInputError, describe, explain
from bitale_graph.graph import ancestors
from bitale_graph.variable import Constant, Variable

POLICIES = ("raise", "warn", "ignore")
SHOWN = 5  # variables between one that is missing and the results that need it


class UnusedInputError(GraphError):
    """An input that no output depends on."""


def check_duplicates(inputs: Sequence[Variable]) -> None:
    """Raise GraphError for a variable that is there twice."""
    for number, v in enumerate(inputs):
        if v in inputs[:number]:
            raise GraphError(explain("a variable stands twice among the inputs", [v], "Name it once."))


def check_missing(inputs: Sequence[Variable], results: Sequence[Variable]) -> None:
    """Raise MissingInputError for a variable without a value, with the expressions that need it."""
    known = set(inputs)
    reader: dict[Variable, Variable] = {}
    for v in ancestors(results, stop=known):
        if v in known or isinstance(v, (Constant, SharedVariable)):
            continue
        if v.owner is None:
            chain = "\n".join(describe(u) for u in _chain(v, reader))
            raise MissingInputError(
                f"the outputs need `{v.name or v.type}`, which is not among the inputs\n{describe(v)}\n"
                f"  It is used in\n{chain or '    the outputs themselves'}\n"
                "  Add it to the inputs, or replace it through givens."
            )
        for operand in v.owner.inputs:
            reader.setdefault(operand, v)


def _chain(missing: Variable, reader: dict[Variable, Variable]) -> list[Variable]:
    """Variables that lead from what needs `missing` to an output: the nearest ones."""
    chain: list[Variable] = []
    while missing in reader and len(chain) < SHOWN:
        missing = reader[missing]
        chain.append(missing)
    return chain


def check_unused(inputs: Sequence[Variable], results: Sequence[Variable], policy: str) -> None:
    """Raise UnusedInputError, or warn, for an input without influence, as the policy says."""
    if policy not in POLICIES:
        raise ArgumentError(f"on_unused_input must be 'raise', 'warn' or 'ignore', not {policy!r}")
    if policy == "ignore":
        return
    used = set(ancestors(results, stop=inputs))
    unused = [v for v in inputs if v not in used]
    if not unused:
        return
    what = "an input is" if len(unused) == 1 else f"{len(unused)} inputs are"
    advice = "Leave it out, or pass on_unused_input='ignore'."
    text = explain(f"{what} not used by any output or update", unused, advice)
    if policy == "raise":
        raise UnusedInputError(text)
    warnings.warn(text, UserWarning, stacklevel=4)
