"""How much of the memory that kernels move they need: sectors of 32 bytes, counted by the emulation.

A GPU moves whole sectors. Lanes of a warp that read neighbours share them; lanes that read across take one each. What
the lanes of a block take again comes from the nearest cache, more or less.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.support.cuda.compile import HERE, RUNTIME, Kernel, compile_for_host
from tests.support.cuda.emulated import EmulatedDriver

COUNTED = (
    *("-fsanitize=thread", "-fno-threadsafe-statics", "-fno-tree-sra", "--param=tsan-instrument-func-entry-exit=0"),
    *("-nodefaultlibs", "-Wl,--no-as-needed", "-lstdc++", "-lm", "-lc", "-lgcc"),  # without ThreadSanitizer's own
)
COUNTER = HERE / "traffic.cpp"


class Counts(ctypes.Structure):
    """As traffic.cpp has them."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("accesses", "sectors", "ideal", "of_blocks", "of_launch"))


@dataclass
class Traffic:
    """Of a kernel: `accesses` are those of a warp, `sectors` what all of them take, and would take if lanes lay side by
    side (`ideal`); `of_blocks` what blocks take if none of them takes a sector twice, `of_launch` what all take so."""

    accesses: int = 0
    sectors: int = 0
    ideal: int = 0
    of_blocks: int = 0
    of_launch: int = 0

    def add(self, counts: Counts) -> None:
        for name, _ in Counts._fields_:
            setattr(self, name, getattr(self, name) + getattr(counts, name))


class CountingDriver(EmulatedDriver):
    """An emulated device that knows the traffic of each kernel it ran, by name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.traffic: defaultdict[str, Traffic] = defaultdict(Traffic)

    def library(self, source: str) -> bytes:
        return compile_for_host(source, COUNTED, (RUNTIME, COUNTER))

    def _run(self, kernel: Kernel, *how: Any) -> None:
        begin, end = kernel.library["traffic_begin"], kernel.library["traffic_end"]
        begin.argtypes, begin.restype, end.restype = [ctypes.c_void_p, ctypes.c_size_t], None, ctypes.POINTER(Counts)
        addresses = [address for place in self.heap.ranges() for address in place]
        ranges = (ctypes.c_uint64 * len(addresses))(*addresses)
        begin(ranges, len(addresses) // 2)
        super()._run(kernel, *how)
        self.traffic[kernel.name].add(end().contents)
