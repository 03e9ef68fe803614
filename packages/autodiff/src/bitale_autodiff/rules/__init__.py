"""The rule tables of differentiation: partial derivatives, pullbacks, pushforwards, composites."""

from __future__ import annotations

from bitale_autodiff.rules import contraction, control, elementwise, fft, indexing, linalg, linear, movement, reduction

from bitale_autodiff.rules import solving  # noqa: F401  # isort: skip  (adds rows to the tables of composites)
from bitale_autodiff.rules.composite import COMPOSITE_PULLBACKS, COMPOSITE_PUSHFORWARDS
from bitale_autodiff.rules.partials import PARTIALS, add_partials
from bitale_autodiff.rules.tables import Pullback, Pushforward
from bitale_graph.table import RuleTable

ADVICE = "Add a row to bitale_autodiff.PULLBACKS, or build the expression with custom_gradient."

PULLBACKS: RuleTable[Pullback] = RuleTable[Pullback]("pullback", advice=ADVICE).merged(
    elementwise.PULLBACKS,
    movement.PULLBACKS,
    reduction.PULLBACKS,
    contraction.PULLBACKS,
    indexing.PULLBACKS,
    linalg.PULLBACKS,
    control.PULLBACKS,
    fft.PULLBACKS,
)
PUSHFORWARDS: RuleTable[Pushforward] = RuleTable[Pushforward]("pushforward").merged(
    elementwise.PUSHFORWARDS, contraction.PUSHFORWARDS, control.PUSHFORWARDS, linear.PUSHFORWARDS
)

__all__ = ["COMPOSITE_PULLBACKS", "COMPOSITE_PUSHFORWARDS", "PARTIALS", "PULLBACKS", "PUSHFORWARDS", "add_partials"]
