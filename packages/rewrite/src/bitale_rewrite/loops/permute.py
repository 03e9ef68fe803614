"""Permutations: Fisher and Yates' shuffle as a kernel of its own, whose steps come one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.random import multiply_high, random_bits64
from bitale_graph.variable import Apply
from bitale_rewrite.loops.integers import ONE, add, loop_index
from bitale_rewrite.loops.ir import Buffer, Call, For, Kernel, Let, Load, Name, Run, Statement, Store, Value
from bitale_rewrite.loops.nests import Fixed, Index, collect_loads, domain
from bitale_rewrite.loops.notes import note

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

SIGNED, UNSIGNED = FUNCTIONS["cast_int64"], FUNCTIONS["cast_uint64"]


def permutation(b: Builder, node: Apply) -> None:
    """Number i takes the place of one before it, which moves to i: from the inside out, so that nothing is filled in
    before. Every key of a batch has a shuffle of its own, in parallel."""
    out = node.outputs[0]
    loops, batch = domain(b.sizes(node.inputs[0]))
    key, stream = (b.reader(v, batch) for v in node.inputs[:2])
    i, buffer = loop_index(len(loops)), b.buffer(out)
    word = Call(random_bits64, (key, stream, Call(UNSIGNED, (i,), "uint64")), "uint64")
    count = Call(UNSIGNED, (add(i, ONE),), "uint64")
    place = Name("place")
    step: list[Statement] = [
        Let(place, Call(SIGNED, (Call(multiply_high, (word, count), "uint64"),), "int64")),
        Store(buffer, (*batch, i), Load(buffer, (*batch, place))),
        Store(buffer, (*batch, place), i),
    ]
    body: list[Statement] = [For(i, b.sizes(out)[-1], step)]
    for depth in reversed(range(len(loops))):
        body = [For(loop_index(depth), loops[depth].extent, body, parallel=True)]
    reads: dict[Buffer, list[Index | None]] = {}
    values: tuple[Value, ...] = (key, stream, *(loop.extent for loop in loops))
    collect_loads(values, reads)
    kernel = Kernel(b.unique("shuffle"), body, [note(out)])
    b.items.append(Fixed([Run(kernel)], set(reads), {buffer.root}))
