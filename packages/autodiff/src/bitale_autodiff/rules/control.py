"""Pullbacks of ops about the graph itself. Composites have tables of their own (see composite.py)."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_graph.ops.control import Branch, Check, Scan, StopGradient
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")
PUSHFORWARDS: RuleTable[Pushforward] = RuleTable("pushforward")

# The rules of loops and branches differentiate their bodies, with these tables: they are imported when they are used.


@PULLBACKS.register(Scan)
def _pull_scan(node: Apply, *cotangents: Variable | None) -> Contributions:
    from bitale_autodiff.scan_pullback import pull_scan

    return pull_scan(node, *cotangents)


@PUSHFORWARDS.register(Scan)
def _push_scan(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    from bitale_autodiff.scan_pushforward import push_scan

    return push_scan(node, tangents)


@PULLBACKS.register(Branch)
def _pull_branch(node: Apply, *cotangents: Variable | None) -> Contributions:
    from bitale_autodiff.branches import pull_branch

    return pull_branch(node, *cotangents)


@PUSHFORWARDS.register(Branch)
def _push_branch(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    from bitale_autodiff.branches import push_branch

    return push_branch(node, tangents)


@PULLBACKS.register(Check)
def _check(node: Apply, g: Variable) -> Contributions:
    return [g, *[None] * (len(node.inputs) - 1)]


@PULLBACKS.register(StopGradient)
def _stop_gradient(node: Apply, g: Variable) -> Contributions:
    return [None]
