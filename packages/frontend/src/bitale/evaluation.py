"""x.eval(): the value of a variable, by a function that is compiled at the first call and kept for the next ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from bitale.config import config
from bitale.function import function
from bitale.shared import SharedVariable
from bitale_graph import methods
from bitale_graph.errors import ArgumentError, MissingRule, explain
from bitale_graph.graph import leaves
from bitale_graph.variable import Constant, Variable

KEPT = 64  # compiled functions


def evaluate(variable: Variable, values: Mapping[Any, Any] | Sequence[Any] | None = None) -> np.ndarray:
    """The array of `variable` when inputs have `values`: a mapping from inputs or their names, or arrays in order of
    creation.

    Shared variables have the values they hold, unless `values` gives others. Raises MissingInputError for an input
    without a value, and what calls of functions raise.
    """
    given = _by_variable(variable, values) if isinstance(values, Mapping) else _by_order(variable, values or ())
    if isinstance(variable, Constant) and variable not in given:
        return variable.data.copy()
    return _function(variable, tuple(given), config.mode)(*given.values())


def _by_variable(variable: Variable, values: Mapping[Any, Any]) -> dict[Variable, Any]:
    """Values by variable where some are given by name."""
    found = {}
    for key, value in values.items():
        named = [v for v in leaves([variable]) if v.name == key] if isinstance(key, str) else [key]
        if len(named) != 1:
            problem = "no input has the name" if not named else f"{len(named)} inputs have the name"
            raise ArgumentError(explain(f"eval: {problem} {key!r}", named, "Give the variable itself."))
        found[named[0]] = value
    return found


def _by_order(variable: Variable, values: Sequence[Any]) -> dict[Variable, Any]:
    inputs = [v for v in leaves([variable]) if not isinstance(v, SharedVariable)]
    if values and len(values) != len(inputs):
        raise ArgumentError(explain(f"{len(values)} values given for {len(inputs)} inputs:", inputs))
    return dict(zip(inputs, values))  # without any values the function says what is missing


@lru_cache(maxsize=KEPT)
def _function(variable: Variable, given: tuple[Variable, ...], mode: str) -> Any:
    """`given` may hold shared variables, for which inputs of their types stand in."""
    inputs = [Variable(v.type, name=v.name) if isinstance(v, SharedVariable) else v for v in given]
    replaced = {old: new for old, new in zip(given, inputs, strict=True) if old is not new}
    options: dict[str, Any] = {"givens": replaced, "on_unused_input": "ignore", "name": "eval"}
    try:
        return function(inputs, variable, mode=mode, **options)
    except MissingRule:  # a function of the user's that only NumPy knows
        return function(inputs, variable, mode="numpy", **options)


methods.evaluator = evaluate
