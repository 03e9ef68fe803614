"""Fourier transforms by cuFFT, called directly: with memory to work in from the caller, so that they can be captured.

Two things differ from NumPy's. A transform to real numbers overwrites what it is given, and takes for granted that the
imaginary parts are 0 that must be: lowering for GPUs hands it a copy of which both is true (loops/fft.py).
"""

from __future__ import annotations

import ctypes
import weakref
from collections import OrderedDict
from ctypes import c_int, c_longlong, c_size_t, c_void_p
from typing import Any, NamedTuple

from bitale_backend_cuda.blas import library
from bitale_backend_cuda.errors import LaunchError

KEPT = 64  # plans
# cuFFT's numbers for what is transformed, by name and precision, and its routine.
KINDS = {
    ("fft", "float32"): (0x29, "cufftExecC2C"), ("ifft", "float32"): (0x29, "cufftExecC2C"),
    ("fft", "float64"): (0x69, "cufftExecZ2Z"), ("ifft", "float64"): (0x69, "cufftExecZ2Z"),
    ("rfft", "float32"): (0x2A, "cufftExecR2C"), ("irfft", "float32"): (0x2C, "cufftExecC2R"),
    ("rfft", "float64"): (0x6A, "cufftExecD2Z"), ("irfft", "float64"): (0x6C, "cufftExecZ2D"),
}  # fmt: skip
DIRECTIONS = {"fft": (-1,), "ifft": (1,), "rfft": (), "irfft": ()}
STATUS = {
    1: "INVALID_PLAN", 2: "ALLOC_FAILED", 3: "INVALID_TYPE", 4: "INVALID_VALUE", 5: "INTERNAL_ERROR", 6: "EXEC_FAILED",
    7: "SETUP_FAILED", 8: "INVALID_SIZE", 9: "UNALIGNED_DATA", 11: "INVALID_DEVICE", 13: "NO_WORKSPACE",
    14: "NOT_IMPLEMENTED", 16: "NOT_SUPPORTED",
}  # fmt: skip
COMPLEX, REAL = [c_int, c_void_p, c_void_p, c_int], [c_int, c_void_p, c_void_p]
PARAMETERS: dict[str, list[Any]] = {
    "cufftCreate": [c_void_p],
    "cufftSetAutoAllocation": [c_int, c_int],
    "cufftMakePlanMany64": [
        c_int, c_int, c_void_p, c_void_p, c_longlong, c_longlong, c_void_p, c_longlong, c_longlong, c_int, c_longlong,
        c_void_p,
    ],
    "cufftSetStream": [c_int, c_void_p],
    "cufftSetWorkArea": [c_int, c_void_p],
    "cufftExecC2C": COMPLEX, "cufftExecZ2Z": COMPLEX,
    "cufftExecR2C": REAL, "cufftExecD2Z": REAL, "cufftExecC2R": REAL, "cufftExecZ2D": REAL,
    "cufftDestroy": [c_int],
}  # fmt: skip


class FourierTransform(NamedTuple):
    """fft, ifft, rfft or irfft of `rows` rows of n points each, one after the other; `dtype` is that of parts.

    `note` says what is computed, and where the user wrote it.
    """

    name: str
    dtype: str
    n: int
    rows: int
    note: str = ""

    def __str__(self) -> str:
        shown = f"{self.name} of {self.rows} rows of {self.n} points in {self.dtype}"
        return f"{shown}\n  while computing {self.note}" if self.note else shown


class Plan:
    """What cuFFT has made ready for a transform, until nothing refers to it. `room`: bytes that it works in."""

    def __init__(self, routines: Any, transform: FourierTransform) -> None:
        self._routines, self._transform = routines, transform
        kind, self._execute = KINDS[transform.name, transform.dtype]
        handle, room, n = c_int(), c_size_t(), c_longlong(transform.n)
        self._call("cufftCreate", ctypes.byref(handle))
        self._handle = handle.value
        weakref.finalize(self, routines.cufftDestroy, handle.value).atexit = False
        self._call("cufftSetAutoAllocation", self._handle, 0)
        layout = (None, 1, 0, None, 1, 0)  # row-major
        self._call(
            "cufftMakePlanMany64", self._handle, 1, ctypes.byref(n), *layout, kind, transform.rows, ctypes.byref(room)
        )
        self.room = room.value

    def run(self, stream: int, source: int, target: int, room: int) -> None:
        """Transform what lies at `source`, on a stream."""
        self._call("cufftSetStream", self._handle, stream)
        self._call("cufftSetWorkArea", self._handle, room)
        self._call(self._execute, self._handle, source, target, *DIRECTIONS[self._transform.name])

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._routines, name)(*arguments)
        if status:
            problem = f"cuFFT: {name} failed with CUFFT_{STATUS.get(status, status)}"
            raise LaunchError(f"{problem}, for {self._transform}")


class Plans:
    """The plans that were asked for last."""

    def __init__(self) -> None:
        advice = "Fourier transforms need cuFFT: pip install nvidia-cufft-cu12 (or cupy-cuda12x[ctk])"
        self._routines = library("cufft", PARAMETERS, (12, 11), advice)
        self._plans: OrderedDict[FourierTransform, Plan] = OrderedDict()

    def plan(self, transform: FourierTransform) -> Plan:
        """The plan for a transform."""
        key = transform._replace(note="")
        found = self._plans.pop(key, None) or Plan(self._routines, transform)
        self._plans[key] = found
        while len(self._plans) > KEPT:
            self._plans.popitem(last=False)
        return found
