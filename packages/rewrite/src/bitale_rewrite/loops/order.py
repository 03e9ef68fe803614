"""The order in which arrays are computed, so that few of them are alive at one time."""

from __future__ import annotations

from collections.abc import Mapping

from bitale_graph.graph import Graph, toposort
from bitale_graph.variable import Apply
from bitale_rewrite.loops.ir import Buffer, Require
from bitale_rewrite.loops.nests import Fixed, Item, accesses, is_check


def shallow_first(graph: Graph) -> list[Apply]:
    """The applications of `graph`, those of the outputs with the shortest way to the inputs first.

    What is computed backwards through layers, as gradients are, then uses up each layer's values before the layer
    below is looked at: only what is still needed is kept.
    """
    depth: dict[Apply, int] = {}
    for node in graph.nodes:
        depth[node] = 1 + max((depth.get(v.owner, 0) for v in node.inputs if v.owner is not None), default=0)
    return toposort(sorted(graph.outputs, key=lambda v: depth.get(v.owner, 0) if v.owner else 0), stop=graph.inputs)


def replaced_when_read(items: list[Item], replacing: Mapping[Buffer, Buffer]) -> list[Item]:
    """`items` with those that write a result in the place of an input behind all others that read the input, and behind
    all checks, which come as early as they can: where one fails, the input is as it was.

    `replacing` maps results to the inputs whose memory they are to take. Results that others read stay where they are.
    """
    if not replacing:
        return items
    items = _checks_early(items)
    touched = [accesses(item) for item in items]
    checked = max((number for number, item in enumerate(items) if is_check(item)), default=-1)
    last: dict[Buffer, int] = {}  # the last item that reads an input and does not write what replaces it
    fixed: set[Buffer] = set()
    for number, (reads, writes) in enumerate(touched):
        replaced = {replacing[b] for b in writes if b in replacing}
        last.update((b, number) for b in reads if b not in replaced)
        fixed.update(b for b in reads if b not in writes)
    keys = []
    for number, (reads, writes) in enumerate(touched):
        key, moved = number, False
        if writes and all(b in replacing and b not in fixed for b in writes):
            key = max([number, checked, *(last.get(replacing[b], -1) for b in writes)])
            moved = key > number
            last.update((b, key) for b in reads if key > last.get(b, number))
        keys.append((key, moved, number))
    return [items[number] for number in sorted(range(len(items)), key=keys.__getitem__)]


def _checks_early(items: list[Item]) -> list[Item]:
    """`items` with each check right behind what it reads, though not before lengths that are found."""
    keys, floor = list[tuple[int, int]](), -1
    written: dict[Buffer, int] = {}
    for number, item in enumerate(items):
        reads, writes = accesses(item)
        early = isinstance(item, Fixed) and all(isinstance(step, Require) for step in item.steps)
        keys.append((max([floor, *(written.get(b, -1) for b in reads)]) if early else number, number))
        written.update(dict.fromkeys(writes, number))
        if isinstance(item, Fixed) and item.barrier and not early:
            floor = number
    return [items[number] for number in sorted(range(len(items)), key=keys.__getitem__)]
