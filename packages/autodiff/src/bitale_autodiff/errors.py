"""The errors of differentiation."""

from __future__ import annotations

from bitale_graph.errors import BitaleError


class DisconnectedInputError(BitaleError, ValueError):
    """A derivative is asked with respect to a variable that the expression does not depend on."""


class UndefinedGradientError(BitaleError, TypeError):
    """A derivative is needed through an op that has no rule, or whose derivative is undefined."""


class GradientCheckError(BitaleError, AssertionError):
    """A derivative disagrees with finite differences."""
