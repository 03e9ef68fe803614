"""Loops and branches in the style of JAX: scan, map, while_loop, fori_loop, cond and switch over trees of variables."""

from bitale_graph.functions.control.branch import cond, switch
from bitale_graph.functions.control.loop import fori_loop, map, scan, while_loop

__all__ = ["cond", "fori_loop", "map", "scan", "switch", "while_loop"]
