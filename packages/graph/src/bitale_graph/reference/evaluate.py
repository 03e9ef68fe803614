"""Evaluating graphs with the NumPy reference: one array operation after another, iteratively."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np

from bitale_graph.arrays import as_array
from bitale_graph.dtypes import can_cast, is_masked, kind
from bitale_graph.errors import (
    ArgumentError,
    BitaleError,
    DtypeError,
    IndexingError,
    MissingInputError,
    ShapeError,
    VerifyError,
    explain,
)
from bitale_graph.graph import Graph, leaves, toposort
from bitale_graph.reference.agreement import check_lengths
from bitale_graph.table import RuleTable
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Variable

Rule = Callable[..., "np.ndarray | tuple[np.ndarray, ...]"]
Values = Mapping[Variable, Any] | Sequence[Any]


@overload
def evaluate(target: Variable, values: Values = ..., rules: RuleTable[Rule] | None = ...) -> np.ndarray: ...
@overload
def evaluate(
    target: Graph | Sequence[Variable], values: Values = ..., rules: RuleTable[Rule] | None = ...
) -> list[np.ndarray]: ...
def evaluate(
    target: Graph | Variable | Sequence[Variable], values: Values = (), rules: RuleTable[Rule] | None = None
) -> np.ndarray | list[np.ndarray]:
    """The array of a variable, or the arrays of a graph's outputs or of several variables.

    `values` gives arrays to variables: a mapping (any variable of the graph may be a key), or a sequence in
    the order of the graph's inputs, or else of `leaves(target)`. `rules` maps ops to their meaning; REFERENCE
    unless given. Raises MissingInputError for an input without a value, DtypeError or ShapeError for a value
    that does not fit, and the errors of the operations, which then name the variables and the user's lines.
    """
    from bitale_graph.reference import REFERENCE

    outputs = _outputs(target)
    known = {v: conform(v, value) for v, value in _by_variable(target, outputs, values).items()}
    with np.errstate(all="ignore"):
        arrays = _run(outputs, known, REFERENCE if rules is None else rules)
    return arrays[0] if isinstance(target, Variable) else arrays


def conform(variable: Variable, value: Any) -> np.ndarray:
    """`value` as an array of the variable's type; converted where no value changes beyond rounding.

    Raises DtypeError or ShapeError, naming the variable, when it does not fit.
    """
    if is_masked(value):
        problem, advice = "is a masked array with elements missing", "Fill them in: value.filled(0)."
        raise DtypeError(explain(f"the value of {variable!r} {problem}", [variable], advice))
    try:
        array = as_array(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DtypeError(explain(f"the value of {variable!r} is no array: {error}", [variable])) from None
    wanted = variable.type
    if array.dtype != wanted.dtype:
        array = _converted(variable, array)
    if not wanted.accepts(TensorType(wanted.dtype, array.shape)):
        raise ShapeError(
            explain(f"the value of {variable!r} has shape {array.shape}, not that of its type", [variable])
        )
    return array


def _converted(variable: Variable, array: np.ndarray) -> np.ndarray:
    wanted = np.dtype(variable.dtype)
    if kind(array.dtype) in "biufc":
        if array.size == 0 or (kind(wanted) in "fc" and can_cast(array.dtype, wanted, "same_kind")):
            return array.astype(wanted)
        if array.dtype.kind in "biu" and wanted.kind in "iu":
            converted = array.astype(wanted)
            if np.array_equal(converted, array):
                return converted
    raise DtypeError(
        explain(
            f"a value of dtype {array.dtype} for {variable!r} does not fit {wanted}",
            [variable],
            "Convert it yourself with astype, where that is what you mean.",
        )
    )


def _outputs(target: Graph | Variable | Sequence[Variable]) -> tuple[Variable, ...]:
    if isinstance(target, Graph):
        return target.outputs
    return (target,) if isinstance(target, Variable) else tuple(target)


def _by_variable(
    target: Graph | Variable | Sequence[Variable], outputs: Sequence[Variable], values: Values
) -> Mapping[Variable, Any]:
    if isinstance(values, Mapping):
        return values
    inputs = target.inputs if isinstance(target, Graph) else leaves(outputs)
    if len(values) != len(inputs):
        raise ArgumentError(explain(f"{len(values)} values given for {len(inputs)} inputs:", inputs))
    return dict(zip(inputs, values, strict=True))


def _run(outputs: Sequence[Variable], known: dict[Variable, np.ndarray], rules: RuleTable[Rule]) -> list[np.ndarray]:
    """Compute node after node, dropping each array after its last reader."""
    nodes = toposort(outputs, stop=known)
    readers = Counter(v for node in nodes for v in node.inputs)
    readers.update(outputs)
    arrays = dict(known)
    for node in nodes:
        arrays.update(zip(node.outputs, _apply(node, [_array(v, arrays) for v in node.inputs], rules), strict=True))
        for variable in node.inputs:
            readers[variable] -= 1
            if not readers[variable]:
                arrays.pop(variable, None)
    return _owned([_array(v, arrays) for v in outputs], known.values())


def _array(variable: Variable, arrays: dict[Variable, np.ndarray]) -> np.ndarray:
    if variable in arrays:
        return arrays[variable]
    if isinstance(variable, Constant):
        return variable.data
    raise MissingInputError(explain(f"{variable!r} has no value", [variable], "Give it one."))


def _owned(results: list[np.ndarray], inputs: Any) -> list[np.ndarray]:
    """Results that share memory with nothing else, so that the caller may write into them."""
    shared = {id(array) for array in inputs}
    for i, array in enumerate(results):
        if not array.flags.owndata or not array.flags.writeable or id(array) in shared:
            results[i] = array = array.copy()
        shared.add(id(array))
    return results


def _apply(node: Apply, arrays: list[np.ndarray], rules: RuleTable[Rule]) -> list[np.ndarray]:
    try:
        check_lengths(node, arrays)
        results = rules[node.op](node.op, *arrays)
    except BitaleError as error:
        raise type(error)(_located(node, error, arrays)) from error.__cause__
    except tuple(_TRANSLATED) as error:
        kind = next(mine for theirs, mine in _TRANSLATED.items() if isinstance(error, theirs))
        raise kind(_located(node, error, arrays)) from error
    found = [np.asarray(a) for a in (results if isinstance(results, tuple) else (results,))]
    types = [TensorType(a.dtype.name, a.shape) for a in found]
    if not all(v.type.accepts(t) for v, t in zip(node.outputs, types, strict=True)):
        wanted, came = ", ".join(str(v.type) for v in node.outputs), ", ".join(map(str, types))
        raise VerifyError(explain(f"{node.op} gave {came}; its type is {wanted}", node.inputs))
    return found


_TRANSLATED: dict[type[Exception], type[BitaleError]] = {
    IndexError: IndexingError,
    ValueError: ShapeError,
    TypeError: DtypeError,
}


def _located(node: Apply, error: Exception, arrays: list[np.ndarray]) -> str:
    shapes = ", ".join(str(a.shape) for a in arrays)
    place = f" at {node.origin}" if node.origin else ""
    return explain(f"{error}\n  while computing {node.op} of shapes {shapes}{place}", node.inputs)
