"""export(graph, name, folder): a graph as CUDA C++ that needs neither Python nor Bitale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bitale_backend_c.arguments import on_host
from bitale_backend_c.compile import ready
from bitale_backend_c.emit.names import reserved
from bitale_backend_c.export import FLAGS as C_FLAGS
from bitale_backend_c.export import Exported, ExportError
from bitale_backend_cuda.compile import Cell, lower_and_emit
from bitale_backend_cuda.emit.exported import DeviceExport
from bitale_backend_cuda.emit.exported_source import ExportedSource
from bitale_backend_cuda.emit.names import reserved_in_cuda
from bitale_graph.graph import Graph, ancestors
from bitale_rewrite.loops.target import GPU

FLAGS = "-std=c++17 -O3 -arch=native"


def export(
    graph: Graph,
    name: str,
    folder: str | Path,
    *,
    cells: Sequence[Cell] = (),
    updates: Mapping[int, int] | None = None,
    optimised: bool = True,
    tf32: bool = False,
) -> Exported:
    """Write `name.cu`, `name.h` and `name.mk` into `folder`: a C function `name` that computes `graph` on a GPU.

    It takes arrays that are on the device, numbers, and a stream. The last inputs of `graph` belong to `cells`, and
    `updates[k] = c` makes output k the value of cell c, as in compile: they become a struct `name_state` of arrays on
    the device. The header says how to build the function and what it takes. Large constants stand in `name_data.h`,
    steps that CUDA has no form of in `name_host.c`. `tf32` is as in compile. No GPU is needed.

    Raises ExportError where `name` is not free in C, an update could change the length of its shared variable, or a
    step has no C++ form.
    """
    if not (name.isascii() and name.isidentifier()) or reserved(name) or reserved_in_cuda(name):
        raise ExportError(f"export: {name!r} cannot be the name of a C function")
    updates, first = dict(updates or {}), len(graph.inputs) - len(cells)
    donate = {out: first + cell for out, cell in updates.items()}
    target = replace(GPU, tf32=tf32, epilogues=frozenset())  # products alone are cuBLAS's; what follows, kernels
    emitted = lower_and_emit(ready(graph, optimised), name, donate, range(len(graph.inputs)), graph, target, TAKEN)
    values = tuple(on_host(cell[0]) for cell in cells)
    result = DeviceExport(emitted.program, values, updates, emitted)
    for new, old in result.copied.items():
        if new.shape != old.shape:
            raise ExportError(
                f"export: the update of `{old.name}` may change its shape, and a state has a fixed one.\n"
                "  Give the shared variable a static shape, or return the value instead."
            )
    places = {v.origin.file for v in ancestors(graph.outputs) if v.origin}
    return _write(result, Path(folder), places)


TAKEN = frozenset({"state", "stream"})  # parameters of the exported function


def _write(result: DeviceExport, folder: Path, places: Iterable[str]) -> Exported:
    """Write the files. Of the user's files, whose paths are `places`, they show the names alone."""
    name, macro, source = result.name, result.macro, ExportedSource(result)
    in_c, libraries = source.in_c(), tuple(library.link for library in source.libraries)
    build = [f"nvcc {FLAGS} -c {name}.cu", *([f"cc {C_FLAGS} -c {name}_host.c"] if in_c else [])]
    objects = [f"{name}.o", *([f"{name}_host.o"] if in_c else [])]
    said = [
        *(f"Compile:  {command}" for command in build),
        f"Link:     nvcc ... {' '.join([*objects, *libraries])}",
        f"Memory:   -D'{macro}_MALLOC(place, bytes, stream)=...' -D'{macro}_FREE(memory, stream)=...'",
        "          in place of cudaMallocAsync and cudaFreeAsync",
    ]
    data = [f"{name}_data.h"] if result.data_is_apart else []
    files = {
        f"{name}.cu": source.lines(),
        f"{name}.h": result.header(said),
        f"{name}.mk": [
            f"# Include this in a Makefile: it makes {' and '.join(objects)}, to be linked with $({macro}_LIBS).",
            f"{macro}_NVCCFLAGS = {FLAGS}",
            f"{macro}_LIBS = {' '.join(libraries)}",
            " ".join([f"{name}.o:", f"{name}.cu", f"{name}.h", *data]),
            f"\tnvcc $({macro}_NVCCFLAGS) $(NVCCFLAGS) -c {name}.cu -o $@",
        ],
    }
    if in_c:
        files[f"{name}_host.c"] = in_c
        files[f"{name}.mk"] += [f"{name}_host.o: {name}_host.c", f"\t$(CC) {C_FLAGS} $(CFLAGS) -c {name}_host.c -o $@"]
    if data:
        files[data[0]] = [f"/* The numbers of {name}.cu. */", *result.arrays]
    folder.mkdir(parents=True, exist_ok=True)
    for file, lines in files.items():
        text = "\n".join(lines) + "\n"
        for place in places:
            text = text.replace(f"{place}:", f"{Path(place).name}:")
        (folder / file).write_text(text, encoding="utf-8")
    return Exported(folder / f"{name}.cu", folder / f"{name}.h", folder / f"{name}.mk", " && ".join(build), libraries)
