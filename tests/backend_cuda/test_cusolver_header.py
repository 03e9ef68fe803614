"""What Python knows of cuSOLVER is what its headers say: parameters and numbers."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import pytest

from bitale_backend_cuda import solver
from bitale_graph.dtypes import COMPLEX

FOLDERS = [folder for place in sys.path for folder in Path(place).glob("nvidia/*/include")]
ELEMENTS = re.compile(r"\b(float|double|cuComplex|cuDoubleComplex)\s*\*\s*(?:A|Aarray|work|Workspace|TAU|tau)\b")
PROTOTYPE = re.compile(r"cusolverStatus_t CUSOLVERAPI\s+(\w+)\s*\(([^;]*?)\)\s*;")
NUMBER = re.compile(r"(CUSOLVER_\w+)\s*=\s*(\d+)")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
LETTERS = {"float": "S", "double": "D", "cuComplex": "C", "cuDoubleComplex": "Z"}


def text_of(name: str) -> str:
    """A header without comments. Skips the test where it is not installed."""
    found = [folder / name for folder in FOLDERS if (folder / name).exists()]
    if not found:
        pytest.skip(f"no {name}: pip install nvidia-cusolver-cu12 nvidia-cublas-cu12")
    return COMMENT.sub("", found[0].read_text())


def test_parameters():
    prototypes = dict(PROTOTYPE.findall(text_of("cusolverDn.h")))
    for routine, types in {**solver.PARAMETERS, **solver.typed_parameters()}.items():
        assert types == [_type(each) for each in prototypes[routine].split(",")], routine


def _type(declared: str) -> type:
    """A parameter's type for ctypes: enumerations are ints, and handles, streams and structures pointers."""
    if "*" in declared:
        return ctypes.c_void_p
    kind = declared.replace("const", "").split()[0]
    return ctypes.c_void_p if kind.endswith(("Handle_t", "Stream_t", "Info_t")) else ctypes.c_int


def test_elements_have_the_type_of_the_letter():
    prototypes = dict(PROTOTYPE.findall(text_of("cusolverDn.h")))
    for routine in solver.typed_parameters():
        found = ELEMENTS.findall(prototypes[routine])
        assert {LETTERS[each] for each in found} == {routine.removeprefix("cusolverDn")[0]}, routine


def test_numbers():
    numbers = {name: int(value) for name, value in NUMBER.findall(text_of("cusolver_common.h"))}
    for number, name in solver.STATUS.items():
        assert numbers[f"CUSOLVER_STATUS_{name}"] == number
    assert (numbers["CUSOLVER_EIG_MODE_NOVECTOR"], numbers["CUSOLVER_EIG_MODE_VECTOR"]) == (0, 1)
    api = text_of("cublas_api.h")
    for name, number in (
        ("FILL_MODE_LOWER", solver.LOWER), ("FILL_MODE_UPPER", solver.UPPER), ("SIDE_RIGHT", solver.RIGHT),
        ("OP_T", solver.TRANSPOSE), ("OP_N", 0), ("DIAG_NON_UNIT", 0), ("DIAG_UNIT", 1),
    ):  # fmt: skip
        assert re.search(rf"CUBLAS_{name} = {number}\b", api), name


def test_triangular_systems():
    prototypes = dict(re.findall(r"cublasStatus_t CUBLASWINAPI\s+(\w+)\s*\(([^;]*?)\)\s*;", text_of("cublas_api.h")))
    for routine, types in solver.BLAS_PARAMETERS.items():
        assert types == [_type(each) for each in prototypes[routine].split(",")], routine


def test_complex_routines_have_names_of_their_own():
    names = {solver.full_name("orgqr_bufferSize", dtype, solver.LETTERS[dtype]) for dtype in COMPLEX}
    assert names == {"cusolverDnCungqr_bufferSize", "cusolverDnZungqr_bufferSize"}
