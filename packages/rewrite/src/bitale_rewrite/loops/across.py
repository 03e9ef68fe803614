"""Operands that lie across the loops: two loops cut into tiles, for which such operands are laid out as the loops run.

A transposed operand lies along the outer loop. The inner one would take a cache line for each of its elements, and no
vector of them. The copy of a tile takes whole lines, and the loops then read rows of the tile. Inputs whose strides are
known only at run time get tiles, too; those that turn out to lie well need no copies. It is for the target to choose
between the loops as they were and this form of them, by lengths and strides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import ADD, MINIMUM, MULTIPLY, ONE, SUBTRACT, ZERO, add, integer, multiply, size_call
from bitale_rewrite.loops.ir import Buffer, Call, For, Let, Literal, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in, transform

FLOOR_DIVIDE = FUNCTIONS["floor_divide"]
ACROSS = 128  # iterations of each loop of a tile: as long as lines of memory are read well, and no larger than a cache
SHORTEST = 16  # loops known to be shorter need no tiles
DEEPEST = 8  # of index arithmetic
Unique = Callable[[str], str]


@dataclass(frozen=True)
class Pair:
    """Two loops that were cut, and what they read through tiles: whether it lies across as the loops are written."""

    outer: For
    inner: For
    tiles: dict[Load, Buffer]
    across: bool


def in_tiles(body: list[Statement], unique: Unique) -> tuple[list[Statement], list[Pair]]:
    """`body` with the pairs of loops that read across, or read inputs of any strides, cut into tiles."""
    result: list[Statement] = []
    pairs: list[Pair] = []
    for statement in body:
        if isinstance(statement, For):
            loop, found = _loop(statement, unique)
            result.append(loop)
            pairs += found
        else:
            result.append(statement)
    return result, pairs


def _loop(outer: For, unique: Unique) -> tuple[For, list[Pair]]:
    inner = _inner(outer)
    if inner is None:
        body, pairs = in_tiles(outer.body, unique)
        return (replace(outer, body=body), pairs) if pairs else (outer, [])
    i, j, shape = outer.index, inner.index, (integer(ACROSS), integer(ACROSS))
    found = {load: _lies_across(load, i, j) for load in _readable(inner) if _moves(load, i, j) and _moves(load, j, i)}
    tiles = {
        load: Buffer(unique(f"{load.buffer.name}_tile"), load.dtype, shape, "scratch", strided=True)
        for load, across in found.items()
        if across or load.buffer.strided
    }
    if not tiles:
        return outer, []
    return _tiled(outer, inner, tiles), [Pair(outer, inner, tiles, any(found.values()))]


def _inner(outer: For) -> For | None:
    """The loop inside a loop, if the two are all there is, and their iterations only store."""
    *before, inner = outer.body
    if not isinstance(inner, For) or not (outer.parallel and inner.parallel):
        return None
    plain = all(isinstance(s, Let) and not s.mutable for s in before)
    stores = all(isinstance(s, Store) or (isinstance(s, Let) and not s.mutable) for s in inner.body)
    short = any(isinstance(n, Literal) and n.number < SHORTEST for n in (outer.extent, inner.extent))
    return inner if plain and stores and not short else None


def _readable(inner: For) -> list[Load]:
    """What the iterations of a loop read, and none of them writes."""
    written = {owner for s in inner.body if isinstance(s, Store) for owner in s.buffer.around}
    loads = (v for v in everything_in([v for s in inner.body for v in values_of(s)]) if isinstance(v, Load))
    return [load for load in loads if written.isdisjoint(load.buffer.around)]


def _moves(load: Load, index: Name, other: Name) -> bool:
    """Whether the place of a load in memory changes with a loop's index, by as much wherever the other loop is."""
    found = [affine(i, index) for i in load.index]
    steps = [pair[1] for pair in found if pair is not None]
    return len(steps) == len(found) and any(n != ZERO for n in steps) and other not in everything_in(steps)


def _lies_across(load: Load, outer: Name, inner: Name) -> bool:
    """Whether neighbours along the outer loop are neighbours in memory, and those along the inner one are not."""
    last = list(everything_in(load.index[-1:]))
    return outer in last and inner not in last


def affine(value: Value, name: Name, depth: int = 0) -> tuple[Value, Value] | None:
    """(a, b), where `value` is a + b * name; None where it is not, or not seen to be."""
    if value == name:
        return ZERO, ONE
    if name not in everything_in([value]):
        return value, ZERO
    if not isinstance(value, Call) or value.function not in (ADD, SUBTRACT, MULTIPLY) or depth == DEEPEST:
        return None
    first, second = (affine(operand, name, depth + 1) for operand in value.operands)
    if first is None or second is None:
        return None
    if value.function is MULTIPLY:
        if first[1] != ZERO:
            first, second = second, first
        return (multiply(first[0], second[0]), multiply(first[0], second[1])) if first[1] == ZERO else None
    a, b = (size_call(value.function, (x, y), "int64") for x, y in zip(first, second, strict=True))
    return a, b


def _tiled(outer: For, inner: For, tiles: dict[Load, Buffer]) -> For:
    """for each tile: copy the operands' parts, then run the two loops over it."""
    (i, i_inside, i_lets, i_tiles), (j, j_inside, j_lets, j_tiles) = _cut(outer), _cut(inner)
    *before, _ = outer.body
    at = {outer.index: i, inner.index: j}
    copies: list[Statement] = []
    for load, tile in tiles.items():
        source = transform(load, lambda v: at.get(v, v) if isinstance(v, Name) else v, {})
        copy = Store(tile, (i_inside.index, j_inside.index), source)
        copies.append(replace(i_inside, body=[replace(j_inside, body=[copy])]))
    seen: dict[Value, Value] = {load: Load(tile, (i_inside.index, j_inside.index)) for load, tile in tiles.items()}
    body = [_with_values(s, seen) for s in inner.body]
    rows = replace(i_inside, body=[Let(outer.index, i), *before, replace(j_inside, body=[Let(inner.index, j), *body])])
    return replace(i_tiles, body=[*i_lets, replace(j_tiles, body=[*j_lets, *copies, rows])])


def _cut(loop: For) -> tuple[Value, For, list[Statement], For]:
    """What the index is in a tile, the loop within a tile, the names of the tile, and the loop over tiles."""
    first, count, number, inside = (Name(f"{loop.index}_{part}") for part in ("first", "count", "tile", "in"))
    size = integer(ACROSS)
    names: list[Statement] = [
        Let(first, multiply(number, size)),
        Let(count, Call(MINIMUM, (size, Call(SUBTRACT, (loop.extent, first), "int64")), "int64")),
    ]
    tiles = Call(FLOOR_DIVIDE, (add(loop.extent, integer(ACROSS - 1)), size), "int64")
    return add(first, inside), For(inside, count, [], parallel=True), names, For(number, tiles, [], parallel=True)


def _with_values(s: Statement, seen: dict[Value, Value]) -> Statement:
    def new(value: Value) -> Value:
        return transform(value, lambda v: v, seen)

    assert isinstance(s, (Let, Store))
    if isinstance(s, Let):
        return replace(s, value=new(s.value))
    return replace(s, value=new(s.value), index=tuple(map(new, s.index)))
