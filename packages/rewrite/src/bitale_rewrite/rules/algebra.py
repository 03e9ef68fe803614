"""Arithmetic in its simplest form: neutral elements, signs, and constants brought together."""

from __future__ import annotations

from bitale_rewrite.pattern import constant, inexact, integer, real, wild
from bitale_rewrite.rule import rule

x, y = wild("x"), wild("y")
r = real("r")
z = inexact("z")
n, m = integer("n"), integer("m")
c, d = constant("c"), constant("d")

ALGEBRA = (
    rule(x * 1, x),
    rule(n + 0, n),
)
