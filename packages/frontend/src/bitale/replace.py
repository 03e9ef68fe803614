"""Variables replaced in expressions: clone_replace, and the givens of functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bitale_graph.errors import ArgumentError, GraphError, explain
from bitale_graph.functions import as_variable
from bitale_graph.graph import ancestors, substitute
from bitale_graph.reference import conform
from bitale_graph.variable import Constant, Variable

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None


def clone_replace(outputs: Any, replace: Pairs = None) -> Any:
    """`outputs` (a variable, or a list, tuple or dict of them) with variables replaced, all at once.

    `replace` gives pairs (old, new); a new one is not searched for old ones, so that two variables can change places.
    Raises GraphError when a replacement has another dtype or rank than what it replaces.
    """
    if isinstance(outputs, Mapping):
        return dict(zip(outputs, clone_replace(list(outputs.values()), replace), strict=True))
    several = isinstance(outputs, (list, tuple))
    results = substitute([as_variable(v) for v in (outputs if several else [outputs])], replacements(replace))
    return type(outputs)(results) if several else results[0]


def pairs_of(what: str, pairs: Pairs) -> Iterator[tuple[Any, Any]]:
    """The pairs of a mapping or a list, none of None. Raises ArgumentError for anything else."""
    if pairs is None:
        return
    if isinstance(pairs, (str, Variable)) or not isinstance(pairs, Iterable):
        raise ArgumentError(f"{what} are a dict or a list of pairs (variable, its new value), not {pairs!r}")
    for pair in pairs.items() if isinstance(pairs, Mapping) else pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentError(f"{what} are pairs (variable, its new value), and {pair!r} is none")
        yield pair[0], pair[1]


def replacements(pairs: Pairs) -> dict[Variable, Variable]:
    """Old variables and what stands in their places; a value that is no variable takes the type of the old one."""
    result: dict[Variable, Variable] = {}
    for old, new in pairs_of("replacements", pairs):
        if not isinstance(old, Variable):
            raise GraphError(f"only variables can be replaced, not {old!r}")
        if old in result:
            raise GraphError(explain("a variable is replaced twice", [old], "Name it once."))
        result[old] = like(old, new)
    return result


def like(variable: Variable, value: Any) -> Variable:
    """`value` as it is if it is symbolic, else a constant of the type of `variable`. Raises as `conform` does."""
    if isinstance(value, (list, tuple)) or hasattr(value, "__bitale_variable__"):
        value = as_variable(value)  # a list may hold variables
        value = value.data if isinstance(value, Constant) else value
    return value if isinstance(value, Variable) else Constant(conform(variable, value))


def resolved(givens: dict[Variable, Variable]) -> dict[Variable, Variable]:
    """Replacements in which the others are made already. Raises GraphError when they go in a circle."""
    needs = {old: [v for v in ancestors([new]) if v in givens] for old, new in givens.items()}
    done: dict[Variable, Variable] = {}
    while len(done) < len(givens):
        ready = [old for old in givens if old not in done and all(v in done for v in needs[old])]
        if not ready:
            circle = [old for old in givens if old not in done]
            raise GraphError(explain("givens replaces variables in a circle", circle, "Replace each by something new."))
        for old in ready:
            done[old] = substitute([givens[old]], {v: done[v] for v in needs[old]})[0]
    return done
