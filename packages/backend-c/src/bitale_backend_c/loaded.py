"""Shared libraries in this process: loaded once, and kept for ever."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

ENTRY = "bitale_run"


@functools.cache
def library(path: Path) -> ctypes.CDLL:
    """The library at a path. ctypes never unloads: threads of an OpenMP pool may run as long as the process.

    NumPy has loaded ctypes already, whereas starting cffi takes longer than all else on the way to a first call.
    """
    # Threads of OpenMP that wait by spinning bring a machine to a halt when it has other work. To wake a sleeping one
    # takes 3 to 8 microseconds; after a spin of a few microseconds it took 30. libgomp reads this once.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    return ctypes.CDLL(str(path))


def load(path: Path, entry: str = ENTRY) -> int:
    """The address of a function in a shared library. Raises OSError or AttributeError where there is none."""
    return ctypes.cast(getattr(library(path), entry), ctypes.c_void_p).value or 0
