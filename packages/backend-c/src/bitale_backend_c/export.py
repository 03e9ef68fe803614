"""export(graph, name, folder): a graph as C that needs neither Python nor Bitale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bitale_backend_c.compile import Cell, ready
from bitale_backend_c.emit.exported import Export
from bitale_backend_c.emit.exported_source import ExportedSource
from bitale_backend_c.emit.names import reserved
from bitale_graph.errors import BitaleError
from bitale_graph.graph import Graph, ancestors
from bitale_rewrite.loops.lower import lower

FLAGS = "-O3 -march=native -std=c99 -ffp-contract=fast -fno-math-errno -fno-trapping-math -fwrapv -fopenmp-simd"


class ExportError(BitaleError, ValueError):
    """What was asked cannot be written as a C function."""


@dataclass(frozen=True)
class Exported:
    """The files that were written, and the command that compiles them (in their folder)."""

    source: Path
    header: Path
    makefile: Path
    command: str
    libraries: tuple[str, ...]


def export(
    graph: Graph,
    name: str,
    folder: str | Path,
    *,
    cells: Sequence[Cell] = (),
    updates: Mapping[int, int] | None = None,
    optimised: bool = True,
) -> Exported:
    """Write `name.c`, `name.h` and `name.mk` into `folder`: a C function `name` that computes `graph`.

    The last inputs of `graph` belong to `cells`, and `updates[k] = c` makes output k the value of cell c, as in
    compile: they become a struct `name_state`, with their present values to start with. The header says how to build
    the function and what it takes; large constants stand in `name_data.h`.

    Raises ExportError where `name` is not free in C, or an update could change the length of its shared variable.
    """
    if not (name.isascii() and name.isidentifier()) or reserved(name):
        raise ExportError(f"export: {name!r} cannot be the name of a C function")
    updates, first = dict(updates or {}), len(graph.inputs) - len(cells)
    donate = {out: first + cell for out, cell in updates.items()}
    inputs = range(len(graph.inputs))
    program = lower(ready(graph, optimised), name, donate, inputs, _taken, graph)
    result = Export(program, tuple(np.asarray(cell[0]) for cell in cells), updates)
    for new, old in result.copied.items():
        if new.shape != old.shape:
            raise ExportError(
                f"export: the update of `{old.name}` may change its shape, and a state has a fixed one.\n"
                "  Give the shared variable a static shape, or return the value instead."
            )
    places = {v.origin.file for v in ancestors(graph.outputs) if v.origin}
    return write(result, Path(folder), places)


def _taken(name: str) -> bool:
    return reserved(name) or name == "state"  # which the function takes, too


def write(result: Export, folder: Path, places: Iterable[str] = ()) -> Exported:
    """Write the files of an export. Of the user's files, whose paths are `places`, they show the names alone."""
    name, macro = result.name, result.macro
    libraries = ("-lcblas", "-lm") if result.routines else ("-lm",)
    if result.needs_lapack:
        libraries = ("-llapack", "-lblas", *libraries)
    command = f"cc {FLAGS} -c {name}.c"
    files = {
        f"{name}.c": ExportedSource(result).lines(),
        f"{name}.h": result.header(_build(result, command, libraries)),
        f"{name}.mk": [
            f"# Include this in a Makefile: it makes {name}.o, which needs $({macro}_LIBS).",
            f"{macro}_CFLAGS = {FLAGS}",
            f"{macro}_LIBS = {' '.join(libraries)}",
            f"{name}.o: {name}.c {name}.h" + (f" {name}_data.h" if result.data_is_apart else ""),
            f"\t$(CC) $({macro}_CFLAGS) $(CFLAGS) -c {name}.c -o $@",
        ],
    }
    if result.data_is_apart:
        files[f"{name}_data.h"] = [
            f"/* The numbers of {name}.c. */", "#include <math.h>", "#include <stdint.h>", *result.arrays
        ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for file, lines in files.items():
        text = "\n".join(lines) + "\n"
        for place in places:
            text = text.replace(f"{place}:", f"{Path(place).name}:")
        (folder / file).write_text(text, encoding="utf-8")
    return Exported(folder / f"{name}.c", folder / f"{name}.h", folder / f"{name}.mk", command, libraries)


def _build(result: Export, command: str, libraries: tuple[str, ...]) -> list[str]:
    macro = result.macro
    lines = [
        f"Compile:  {command}",
        f"Link:     {' '.join(libraries)}",
        f"Threads:  -fopenmp -D{macro}_THREADS=4",
        f"Memory:   -D{macro}_MALLOC=... -D{macro}_FREE=... in place of malloc and free",
    ]
    if result.needs_lapack:
        lines.append("Matrices: any LAPACK (-lopenblas ...) will do")
    elif result.routines:
        lines.append(f"Matrices: any CBLAS (-lopenblas ...) will do; -D{macro}_NO_BLAS needs none and is slower")
    return lines
