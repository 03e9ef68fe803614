"""What a step function of scan may return: outputs, updates of shared variables, a condition to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitale_graph.errors import ArgumentError, GraphError, explain
from bitale_graph.variable import Constant, Variable


class until:  # noqa: N801
    """Returned last by the step function of scan: the loop ends after the step in which `condition` holds."""

    def __init__(self, condition: Any) -> None:
        self.condition = condition


@dataclass
class Answer:
    """The parts of what a step function returned."""

    outputs: list[Any] = field(default_factory=list)
    updates: dict[Variable, Any] = field(default_factory=dict)
    condition: Any = None


def answer_of(where: str, value: Any) -> Answer:
    """Outputs (one, or a list), updates (a dict or pairs), `until`, in Theano's combinations.

    (outputs, updates), (outputs, until), (outputs, updates, until), each of them alone, or (updates, outputs).
    Raises ArgumentError for what is none of these, GraphError for updates of what is no input of the graph.
    """
    if isinstance(value, until):
        return Answer(condition=value.condition)
    if isinstance(value, (list, tuple)) and value and isinstance(value[-1], until):
        rest = answer_of(where, value[0] if len(value) == 2 else list(value[:-1]))
        return Answer(rest.outputs, rest.updates, value[-1].condition)
    if _are_updates(value) and len(value):
        return Answer(updates=_updates(where, value))
    if isinstance(value, (list, tuple)) and len(value) == 2:
        for outputs, updates in (value, value[::-1]):
            if isinstance(updates, Mapping) or (_are_updates(updates) and isinstance(outputs, (list, tuple, Variable))):
                return Answer(_outputs(where, outputs), _updates(where, updates))
    return Answer(_outputs(where, value))


def _are_updates(value: Any) -> bool:
    """Whether a value is a dict, or a list of pairs that begin with an input of the graph."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], Variable) for pair in value
    )


def _outputs(where: str, value: Any) -> list[Any]:
    if value is None or isinstance(value, Mapping):
        return []
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(each, until) for each in found):
        raise ArgumentError(f"{where} returns until(condition) before something else: it stands last, once")
    for k, each in enumerate(found):
        if isinstance(each, (until, Mapping)) or each is None or (isinstance(each, (list, tuple)) and _nested(each)):
            raise ArgumentError(
                f"{where} returns {each!r} (a {type(each).__name__}) as output {k}: it returns outputs, "
                "or (outputs, updates), or (outputs, updates, until(condition))"
            )
    return found


def _nested(value: Sequence[Any]) -> bool:
    return not value or any(isinstance(each, (list, tuple, Mapping)) for each in value)


def _updates(where: str, value: Any) -> dict[Variable, Any]:
    updates: dict[Variable, Any] = {}
    for target, new in value.items() if isinstance(value, Mapping) else value:
        if not isinstance(target, Variable) or target.owner is not None or isinstance(target, Constant):
            shown = [target] if isinstance(target, Variable) else []
            problem = f"{where} returns an update of {target!r}: only shared variables are updated"
            raise GraphError(explain(problem, shown))
        updates[target] = new
    return updates
