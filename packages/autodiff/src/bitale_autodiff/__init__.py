"""Symbolic gradients of array expressions."""

from __future__ import annotations

from bitale_autodiff.__about__ import __version__
from bitale_autodiff.check import check_gradient, verify_grad
from bitale_autodiff.errors import DisconnectedInputError, GradientCheckError, UndefinedGradientError
from bitale_autodiff.gradient import grad, pullback, pushforward
from bitale_autodiff.rules import COMPOSITE_PULLBACKS, COMPOSITE_PUSHFORWARDS, PARTIALS, PULLBACKS, PUSHFORWARDS

__all__ = [
    "COMPOSITE_PULLBACKS", "COMPOSITE_PUSHFORWARDS", "DisconnectedInputError", "GradientCheckError", "PARTIALS",
    "PULLBACKS", "PUSHFORWARDS", "UndefinedGradientError", "__version__", "check_gradient", "grad", "pullback", "pushforward",
    "verify_grad",
]  # fmt: skip
