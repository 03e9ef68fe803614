"""NVRTC, the CUDA compiler that is a library: it needs neither a GPU nor a host compiler."""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bitale_backend_c import cache
from bitale_backend_c.build import without_comments, write_log
from bitale_backend_cuda.errors import CompileError

# Multiplications and additions are contracted, as backend-c's are. Warning 186 is about a < 0 where a is unsigned.
FLAGS = ("--std=c++17", "--diag-suppress=186")
MAJORS = ("12", "13")
FILE = "function.cu"
PROBLEM = re.compile(rf"^{re.escape(FILE)}\((\d+)\): error: .*$", re.MULTILINE)


@dataclass(frozen=True)
class Compiled:
    """Machine code, and what the compiler said."""

    code: bytes
    log: str


def compile(source: str, architecture: str) -> bytes:
    """The machine code of a text for an architecture such as "sm_90", through the cache. Raises CompileError."""
    key = cache.key_of(without_comments(source), "nvrtc", ".".join(map(str, version())), architecture, *FLAGS)
    found = cache.find(key)
    if found is not None:
        return found.read_bytes()
    code = compile_text(source, architecture).code
    cache.store(key, source, code)
    return code


def compile_text(source: str, architecture: str, options: Sequence[str] = ()) -> Compiled:
    """As compile, without the cache, with what the compiler said and further options for it."""
    nvrtc, program = library(), ctypes.c_void_p()
    flags = [*FLAGS, f"-arch={architecture}", *options]
    arguments = (ctypes.c_char_p * len(flags))(*(flag.encode() for flag in flags))
    _succeed(nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), FILE.encode(), 0, None, None))
    try:
        status = nvrtc.nvrtcCompileProgram(program, len(flags), arguments)
        log = _get(program, "ProgramLog").rstrip(b"\0").decode(errors="replace").strip()
        if status:
            raise CompileError(_refusal(source, architecture, flags, log or _error(status)))
        return Compiled(_get(program, "CUBIN"), log)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _get(program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    _succeed(library()[f"nvrtcGet{what}Size"](program, ctypes.byref(size)))
    text = ctypes.create_string_buffer(size.value)
    _succeed(library()[f"nvrtcGet{what}"](program, text))
    return text.raw


def _succeed(status: int) -> None:
    if status:
        raise CompileError(f"NVRTC failed: {_error(status)}")


def _error(status: int) -> str:
    function = library().nvrtcGetErrorString
    function.restype = ctypes.c_char_p
    return str(function(status).decode())


def _refusal(source: str, architecture: str, flags: Sequence[str], log: str) -> str:
    """The first errors with the lines that they are about."""
    lines = source.splitlines()
    shown = []
    for problem in list(PROBLEM.finditer(log))[:3]:
        number = int(problem[1])
        shown.append(f"    {problem[0]}")
        for near in range(max(number - 1, 1), min(number + 1, len(lines)) + 1):
            shown.append(f"    {'>' if near == number else ' '} {near:4} | {lines[near - 1]}")
    text = "\n".join(shown) or "\n".join(f"    {line}" for line in log.splitlines()[:8])
    path = write_log(source, " ".join(["nvrtc", *flags]), log)
    return (
        f"NVRTC {'.'.join(map(str, version()))} refused a generated CUDA text for {architecture}:\n{text}\n"
        f"  options: {' '.join(flags)}\n"
        f"  source and log: {path}\n"
        "  mode='c' runs the function on the processor; please report the log."
    )


# ---- where it is -----------------------------------------------------------------------------------------------------


@functools.cache
def library() -> ctypes.CDLL:
    """The first libnvrtc that loads. Raises CompileError where there is none."""
    tried = []
    for candidate in candidates():
        try:
            for companion in _companions(Path(candidate)):
                ctypes.CDLL(str(companion))
            return ctypes.CDLL(candidate)
        except OSError as error:
            tried.append(f"    {candidate}: {error}")
    raise CompileError(
        "No libnvrtc was found. Tried:\n" + "\n".join(tried) + "\n"
        "  Install `bitale-backend-cuda[cuda12]` or `[cuda13]`, or nvidia-cuda-nvrtc-cu12 to compile without a GPU."
    )


def _companions(path: Path) -> list[Path]:
    """What NVRTC opens itself, by its own path; that is lost where a sanitizer stands between."""
    name = f"libnvrtc-builtins{path.suffixes[-2]}{path.suffixes[-1]}.*"
    return list(path.parent.glob(name)) if path.is_absolute() else []


def candidates() -> Iterator[str]:
    """Where libnvrtc may be: in wheels, where the linker looks, in a toolkit; of CuPy's version of CUDA first."""
    majors = sorted(MAJORS, key=lambda major: (not _has(f"cupy-cuda{major}x"), major))
    for major in majors:
        for folder in _wheels():
            for file in (folder / "cuda_nvrtc/lib", folder / f"cu{major}/lib"):
                if (file / f"libnvrtc.so.{major}").is_file():
                    yield str(file / f"libnvrtc.so.{major}")
    for major in majors:
        yield f"libnvrtc.so.{major}"
    for root in filter(None, (os.environ.get("CUDA_PATH"), "/usr/local/cuda")):
        yield from (f"{root}/lib64/libnvrtc.so.{major}" for major in majors)


def _wheels() -> list[Path]:
    """The folders into which NVIDIA's wheels are unpacked."""
    spec = importlib.util.find_spec("nvidia")
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _has(distribution: str) -> bool:
    try:
        return bool(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return False


@functools.cache
def version() -> tuple[int, int]:
    """The version of NVRTC, such as (12, 9)."""
    major, minor = ctypes.c_int(), ctypes.c_int()
    _succeed(library().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
    return major.value, minor.value
