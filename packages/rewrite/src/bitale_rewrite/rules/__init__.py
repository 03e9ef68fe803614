"""All rules, by phase. The order within a list is the order in which rules are tried on a node."""

from __future__ import annotations

from bitale_rewrite.fold import fold
from bitale_rewrite.rule import Rule
from bitale_rewrite.rules.algebra import ALGEBRA
from bitale_rewrite.rules.stabilise import STABILISE

CANONICAL: tuple[Rule, ...] = (fold, *ALGEBRA)
STABLE: tuple[Rule, ...] = (*STABILISE,)
SPECIAL: tuple[Rule, ...] = ()
