"""What a function is to compute: inputs, outputs, updates and replacements, checked and put into one graph."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitale.shared import SharedVariable
from bitale_backend_c.shim import Form
from bitale_graph.errors import ArgumentError, DtypeError, GraphError, MissingInputError, ShapeError, describe, explain
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph, ancestors, substitute
from bitale_graph.variable import Constant, Variable

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


class UnusedInputError(GraphError):
    """An input that no output depends on."""


@dataclass
class In:
    """An input with a name for keyword calls and a default value (None: it must be given)."""

    variable: Variable
    name: str | None = None
    value: Any = None


@dataclass
class Out:
    """An output. `borrow` is accepted as in Theano; results never share memory with anything."""

    variable: Variable
    borrow: bool = False


@dataclass
class Specification:
    """The parts of a function. `form` and `keys` say how callers get the outputs back."""

    inputs: list[Variable]
    names: list[str | None]
    defaults: dict[int, Any]
    outputs: list[Variable]
    form: Form
    keys: tuple[Any, ...] | None
    updates: list[tuple[SharedVariable, Variable]]
    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> list[SharedVariable]:
        """The shared variables that the function reads or changes, in order of creation."""
        results = [*self.outputs, *(new for _, new in self.updates)]
        used = {v for v in ancestors(results) if isinstance(v, SharedVariable)} | {target for target, _ in self.updates}
        return sorted(used, key=lambda v: v.serial)

    @property
    def graph(self) -> Graph:
        """Inputs and shared variables in; outputs and new values out."""
        results = [*self.outputs, *(new for _, new in self.updates)]
        return Graph([*self.inputs, *self.states], results, self.name)

    @property
    def targets(self) -> dict[int, int]:
        """For each output of `graph` that is a new value: the number of its shared variable among `states`."""
        states = self.states
        return {len(self.outputs) + i: states.index(target) for i, (target, _) in enumerate(self.updates)}


def specify(
    inputs: Sequence[Any], outputs: Any, updates: Pairs, givens: Pairs, on_unused_input: str, name: str | None
) -> Specification:
    """The specification of a function, or the error that says what is wrong with it."""
    ins = [_input(number, v) for number, v in enumerate(inputs)]
    variables = [i.variable for i in ins]
    _check_duplicates(variables)
    flat, form, keys = _flatten(outputs)
    changed = _updates(updates)
    replacements = _resolved(_givens(givens, variables))
    results = substitute([*flat, *(new for _, new in changed)], replacements)
    _check_missing(variables, results)
    _check_unused(variables, results, on_unused_input)
    defaults = {number: i.value for number, i in enumerate(ins) if i.value is not None}
    renewed = [(target, new) for (target, _), new in zip(changed, results[len(flat) :], strict=True)]
    names = [i.name or i.variable.name for i in ins]
    return Specification(variables, names, defaults, results[: len(flat)], form, keys, renewed, name or "function")


def _input(number: int, value: Any) -> In:
    given = value if isinstance(value, In) else In(value)
    variable = given.variable
    if isinstance(variable, SharedVariable):
        raise GraphError(
            explain(f"input {number} is a shared variable, which functions read by themselves", [variable],
                    "Leave it out; to call with another value, use givens or set_value.")
        )  # fmt: skip
    if not isinstance(variable, Variable) or isinstance(variable, Constant):
        raise GraphError(f"input {number} must be a symbolic variable, not {value!r}")
    return given


def _check_duplicates(variables: list[Variable]) -> None:
    for number, v in enumerate(variables):
        if v in variables[:number]:
            raise GraphError(explain("a variable stands twice among the inputs", [v], "Name it once."))


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
    return as_variable(value.variable if isinstance(value, Out) else value)


def _updates(updates: Pairs) -> list[tuple[SharedVariable, Variable]]:
    pairs = list(updates.items() if isinstance(updates, Mapping) else updates)
    seen: set[Any] = set()
    result = []
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            shown = [target] if isinstance(target, Variable) else []
            raise GraphError(explain(f"only shared variables can be updated, not {target!r}", shown))
        if target in seen:
            raise GraphError(explain("a shared variable is updated twice", [target], "Add the updates up."))
        seen.add(target)
        result.append((target, _new_value(target, value)))
    return result


def _new_value(target: SharedVariable, value: Any) -> Variable:
    """The update of a shared variable, which must have its dtype and rank."""
    new = as_variable(value, target.dtype) if isinstance(value, (bool, int, float)) else as_variable(value)
    if new.dtype != target.dtype:
        raise DtypeError(
            explain(f"the update of {target} has dtype {new.dtype}, the shared variable {target.dtype}", [target, new],
                    f"Cast it: new_value.astype({target.dtype!r}).")
        )  # fmt: skip
    if new.ndim != target.ndim:
        raise ShapeError(
            explain(f"the update of {target} has {new.ndim} axes, the shared variable {target.ndim}", [target, new],
                    "Reshape it, or reduce with keepdims=True.")
        )  # fmt: skip
    if any(n is not None and m is not None and n != m for n, m in zip(target.type.shape, new.type.shape)):
        raise ShapeError(explain(f"the update of {target} has another shape than it", [target, new]))
    return new


def _givens(givens: Pairs, inputs: list[Variable]) -> dict[Variable, Variable]:
    result = {}
    for old, new in givens.items() if isinstance(givens, Mapping) else givens:
        if not isinstance(old, Variable):
            raise GraphError(f"givens replaces variables, not {old!r}")
        if old in inputs:
            raise GraphError(explain("givens replaces an input of the function", [old], "Leave it out of the inputs."))
        result[old] = as_variable(new)
    return result


def _resolved(givens: dict[Variable, Variable]) -> dict[Variable, Variable]:
    """Replacements in whose values the others are replaced already. Raises GraphError when they go in a circle."""
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


def _check_missing(inputs: list[Variable], results: list[Variable]) -> None:
    known = set(inputs)
    for v in ancestors(results, stop=known):
        if v.owner is None and v not in known and not isinstance(v, (Constant, SharedVariable)):
            chain = "\n".join(describe(u) for u in _chain(v, results))
            raise MissingInputError(
                f"the outputs need `{v.name or v.type}`, which is not among the inputs; it is used in\n{chain}\n"
                f"  and made at {v.origin}. Add it to the inputs, or replace it through givens."
            )


def _chain(missing: Variable, results: list[Variable], most: int = 5) -> list[Variable]:
    """Variables that lead from what needs `missing` to an output."""
    reader: dict[Variable, Variable] = {}
    for v in ancestors(results):
        for u in v.owner.inputs if v.owner else ():
            reader.setdefault(u, v)
    chain: list[Variable] = []
    while missing in reader and len(chain) < most:
        missing = reader[missing]
        chain.append(missing)
    return chain


def _check_unused(inputs: list[Variable], results: list[Variable], policy: str) -> None:
    if policy not in ("raise", "warn", "ignore"):
        raise ArgumentError(f"on_unused_input must be 'raise', 'warn' or 'ignore', not {policy!r}")
    if policy == "ignore":
        return
    used = set(ancestors(results, stop=inputs))
    for v in inputs:
        if v not in used:
            text = explain("an input is not used by any output or update", [v],
                           "Leave it out, or pass on_unused_input='ignore'.")  # fmt: skip
            if policy == "raise":
                raise UnusedInputError(text)
            warnings.warn(text, UserWarning, stacklevel=4)
