"""Bitale: array expressions that are differentiated, simplified, compiled to C, and called."""

from bitale import tensor
from bitale.__about__ import __version__
from bitale.config import config
from bitale.function import Function, function
from bitale.shared import SharedVariable, shared
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

__all__ = [
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
