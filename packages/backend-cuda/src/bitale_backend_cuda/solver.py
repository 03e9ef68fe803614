"""Linear algebra by cuSOLVER, and triangular systems by cuBLAS, called directly on matrices where they lie.

Many small matrices are worked on together where there is a routine for that, which takes arrays of addresses; else one
after the other, on the stream. Lengths have 32 bits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import c_double, c_float, c_int, c_void_p
from math import prod
from typing import Any, NamedTuple

import numpy as np

from bitale_backend_cuda import blas
from bitale_backend_cuda.errors import LaunchError
from bitale_graph.dtypes import COMPLEX, real_dtype

LETTERS = {"float32": "S", "float64": "D", "complex64": "C", "complex128": "Z"}
ONES = {
    "float32": c_float(1), "float64": c_double(1), "complex64": (c_float * 2)(1, 0), "complex128": (c_double * 2)(1, 0),
}  # fmt: skip
LOWER, UPPER, RIGHT, TRANSPOSE = 0, 1, 1, 1  # of cublasFillMode_t, cublasSideMode_t, cublasOperation_t
STATUS = {
    1: "NOT_INITIALIZED", 2: "ALLOC_FAILED", 3: "INVALID_VALUE", 4: "ARCH_MISMATCH", 5: "MAPPING_ERROR",
    6: "EXECUTION_FAILED", 7: "INTERNAL_ERROR", 8: "MATRIX_TYPE_NOT_SUPPORTED", 9: "NOT_SUPPORTED", 10: "ZERO_PIVOT",
    11: "INVALID_LICENSE",
}  # fmt: skip
# The parameters behind the handle: i for int and enumerations, p for pointers.
ROUTINES = {
    "potrf_bufferSize": "iipip", "potrf": "iipipip", "potrfBatched": "iipipi",
    "getrf_bufferSize": "iipip", "getrf": "iipippp", "getrs": "iiipippip",
    "geqrf_bufferSize": "iipip", "geqrf": "iipippip",
    "orgqr_bufferSize": "iiipipp", "orgqr": "iiipippip",
    "syevd_bufferSize": "iiipipp", "syevd": "iiipippip",
    "gesvdj_bufferSize": "iiiipippipipp", "gesvdj": "iiiipippipipipp",
}  # fmt: skip
OF_COMPLEX = {"orgqr": "ungqr", "syevd": "heevd"}  # the names for complex numbers
KINDS = {"i": c_int, "p": c_void_p}
PARAMETERS: dict[str, list[Any]] = {
    "cusolverDnCreate": [c_void_p],
    "cusolverDnSetStream": [c_void_p, c_void_p],
    "cusolverDnCreateGesvdjInfo": [c_void_p],
}
BLAS_PARAMETERS: dict[str, list[Any]] = {
    "cublasCreate_v2": [c_void_p],
    "cublasSetStream_v2": [c_void_p, c_void_p],
    **{
        f"cublas{letter}{name}": [c_void_p, *(KINDS[kind] for kind in kinds)]
        for letter in LETTERS.values()
        for name, kinds in (("trsm_v2", "iiiiiippipi"), ("trsmBatched", "iiiiiippipii"), ("getrfBatched", "ipippi"),
                            ("getrsBatched", "iiipippipi"))
    },
}  # fmt: skip
TOGETHER = ("potrf", "trsm", "getrf", "getrs")  # the routines that have a form for batches
SMALL = 256  # rows up to which that form is taken


class SolverCall(NamedTuple):
    """A routine, named as LAPACK's, on column-major matrices: see bitale_rewrite/loops/columns.py. `sizes`: the length
    of the batch, then those that the routine takes. `note` says what is computed, and where the user wrote it."""

    routine: str
    dtype: str
    sizes: tuple[int, ...]
    flags: tuple[bool, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        batch, *lengths = self.sizes
        shown = f"{self.routine} of {batch} matrices in {self.dtype}, lengths {', '.join(map(str, lengths))}"
        return f"{shown}\n  while computing {self.note}" if self.note else shown

    @property
    def arrays(self) -> list[tuple[tuple[int, ...], str]]:
        """The shape, for one matrix, and the dtype of each array, row by row as they lie in memory; the last are the
        routine's words about each matrix."""
        _, *lengths = self.sizes
        shapes = SHAPES[self.routine](self.flags, *lengths)
        special = {"w": real_dtype(self.dtype), "p": "int32"}
        return [*((shape, special.get(kind, self.dtype)) for shape, kind in shapes), ((), "int32")]


def _vectors(flags: Sequence[bool], n: int, m: int) -> list[tuple[tuple[int, ...], str]]:
    k = min(n, m)
    rows, columns = (n, m) if flags[1] else (k, k)
    return [((m, n), "t"), ((k,), "w"), *([((rows, n), "t"), ((columns, m), "t")] if flags[0] else [])]


# What each routine is handed: t for elements, w for their real parts, p for pivots.
SHAPES: dict[str, Callable[..., list[tuple[tuple[int, ...], str]]]] = {
    "potrf": lambda flags, n: [((n, n), "t")],
    "trsm": lambda flags, n, k: [((n, n), "t"), ((n, k), "t")],
    "getrf": lambda flags, n: [((n, n), "t"), ((n,), "p")],
    "getrs": lambda flags, n, k: [((n, n), "t"), ((n,), "p"), ((k, n), "t")],
    "geqrf": lambda flags, m, n: [((n, m), "t"), ((min(m, n),), "t")],
    "orgqr": lambda flags, m, columns, k: [((k,), "t"), ((columns, m), "t")],
    "syevd": lambda flags, n: [((n, n), "t"), ((n,), "w")],
    "gesvdj": _vectors,
}


class Solver:
    """Handles of cuSOLVER and cuBLAS."""

    def __init__(self, upload: Callable[[int, int, np.ndarray], None]) -> None:
        """`upload` copies an array to an address of the device, on a stream; the array may then be changed."""
        self._upload = upload
        parameters = {**PARAMETERS, **typed_parameters()}
        advice = "linear algebra needs cuSOLVER: pip install nvidia-cusolver-cu12 (or cupy-cuda12x[ctk])"
        self._library = blas.library("cusolver", parameters, (12, 11), advice)
        self._blas = blas.library("cublas", BLAS_PARAMETERS)
        self._handle, self._blas_handle, self._jacobi = c_void_p(), c_void_p(), c_void_p()
        self._check("cusolverDnCreate", self._library.cusolverDnCreate(ctypes.byref(self._handle)))
        self._check("CreateGesvdjInfo", self._library.cusolverDnCreateGesvdjInfo(ctypes.byref(self._jacobi)))
        blas.check("cublasCreate_v2", self._blas.cublasCreate_v2(ctypes.byref(self._blas_handle)))

    def room(self, call: SolverCall) -> int:
        """The bytes of device memory that a call works in."""
        if max(call.sizes) >= 2**31:
            raise LaunchError(f"cuSOLVER counts with 32 bits: {call}")
        if _is_together(call):
            return 2 * 8 * call.sizes[0]
        if call.routine in ("trsm", "getrs"):
            return 0
        return (self._elements(call) + _unread(call)) * np.dtype(call.dtype).itemsize

    def run(self, stream: int, call: SolverCall, addresses: Sequence[int], room: int) -> None:
        """Do a call on a stream: on each matrix of the batch."""
        self._check("cusolverDnSetStream", self._library.cusolverDnSetStream(self._handle, stream))
        blas.check("cublasSetStream_v2", self._blas.cublasSetStream_v2(self._blas_handle, stream))
        steps = [prod(shape) * np.dtype(dtype).itemsize for shape, dtype in call.arrays]
        if _is_together(call):
            self._together(stream, call, addresses, steps, room)
            return
        elements = 0 if call.routine in ("trsm", "getrs") else self._elements(call)
        for each in range(call.sizes[0]):
            places = [address + each * step for address, step in zip(addresses, steps, strict=True)]
            self._one(call, places, room, elements)

    def _together(
        self, stream: int, call: SolverCall, addresses: Sequence[int], steps: Sequence[int], room: int
    ) -> None:
        """All matrices of a batch in one call."""
        batch, n, *further = call.sizes
        number = np.arange(batch)
        matrices = [addresses[0], addresses[-2]]  # those worked with, and those worked on
        places = [start + number * steps[addresses.index(start)] for start in matrices]
        self._upload(stream, room, np.stack(places).astype("uint64"))
        a, x, words, letter = room, room + 8 * batch, addresses[-1], LETTERS[call.dtype]
        given: tuple[Any, ...]
        match call.routine:
            case "potrf":
                name, library = full_name("potrfBatched", call.dtype, letter), self._library
                self._check(name, getattr(library, name)(self._handle, UPPER, n, a, n, words, batch), call)
                return
            case "trsm":
                one = ctypes.byref(ONES[call.dtype])
                given = (*_triangle(call), further[0], n, one, a, n, x, further[0], batch)
            case "getrf":
                given = (n, a, n, addresses[1], words, batch)
            case _:
                info = ctypes.byref(c_int())  # of parameters, on the host
                given = (int(call.flags[0]), n, further[0], a, n, addresses[1], x, n, info, batch)
        name = f"cublas{letter}{call.routine}Batched"
        blas.check(name, getattr(self._blas, name)(self._blas_handle, *given))

    def _one(self, call: SolverCall, places: Sequence[int], room: int, elements: int) -> None:
        _, *lengths = call.sizes
        flags, n = call.flags, lengths[0]
        a, *rest, info = places
        match call.routine:
            case "trsm":
                k, letter = lengths[1], LETTERS[call.dtype]
                status = getattr(self._blas, f"cublas{letter}trsm_v2")(
                    self._blas_handle, *_triangle(call), k, n, ctypes.byref(ONES[call.dtype]), a, n, rest[0], k
                )
                blas.check(f"cublas{letter}trsm_v2", status)
            case "potrf":
                self._call(call, UPPER, n, a, n, room, elements, info)
            case "getrf":
                self._call(call, n, n, a, n, room, rest[0], info)
            case "getrs":
                self._call(call, int(flags[0]), n, lengths[1], a, n, rest[0], rest[1], n, info)
            case "geqrf":
                self._call(call, n, lengths[1], a, n, rest[0], room, elements, info)
            case "orgqr":
                self._call(call, *lengths, rest[0], n, a, room, elements, info)
            case "syevd":
                self._call(call, int(flags[0]), UPPER, n, a, n, rest[0], room, elements, info)
            case "gesvdj":
                m = lengths[1]
                unread = room + elements * np.dtype(call.dtype).itemsize
                v, u = rest[1:] if flags[0] else (unread, unread)
                self._call(
                    call, *_modes(call), n, m, a, n, rest[0], v, n, u, m, room, elements, info,
                    self._jacobi,
                )  # fmt: skip
            case _:
                raise LaunchError(f"no routine for {call}")

    def _elements(self, call: SolverCall) -> int:
        """How many elements a routine works in."""
        _, *lengths = call.sizes
        n, m, found = lengths[0], lengths[-1], c_int()
        given: tuple[Any, ...]
        match call.routine:
            case "potrf":
                given = (UPPER, n, None, n)
            case "orgqr":
                given = (*lengths, None, n, None)
            case "syevd":
                given = (int(call.flags[0]), UPPER, n, None, n, None)
            case "gesvdj":
                given = (*_modes(call), n, m, None, n, None, None, n, None, m)
            case _:  # getrf, geqrf
                given = (n, m, None, n)
        further = (self._jacobi,) if call.routine == "gesvdj" else ()
        name = full_name(f"{call.routine}_bufferSize", call.dtype, LETTERS[call.dtype])
        self._check(name, getattr(self._library, name)(self._handle, *given, ctypes.byref(found), *further), call)
        return found.value

    def _call(self, call: SolverCall, *arguments: Any) -> None:
        name = full_name(call.routine, call.dtype, LETTERS[call.dtype])
        self._check(name, getattr(self._library, name)(self._handle, *arguments), call)

    def _check(self, name: str, status: int, call: SolverCall | None = None) -> None:
        if status:
            where = f", for {call}" if call else ""
            raise LaunchError(f"cuSOLVER: {name} failed with CUSOLVER_STATUS_{STATUS.get(status, status)}{where}")


def _is_together(call: SolverCall) -> bool:
    return call.routine in TOGETHER and call.sizes[0] > 1 and call.sizes[1] <= SMALL


def _triangle(call: SolverCall) -> tuple[int, int, int, int]:
    """In columns the triangle is the other one, and so is its side."""
    lower, transposed, unit = call.flags
    return RIGHT, UPPER if lower else LOWER, TRANSPOSE if transposed else 0, int(unit)


def _modes(call: SolverCall) -> tuple[int, int]:
    """Whether gesvdj computes vectors, and no more of them than there are values."""
    vectors, full = call.flags
    return int(vectors), int(not full)


def typed_parameters() -> dict[str, list[Any]]:
    """The parameters of the routines for all dtypes."""
    return {
        full_name(name, dtype, letter): [c_void_p, *(KINDS[kind] for kind in kinds)]
        for dtype, letter in LETTERS.items()
        for name, kinds in ROUTINES.items()
    }


def full_name(name: str, dtype: str, letter: str) -> str:
    """A routine's name for a dtype."""
    routine, *rest = name.split("_")
    routine = OF_COMPLEX.get(routine, routine) if dtype in COMPLEX else routine
    return f"cusolverDn{letter}{'_'.join([routine, *rest])}"


def _unread(call: SolverCall) -> int:
    """Elements of vectors that are not asked for: a routine may still write them."""
    if call.routine != "gesvdj" or call.flags[0]:
        return 0
    _, n, m = call.sizes
    return max(n, m) * max(1, min(n, m))
