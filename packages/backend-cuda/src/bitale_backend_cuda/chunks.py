"""Long loops inside few iterations, cut into chunks that different threads take.

Sums of a few long columns, or rows, would leave most of a GPU idle: too few iterations for its threads. So each loop
becomes two launches: one whose iterations are pairs of a chunk and an iteration, and leave partial results; and one in
which groups of lanes combine these. The order is fixed, and so are the bits of the result.
"""

from __future__ import annotations

from dataclasses import replace

from bitale_backend_cuda.launch import Form, Launch
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.identities import PLAIN, identity_of
from bitale_rewrite.loops.integers import MINIMUM, ONE, SUBTRACT, add, multiply, size_call
from bitale_rewrite.loops.ir import Accumulate, Buffer, Call, For, Let, Literal, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import loads_of, statements, values_of
from bitale_rewrite.loops.values import everything_in

CHUNK, CHUNKS, EACH = Name("chunk"), Name("chunks"), Name("each_chunk")
ENOUGH, LONG = 2**19, 64  # iterations that fill a device, and iterations that are worth a cut, where they are known
IDENTITIES = {*PLAIN, "maximum", "minimum"}


def in_chunks(launch: Launch) -> list[Launch]:
    """Launches that do the same; none where loops cannot be cut."""
    if not _can_be_cut(launch, [s for s in launch.body if isinstance(s, For)]):
        return []
    indices, extents = tuple(i for i, _ in launch.spread), tuple(n for _, n in launch.spread)
    found: list[Launch] = []
    done: list[Statement] = []  # what came so far, with partial results for the last loop, and results for those before
    pending: dict[Name, Accumulate] = {}

    def combining(body: list[Statement], makes: list[Buffer]) -> Launch:
        return replace(launch, form=Form.GROUPS, body=_needed(body), note=[], width=CHUNKS, makes=makes)

    for s in launch.body:
        if not isinstance(s, For):
            done.append(s)
            continue
        if pending:
            results = {t: Buffer(f"{t.name}_all", t.dtype, extents, "partial") for t in pending}
            found.append(combining([*done, *(Store(b, indices, t) for t, b in results.items())], [*results.values()]))
            done = [_known(each, results, indices) for each in done if not isinstance(each, For)]
        pending = _totals(s)
        partial = {t: Buffer(f"{t.name}_parts", t.dtype, (CHUNKS, *extents), "partial") for t in pending}
        fresh: list[Statement] = [Let(t, identity_of(a.function, t.dtype), mutable=True) for t, a in pending.items()]
        keep: list[Statement] = [Store(b, (CHUNK, *indices), t) for t, b in partial.items()]
        before = [each for each in done if not isinstance(each, Store) and not _binds(each, set(pending))]
        body = _needed([*before, *fresh, *_chunk(s), *keep])
        spread = [(CHUNK, CHUNKS), *launch.spread]
        sizes = [(_size_name(s), _size(s))]
        cut = replace(launch, spread=spread, body=body, note=[], width=_size_name(s), sizes=sizes)
        found.append(replace(cut, makes=list(partial.values())))
        if pending:
            done.append(For(EACH, CHUNKS, [
                Accumulate(t, a.function, Load(partial[t], (EACH, *indices))) for t, a in pending.items()
            ], gathers=True))
    if any(isinstance(s, Store) for s in done):
        found.append(combining(done, []))
    found[-1].note = launch.note
    return found


def _known(s: Statement, results: dict[Name, Buffer], indices: tuple[Name, ...]) -> Statement:
    """A total that was gathered by an earlier launch is read."""
    return Let(s.name, Load(results[s.name], indices), s.mutable) if isinstance(s, Let) and s.name in results else s


def _can_be_cut(launch: Launch, loops: list[For]) -> bool:
    inside = list(statements([*loops]))
    if launch.form is Form.TOTAL or not launch.spread or launch.atomic or launch.scratch:
        return False
    if _is_many(launch.count, ENOUGH):
        return False
    if not any(_is_many(s.extent, LONG) or not isinstance(s.extent, Literal) for s in loops):
        return False
    if not loops or not all(isinstance(s, (Let, Store, For)) for s in launch.body):
        return False
    if not all(s.parallel or s.gathers for s in loops) or not any(s.gathers for s in loops):
        return False
    totals = [t for loop in loops for t in _totals(loop)]
    gathered = [s for s in inside if isinstance(s, Accumulate)]
    if len(set(totals)) < len(totals) or any(s.function.name not in IDENTITIES for s in gathered):
        return False
    bound = {s.name for s in statements(launch.body) if isinstance(s, Let)} | {i for i, _ in launch.spread}
    if any(isinstance(v, Load) or v in bound for v in everything_in([s.extent for s in loops])):
        return False
    written = {s.buffer.root for s in statements(launch.body) if isinstance(s, Store)}
    read = {load.buffer.root for s in statements(launch.body) for load in loads_of(s)}
    return written.isdisjoint(read) and not any(isinstance(s.target, Load) for s in gathered)


def _is_many(n: Value, least: int) -> bool:
    return isinstance(n, Literal) and n.number >= least


def _totals(loop: For) -> dict[Name, Accumulate]:
    """What a loop gathers into names from outside of it."""
    inside = list(statements(loop.body))
    own = {s.name for s in inside if isinstance(s, Let)}
    steps = [s for s in inside if isinstance(s, Accumulate)]
    return {s.target: s for s in steps if isinstance(s.target, Name) and s.target not in own}


def _binds(s: Statement, names: set[Name]) -> bool:
    return isinstance(s, Let) and s.name in names


def _size_name(loop: For) -> Name:
    return Name(f"{loop.index.name}_count")


def _size(loop: For) -> Value:
    """The iterations of a chunk."""
    rounded = add(loop.extent, size_call(SUBTRACT, (CHUNKS, ONE), "int64"))
    return Call(FUNCTIONS["floor_divide"], (rounded, CHUNKS), "int64")


def _chunk(loop: For) -> list[Statement]:
    """A loop over the iterations of one chunk."""
    index = loop.index.name
    size, first, inner = _size_name(loop), Name(f"{index}_first"), Name(f"{index}_in")
    left = size_call(SUBTRACT, (loop.extent, first), "int64")
    body: list[Statement] = [Let(loop.index, add(first, inner)), *loop.body]
    extent = Name(f"{index}_left")
    cut = replace(loop, index=inner, extent=extent, body=body)
    return [Let(first, multiply(CHUNK, size)), Let(extent, Call(MINIMUM, (size, left), "int64")), cut]


def _needed(body: list[Statement]) -> list[Statement]:
    """The statements whose results are stored or used by those."""
    kept: list[Statement] = []
    used: set[Value] = set()
    for s in reversed(body):
        inside = list(statements([s]))
        stores = any(isinstance(each, Store) for each in inside)
        if stores or _binds(s, used) or (isinstance(s, For) and not used.isdisjoint(_totals(s))):  # type: ignore[arg-type]
            kept.insert(0, s)
            used |= {v for each in inside for v in everything_in(values_of(each))}
            used |= {each.target for each in inside if isinstance(each, Accumulate)}
    return kept
