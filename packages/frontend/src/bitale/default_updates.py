"""Default updates: the new values that shared variables get from every function which reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bitale.new_value import new_value
from bitale.shared import SharedVariable
from bitale_graph.errors import ArgumentError
from bitale_graph.graph import ancestors, substitute
from bitale_graph.variable import Variable


def default_updates(
    results: Sequence[Variable],
    inputs: Sequence[Variable],
    updated: Collection[SharedVariable],
    givens: Mapping[Variable, Variable],
    left_out: bool | Iterable[SharedVariable],
) -> dict[SharedVariable, Variable]:
    """The default updates of the shared variables that `results` read, and of those that these updates read.

    None for what is `updated` already, and for what is `left_out` (True: for nothing at all). `givens` are replaced in
    them as in everything else.
    """
    if left_out is True:
        return {}
    done = {*updated, *_shared("no_default_updates", () if left_out is False else left_out)}
    found: dict[SharedVariable, Variable] = {}
    pending = list(results)
    while pending:
        read = {v for v in ancestors(pending, stop=inputs) if isinstance(v, SharedVariable)} - done
        done |= read
        fresh = {v: v.default_update for v in sorted(read, key=lambda v: v.serial) if v.default_update is not None}
        pending = substitute([new_value(v, update) for v, update in fresh.items()], givens)
        found |= zip(fresh, pending, strict=True)
    return found


def _shared(what: str, values: Iterable[SharedVariable]) -> list[SharedVariable]:
    if isinstance(values, Variable) or not isinstance(values, Iterable):
        raise ArgumentError(f"{what} is True, False or a list of shared variables, not {values!r}")
    found = list(values)
    for value in found:
        if not isinstance(value, SharedVariable):
            raise ArgumentError(f"{what}: {value!r} is no shared variable")
    return found
