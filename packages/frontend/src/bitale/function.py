"""function(inputs, outputs): from symbolic variables to a callable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bitale.shared import SharedVariable
from bitale_backend_c.compile import Compiled, compile
from bitale_backend_c.shim import Form
from bitale_graph.errors import DtypeError, GraphError, explain
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph, ancestors, substitute
from bitale_graph.variable import Variable

Updates = Mapping[SharedVariable, Any] | Iterable[tuple[SharedVariable, Any]]


class Function:
    """A compiled function of arrays."""

    def __init__(self, compiled: Compiled, keys: tuple[str, ...] | None) -> None:
        self.compiled = compiled
        self.keys = keys
        self._call = compiled.call

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        result = self._call(*arguments, **keywords)
        return result if self.keys is None else dict(zip(self.keys, result, strict=True))

    def source(self) -> str:
        """The generated C."""
        return self.compiled.source


def function(
    inputs: Sequence[Variable],
    outputs: Any = None,
    updates: Updates = (),
    givens: Mapping[Variable, Any] | Iterable[tuple[Variable, Any]] = (),
    name: str | None = None,
) -> Function:
    """Compile `outputs` as a function of `inputs`."""
    flat, form, keys = _flatten(outputs)
    changed = [(target, _new_value(target, value)) for target, value in dict(updates).items()]
    replacements = {old: as_variable(new) for old, new in dict(givens).items()}
    results = substitute([*flat, *(value for _, value in changed)], replacements)
    used = {v for v in ancestors(results) if isinstance(v, SharedVariable)} | {target for target, _ in changed}
    states = sorted(used - set(inputs), key=lambda v: v.serial)
    graph = Graph([*inputs, *states], results, name)
    places = {len(flat) + i: states.index(target) for i, (target, _) in enumerate(changed)}
    compiled = compile(graph, name=name or "function", cells=[v.cell for v in states], updates=places, form=form)
    return Function(compiled, keys)


def _flatten(outputs: Any) -> tuple[list[Variable], Form, tuple[str, ...] | None]:
    """The outputs as a list, and the form in which callers get them back."""
    if outputs is None:
        return [], Form.NOTHING, None
    if isinstance(outputs, Mapping):
        return [as_variable(v) for v in outputs.values()], Form.LIST, tuple(outputs)
    if isinstance(outputs, (list, tuple)):
        return [as_variable(v) for v in outputs], Form.LIST if isinstance(outputs, list) else Form.TUPLE, None
    return [as_variable(outputs)], Form.SINGLE, None


def _new_value(target: SharedVariable, value: Any) -> Variable:
    """The update of a shared variable, which must have its type."""
    if not isinstance(target, SharedVariable):
        raise GraphError(explain("only shared variables can be updated", [target] if isinstance(target, Variable) else []))
    new = as_variable(value)
    if new.dtype != target.dtype or new.ndim != target.ndim:
        raise DtypeError(
            explain(f"an update must have the type of its shared variable, {target.type}", [target, new],
                    f"Cast it: new_value.astype({target.dtype!r}); check that no axis was added or lost.")
        )
    return new
