"""From items to steps: what fuses becomes kernels, the rest stands as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bitale_rewrite.loops.fuse import Cluster, Group, fuse
from bitale_rewrite.loops.ir import Buffer, Run, Step, Value
from bitale_rewrite.loops.kernels import KernelBuilder
from bitale_rewrite.loops.nests import Fixed, Item
from bitale_rewrite.loops.target import CPU, Target, independent_first


def steps_of(
    items: list[Item],
    names: dict[Value, str],
    unique: Callable[[str], str],
    kept: Collection[Buffer] = (),
    replacing: Mapping[Buffer, Buffer] | None = None,
    target: Target = CPU,
) -> list[Step]:
    """The steps that run `items`. Buffers in `kept` are read by others, besides what the items say."""
    groups = fuse(independent_first(items) if target.many_threads else items, replacing, target=target)
    users: dict[Buffer, set[int]] = {}
    for number, group in enumerate(groups):
        for buffer in _touched(group):
            users.setdefault(buffer, set()).add(number)
    escapes = {buffer for buffer, where in users.items() if len(where) > 1}.union(kept)
    steps: list[Step] = []
    for group in groups:
        if isinstance(group, Fixed):
            steps.extend(group.steps)
        else:
            steps.append(Run(KernelBuilder(group, escapes, names, unique, target).build()))
    return steps


def _touched(group: Group) -> set[Buffer]:
    if isinstance(group, Cluster):
        return {b for nest in group.members for b in (nest.buffer.root, *nest.reads)}
    return {b.root for b in (*group.reads, *group.writes)}
