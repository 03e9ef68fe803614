"""lower(graph): the way from a Graph to a Program, one line per stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

import numpy as np

from bitale_graph.graph import Graph
from bitale_graph.ops.indexing import Nonzero
from bitale_graph.ops.movement import Dimension
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.loops.builder import Builder, note
from bitale_rewrite.loops.fuse import Cluster, Group, fuse
from bitale_rewrite.loops.integers import integer
from bitale_rewrite.loops.ir import Buffer, Name, Program, Run, Step
from bitale_rewrite.loops.kernels import KernelBuilder
from bitale_rewrite.loops.name_sizes import name_sizes
from bitale_rewrite.loops.nests import Fixed
from bitale_rewrite.loops.plan import plan
from bitale_rewrite.loops.prepare import prepare
from bitale_rewrite.loops.reader import Reader
from bitale_rewrite.loops.sizes import Sizes
from bitale_rewrite.loops.storage import INLINE, stored


def lower(
    graph: Graph,
    name: str = "function",
    donate: Mapping[int, int] | None = None,
    row_major: Collection[int] = (),
    reserved: Callable[[str], bool] = lambda name: False,
) -> Program:
    """The Program of `graph`, whose composites have been expanded.

    `donate` asks that output k take the memory of input j (an update of a shared variable); the plan grants it where
    nothing needs the old values any more. Inputs in `row_major` will always come without padding or other strides.
    Nothing gets a name that the target has `reserved`.
    """
    graph = prepare(graph)
    unique = unique_names(reserved)
    sizes = Sizes(unique)
    buffers: dict[Variable, Buffer] = {}
    reader = Reader(sizes, buffers)
    sizes.scalar = reader.scalar
    inputs, constants = _inputs(graph, sizes, buffers, unique, row_major)
    for node in graph.nodes:
        if isinstance(node.op, Nonzero):  # named now; found when the function runs
            found = Name(unique("found"))
            sizes.found.add(found)
            sizes.known.update(dict.fromkeys(node.outputs, (found,)))
    for v in computed_lengths(graph):
        reader.lengths[v] = Name(unique(v.name or "length"))
        sizes.found.add(reader.lengths[v])
    sizes.constrain(graph)
    lengths = [buffer.shape for buffer in inputs]
    for buffer in inputs:
        buffer.shape = tuple(sizes.representative(n) for n in buffer.shape)
    outputs = _outputs(graph, sizes, buffers, unique)
    replacing = {outputs[out]: inputs[source] for out, source in (donate or {}).items()}
    builder = Builder(graph, stored(graph, donate or ()), sizes, reader, unique, replacing)
    groups = fuse(builder.build(), replacing)
    steps = _steps(groups, reader, unique)
    program = Program(name, inputs, outputs, builder.temporaries, steps, sizes.failures)
    program.constants, program.lengths = constants, lengths
    return plan(name_sizes(program, sizes.names), dict(donate or {}))


def computed_lengths(graph: Graph) -> list[Variable]:
    """The scalars that lengths depend on and that only a loop can compute, such as the largest element of an array."""
    inside = set(graph.nodes)
    shapes = [shape_of(v) for node in graph.nodes for v in node.outputs]
    stack = [n for shape in shapes for n in shape if isinstance(n, Variable)]
    seen: dict[Variable, bool] = {}
    while stack:
        v = stack.pop()
        if v in seen or v.owner is None or isinstance(v.owner.op, Dimension):
            continue
        seen[v] = v.owner in inside and v.ndim == 0 and not isinstance(v.owner.op, INLINE)
        if not seen[v]:
            stack.extend(v.owner.inputs)
    return [v for v, found in seen.items() if found]


def unique_names(reserved: Callable[[str], bool] = lambda name: False) -> Callable[[str], str]:
    """A function that makes identifiers out of names, each one only once, and none that is reserved."""
    taken: dict[str, int] = {}

    def unique(wanted: str) -> str:
        base = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_") or "t"
        base = f"v{base}" if base[0].isdigit() else base[:40]
        if re.fullmatch(r"[i-n]|i\d+", base) or reserved(base):  # loop indices are single letters
            base = f"{base}_"
        count = taken.get(base, 0)
        taken[base] = count + 1
        if not count:
            return base
        return unique(f"{base}_{count + 1}")

    return unique


def _inputs(
    graph: Graph,
    sizes: Sizes,
    buffers: dict[Variable, Buffer],
    unique: Callable[[str], str],
    row_major: Collection[int],
) -> tuple[list[Buffer], list[np.ndarray]]:
    """Buffers of the inputs, and of the constant arrays, which are passed by pointer like inputs."""
    found = [v for node in graph.nodes for v in node.inputs] + list(graph.outputs)
    constants = list(dict.fromkeys(v for v in found if isinstance(v, Constant) and v.data.size != 1))
    inputs = []
    for slot, v in enumerate([*graph.inputs, *constants]):
        name = unique(v.name or ("constant" if isinstance(v, Constant) else "input"))
        shape = tuple(
            integer(n) if n is not None else Name(unique(f"{name}_{axis}")) for axis, n in enumerate(v.type.shape)
        )
        sizes.known[v] = shape
        sizes.names.given.update(n for n in shape if isinstance(n, Name))
        strided = not (isinstance(v, Constant) or slot in row_major)
        buffers[v] = Buffer(name, v.dtype, shape, "input", slot, note=note(v), strided=strided)
        inputs.append(buffers[v])
    return inputs, [v.data for v in constants]


def _outputs(
    graph: Graph, sizes: Sizes, buffers: dict[Variable, Buffer], unique: Callable[[str], str]
) -> list[Buffer]:
    outputs = []
    for slot, v in enumerate(graph.outputs):
        buffers[v] = Buffer(unique(v.name or f"result_{slot}"), v.dtype, sizes(v), "output", slot, note=note(v))
        outputs.append(buffers[v])
    return outputs


def _steps(groups: list[Group], reader: Reader, unique: Callable[[str], str]) -> list[Step]:
    users: dict[Buffer, set[int]] = {}
    for number, group in enumerate(groups):
        for buffer in _touched(group):
            users.setdefault(buffer, set()).add(number)
    escapes = {buffer for buffer, where in users.items() if len(where) > 1}
    steps: list[Step] = []
    for group in groups:
        if isinstance(group, Fixed):
            steps.extend(group.steps)
        else:
            steps.append(Run(KernelBuilder(group, escapes, reader.names, unique).build()))
    return steps


def _touched(group: Group) -> set[Buffer]:
    if isinstance(group, Cluster):
        return {b for nest in group.members for b in (nest.buffer.root, *nest.reads)}
    return {b.root for b in (*group.reads, *group.writes)}
