"""Rewriting and lowering of array expressions."""

from __future__ import annotations

from bitale_rewrite.__about__ import __version__
from bitale_rewrite.driver import rewrite
from bitale_rewrite.expand import expand
from bitale_rewrite.explain import explain
from bitale_rewrite.phases import PHASES, Phase, optimise
from bitale_rewrite.rule import Rule, RuleError, rewrites, rule

__all__ = [
    "PHASES",
    "Phase",
    "Rule",
    "RuleError",
    "__version__",
    "expand",
    "explain",
    "optimise",
    "rewrite",
    "rewrites",
    "rule",
]
