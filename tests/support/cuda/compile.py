"""A generated CUDA text as a library for the host: g++, the header of the emulation, an entry for each kernel."""

from __future__ import annotations

import ctypes
import functools
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from bitale_backend_c import cache
from bitale_backend_c.settings import settings
from bitale_backend_c.toolchain import processor_flags
from bitale_backend_cuda.errors import CompileError

HERE = Path(__file__).parent
FILE = "function.cu"
HEADER, RUNTIME = HERE / "emulation.h", HERE / "block.cpp"
FLAGS = (
    *("-std=c++17", "-O1", "-fPIC", "-fvisibility=hidden", "-Wl,--as-needed"),
    *("-fwrapv", "-fno-strict-aliasing"),
    # As NVRTC contracts multiplications and additions.
    *("-march=native", "-ffp-contract=fast", "-fexpensive-optimizations"),
    "-Werror=frame-larger-than=32768",  # half of a fiber's stack
)
CHECKS = (
    *("-fsanitize=alignment,bounds,null", "-fsanitize-recover=alignment,bounds,null"),
    "-fsanitize-sections=bitale_shared",  # AddressSanitizer's redzones around shared arrays, too
)
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="the emulation of CUDA needs g++")
KERNEL = re.compile(
    r"__global__\s+(?:__launch_bounds__\s*\(\s*(\d+)[^)]*\)\s*)?void\s+"
    r"(?:__launch_bounds__\s*\(\s*(\d+)[^)]*\)\s*)?(\w+)\s*\("
)


def kernels_of(source: str) -> dict[str, int]:
    """The kernels of a text, with the most threads that each allows."""
    return {match[3]: int(match[1] or match[2] or 1024) for match in KERNEL.finditer(source)}


@functools.cache
def compiler() -> tuple[str, str]:
    """g++ and its version."""
    found = shutil.which("g++")
    if found is None:
        raise CompileError("the emulation of CUDA needs g++")
    return found, subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout


@functools.cache
def emulation() -> str:
    """The text of the emulation, which takes part in every key."""
    return "".join((HERE / name).read_text() for name in ("emulation.h", "block.h", "fibers.h", "block.cpp"))


def compile_for_host(source: str, flags: tuple[str, ...] = CHECKS, runtimes: tuple[Path, ...] = (RUNTIME,)) -> bytes:
    """The shared library of a CUDA text, with what runs or watches it. Raises CompileError."""
    own = (*FLAGS, *shlex.split(settings.flags))
    objects = tuple(str(_built(runtime.read_text(), (*own, "-c", "-I", str(HERE)))) for runtime in runtimes)
    entries = "".join(f"BITALE_EMULATED({name})\n" for name in kernels_of(source))
    # With internal linkage, so that shared variables in templates may lie in one section with all others.
    text = f'namespace {{\n#line 1 "{FILE}"\n{source}\n}}\n{entries}'
    return _built(text, (*own, *flags, "-shared", "-include", str(HEADER)), objects).read_bytes()


def _built(source: str, flags: tuple[str, ...], objects: tuple[str, ...] = ()) -> Path:
    """What g++ makes of a source, through the C backend's cache."""
    command, version = compiler()
    key = cache.key_of(source, emulation(), version, processor_flags(), shlex.join((*flags, *objects[1:])))
    found = cache.find(key)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory(prefix="bitale-") as folder:
        file, result = Path(folder, FILE), Path(folder, "function.so")
        file.write_text(source, encoding="utf-8")
        line = [command, *flags, "-x", "c++", str(file), "-x", "none", *objects, "-o", str(result)]
        run = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False)
        if run.returncode:
            raise CompileError(f"g++ refused a generated CUDA text:\n{run.stderr[:4000]}")
        return cache.store(key, source, result.read_bytes())


class Launch(ctypes.Structure):
    """How a kernel is launched, as block.h has it."""

    _fields_ = (
        ("grid", ctypes.c_uint), ("block", ctypes.c_uint), ("dynamic_bytes", ctypes.c_uint64),
        ("seed", ctypes.c_uint64), ("stacks", ctypes.c_void_p), ("seconds", ctypes.c_double),
    )  # fmt: skip


@dataclass(frozen=True)
class Kernel:
    """An entry of a loaded library. `kinds` has a letter for each argument: p for a pointer, i for an integer."""

    name: str
    kinds: str
    most_threads: int
    library: ctypes.PyDLL
    entry: Callable[..., bytes | None]


def load(library: bytes, kernels: dict[str, int]) -> dict[str, Kernel]:
    """The kernels of a library."""
    path = cache.private_folder() / f"{sha256(library).hexdigest()[:40]}.so"
    if not path.exists():
        path.write_bytes(library)
    handle = ctypes.PyDLL(str(path))  # which keeps the interpreter's lock: the emulation is for one thread
    return {name: _kernel(handle, name, most) for name, most in kernels.items()}


def _kernel(handle: ctypes.PyDLL, name: str, most_threads: int) -> Kernel:
    kinds, entry = handle[f"kinds_of_{name}"], handle[f"launch_{name}"]
    kinds.restype = entry.restype = ctypes.c_char_p
    entry.argtypes = [ctypes.c_void_p, ctypes.POINTER(Launch)]
    return Kernel(name, kinds().decode(), most_threads, handle, entry)
