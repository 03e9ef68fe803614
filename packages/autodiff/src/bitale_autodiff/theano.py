"""Differentiation under the names and signatures Theano's users know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bitale_autodiff.arguments import as_list, variables_of
from bitale_autodiff.gradient import Disconnected, grad, pullback, pushforward
from bitale_graph.errors import ArgumentError
from bitale_graph.variable import Variable


def Lop(  # noqa: N802
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Sequence[Any] = (),
    disconnected_inputs: Disconnected = "raise",
) -> Any:
    """eval_points times the Jacobian of f: `pullback(f, wrt, eval_points)`."""
    return pullback(f, wrt, eval_points, consider_constant, disconnected_inputs)


def Rop(f: Any, wrt: Any, eval_points: Any, disconnected_outputs: Disconnected = "raise") -> Any:  # noqa: N802
    """The Jacobian of f times eval_points: `pushforward(f, wrt, eval_points)`."""
    return pushforward(f, wrt, eval_points, disconnected_outputs)


def subgraph_grad(
    wrt: Sequence[Any],
    end: Sequence[Any],
    start: Mapping[Any, Any] | None = None,
    cost: Any = None,
    details: bool = False,
) -> Any:
    """The gradients of the parameters `wrt` of a sub-graph, and of the variables `end` behind which it stops.

    The derivatives come from `cost`, from `start` (variables and their gradients), or from the sum of both. Gradients
    flow back as far as `end` and no farther, so a long expression can be differentiated piece by piece: the `end`
    gradients are the next piece's `start`. Returns the pair (gradients of wrt, gradients of end); with `details` also
    what the start and what the cost contributed to each, None for what was not given.

    Raises ArgumentError when neither `cost` nor `start` is given, else as `grad` does.
    """
    if cost is None and not start:
        raise ArgumentError("subgraph_grad: give a cost, or start with gradients of variables, or both")
    parameters, ends = variables_of("subgraph_grad", as_list(wrt)), variables_of("subgraph_grad", as_list(end))

    def gradients(cost: Any, known: Mapping[Any, Any] | None) -> list[Variable]:
        return grad(cost, parameters + ends, ends, "ignore", known_grads=known)

    from_start = gradients(None, start) if start else None
    from_cost = None if cost is None else gradients(cost, None)
    parts = [part for part in (from_start, from_cost) if part is not None]
    totals = [sum(terms[1:], terms[0]) for terms in zip(*parts, strict=True)]
    result = totals[: len(parameters)], totals[len(parameters) :]
    return (*result, from_start, from_cost) if details else result
