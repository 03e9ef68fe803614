"""What a function is to compute: inputs, outputs, updates and replacements, checked and put into one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitale.checks import check_duplicates, check_missing, check_unused
from bitale.default_updates import default_updates
from bitale.new_value import new_value
from bitale.replace import Pairs, pairs_of, replacements, resolved
from bitale.shared import SharedVariable
from bitale_backend_c.shim import Form
from bitale_graph.errors import GraphError, explain
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph, ancestors, substitute
from bitale_graph.reference import conform
from bitale_graph.variable import Constant, Variable


@dataclass
class In:
    """An input with a name for keyword calls and a default value (None: it must be given).

    `strict`: arrays of the very dtype only. `allow_downcast`: convert even where that rounds (None: as the function
    says). `borrow` and `mutable` are accepted as in Theano; a function never changes its arguments. An input with an
    `update` is a shared variable in Bitale, and an error says so.
    """

    variable: Variable
    name: str | None = None
    value: Any = None
    update: Any = None
    mutable: bool = False
    borrow: bool | None = None
    strict: bool = False
    allow_downcast: bool | None = None


@dataclass
class Out:
    """An output. `borrow` is accepted as in Theano; results never share memory with anything."""

    variable: Variable
    borrow: bool = False


@dataclass(frozen=True)
class Specification:
    """The parts of a function.

    `graph` computes outputs and new values of shared variables from inputs and `states`, the shared variables;
    `targets[k] = s`: output k of the graph is the new value of state s. `names` and `defaults` are the inputs'.
    `form` and `keys` say how callers get the outputs back. `strict` are the inputs that are not converted, `downcast`
    says of some whether they are converted even where that rounds.
    """

    graph: Graph
    states: tuple[SharedVariable, ...]
    targets: dict[int, int]
    names: tuple[str | None, ...]
    defaults: dict[int, Any]
    form: Form
    keys: tuple[Any, ...] | None
    strict: frozenset[int] = frozenset()
    downcast: dict[int, bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.graph.name or "function"

    @property
    def inputs(self) -> tuple[Variable, ...]:
        return self.graph.inputs[: len(self.names)]

    @property
    def outputs(self) -> tuple[Variable, ...]:
        return self.graph.outputs[: len(self.graph.outputs) - len(self.targets)]

    @property
    def updates(self) -> list[tuple[SharedVariable, Variable]]:
        return [(self.states[state], self.graph.outputs[output]) for output, state in self.targets.items()]


def specify(
    inputs: Sequence[Any],
    outputs: Any,
    updates: Pairs,
    givens: Pairs,
    on_unused_input: str,
    name: str | None,
    no_default_updates: bool | Iterable[SharedVariable] = False,
) -> Specification:
    """The specification of a function, or the error that says what is wrong with it.

    An input that is computed from others stands for itself: a new variable takes its place.
    """
    ins = [_input(number, value) for number, value in enumerate(inputs)]
    given = [i.variable for i in ins]
    check_duplicates(given)
    flat, form, keys = _flatten(outputs)
    changed = _updates(updates)
    replaced = resolved(_givens(givens, given))
    results = substitute([*flat, *changed.values()], replaced)
    found = default_updates(results, given, changed, replaced, no_default_updates)
    results += found.values()
    changed |= found
    variables = [v if v.owner is None else Variable(v.type, None, 0, v.name, v.origin) for v in given]
    results = substitute(results, {v: new for v, new in zip(given, variables, strict=True) if v is not new})
    check_missing(variables, results)
    check_unused(variables, results, on_unused_input)
    graph, states, targets = assemble(variables, results, list(changed), name)
    names = tuple(i.name or i.variable.name for i in ins)
    defaults = {n: conform(i.variable, i.value).copy() for n, i in enumerate(ins) if i.value is not None}
    strict = frozenset(n for n, i in enumerate(ins) if i.strict)
    downcast = {n: i.allow_downcast for n, i in enumerate(ins) if i.allow_downcast is not None}
    return Specification(graph, states, targets, names, defaults, form, keys, strict, downcast)


def assemble(
    inputs: Sequence[Variable], results: Sequence[Variable], targets: Sequence[SharedVariable], name: str | None
) -> tuple[Graph, tuple[SharedVariable, ...], dict[int, int]]:
    """The graph, the shared variables it reads or changes in order of creation, and which results change which.

    The last results are the new values of `targets`.
    """
    read = {v for v in ancestors(results, stop=inputs) if isinstance(v, SharedVariable)}
    states = tuple(sorted(read.union(targets), key=lambda v: v.serial))
    first = len(results) - len(targets)
    places = {first + k: states.index(target) for k, target in enumerate(targets)}
    return Graph([*inputs, *states], results, name or "function"), states, places


def _input(number: int, value: Any) -> In:
    given = value if isinstance(value, In) else In(value)
    variable = given.variable
    if isinstance(variable, SharedVariable):
        raise GraphError(
            explain(
                f"input {number} is a shared variable, which functions read by themselves",
                [variable],
                "Leave it out; to call with another value, use givens or set_value.",
            )
        )
    if given.update is not None:
        raise GraphError(
            explain(
                f"input {number} has an update, and only shared variables live from call to call",
                [variable] if isinstance(variable, Variable) else [],
                "Write s = shared(value) in its place, and updates={s: ...}.",
            )
        )
    if not isinstance(variable, Variable) or isinstance(variable, Constant):
        raise GraphError(f"input {number} must be a symbolic variable, not {variable!r}")
    return given


def _flatten(outputs: Any) -> tuple[list[Variable], Form, tuple[Any, ...] | None]:
    """The outputs as a list, and the form in which callers get them back."""
    if outputs is None:
        return [], Form.NOTHING, None
    if isinstance(outputs, Mapping):
        return [_output(v) for v in outputs.values()], Form.LIST, tuple(outputs)
    if isinstance(outputs, (list, tuple)):
        return [_output(v) for v in outputs], Form.LIST if isinstance(outputs, list) else Form.TUPLE, None
    return [_output(outputs)], Form.SINGLE, None


def _output(value: Any) -> Variable:
    if isinstance(value, (list, tuple, Mapping)):
        raise GraphError(f"an output is a variable, not a {type(value).__name__}: outputs are not nested")
    return as_variable(value.variable if isinstance(value, Out) else value)


def _givens(givens: Pairs, inputs: Iterable[Variable]) -> dict[Variable, Variable]:
    result = replacements(givens)
    for variable in inputs:
        if variable in result:
            raise GraphError(
                explain("givens replaces an input of the function", [variable], "Leave it out of the inputs.")
            )
    return result


def _updates(updates: Pairs) -> dict[SharedVariable, Variable]:
    result: dict[SharedVariable, Variable] = {}
    for target, value in pairs_of("updates", updates):
        if not isinstance(target, SharedVariable):
            shown = [target] if isinstance(target, Variable) else []
            raise GraphError(explain(f"only shared variables can be updated, not {target!r}", shown))
        if target in result:
            raise GraphError(explain("a shared variable is updated twice", [target], "Add the updates up."))
        result[target] = new_value(target, value)
    return result
