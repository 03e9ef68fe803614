"""Tiles: an outer loop cut into short runs, so that dear scalar code between inner loops becomes a loop of its own.

A row of a logistic regression is a dot product, a few exponentials, and an update. Row by row, the exponentials would
run one at a time; for a tile of rows they are one vectorised loop, while the rows are still in the cache.
"""

from __future__ import annotations

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.costs import DEAR, cost_of
from bitale_rewrite.loops.fuse import Cluster
from bitale_rewrite.loops.integers import MINIMUM, SUBTRACT, add, integer, loop_index, multiply
from bitale_rewrite.loops.ir import Call, For, Let, Name, Statement, Value
from bitale_rewrite.loops.nests import Nest

FLOOR_DIVIDE = FUNCTIONS["floor_divide"]
TILE = 64
WORTHWHILE = 2 * DEAR  # cost of the scalar code from which a tile pays
TILE_NUMBER, WITHIN = Name("tile"), Name("within")


def wants_tiles(cluster: Cluster) -> bool:
    """Whether the outermost loop of a kernel has dear scalar code beside inner loops."""
    if not cluster.is_loop or not any(part.is_loop for part in cluster.parts):
        return False
    scalar = [nest for part in cluster.parts if not part.is_loop for nest in part.members]
    return sum(cost_of(nest.value) for nest in scalar) >= WORTHWHILE


def part_numbers(cluster: Cluster) -> dict[Nest, int]:
    """Which part of the cluster each nest is in."""
    return {nest: number for number, part in enumerate(cluster.parts) for nest in part.members}


def tiled_loop(extent: Value, parts: list[list[Statement]], parallel: list[bool]) -> For:
    """for each tile: for each part: for each iteration of the tile."""
    start, count = Name("tile_start"), Name("tile_count")
    size = integer(TILE)
    left = Call(SUBTRACT, (extent, start), "int64")
    body: list[Statement] = [
        Let(start, multiply(TILE_NUMBER, size)),
        Let(count, Call(MINIMUM, (size, left), "int64")),
    ]
    for statements, free in zip(parts, parallel, strict=True):
        index = Let(loop_index(0), add(start, WITHIN))
        body.append(For(WITHIN, count, [index, *statements], free))
    tiles = Call(FLOOR_DIVIDE, (add(extent, integer(TILE - 1)), size), "int64")
    return For(TILE_NUMBER, tiles, body, all(parallel))
