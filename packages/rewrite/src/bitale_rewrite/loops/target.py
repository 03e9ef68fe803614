"""What kind of machine kernels are for: it decides which loops share a kernel, and in which order they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bitale_rewrite.loops.integers import loop_index
from bitale_rewrite.loops.ir import Value
from bitale_rewrite.loops.nests import Item, Loop, Nest
from bitale_rewrite.loops.values import transform


@dataclass(frozen=True)
class Target:
    """`many_threads`: each iteration may have a thread of its own. `products` are the dtypes of which a library
    multiplies matrices; with `tf32` it may round those of float32 to 11 significant bits. `epilogues` are
    what it can do to a product before storing it: add a `bias` to every row, and cut off below 0, or at NaN (`relu`).
    With `spoils`, its transforms to real numbers overwrite what they are given, and look at what must be 0 there.
    `in_columns`: its linear algebra works on column-major matrices, in place (see columns.py).

    A few threads want one pass over memory, and vector code inside; loops are fused even where the iterations of the
    shared loop then have to come in order. Many threads want independent iterations: independent loops go outside, and
    what must run in order, or combines into an array, keeps a loop of its own.
    """

    many_threads: bool = False
    products: tuple[str, ...] = ("float32", "float64", "complex64", "complex128")
    tf32: bool = False
    epilogues: frozenset[str] = frozenset()
    spoils: bool = False
    in_columns: bool = False


CPU = Target()
GPU = Target(many_threads=True, products=("float16", "bfloat16", *CPU.products), epilogues=frozenset({"bias"}),
             spoils=True, in_columns=True)


def independent_first(items: list[Item]) -> list[Item]:
    """Nests with their independent loops outside of those that combine or order their iterations."""
    return [_reordered(item) if isinstance(item, Nest) else item for item in items]


def _reordered(nest: Nest) -> Nest:
    order = sorted(range(len(nest.loops)), key=lambda depth: nest.loops[depth].serial)
    if order == list(range(len(order))):
        return nest
    renamed: dict[Value, Value] = {loop_index(old): loop_index(new) for new, old in enumerate(order)}

    def new(value: Value) -> Value:
        return transform(value, lambda v: v, dict(renamed))

    loops = [Loop(new(nest.loops[old].extent), nest.loops[old].serial) for old in order]
    moved = replace(nest, loops=loops, index=tuple(map(new, nest.index)), value=new(nest.value), reads={})
    if moved.in_register:
        moved.start = None
    elif nest.start is not None:
        start = nest.start
        moved.start = replace(start, loops=loops, index=tuple(map(new, start.index)), value=new(start.value), reads={})
    return moved


def alone(nest: Nest, depth: int) -> bool:
    """Whether the iterations of the loop at `depth` combine into an array, or come in order."""
    return nest.loops[depth].serial and (nest.running or not nest.in_register)


def alike(a: Nest, b: Nest, depth: int) -> bool:
    """Whether two nests can share the loop at `depth` and leave it to many threads."""
    if alone(a, depth) or alone(b, depth):
        return False
    innermost = len(a.loops) == len(b.loops) == depth + 1
    return innermost or a.loops[depth].serial == b.loops[depth].serial
