"""Elementwise functions under NumPy's names. Each row of the table is callable; this module adds aliases and
what is a short expression of them."""

from __future__ import annotations

from bitale_graph.ops.elementwise import *  # noqa: F403
