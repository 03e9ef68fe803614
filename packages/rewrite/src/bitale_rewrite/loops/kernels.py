"""Kernels: the statements of a cluster, with arrays that live only inside it shrunk to rows or scalars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bitale_rewrite.loops.bind import bind_common
from bitale_rewrite.loops.fuse import Cluster
from bitale_rewrite.loops.hoist import hoist
from bitale_rewrite.loops.identities import start_of
from bitale_rewrite.loops.integers import ONE, integer, loop_index
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    For,
    Kernel,
    Let,
    Literal,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.nests import Index, Nest
from bitale_rewrite.loops.random import draw_in_runs
from bitale_rewrite.loops.target import CPU, Target
from bitale_rewrite.loops.tiles import TILE, WITHIN, part_numbers, tiled_loop, wants_tiles
from bitale_rewrite.loops.values import transform


@dataclass
class Place:
    """Where a shrunk buffer lives: in a scalar, or in a buffer of fewer axes (of a tile's length, if `tiled`)."""

    home: Name | Buffer
    axes: list[int]
    tiled: bool = False

    def index(self, index: Index) -> Index:
        """The index in `home` of what is at `index` of the whole buffer."""
        return (WITHIN,) if self.tiled else tuple(index[axis] for axis in self.axes)


class KernelBuilder:
    """Builds the kernel of one top-level cluster. `escapes` are the buffers that something outside it needs."""

    def __init__(
        self,
        cluster: Cluster,
        escapes: set[Buffer],
        names: dict[Value, str],
        unique: Callable[[str], str],
        target: Target = CPU,
    ) -> None:
        self.cluster = cluster
        self.target = target
        self.names = names
        self.unique = unique
        self.paths: dict[Nest, list[Cluster]] = {}
        self._walk(cluster, [])
        self.places: dict[Buffer, Place] = {}
        self._bound: set[Name] = set()
        self.tiled = False
        self._shrink(escapes)
        self._seen: dict[Value, Value] = {}

    def build(self) -> Kernel:
        nests = self.cluster.members
        written = list(dict.fromkeys(nest.note for nest in nests if nest.note))
        outside = [n.buffer.name for n in nests if n.buffer.root not in self.places] or [nests[-1].buffer.name]
        body, further = hoist(self._statements([self.cluster]), self.unique), list[Buffer]()
        if not self.target.many_threads:
            body, further = draw_in_runs(body, self.unique)
        rows = [place.home for place in self.places.values() if isinstance(place.home, Buffer)]
        return Kernel(self.unique(f"compute_{outside[-1]}"), body, written, [*rows, *further])

    # ---- shrinking ---------------------------------------------------------------------------------------------------

    def _walk(self, cluster: Cluster, path: list[Cluster]) -> None:
        path = [*path, cluster] if cluster.is_loop else path
        for part in cluster.parts:
            self._walk(part, path)
        if not cluster.parts:
            for nest in cluster.members:
                self.paths[nest] = path

    def _shrink(self, escapes: set[Buffer]) -> None:
        accesses: dict[Buffer, list[Nest]] = {}
        writers: dict[Buffer, Nest] = {}
        for nest in self.cluster.members:
            writers.setdefault(nest.buffer, nest)
            for buffer in {nest.buffer.root, *nest.reads}:
                accesses.setdefault(buffer, []).append(nest)
        for buffer, writer in writers.items():
            if buffer.kind == "temporary" and buffer.base is None and buffer not in escapes:
                if not any(None in nest.reads.get(buffer, ()) for nest in accesses[buffer]):  # nor is it viewed
                    self._shrink_one(buffer, writer, accesses[buffer])
        rows = any(isinstance(place.home, Buffer) for place in self.places.values())
        if wants_tiles(self.cluster) and not rows and not self.target.many_threads:
            self.tiled = True
            self._tile(accesses)

    def _tile(self, accesses: dict[Buffer, list[Nest]]) -> None:
        """Scalars that one part of the loop hands to another are kept for a whole tile."""
        number = part_numbers(self.cluster)
        for buffer in self.places:
            if len({number[nest] for nest in accesses[buffer]}) > 1:
                row = Buffer(self.unique(f"{buffer.name}_tile"), buffer.dtype, (integer(TILE),), "scratch")
                self.places[buffer] = Place(row, [], tiled=True)

    def _shrink_one(self, buffer: Buffer, writer: Nest, users: list[Nest]) -> None:
        """Axes that follow loops shared by all users need no memory."""
        shared = min(_common(self.paths[writer], self.paths[user]) for user in users)
        own = {loop_index(depth) for depth in range(shared)}
        kept = [axis for axis, i in enumerate(writer.index) if i not in own]
        if len(kept) == len(buffer.shape) and buffer.shape:
            return
        if all(buffer.shape[axis] == ONE for axis in kept):
            self.places[buffer] = Place(Name(self.unique(buffer.name), buffer.dtype), [])
        else:
            shape = tuple(buffer.shape[axis] for axis in kept)
            row = Buffer(self.unique(f"{buffer.name}_row"), buffer.dtype, shape, "scratch", note=buffer.note)
            self.places[buffer] = Place(row, kept)

    def _local(self, value: Value) -> Value:
        """`value` with loads of shrunk buffers replaced."""
        return transform(value, self._replace, self._seen)

    def _replace(self, value: Value) -> Value:
        if isinstance(value, Load) and value.buffer in self.places:
            place = self.places[value.buffer]
            return place.home if isinstance(place.home, Name) else Load(place.home, place.index(value.index))
        return value

    # ---- statements ----------------------------------------------------------------------------------------------

    def _statements(self, clusters: list[Cluster]) -> list[Statement]:
        result: list[Statement] = []
        for cluster in clusters:
            if cluster.is_loop:
                result.extend(self._loop(cluster))
            else:
                straight = [s for nest in cluster.members for s in self._leaf(nest)]
                result.extend(bind_common(straight, self.names, self.unique))
        return result

    def _loop(self, cluster: Cluster) -> list[Statement]:
        depth, nests = cluster.depth, cluster.members
        gathering = [n for n in nests if n.in_register and n.first_serial == depth]
        before: list[Statement] = [Let(self._gatherer(n), self._start(n), mutable=True) for n in gathering]
        for nest in nests:
            if nest.start is not None and nest.first_serial == depth:
                before.extend(self._starting(nest, nest.start))
        extent = self._local(nests[0].loops[depth].extent)
        if self.tiled and depth == 0:
            free = [not any(n.loops[0].serial for n in part.members) for part in cluster.parts]
            loop = tiled_loop(extent, [self._statements([part]) for part in cluster.parts], free)
        else:
            serial = [n for n in nests if n.loops[depth].serial]
            gathers = bool(serial) and all(n.in_register and not n.running for n in serial)
            loop = For(loop_index(depth), extent, self._statements(cluster.parts), not serial, gathers)
        kept = [n for n in gathering if not self._is_scalar(n.buffer) and not n.running]
        after = [self._store(n, self._gatherer(n)) for n in kept]
        return [*before, loop, *after]

    def _start(self, nest: Nest) -> Literal:
        assert nest.function is not None
        return start_of(nest.function, nest.buffer.dtype, nest.running)

    def _starting(self, nest: Nest, start: Nest) -> list[Statement]:
        """The loops that give a buffer its first values: those of `start` that are not around it already."""
        body: list[Statement] = [self._store(start, self._local(start.value))]
        for depth in reversed(range(nest.first_serial, len(start.loops))):
            if not start.loops[depth].serial:
                body = [For(loop_index(depth), self._local(start.loops[depth].extent), body, parallel=True)]
        return body

    def _is_scalar(self, buffer: Buffer) -> bool:
        return buffer in self.places and isinstance(self.places[buffer].home, Name)

    def _gatherer(self, nest: Nest) -> Name:
        """The mutable scalar in which a nest gathers its result."""
        place = self.places.get(nest.buffer)
        if place and isinstance(place.home, Name):
            return place.home
        return Name(f"{nest.buffer.name}_sum", nest.buffer.dtype)

    def _leaf(self, nest: Nest) -> list[Statement]:
        value = self._local(nest.value)
        if nest.running:
            total = self._gatherer(nest)
            return [Assign(total, Call(nest.function, (total, value), value.dtype)), self._store(nest, total)]  # type: ignore[arg-type]
        if nest.function is not None and len(nest.loops) > nest.first_serial:
            return [Accumulate(self._target(nest), nest.function, value)]
        if nest.function is not None:
            value = Call(nest.function, (self._read_back(nest), value), value.dtype)
        return [self._store(nest, value)]

    def _read_back(self, nest: Nest) -> Value:
        return self._local(Load(nest.buffer, nest.index))

    def _target(self, nest: Nest) -> Name | Load:
        if nest.in_register:
            return self._gatherer(nest)
        target = self._local(Load(nest.buffer, nest.index))
        assert isinstance(target, (Name, Load))
        if isinstance(target, Load):
            return Load(target.buffer, tuple(self._local(i) for i in target.index))
        return target

    def _store(self, nest: Nest, value: Value) -> Statement:
        place = self.places.get(nest.buffer) or Place(nest.buffer, list(range(len(nest.index))))
        if isinstance(place.home, Name):
            if place.home in self._bound:
                return Assign(place.home, value)
            self._bound.add(place.home)
            return Let(place.home, value, mutable=self._rewritten(nest.buffer))
        return Store(place.home, tuple(self._local(i) for i in place.index(nest.index)), value)

    def _rewritten(self, buffer: Buffer) -> bool:
        return sum(nest.buffer is buffer for nest in self.cluster.members) > 1


def _common(a: list[Cluster], b: list[Cluster]) -> int:
    """How many loops two paths share."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x is not y:
            break
        count += 1
    return count
