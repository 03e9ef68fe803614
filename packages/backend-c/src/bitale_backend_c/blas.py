"""Routines of CBLAS and LAPACK for generated functions: OpenBLAS from the scipy-openblas32 wheel, loaded by the first
program that needs them.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
from pathlib import Path

from bitale_graph.errors import BitaleError

# All take 32-bit integers.
CBLAS = (
    "sgemm", "dgemm", "cgemm", "zgemm",
    "sgemm_batch_strided", "dgemm_batch_strided", "cgemm_batch_strided", "zgemm_batch_strided",
    "sgemv", "dgemv", "cgemv", "zgemv",
    "ssyrk", "dsyrk", "sger", "dger",
)  # fmt: skip
# In Fortran's manner: column-major, arguments by pointer, the length of each string behind all of them.
LAPACK = tuple(
    f"{letter}{name}_"
    for letters, names in (
        ("sdcz", ("potrf", "trsm", "trsv", "getrf", "gelqf", "gesdd", "geev")),
        ("sd", ("orglq", "syevd")),
        ("cz", ("unglq", "heevd")),
    )
    for name in names
    for letter in letters
)
ROUTINES = (*(f"cblas_{name}" for name in CBLAS), *LAPACK)
PREFIX = "scipy_"
Table = ctypes.c_void_p * len(ROUTINES)


class NoLibrary(BitaleError, RuntimeError):
    """The wheel with OpenBLAS is not installed."""


@functools.cache
def openblas() -> ctypes.CDLL:
    """OpenBLAS on one thread. Raises NoLibrary where the wheel is not installed.

    The wheel's own module is not imported: it takes 30 ms to read metadata, and the library 1 ms to load.
    """
    spec = importlib.util.find_spec("scipy_openblas32")
    folder = Path(spec.origin).parent / "lib" if spec and spec.origin else Path(os.devnull)
    files = [folder / name for name in ("libscipy_openblas.so", "libscipy_openblas.dylib")]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise NoLibrary(
            "A function of matrices needs OpenBLAS, and scipy_openblas32 is not there.\n"
            "  Install it: pip install scipy-openblas32."
        )
    library = ctypes.CDLL(str(found))
    library.scipy_openblas_set_num_threads(1)
    os.register_at_fork(after_in_child=lambda: library.scipy_openblas_set_num_threads(1))
    return library


@functools.cache
def table() -> ctypes.Array[ctypes.c_void_p]:
    """Pointers in the order of ROUTINES: a bitale_blas, which lives as long as the process."""
    library = openblas()
    routines = (getattr(library, f"{PREFIX}{name}") for name in ROUTINES)
    return Table(*(ctypes.cast(routine, ctypes.c_void_p).value for routine in routines))


def blas_address(threads: int = 1) -> int:
    """The address of the table, for `Function(blas=)`. Raises NoLibrary where there is none.

    A count above one holds for all products from now on; Bitale's copy of OpenBLAS is not NumPy's.
    """
    address = ctypes.addressof(table())
    if threads > 1:
        set_threads(threads)
    return address


def set_threads(count: int) -> None:
    """How many threads a matrix product may use."""
    openblas().scipy_openblas_set_num_threads(max(1, count))
