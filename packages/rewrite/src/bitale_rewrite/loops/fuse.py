"""Fusion: nests that can share their outer loops are put into clusters, level by level.

A nest may join the loop of an earlier one when the loops have one extent and whatever it reads of what that one writes
is written in the same iteration. The same question at every depth gives single loops for elementwise trees, shared
rows for softmax, and one traversal for several reductions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bitale_rewrite.loops.integers import loop_index
from bitale_rewrite.loops.ir import Buffer
from bitale_rewrite.loops.nests import Fixed, Index, Item, Nest, accesses, is_check
from bitale_rewrite.loops.target import CPU, Target, alike

WINDOW = 48  # clusters looked back at: keeps scheduling linear
CROWD = 24  # nests in one cluster: more would spill registers and slow C compilers down
BULK = 5000  # operations in one cluster: there is nothing left to gain, and C compilers slow down


@dataclass(eq=False)
class Cluster:
    """Nests that run together at `depth`: inside one loop, or as straight code when they have no loop left."""

    depth: int
    is_loop: bool
    members: list[Nest] = field(default_factory=list)
    cost: int = 0
    parts: list[Cluster] = field(default_factory=list)


Group = Cluster | Fixed


def fuse(
    items: list[Item], replacing: Mapping[Buffer, Buffer] | None = None, depth: int = 0, target: Target = CPU
) -> list[Group]:
    """Clusters and fixed steps in an order in which they can run.

    `replacing` maps results to the inputs whose memory they are to take: written after the inputs' last readers, and
    after all checks before them.
    """
    groups: list[Group] = []
    written: dict[Buffer, int] = {}  # the last group that writes or reads a buffer
    read: dict[Buffer, int] = {}
    floor = checked = 0
    for item in scalars_early(items, depth):
        reads, writes = accesses(item)
        after = max([written.get(b, -1) for b in (*reads, *writes)] + [read.get(b, -1) for b in writes], default=-1)
        at = len(groups)
        if isinstance(item, Nest):
            replaced = replacing.get(item.buffer) if replacing else None
            first = max(after, floor, -1 if replaced is None else max(checked, read.get(replaced, -1) + 1))
            at = _place(groups, item, first, after, depth, target)
        if at == len(groups):
            groups.append(Cluster(depth, len(item.loops) > depth) if isinstance(item, Nest) else item)
        group = groups[at]
        if isinstance(group, Cluster) and isinstance(item, Nest):
            group.members.append(item)
            group.cost += item.cost
        elif isinstance(item, Fixed) and item.barrier:
            floor = len(groups)
        if is_check(item):
            checked = len(groups)
        written.update((b, max(at, written.get(b, -1))) for b in writes)
        read.update((b, max(at, read.get(b, -1))) for b in reads)
    for group in groups:
        if isinstance(group, Cluster) and group.is_loop:
            group.parts = [g for g in fuse(list(group.members), None, depth + 1, target) if isinstance(g, Cluster)]
    return groups


def scalars_early(items: list[Item], depth: int) -> list[Item]:
    """`items` with each scalar right after what it needs, so that no loop has to wait for one that stands late."""
    keys: dict[int, tuple[int, int]] = {}
    made: dict[Buffer, int] = {}
    used: dict[Buffer, int] = {}
    floor = -1
    for number, item in enumerate(items):
        reads, writes = accesses(item)
        key = number
        if isinstance(item, Nest) and len(item.loops) <= depth:
            before = [made[b] for b in (*reads, *writes) if b in made] + [used[b] for b in writes if b in used]
            key = max([floor, *before])
        elif isinstance(item, Fixed) and item.barrier:
            floor = number
        keys[number] = (key, number)
        made.update((b, max(key, made.get(b, -1))) for b in writes)
        used.update((b, max(key, used.get(b, -1))) for b in reads)
    return [items[number] for number in sorted(range(len(items)), key=keys.__getitem__)]


def _place(groups: list[Group], nest: Nest, first: int, after: int, depth: int, target: Target) -> int:
    """The number of the group that `nest` joins: the latest that has room for it, or a new one."""
    for at in range(len(groups) - 1, max(first, len(groups) - WINDOW, 0) - 1, -1):
        group = groups[at]
        if isinstance(group, Cluster) and _compatible(group, nest, depth, at == after, target):
            return at
    return len(groups)


def _compatible(cluster: Cluster, nest: Nest, depth: int, check: bool, target: Target) -> bool:
    if cluster.is_loop != (len(nest.loops) > depth):
        return False
    if not cluster.is_loop:
        return True
    if len(cluster.members) >= CROWD or cluster.cost + nest.cost > BULK:
        return False
    if cluster.members[0].loops[depth].extent != nest.loops[depth].extent:
        return False
    if target.many_threads and not all(alike(earlier, nest, depth) for earlier in cluster.members):
        return False
    return not check or all(_same_iteration(earlier, nest, depth) for earlier in cluster.members)


def _same_iteration(earlier: Nest, later: Nest, depth: int) -> bool:
    """Whether `later` touches of `earlier`'s result only what the same iteration of the loop at `depth` made."""
    return _touches(earlier.buffer, earlier.index, earlier, later, depth) and _touches(
        later.buffer, later.index, later, earlier, depth
    )


def _touches(buffer: Buffer, index: Index, writer: Nest, other: Nest, depth: int) -> bool:
    accesses = list(other.reads.get(buffer.root, ()))
    if other.buffer.root is buffer.root:
        accesses.append(other.index if other.buffer.base is None else None)
    if not accesses:
        return True
    if writer.loops[depth].serial or buffer.base is not None or None in accesses:
        return False
    i = loop_index(depth)
    return any(
        own == i and all(access[axis] == i for access in accesses if access is not None)
        for axis, own in enumerate(index)
    )
