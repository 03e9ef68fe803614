"""Bitale: array expressions that are differentiated, simplified, compiled to C, and called."""

from collections.abc import Mapping
from typing import Any

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
from bitale_graph.errors import BitaleError, DtypeError, GraphError, IndexingError, MissingInputError, ShapeError
from bitale_graph.graph import Graph, substitute
from bitale_graph.variable import Variable


def clone_replace(outputs: Any, replace: Mapping[Variable, Variable]) -> Any:
    """`outputs` (a variable, or a list or tuple of them) with the keys of `replace` replaced by its values."""
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(substitute(list(outputs), dict(replace)))
    return substitute([outputs], dict(replace))[0]


__all__ = [
    "ShapeError",
    "MissingInputError",
    "IndexingError",
    "GraphError",
    "DtypeError",
    "BitaleError",
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
