"""NumPy arrays of what others call arrays, bfloat16 included, of which NumPy takes no tensor of another library."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from bitale_graph.dtypes import BFLOAT16

CPU, UNSIGNED, BRAIN = 1, 1, 4  # a device's kind in DLPack, and kinds of numbers: integers, bfloat16
KIND = 20  # bytes before the kind of the numbers in a DLTensor: after an address, a device and the rank


class Bits:
    """A DLPack array of bfloat16, given as one of integers, which every library takes."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def __dlpack__(self, stream: Any = None, **options: Any) -> Any:
        """The capsule is the taker's alone: its kind may be changed."""
        capsule = self.array.__dlpack__() if stream is None else self.array.__dlpack__(stream=stream)
        kind = ctypes.c_uint8.from_address(_address(capsule, b"dltensor") + KIND)
        if kind.value != BRAIN:
            raise TypeError("no array of bfloat16")
        kind.value = UNSIGNED
        return capsule


def as_array(value: Any, dtype: str | None = None) -> np.ndarray:
    """numpy.asarray, and the same for tensors of bfloat16 on the CPU, which share their memory by DLPack."""
    if dtype == "bfloat16" and not hasattr(value, "dtype"):  # Python's numbers are rounded as those of other dtypes
        return np.asarray(value, "float32").astype(dtype)
    try:
        return np.asarray(value, dtype)
    except TypeError:
        if not hasattr(value, "__dlpack_device__") or value.__dlpack_device__()[0] != CPU:
            raise
        found = np.from_dlpack(Bits(value)).view(BFLOAT16)
    return found if dtype is None else found.astype(dtype)


_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_address = _pointer(("PyCapsule_GetPointer", ctypes.pythonapi))
