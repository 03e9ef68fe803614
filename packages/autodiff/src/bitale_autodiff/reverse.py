"""Reverse mode: cotangents flow from the outputs back, one step at a time."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bitale_autodiff.rules import PULLBACKS
from bitale_autodiff.rules.composite import rules_of
from bitale_autodiff.rules.masks import total
from bitale_autodiff.rules.tables import Contributions, Pushforward
from bitale_autodiff.shaping import zeros_like
from bitale_autodiff.trace import Renaming, connected_inputs, steps_between
from bitale_graph.dtypes import is_differentiable
from bitale_graph.errors import MissingRule
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import identity
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Variable


@dataclass(frozen=True)
class Undefined:
    """A derivative that does not exist or that no rule gives, and why."""

    reason: str


# The absence of a key says that nothing depends on the variable; None is a derivative of 0.
Cotangent = Variable | Undefined | None
Cotangents = dict[Variable, Cotangent]


def reverse(
    seeds: Mapping[Variable, Variable],
    wrt: Sequence[Variable],
    constants: Iterable[Variable] = (),
    fixed: Container[Variable] = (),
    name: str | None = None,
) -> Cotangents:
    """The cotangents of `wrt`, and of all between, where `seeds` gives those that come from outside.

    What flows into a seed is added to it, unless it is among `fixed`. `constants` pass nothing on. With a `name`, the
    cotangent of a variable x is called "d name/d x".
    """
    constants = set(constants)
    steps, active = steps_between(wrt, list(seeds), constants)
    found: Cotangents = {v: g for v, g in seeds.items() if v in active}
    for step in reversed(steps):
        flowing = [v for v in step.outputs if v in found and v not in constants]
        if not flowing:
            continue
        if isinstance(step, Renaming):
            inner = dict(zip(step.outputs, step.inner, strict=True))
            received = [(inner[v], found[v]) for v in flowing]
        else:
            received = _pull(step, [found[v] if v in flowing else None for v in step.outputs], active, name)
        for variable, g in received:
            if variable in active and variable not in fixed:
                _receive(found, variable, g)
    return found


def _receive(found: Cotangents, variable: Variable, g: Cotangent) -> None:
    """Add one contribution to what a variable has received."""
    old = found.get(variable)
    if old is None or isinstance(g, Undefined):
        found[variable] = g
    elif g is not None and not isinstance(old, Undefined):
        with made_at(variable.origin):
            found[variable] = total(old, g)


def _pull(
    node: Apply, cotangents: list[Cotangent], active: set[Variable], name: str | None
) -> list[tuple[Variable, Cotangent]]:
    """What each active input receives from a node."""
    inputs = connected_inputs(node)
    undefined = next((g for g in cotangents if isinstance(g, Undefined)), None)
    given = [g for g in cotangents if isinstance(g, Variable)]
    if undefined or not given:
        return [(v, undefined if is_differentiable(v.dtype) else None) for v in inputs]
    with made_at(node.origin):
        if name is not None:
            _label(node, cotangents, name)
        try:
            contributions = pull(node, cotangents)  # type: ignore[arg-type]
            return [
                (v, _called(c) if v in active and is_differentiable(v.dtype) else None)
                for v, c in zip(inputs, contributions, strict=False)
            ]
        except MissingRule as error:
            reason = Undefined(f"{error}\n  made at {node.origin}" if node.origin else str(error))
            return [(v, reason if is_differentiable(v.dtype) else None) for v in inputs]


def _called(contribution: object) -> Variable | None:
    return contribution() if callable(contribution) else contribution  # type: ignore[return-value]


def _label(node: Apply, cotangents: Sequence[Cotangent], name: str) -> None:
    """Name the complete cotangents of named outputs."""
    for output, g in zip(node.outputs, cotangents, strict=True):
        if isinstance(g, Variable) and output.name:
            name_cotangent(g, output, name)


def name_cotangent(g: Variable, x: Variable, name: str) -> None:
    """Call g "d name/d x" unless it has a name, or is no derivative but a variable of the user's."""
    if x.name and g.name is None and g.owner is not None and g.serial > x.serial:
        g.name = f"d {name}/d {x.name}"


def pull(node: Apply, cotangents: Sequence[Variable | None]) -> Contributions:
    """The contributions of one node to its inputs. Raises MissingRule where there is no rule."""
    if isinstance(node.op, Composite):
        rules = rules_of(node.op)
        if rules.pullback is None and rules.pushforward is not None:
            return _transposed(rules.pushforward, node, cotangents)
        assert rules.pullback is not None
        return rules.pullback(node, *cotangents)
    return PULLBACKS[node.op](node, *cotangents)


def _transposed(pushforward: Pushforward, node: Apply, cotangents: Sequence[Variable | None]) -> Contributions:
    """The pullback that belongs to a pushforward: as that is linear in the tangents, its own pullback, at 0."""
    tangents = probes(node.inputs)
    return transpose(pushforward(node, tangents), tangents, cotangents)


def probes(variables: Sequence[Variable]) -> list[Variable | None]:
    """A tangent or cotangent of 0 for each variable that can have one; not a constant, which rules might fold."""
    return [identity(zeros_like(v)) if is_differentiable(v.dtype) else None for v in variables]


def transpose(
    outputs: Sequence[Variable | None], inputs: Sequence[Variable | None], cotangents: Sequence[Variable | None]
) -> list[Variable | None]:
    """The pullback of a linear map from `inputs` (probes) to `outputs`. Raises MissingRule where one is missing."""
    seeds: dict[Variable, Variable] = {}
    for output, g in zip(outputs, cotangents, strict=False):
        if output is not None and g is not None:
            seeds[output] = seeds[output] + g if output in seeds else g
    found = reverse(seeds, [v for v in inputs if v is not None])
    return [None if v is None else defined(found.get(v)) for v in inputs]


def defined(g: Cotangent) -> Variable | None:
    """A cotangent that must exist. Raises MissingRule where it does not."""
    if isinstance(g, Undefined):
        raise MissingRule(g.reason)
    return g
