"""Exported functions as programs without Python: compiled with g++ against the emulation, and run by a main in C."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from bitale_backend_c.emit.arrays import static_array
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.export import Exported
from bitale_backend_cuda import export
from bitale_backend_cuda.emit.exported import PUBLIC_TYPES
from bitale_graph import Graph, evaluate
from tests.support.cuda.compile import FLAGS, HERE

INCLUDE = HERE / "include"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
CPP = [*(flag for flag in FLAGS if not flag.startswith("-Wl")), *WARNINGS]
CPP += ["-Wno-type-limits", "-Wno-unknown-pragmas", "-Wno-unused-parameter", "-Wno-parentheses"]
C = ["-std=c99", "-O1", *WARNINGS]
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-fsanitize-sections=bitale_shared")

MAIN = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "NAME.h"
#define SHOW(format, type, ctype, array, count) \
    do { \
        ctype *host = malloc(sizeof(ctype) * ((count) + 1)); \
        cudaMemcpyAsync(host, array, sizeof(ctype) * (count), cudaMemcpyDeviceToHost, stream); \
        cudaStreamSynchronize(stream); \
        for (int64_t each = 0; each < (int64_t)(count); each++) printf(format " ", (type)host[each]); \
        puts(""); \
        free(host); \
    } while (0)
#define FLOATS(ctype, array, count) SHOW("%.17g", double, ctype, array, count)
#define WHOLES(ctype, array, count) SHOW("%lld", long long, ctype, array, count)
#define CHECK(call) do { int failed = (call); if (failed) { puts(NAME_error(failed)); exit(1); } } while (0)
static cudaStream_t stream;
static inline void *device(const void *host, size_t bytes)
{
    void *memory = 0;
    cudaMallocAsync(&memory, bytes + 1, stream);
    if (host) cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream);
    return memory;
}
#define FREE(memory) cudaFreeAsync((void *)(memory), stream)
"""


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]


@functools.cache
def _object(source: str, flags: tuple[str, ...]) -> str:
    """A file of the emulation and its CUDA runtime, compiled."""
    result = f"{tempfile.mkdtemp(prefix='bitale-runtime-')}/{source}.o"
    _run(["g++", *CPP, *flags, "-c", HERE / source, "-o", result])
    return result


def _runtime(flags: tuple[str, ...], solves: bool) -> list[str]:
    """What programs are linked with."""
    objects = [_object(source, flags) for source in ("block.cpp", "runtime.cpp", "transforms.cpp")]
    if not solves:
        return objects
    openblas = pytest.importorskip("scipy_openblas32", reason="the emulation of cuSOLVER needs its LAPACK")
    folder = openblas.get_lib_dir()
    lapack = [f"-L{folder}", f"-Wl,-rpath,{folder}", f"-l{openblas.get_library()}"]
    return [*objects, _object("solver.cpp", flags), *lapack]


def build(exported: Exported, main: str, flags: tuple[str, ...] = ()) -> Path:
    """The program of an exported function and a main in C."""
    folder, name = exported.source.parent, exported.source.stem
    (folder / "main.c").write_text(f"{MAIN.replace('NAME', name)}\n{main}\n")
    in_c = folder / f"{name}_host.c"
    return link(folder, [exported.source, folder / "main.c", *([in_c] if in_c.exists() else [])], flags)


def link(folder: Path, sources: Sequence[Path], flags: tuple[str, ...] = ()) -> Path:
    """The program of files in C, C++ and CUDA, on the emulation."""
    includes, objects = ["-isystem", str(INCLUDE), "-I", str(folder)], []
    for source in sources:
        compiler = ["gcc", *C] if source.suffix == ".c" else ["g++", *CPP, "-x", "c++"]
        objects.append(folder / f"{source.name}.o")
        _run([*compiler, *flags, *includes, "-c", source, "-o", objects[-1]])
    solves = any("<cusolverDn.h>" in source.read_text() for source in sources)
    _run(["g++", *flags, *objects, *_runtime(flags, solves), "-lm", "-lpthread", "-o", folder / "program"])
    return folder / "program"


def run(program: Path, **environment: str) -> list[str]:
    """The lines that a program prints."""
    done = subprocess.run([program], capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    assert (done.returncode, done.stderr) in ((0, ""), (1, "")), (done.returncode, done.stderr[:2000])
    return done.stdout.splitlines()


def definitions(arrays: Mapping[str, np.ndarray]) -> str:
    """Arrays of the host, in C."""
    return "\n".join(line for name, a in arrays.items() for line in static_array(name, a))


def results(folder: Path, graph: Graph, values: Sequence[np.ndarray], flags: tuple[str, ...] = ()) -> list[np.ndarray]:
    """What an exported graph computes."""
    exported = export(graph, "compute", folder)
    arguments, before, shown, after = [], [], [], []
    for k, (v, value) in enumerate(zip(graph.inputs, values, strict=True)):
        if v.ndim:
            before.append(f"void *in_{k} = device(host_{k}, sizeof host_{k});")
            after.append(f"FREE(in_{k});")
        lengths = [str(n) for n, known in zip(value.shape, v.type.shape, strict=True) if known is None]
        arguments += [f"in_{k}" if v.ndim else f"*(const {PUBLIC_TYPES[v.dtype]} *)host_{k}", *lengths]
    wanted = evaluate(graph, list(values))
    signature = re.search(r"^int compute\((.*)\);$", exported.header.read_text(), re.M)[1].split(", ")
    rest = iter(signature[len(arguments) :])
    for k, (a, parameter) in enumerate(zip(wanted, rest)):
        bits = _plain(a)
        kind, ctype = "FLOATS" if bits.dtype.kind == "f" else "WHOLES", C_TYPES[bits.dtype.name]
        if "**" in parameter:  # allocated, as its length depends on values
            next(rest)
            before.append(f"void *out_{k} = 0; int64_t shape_{k}[{max(a.ndim, 1)}];")
            arguments += [f"({parameter.split(' **')[0]} **)&out_{k}", f"shape_{k}"]
            axes = [f"shape_{k}[{axis}]" for axis in range(a.ndim)]
            count = " * ".join([*axes, str(bits.size // max(a.size, 1))])
            shown.append(f"{kind}({ctype}, out_{k}, {count});")
        else:
            before.append(f"void *out_{k} = device(0, {a.nbytes});")
            arguments.append(f"out_{k}")
            shown.append(f"{kind}({ctype}, out_{k}, {bits.size});")
        after.append(f"FREE(out_{k});")
    body = [*before, f"CHECK(compute({', '.join([*arguments, 'stream'])}));", *shown, *after, "return 0;"]
    arrays = definitions({f"host_{k}": _plain(a) for k, a in enumerate(values)})
    lines = run(build(exported, "\n".join([arrays, "int main(void)", "{", *body, "}"]), flags))
    assert len(lines) == len(wanted), lines
    return [_array(line, a) for line, a in zip(lines, wanted, strict=True)]


def _array(line: str, like: np.ndarray) -> np.ndarray:
    """The numbers of a line, which prints unsigned ones as signed."""
    plain = _plain(like).dtype
    numbers = np.array(line.split(), plain if plain.kind == "f" else "int64")
    return numbers.astype(plain).view(like.dtype).reshape(like.shape)


def _plain(a: np.ndarray) -> np.ndarray:
    """An array as C has it: complex numbers as pairs, halves and booleans as their bits."""
    flat = np.ascontiguousarray(a).reshape(-1)
    if a.dtype.kind == "c":
        return flat.view(f"f{a.dtype.itemsize // 2}")
    ctype = PUBLIC_TYPES[a.dtype.name]
    return flat.view(ctype.removesuffix("_t")) if ctype.startswith("u") else flat
