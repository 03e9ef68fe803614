"""What Python knows of cuFFT is what its header says: parameters and numbers."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import pytest

from bitale_backend_cuda import fft

FOLDERS = [folder for place in sys.path for folder in Path(place).glob("nvidia/*/include")]
PROTOTYPE = re.compile(r"cufftResult CUFFTAPI\s+(\w+)\s*\(([^;]*?)\)\s*;")
NUMBER = re.compile(r"CUFFT_(\w+)\s*=\s*(0x[0-9a-fA-F]+|\d+)")
TYPES = {
    "int": ctypes.c_int, "cufftHandle": ctypes.c_int, "cufftType": ctypes.c_int, "size_t": ctypes.c_size_t,
    "long long int": ctypes.c_longlong, "cudaStream_t": ctypes.c_void_p,
}  # fmt: skip


@pytest.fixture(scope="module")
def header() -> str:
    found = [folder / "cufft.h" for folder in FOLDERS if (folder / "cufft.h").exists()]
    if not found:
        pytest.skip("no cufft.h: pip install nvidia-cufft-cu12")
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", found[0].read_text(), flags=re.DOTALL)


def test_parameters(header):
    prototypes = dict(PROTOTYPE.findall(header))
    for routine, types in fft.PARAMETERS.items():
        assert types == [_type(each) for each in prototypes[routine].split(",")], routine


def _type(declared: str):
    """A parameter's type for ctypes."""
    words = declared.strip()
    return ctypes.c_void_p if "*" in words else TYPES[words.rpartition(" ")[0].strip()]


def test_numbers(header):
    """Names of statuses that only some versions have are those of all that have them."""
    numbers = {name: int(text, 0) for name, text in NUMBER.findall(header)}
    statuses = {f: n for n, f in fft.STATUS.items()}
    assert statuses.items() <= numbers.items()
    for number, routine in fft.KINDS.values():
        assert numbers[routine.removeprefix("cufftExec")] == number
    assert re.search(r"#define CUFFT_FORWARD +-1", header) and re.search(r"#define CUFFT_INVERSE +1", header)
