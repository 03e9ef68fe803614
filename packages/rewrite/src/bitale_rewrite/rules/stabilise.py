"""Logarithms and exponentials that neither overflow nor cancel."""

from __future__ import annotations

from bitale_graph.ops.elementwise import exp, expm1, log, log1p
from bitale_rewrite.pattern import real
from bitale_rewrite.rule import rule

x, y = real("x"), real("y")

STABILISE = (
    rule(log(1 + x), log1p(x), preserves="reals"),
    rule(exp(x) - 1, expm1(x), preserves="reals"),
)
