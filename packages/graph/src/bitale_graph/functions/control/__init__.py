"""Loops and branches: Theano's scan and ifelse here, and a functional form in the style of JAX in `loop`."""

from bitale_graph.functions.control import loop
from bitale_graph.functions.control.answers import until
from bitale_graph.functions.control.branch import ifelse, switch_case
from bitale_graph.functions.control.scan import scan
from bitale_graph.functions.control.views import filter, foldl, foldr, map, reduce

__all__ = [
    "filter", "foldl", "foldr", "ifelse", "loop", "map", "reduce", "scan", "switch_case", "until",
]  # fmt: skip
