"""Jacobians, Hessians and products with Hessians, of arrays of any shape and without loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bitale_autodiff.arguments import as_list, in_kind, variables_of
from bitale_autodiff.gradient import Disconnected, grad, pullback, pushforward
from bitale_graph.batching import batch
from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import ArgumentError, DtypeError, explain
from bitale_graph.functions import cast, equal, expand_dims, moveaxis
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reshaping import reshape
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_product
from bitale_graph.variable import Variable


def jacobian(
    expression: Any,
    wrt: Any,
    consider_constant: Sequence[Any] = (),
    disconnected_inputs: Disconnected = "raise",
    mode: Literal["reverse", "forward"] = "reverse",
) -> Any:
    """Every derivative of every element: an array of the shape of `expression` followed by that of the variable.

    `wrt` is a variable, or a list or tuple of them, which is also what comes back. One pullback is built and applied
    to all unit cotangents at once ("reverse": work grows with the elements of the expression), or one pushforward to
    all unit tangents ("forward": with the elements of the variables). Raises as `grad` does, and for complex arrays,
    whose derivatives are no single numbers (though a real expression may have complex variables in reverse).
    """
    (y,), variables = variables_of("jacobian", expression), variables_of("jacobian", wrt)
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f"jacobian: the mode must be 'reverse' or 'forward', not {mode!r}")
    _refuse_complex([y] if mode == "reverse" else variables)
    if mode == "forward":
        return in_kind(wrt, [_forward(y, x, disconnected_inputs) for x in variables])
    u = _like(y)
    rows = pullback(y, variables, u, consider_constant, disconnected_inputs)
    sizes = shape_of(y)
    results = batch(rows, {u: units(y)})
    return in_kind(wrt, [reshape(r, (*sizes, *shape_of(x))) for r, x in zip(results, variables, strict=True)])


def _refuse_complex(variables: Sequence[Variable]) -> None:
    for v in variables:
        if v.dtype in COMPLEX:
            raise DtypeError(explain(f"jacobian: {v.type} is complex", [v], "Take its real and its imaginary part."))


def _forward(y: Variable, x: Variable, disconnected: Disconnected) -> Variable:
    t = _like(x)
    (columns,) = batch([pushforward(y, x, t, disconnected)], {t: units(x)})
    return reshape(moveaxis(columns, 0, -1), (*shape_of(y), *shape_of(x)))


def _like(x: Variable) -> Variable:
    """An input of the type and the lengths of x."""
    like = Variable(x.type)
    like.sizes = shape_of(x)
    return like


def units(x: Variable) -> Variable:
    """The arrays of the shape of x in which one element is 1 and the others are 0, one for each element."""
    count = size_product(shape_of(x))
    numbers = iota(count)
    identity = cast(equal(expand_dims(numbers, 1), expand_dims(numbers, 0)), x.dtype)
    return reshape(identity, (count, *shape_of(x)))


def hessian(
    cost: Any, wrt: Any, consider_constant: Sequence[Any] = (), disconnected_inputs: Disconnected = "raise"
) -> Any:
    """The second derivatives of a scalar with respect to each variable: an array of twice the shape of the variable.

    `wrt` is a variable, or a list or tuple of them, which is also what comes back (one Hessian each; mixed
    derivatives come from jacobian(grad(cost, x), y)). Raises as `grad` does.
    """
    variables = variables_of("hessian", wrt)
    slopes = grad(cost, variables, consider_constant, disconnected_inputs)
    return in_kind(wrt, [
        jacobian(g, x, consider_constant, disconnected_inputs="ignore") for g, x in zip(slopes, variables, strict=True)
    ])  # fmt: skip


def hessian_vector_product(cost: Any, wrt: Any, vectors: Any) -> Any:
    """The Hessian of a scalar times vectors of the shapes of `wrt`: the pushforward of its gradient.

    With several variables the Hessian is that of all of them together. The Hessian itself is never formed.
    """
    variables = variables_of("hessian_vector_product", wrt)
    return in_kind(wrt, pushforward(grad(cost, variables), variables, as_list(vectors), "ignore"))
