"""What NVRTC says of a generated text: warnings, and the registers and spills of each kernel."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from bitale_backend_cuda.errors import CompileError
from bitale_backend_cuda.nvrtc import compile_text, library

ARCHITECTURES = ("sm_80", "sm_90")
WARNING = re.compile(r"^(?!Remark).*\bwarning\b.*$", re.MULTILINE)
KERNEL = re.compile(
    r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
    r".*?Used (\d+) registers[^\n]*",
    re.DOTALL,
)
SHARED = re.compile(r"(\d+) bytes smem")


@dataclass(frozen=True)
class Usage:
    """What a thread of a kernel needs; `shared` are the bytes of its block."""

    registers: int
    spilled: int
    stack: int
    shared: int


@dataclass(frozen=True)
class Report:
    """What the compiler said of a text, for one architecture."""

    warnings: list[str]
    kernels: dict[str, Usage]
    code: bytes


def report(source: str, architecture: str = "sm_90") -> Report:
    """Compile a text. Raises CompileError."""
    compiled = compile_text(source, architecture, ["--ptxas-options=-v"])
    usages = {}
    for found in KERNEL.finditer(compiled.log):
        shared = SHARED.search(found[0])
        usages[found[1]] = Usage(
            int(found[5]), int(found[3]) + int(found[4]), int(found[2]), int(shared[1]) if shared else 0
        )
    return Report(WARNING.findall(compiled.log), usages, compiled.code)


def is_here() -> bool:
    try:
        return bool(library())
    except CompileError:
        return False


needs_nvrtc = pytest.mark.skipif(not is_here(), reason="no libnvrtc: pip install nvidia-cuda-nvrtc-cu12")
