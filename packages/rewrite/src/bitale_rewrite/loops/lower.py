"""lower(graph): the way from a Graph to a Program, one line per stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial

import numpy as np

from bitale_graph.graph import Graph
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.garbage import collector_rests
from bitale_rewrite.loops.bodies import Bodies, open_bodies
from bitale_rewrite.loops.builder import Builder, note
from bitale_rewrite.loops.failure import Failure
from bitale_rewrite.loops.frames import Frames
from bitale_rewrite.loops.integers import integer
from bitale_rewrite.loops.ir import Buffer, Name, Program
from bitale_rewrite.loops.name_sizes import name_sizes
from bitale_rewrite.loops.plan import plan
from bitale_rewrite.loops.prepare import prepare
from bitale_rewrite.loops.procedures import call_procedures
from bitale_rewrite.loops.reader import Reader
from bitale_rewrite.loops.shown import shown_by_results
from bitale_rewrite.loops.sizes import Sizes
from bitale_rewrite.loops.steps import steps_of
from bitale_rewrite.loops.storage import stored
from bitale_rewrite.loops.target import CPU, Target

Unique = Callable[[str], str]


@collector_rests()
def lower(
    graph: Graph,
    name: str = "function",
    donate: Mapping[int, int] | None = None,
    row_major: Collection[int] = (),
    reserved: Callable[[str], bool] = lambda name: False,
    written: Graph | None = None,
    target: Target = CPU,
) -> Program:
    """The Program of `graph`, whose composites have been expanded.

    `donate` asks that output k take the memory of input j (an update of a shared variable); the plan grants it where
    nothing needs the old values any more. Inputs in `row_major` will always come without padding or other strides.
    Nothing gets a name that the target has `reserved`. `written` is the graph before rewriting: what does not fit there
    is an error, though no result may need it any more. `target` says which loops are to share a kernel.
    """
    return _lowered(graph, name, donate or {}, row_major, unique_names(reserved), [], written, target)


def _lowered(
    graph: Graph, name: str, donate: Mapping[int, int], row_major: Collection[int], unique: Unique,
    failures: list[Failure], written: Graph | None, target: Target,
) -> Program:  # fmt: skip
    def procedure(body: Graph) -> Program:
        name = unique(body.name or "procedure")
        return _lowered(body, name, {}, range(len(body.inputs)), unique, failures, None, target)

    graph = prepare(call_procedures(graph, None if target.many_threads else procedure), target)
    bodies = open_bodies(graph, partial(prepare, target=target))
    sizes = Sizes(unique, failures)
    buffers: dict[Variable, Buffer] = {}
    reader = Reader(sizes, buffers)
    sizes.scalar = reader.scalar
    inputs, constants = _inputs(graph, bodies, sizes, buffers, unique, row_major)
    frames = Frames(bodies, sizes, reader, unique)
    frames.declare(graph)
    sizes.constrain(graph, bodies)
    if written is not None:
        sizes.constrain_written(written)
    frames.settle()
    lengths = [buffer.shape for buffer in inputs]
    for buffer in inputs:
        buffer.shape = tuple(sizes.representative(n) for n in buffer.shape)
    outputs = _outputs(graph, sizes, buffers, unique)
    replacing = {outputs[out]: inputs[source] for out, source in donate.items()}
    shown = shown_by_results(graph, sizes.late)
    shown = {v: result for v, result in shown.items() if buffers[result] not in replacing}
    builder = Builder(graph, stored(graph, bodies, donate) | {*reader.lengths}, frames, replacing, target, shown)
    steps = steps_of(builder.build(sizes.requirements), reader.names, unique, (), replacing, target)
    program = Program(name, inputs, outputs, builder.temporaries, steps, sizes.failures)
    program.constants, program.lengths = constants, lengths
    return plan(name_sizes(program, sizes.names), dict(donate))


def unique_names(reserved: Callable[[str], bool] = lambda name: False) -> Unique:
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
    bodies: Bodies,
    sizes: Sizes,
    buffers: dict[Variable, Buffer],
    unique: Unique,
    row_major: Collection[int],
) -> tuple[list[Buffer], list[np.ndarray]]:
    """Buffers of the inputs, and of the constant arrays, which are passed by pointer like inputs."""
    graphs = [graph, *(body for opened in bodies.values() for body in opened)]
    found = [v for each in graphs for node in each.nodes for v in node.inputs] + list(graph.outputs)
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
    graph: Graph, sizes: Sizes, buffers: dict[Variable, Buffer], unique: Unique
) -> list[Buffer]:
    outputs = []
    for slot, v in enumerate(graph.outputs):
        buffers[v] = Buffer(unique(v.name or f"result_{slot}"), v.dtype, sizes(v), "output", slot, note=note(v))
        outputs.append(buffers[v])
    return outputs
