"""Bitale: array expressions that are differentiated, simplified, compiled to C, and called."""

from bitale import tensor
from bitale.__about__ import __version__
from bitale.config import config
from bitale.function import Function, function
from bitale.modes import DisagreementError, NonFiniteError
from bitale.shared import SharedVariable, shared
from bitale.specification import In, Out, UnusedInputError
from bitale_autodiff import (
    check_gradient,
    checkpoint,
    custom_gradient,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    hessian,
    hessian_vector_product,
    jacobian,
    pullback,
    pushforward,
    stop_gradient,
    verify_grad,
    zero_grad,
)
from bitale_graph.graph import Graph, substitute


def clone_replace(outputs, replace):  # type: ignore[no-untyped-def]
    """`outputs` (a variable or a list) with variables replaced: `replace` maps old ones to new ones."""
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(substitute(list(outputs), dict(replace)))
    return substitute([outputs], dict(replace))[0]


__all__ = [
    "DisagreementError",
    "Graph",
    "In",
    "NonFiniteError",
    "Out",
    "UnusedInputError",
    "clone_replace",
    "Function",
    "SharedVariable",
    "__version__",
    "check_gradient",
    "checkpoint",
    "config",
    "custom_gradient",
    "disconnected_grad",
    "function",
    "grad",
    "grad_clip",
    "grad_scale",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "pullback",
    "pushforward",
    "shared",
    "stop_gradient",
    "tensor",
    "verify_grad",
    "zero_grad",
]
