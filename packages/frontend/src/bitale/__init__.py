"""Bitale: array expressions that are differentiated, simplified, compiled to C, and called."""

from bitale import tensor
from bitale.__about__ import __version__
from bitale.function import Function, function
from bitale.shared import SharedVariable, shared
from bitale_autodiff import check_gradient, grad, pullback, pushforward

__all__ = [
    "Function", "SharedVariable", "__version__", "check_gradient", "function", "grad", "pullback", "pushforward",
    "shared", "tensor",
]
