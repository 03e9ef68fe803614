"""Symbolic gradients of array expressions: graph in, graph out."""

from __future__ import annotations

from bitale_autodiff.__about__ import __version__
from bitale_autodiff.barriers import disconnected_grad, grad_clip, grad_scale, stop_gradient, undefined_grad, zero_grad
from bitale_autodiff.check import check_gradient, verify_grad
from bitale_autodiff.custom import checkpoint, custom_gradient
from bitale_autodiff.errors import DisconnectedInputError, GradientCheckError, UndefinedGradientError
from bitale_autodiff.from_graph import FromGraph, OpFromGraph, call, from_graph
from bitale_autodiff.gradient import grad, pullback, pushforward
from bitale_autodiff.jacobian import hessian, hessian_vector_product, jacobian
from bitale_autodiff.reverse import Undefined
from bitale_autodiff.rules import (
    COMPOSITE_PULLBACKS,
    COMPOSITE_PUSHFORWARDS,
    PARTIALS,
    PULLBACKS,
    PUSHFORWARDS,
    add_partials,
)
from bitale_autodiff.theano import Lop, Rop, subgraph_grad
from bitale_autodiff.vectorize import vectorize, vectorize_graph, vmap
from bitale_graph.batching import BATCHING, batch

__all__ = [
    "__version__",
    # derivatives
    "grad", "hessian", "hessian_vector_product", "jacobian", "pullback", "pushforward",
    # many at once, and sub-graphs as functions
    "FromGraph", "OpFromGraph", "call", "from_graph", "vectorize", "vectorize_graph", "vmap",
    # what flows back
    "checkpoint", "custom_gradient", "disconnected_grad", "grad_clip", "grad_scale", "stop_gradient", "undefined_grad",
    "zero_grad",
    # checks and errors
    "DisconnectedInputError", "GradientCheckError", "Undefined", "UndefinedGradientError", "check_gradient",
    "verify_grad",
    # Theano's names
    "Lop", "Rop", "subgraph_grad",
    # extending
    "BATCHING", "COMPOSITE_PULLBACKS", "COMPOSITE_PUSHFORWARDS", "PARTIALS", "PULLBACKS", "PUSHFORWARDS",
    "add_partials", "batch",
]  # fmt: skip
