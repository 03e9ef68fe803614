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


def evaluate(variable: Variable, values: Mapping[Variable, Any] | Sequence[Any] = ()) -> np.ndarray:
    """The array of `variable` when inputs have `values`: a mapping, or arrays in order of creation.

    Shared variables have the values they hold, unless `values` gives others. Raises MissingInputError for an input
    without a value, and what calls of functions raise.
    """
    if not isinstance(values, Mapping):
        values = _by_order(variable, values)
    if isinstance(variable, Constant) and variable not in values:
        return variable.data.copy()
    return _function(variable, tuple(values), config.mode)(*values.values())


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
