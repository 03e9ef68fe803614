"""compile(graph): from a Graph to a callable, for the frontend and for any other project."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bitale_backend_c.arguments import Arguments
from bitale_backend_c.blas import NoLibrary, blas_address
from bitale_backend_c.build import build
from bitale_backend_c.emit import emit
from bitale_backend_c.emit.names import reserved
from bitale_backend_c.emit.routines import needs_lapack
from bitale_backend_c.loaded import load
from bitale_backend_c.settings import settings
from bitale_backend_c.shim import Form, Kind
from bitale_backend_c.shim import load as load_shim
from bitale_backend_c.shim import prepare as prepare_shim
from bitale_graph.graph import Graph
from bitale_graph.verify import verify
from bitale_rewrite import optimise
from bitale_rewrite.expand import expand
from bitale_rewrite.loops.ir import Buffer, Gemm, LibraryCall, Loop, Program
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.touched import all_steps, programs_of
from bitale_rewrite.phases import DEFAULT
from bitale_rewrite.rule import Preserves

Cell = list[Any]


@dataclass
class Compiled:
    """A compiled function: call it with one array per input.

    `program` is what was compiled, `source` its C, `path` the shared library in the cache. `cells` are the shared
    variables' one-element lists, read as the last inputs; `updates` maps an output to the cell that it replaces.
    """

    program: Program
    source: str
    path: Path
    arguments: Arguments
    cells: tuple[Cell, ...] = ()
    updates: Mapping[int, int] = field(default_factory=dict)
    form: Form = Form.LIST
    threads: int = 1

    @cached_property
    def call(self) -> Callable[..., Any]:
        """The function in the form that is fastest to call: a builtin callable."""
        program, cells = self.program, self.cells
        steps = [step for each in programs_of(program) for step in all_steps(each.steps)]
        libraries = any(isinstance(step, (Gemm, LibraryCall)) for step in steps)
        calls_blas = "call->blas" in self.source
        loops = any(isinstance(step, Loop) for step in steps)
        return load_shim().Function(
            load(self.path),
            program.name,
            tuple(self._input(b) for b in program.inputs),
            cells,
            tuple(np.ascontiguousarray(c) for c in program.constants),
            tuple(self._output(k, b) for k, b in enumerate(program.outputs)),
            int(self.form),
            self.arguments.convert,
            self.fail,
            self.arguments.arrange,
            self._library() if calls_blas else 0,
            self.threads,
            libraries or loops,  # which may take long, whatever the size of the inputs
        )

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.call(*arguments, **keywords)

    def _library(self) -> int:
        """OpenBLAS, or none: matrix products are then plain loops, right but slow. Raises NoLibrary where LAPACK is
        needed."""
        try:
            return blas_address(self.threads)
        except NoLibrary as error:
            if needs_lapack(self.source):
                raise
            warnings.warn(f"{error} Until then matrix products are slow.", RuntimeWarning, stacklevel=4)
            return 0

    def _input(self, buffer: Buffer) -> tuple[int, int, bool, tuple[int | None, ...] | None]:
        lengths = tuple(getattr(n, "number", None) for n in self.program.lengths[buffer.slot])
        known = lengths if any(n is not None for n in lengths) else None
        return np.dtype(buffer.dtype).num, len(buffer.shape), buffer.slot in self.program.contiguous, known

    def _output(self, slot: int, buffer: Buffer) -> tuple[int, int, int, int]:
        kind = Kind.RETURN
        if slot in self.updates:
            kind = Kind.DONATED if slot in self.program.donated else Kind.UPDATE
        return np.dtype(buffer.dtype).num, len(buffer.shape), int(kind), self.updates.get(slot, -1)

    def fail(self, code: int, *values: int) -> None:
        """Raise the error that failure number `code` of the program stands for."""
        raise self.program.failures[code - 1].exception(values)


def generate(graph: Graph, name: str = "function", optimised: bool = True) -> str:
    """The C source of a function that computes `graph`. Any array may have any sizes its type leaves open."""
    return emit(lower(ready(graph, optimised), graph.name or name, reserved=reserved, written=graph))


def ready(
    graph: Graph, optimised: bool = True, preserves: Iterable[Preserves] = DEFAULT, checked: bool = False
) -> Graph:
    """`graph` simplified, and in the ops and functions that C has; `checked` verifies it after each stage."""
    watch = (lambda phase, current: verify(current)) if checked else None
    expanded = expand(optimise(graph, preserves=preserves, watch=watch) if optimised else graph)  # type: ignore[arg-type]
    return verify(expanded) if checked else expanded


def compile(
    graph: Graph,
    *,
    name: str = "",
    arguments: Arguments | None = None,
    cells: Sequence[Cell] = (),
    updates: Mapping[int, int] | None = None,
    form: Form = Form.LIST,
    threads: int | None = None,
    optimised: bool = True,
    preserves: Iterable[Preserves] = DEFAULT,
    checked: bool = False,
) -> Compiled:
    """Compile `graph` to a function of NumPy arrays that returns a list of arrays.

    The last inputs of `graph` belong to `cells` (one-element lists with the current value of a shared variable); the
    others are arguments. `updates[k] = c`: output k is not returned but becomes the value of cell c, in place where
    the plan allows it. `optimised=False` compiles the graph as it stands; `preserves` says what
    rewriting keeps (see bitale_rewrite.optimise), and `checked` verifies the graph after each of its phases.

    Raises NoCompiler where there is no C compiler, and CompileError when it fails.
    """
    prepare_shim()
    updates, threads = dict(updates or {}), threads or settings.threads
    count = len(graph.inputs) - len(cells)
    prepared = ready(graph, optimised, preserves, checked)
    name = name or graph.name or "function"
    cells_from = range(count, len(graph.inputs))
    program = lower(prepared, name, {out: count + cell for out, cell in updates.items()}, cells_from, reserved, graph)
    source = emit(program)
    path = build(source, threads)
    arguments = arguments or Arguments(graph.inputs[:count], name)
    return Compiled(program, source, path, arguments, tuple(cells), updates, form, threads)
