"""grad, pullback and pushforward: what users ask of the two modes, and what they are told when it cannot be."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from bitale_autodiff.arguments import as_list, check_differentiable, in_kind, variables_of
from bitale_autodiff.errors import DisconnectedInputError, UndefinedGradientError
from bitale_autodiff.forward import forward
from bitale_autodiff.reverse import Cotangents, Undefined, name_cotangent, reverse
from bitale_autodiff.shaping import of_dtype, zeros_like
from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions import as_variable
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.variable import Constant, Variable

Disconnected = Literal["raise", "warn", "ignore"]
Returned = Literal["zero", "none", "disconnected"]
Null = Literal["raise", "return"]


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Iterable[Any] = (),
    disconnected_inputs: Disconnected = "raise",
    add_names: bool = True,
    known_grads: Mapping[Any, Any] | None = None,
    return_disconnected: Returned = "zero",
    null_gradients: Null = "raise",
) -> Any:
    """The gradient of a real scalar with respect to variables, each of the shape and dtype of its variable.

    `cost`: a floating scalar, or None when `known_grads` says where derivatives come from. `wrt`: a variable, or a
    list or tuple of them, which also is what comes back. Of a complex x + iy it is ∂cost/∂x + i ∂cost/∂y, so that
    x - rate * gradient descends. `consider_constant`: variables through which nothing is differentiated.
    `known_grads`: variables and their gradients, which are taken instead of being derived. `disconnected_inputs`:
    what to do about a variable that the cost does not depend on; `return_disconnected` says whether its gradient is
    an array of zeros, None, or ("disconnected") an `Undefined`. `null_gradients`: whether a derivative that is
    needed but undefined, or for which there is no rule, is an error or comes back as an `Undefined`. `add_names`:
    derivatives of named variables get names.

    Raises ShapeError for a cost that is no scalar, DtypeError for a cost or a variable that is not floating,
    DisconnectedInputError and UndefinedGradientError as asked.
    """
    known = {as_variable(v): g for v, g in (known_grads or {}).items()}
    if cost is None and not known:
        raise ArgumentError("grad: without a cost, known_grads must say where derivatives come from")
    seeds = {v: _cotangent("known_grads", v, g) for v, g in known.items()}
    name = None
    if cost is not None:
        cost = check_cost(cost)
        name = cost.name or "cost"
        seeds.setdefault(cost, Constant(np.asarray(1, cost.dtype)))
    variables = variables_of("grad", wrt)
    constants = variables_of("grad", _several(consider_constant), differentiable=False)
    found = reverse(seeds, variables, constants, fixed=seeds, name=name if add_names else None)
    results = _results("grad", found, variables, disconnected_inputs, return_disconnected, null_gradients)
    for x, g in zip(variables, results, strict=True):
        if add_names and isinstance(g, Variable):
            name_cotangent(g, x, name or "cost")
    return in_kind(wrt, results)


def pullback(
    outputs: Any,
    wrt: Any,
    cotangents: Any,
    consider_constant: Iterable[Any] = (),
    disconnected_inputs: Disconnected = "raise",
    return_disconnected: Returned = "zero",
) -> Any:
    """The product of `cotangents` with the Jacobian of `outputs` with respect to `wrt` (reverse mode).

    `cotangents` has one array of the shape of each output. Answers, and raises, as `grad` does.
    """
    ends, given = variables_of("pullback", outputs), as_list(cotangents)
    _check_count("pullback", "cotangents", given, ends)
    seeds: dict[Variable, Variable] = {}
    for y, g in zip(ends, given, strict=True):
        g = _cotangent("pullback", y, g)
        seeds[y] = seeds[y] + g if y in seeds else g
    variables = variables_of("pullback", wrt)
    constants = variables_of("pullback", _several(consider_constant), differentiable=False)
    found = reverse(seeds, variables, constants)
    return in_kind(wrt, _results("pullback", found, variables, disconnected_inputs, return_disconnected, "raise"))


def pushforward(
    outputs: Any, wrt: Any, tangents: Any, disconnected_outputs: Disconnected = "raise",
    return_disconnected: Returned = "zero",
) -> Any:  # fmt: skip
    """The product of the Jacobian of `outputs` with respect to `wrt` with `tangents` (forward mode).

    `tangents` has one array of the shape of each of `wrt`; what comes back has the kind and the shapes of `outputs`.
    `disconnected_outputs` says what to do about an output that depends on none of `wrt`. Raises as `grad` does.
    """
    ends, variables, given = variables_of("pushforward", outputs), variables_of("pushforward", wrt), as_list(tangents)
    _check_count("pushforward", "tangents", given, variables)
    seeds = {x: _cotangent("pushforward", x, t) for x, t in zip(variables, given, strict=True)}
    found = forward(ends, seeds)
    lost = [y for y in ends if y not in found]
    _complain(f"pushforward: {len(lost)} of the outputs do not depend on wrt", lost, disconnected_outputs)
    return in_kind(outputs, _filled(found, ends, return_disconnected))


def _several(values: Any) -> list[Any]:
    """One variable, or any iterable of them, as a list."""
    return [values] if isinstance(values, Variable) else list(values)


def check_cost(cost: Any) -> Variable:
    """The cost as a variable. Raises ShapeError or DtypeError when it is no real floating scalar."""
    cost = as_variable(cost)
    if cost.ndim:
        raise ShapeError(explain(f"grad: the cost must be a scalar, not {cost.type}", [cost],
                                 "Take its sum or mean, or use jacobian or pullback."))
    if cost.dtype in COMPLEX:
        raise DtypeError(explain("grad: the cost is complex; only a real cost has a gradient", [cost],
                                 "Take its real part, imaginary part or absolute value."))
    return check_differentiable("grad", "the cost", cost)


def _cotangent(what: str, x: Variable, g: Any) -> Variable:
    """A given derivative with the dtype and shape of the variable it belongs to."""
    g = as_variable(g)
    if g.ndim > x.ndim or (g.dtype in COMPLEX and x.dtype not in COMPLEX):
        raise ShapeError(explain(f"{what}: {g.type} cannot be a derivative of {x.type}", [x, g]))
    g = of_dtype(g, x.dtype)
    return broadcast(g, shape_of(x)) if g.type.shape != x.type.shape else g


def _check_count(what: str, noun: str, given: Sequence[Any], wanted: Sequence[Variable]) -> None:
    if len(given) != len(wanted):
        raise ArgumentError(explain(f"{what}: {len(given)} {noun} given for {len(wanted)} variables", wanted))


def _results(
    what: str, found: Cotangents, wrt: Sequence[Variable], disconnected: Disconnected, returned: Returned, null: Null
) -> list[Variable | Undefined | None]:
    """The derivatives to hand out, with what was asked for done about those that do not exist."""
    if null not in ("raise", "return"):
        raise ArgumentError(f"{what}: null_gradients must be 'raise' or 'return', not {null!r}")
    lost = [x for x in wrt if x not in found]
    _complain(f"{what}: the expression does not depend on {len(lost)} of the variables", lost, disconnected)
    for x in wrt:
        g = found.get(x)
        if isinstance(g, Undefined) and null == "raise":
            raise UndefinedGradientError(explain(f"{what}: {g.reason}", [x]))
    return _filled(found, wrt, returned)


def _filled(found: Mapping[Variable, Any], variables: Sequence[Variable], returned: Returned) -> list[Any]:
    """The derivative of each variable: zeros where it is 0, and zeros or None where there is none."""
    kind = str(returned).lower()
    if kind not in ("zero", "none", "disconnected"):
        raise ArgumentError(f"return_disconnected must be 'zero', 'none' or 'disconnected', not {returned!r}")
    absent = {"zero": zeros_like, "none": lambda v: None, "disconnected": _disconnected}[kind]
    return [absent(v) if v not in found else zeros_like(v) if found[v] is None else found[v] for v in variables]


def _disconnected(v: Variable) -> Undefined:
    return Undefined(f"the expression does not depend on {v.name or v.type}")


def _complain(problem: str, lost: Sequence[Variable], how: Disconnected) -> None:
    if how not in ("raise", "warn", "ignore"):
        raise ArgumentError(f"what to do about disconnected variables is 'raise', 'warn' or 'ignore', not {how!r}")
    if lost and how != "ignore":
        text = explain(problem, lost, "Leave them out, or say disconnected_inputs='ignore' to get zeros.")
        if how == "raise":
            raise DisconnectedInputError(text)
        warnings.warn(text, stacklevel=4)
