"""Bitale: array expressions that are differentiated, simplified, compiled to C, and called."""

from bitale import fft, linalg, loop, printing, random, tensor
from bitale.__about__ import __version__
from bitale.checks import UnusedInputError
from bitale.compared import DisagreementError
from bitale.config import ConfigError, config
from bitale.evaluation import evaluate
from bitale.function import Function, function
from bitale.guarded import NonFiniteError
from bitale.on_device import synchronise
from bitale.printing import debugprint, dprint, latex, pp
from bitale.random_stream import RandomStream
from bitale.replace import clone_replace
from bitale.shared import SharedVariable, shared
from bitale.specification import In, Out
from bitale_autodiff import (
    DisconnectedInputError,
    GradientCheckError,
    Lop,
    OpFromGraph,
    Rop,
    UndefinedGradientError,
    call,
    check_gradient,
    checkpoint,
    custom_gradient,
    disconnected_grad,
    from_graph,
    grad,
    grad_clip,
    grad_scale,
    hessian,
    hessian_vector_product,
    jacobian,
    pullback,
    pushforward,
    stop_gradient,
    subgraph_grad,
    undefined_grad,
    vectorize,
    vectorize_graph,
    verify_grad,
    vmap,
    zero_grad,
)
from bitale_backend_c.build import CompileError
from bitale_backend_c.toolchain import NoCompiler
from bitale_graph import Constant, Graph, TensorType, Variable, elementwise_function
from bitale_graph.composite import composite
from bitale_graph.errors import (
    ArgumentError,
    BitaleError,
    DtypeError,
    GraphError,
    IndexingError,
    MissingInputError,
    ShapeError,
    SymbolicError,
)
from bitale_graph.functions.control import filter, foldl, foldr, ifelse, map, reduce, scan, switch_case, until

__all__ = [
    "__version__",
    # functions and their state
    "Function", "In", "Out", "SharedVariable", "clone_replace", "config", "evaluate", "function", "shared",
    "synchronise",
    # expressions
    "Constant", "Graph", "TensorType", "Variable", "composite", "elementwise_function", "tensor",
    # Fourier transforms
    "fft",
    "linalg",
    # random numbers
    "RandomStream", "random",
    # loops and branches
    "filter", "foldl", "foldr", "ifelse", "loop", "map", "reduce", "scan", "switch_case", "until",
    # derivatives
    "Lop", "Rop", "check_gradient", "checkpoint", "custom_gradient", "disconnected_grad", "grad", "grad_clip",
    "grad_scale", "hessian", "hessian_vector_product", "jacobian", "pullback", "pushforward", "stop_gradient",
    "subgraph_grad", "undefined_grad", "verify_grad", "zero_grad",
    # many at once, and sub-graphs as functions
    "OpFromGraph", "call", "from_graph", "vectorize", "vectorize_graph", "vmap",
    # text
    "debugprint", "dprint", "latex", "pp", "printing",
    # errors
    "ArgumentError", "BitaleError", "CompileError", "ConfigError", "DisagreementError", "DisconnectedInputError",
    "DtypeError", "GradientCheckError", "GraphError", "IndexingError", "MissingInputError", "NoCompiler",
    "NonFiniteError", "ShapeError", "SymbolicError", "UndefinedGradientError", "UnusedInputError",
]  # fmt: skip
