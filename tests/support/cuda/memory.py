"""Device memory, emulated on the host: poisoned when new and when freed, guarded on both sides, limited."""

from __future__ import annotations

import bisect
import ctypes
import math
import weakref
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from bitale_backend_c.settings import settings
from bitale_backend_cuda.errors import LaunchError, OutOfMemory

ALIGNMENT = 256
POISON, GUARD = 0xFF, 0xA5
GUARDS = bytes([GUARD]) * ALIGNMENT
FREED_KEPT = 64  # blocks whose address is not given out again yet

_libc = ctypes.CDLL(None)
_libc.free.argtypes = [ctypes.c_void_p]
_libc.posix_memalign.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t, ctypes.c_size_t]


class Heap:
    """The memory of one device."""

    def __init__(self, limit: int) -> None:
        self.limit, self.used, self.peak, self.allocations = limit, 0, 0, 0
        # AddressSanitizer guards what malloc gives, to the byte.
        self.guard = 0 if "-fsanitize=address" in settings.flags else ALIGNMENT
        self._starts: list[int] = []
        self._live: dict[int, tuple[int, bool]] = {}  # start -> bytes, and whether they are of this heap
        self._freed: deque[tuple[int, int]] = deque()

    def allocate(self, nbytes: int) -> int:
        """The address of a new block. Atomic operations on parts of a word may read all of it."""
        nbytes = (nbytes + 3) // 4 * 4
        if self.used + nbytes > self.limit:
            raise OutOfMemory(
                f"the device has {self.limit - self.used:,} of {self.limit:,} bytes free, and {nbytes:,} were asked for"
            )
        base = ctypes.c_void_p()
        if _libc.posix_memalign(ctypes.byref(base), ALIGNMENT, max(nbytes, 1) + 2 * self.guard) or not base.value:
            raise MemoryError(f"the host has no {nbytes:,} bytes left")
        start = base.value + self.guard
        ctypes.memset(base.value, GUARD, nbytes + 2 * self.guard)
        ctypes.memset(start, POISON, nbytes)
        self.allocations += 1
        self.used += nbytes
        self.peak = max(self.peak, self.used)
        self._add(start, nbytes, own=True)
        return start

    def ranges(self) -> list[tuple[int, int]]:
        """Where each block starts and ends, in order."""
        return [(start, start + self._live[start][0]) for start in self._starts]

    def adopt(self, start: int, nbytes: int) -> None:
        """Kernels may use this memory of somebody else's, until it is freed."""
        if start not in self._live:
            self._add(start, nbytes, own=False)

    def _add(self, start: int, nbytes: int, own: bool) -> None:
        bisect.insort(self._starts, start)
        self._live[start] = nbytes, own

    def release(self, start: int) -> None:
        """The bytes of a block may be asked for again, though it is only freed when the stream comes to it."""
        nbytes, own = self._live[start]
        self.used -= nbytes if own else 0

    def free(self, start: int) -> None:
        """Poison a block. Its address returns only after many others were freed."""
        nbytes, own = self._live.pop(start)
        del self._starts[bisect.bisect_left(self._starts, start)]
        if not own:
            return
        if self.guard:
            ctypes.memset(start, POISON, nbytes)
            self._freed.append((start, nbytes))
        else:
            _libc.free(start)
        if len(self._freed) > FREED_KEPT:
            _libc.free(self._freed.popleft()[0] - self.guard)

    def holds(self, address: int, nbytes: int = 0) -> bool:
        """Whether these bytes lie in one live block. Its end counts, where nothing is read."""
        at = bisect.bisect_right(self._starts, address) - 1
        return at >= 0 and address + nbytes <= self._starts[at] + self._live[self._starts[at]][0]

    def check(self, address: int, kernel: str) -> None:
        """Raises LaunchError where something was written beside the block that an address lies in."""
        start = self._starts[bisect.bisect_right(self._starts, address) - 1]
        nbytes, own = self._live[start]
        for side in (start - self.guard, start + nbytes) if own and self.guard else ():
            if ctypes.string_at(side, self.guard) != GUARDS:
                ctypes.memset(side, GUARD, self.guard)
                raise LaunchError(f"kernel {kernel} wrote beside the {nbytes:,} bytes at {start:#x}")

    def check_freed(self) -> None:
        """Raises LaunchError where something was written into a freed block."""
        for start, nbytes in self._freed:
            if (host_view(start, (nbytes,), "uint8") != POISON).any():
                ctypes.memset(start, POISON, nbytes)
                raise LaunchError(f"the {nbytes:,} bytes at {start:#x} were written after they were freed")


class Memory:
    """A block that lives as long as this object; then `freed` is told where it starts."""

    def __init__(self, start: int, freed: Callable[[int], None], keep: Any = None) -> None:
        self.start, self.keep = start, keep
        weakref.finalize(self, freed, start).atexit = False


class EmulatedArray:
    """An array on the emulated device. NumPy cannot take it, so that a forgotten copy is seen."""

    def __init__(
        self, memory: Memory, address: int, shape: tuple[int, ...], dtype: Any, strides: tuple[int, ...] | None,
        device: int,
    ) -> None:  # fmt: skip
        self.memory, self.address, self.shape, self.dtype, self.device = memory, address, shape, np.dtype(dtype), device
        self.strides = row_major_strides(shape, self.dtype.itemsize) if strides is None else strides

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def is_row_major(self) -> bool:
        pairs = zip(self.shape, self.strides, row_major_strides(self.shape, self.dtype.itemsize))
        return not self.size or all(length == 1 or stride == wanted for length, stride, wanted in pairs)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        strides = None if self.is_row_major else self.strides
        data = (self.address, False)
        return {"shape": self.shape, "typestr": self.dtype.str, "data": data, "strides": strides, "version": 3}

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.device  # kDLCUDA

    def __dlpack__(self, **options: Any) -> EmulatedArray:
        return self  # the emulated driver takes it for a capsule

    def __array__(self, *args: Any, **options: Any) -> np.ndarray:
        raise TypeError("an array on the device is not copied to the host unasked")

    def on_host(self) -> np.ndarray:
        """The memory itself, for the driver; what tests see may not be computed yet."""
        return host_view(self.address, self.shape, self.dtype, self.strides)

    def seen(self, change: Callable[[np.ndarray], np.ndarray]) -> EmulatedArray:
        """Another view of the memory, such as `array.seen(lambda a: a[::2].T)`."""
        view = change(self.on_host())
        return EmulatedArray(self.memory, view.ctypes.data, view.shape, view.dtype, view.strides, self.device)

    def __repr__(self) -> str:
        return f"EmulatedArray({self.dtype}{list(self.shape)})"


def row_major_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    return tuple(itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def host_view(address: int, shape: tuple[int, ...], dtype: Any, strides: tuple[int, ...] | None = None) -> np.ndarray:
    """The host's memory at an address as an array."""
    typestr = np.dtype(dtype).str
    interface = {"shape": shape, "typestr": typestr, "data": (address, False), "strides": strides, "version": 3}
    return np.asarray(SimpleNamespace(__array_interface__=interface)).view(dtype)  # bfloat16 has no typestr
