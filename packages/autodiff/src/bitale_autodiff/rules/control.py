"""Pullbacks of ops about the graph itself. Composites have tables of their own (see composite.py)."""

from __future__ import annotations

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_graph.ops.control import Check, StopGradient
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


@PULLBACKS.register(Check)
def _check(node: Apply, g: Variable) -> Contributions:
    return [g, *[None] * (len(node.inputs) - 1)]


@PULLBACKS.register(StopGradient)
def _stop_gradient(node: Apply, g: Variable) -> Contributions:
    return [None]
