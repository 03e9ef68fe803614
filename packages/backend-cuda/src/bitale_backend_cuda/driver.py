"""What the launcher needs of a GPU, and nothing else: one implementation runs on CuPy, one emulates a device in tests.

Kernels take 64-bit integers only: addresses, lengths and strides. So one launch is a name and a list of ints.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from bitale_backend_cuda.fft import FourierTransform
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.solver import SolverCall
from bitale_backend_cuda.work import Work


class Array(Protocol):
    """An array on the device: `cupy.ndarray`, or the emulated one."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def nbytes(self) -> int: ...


class Module(Protocol):
    """Loaded machine code."""

    def kernel(self, name: str) -> Any:
        """The handle of a kernel."""


class Replay(Protocol):
    """Recorded works."""

    def launch(self) -> None:
        """Do them all, as they are now. Nothing waits."""

    def update(self, number: int, work: Work) -> None:
        """From the next launch on the work of this number is `work`, which differs in its addresses only."""


class TransformPlan(Protocol):
    """A plan for a transform, which works in so many bytes."""

    @property
    def room(self) -> int: ...


class Driver(Protocol):
    """A device. Everything runs in order on one stream; only `to_host`, `download`, `upload` and `synchronise` wait."""

    ordinal: int  # the number of the device
    architecture: str  # of the device, such as "sm_90"
    processors: int  # multiprocessors
    shared_bytes: int  # that a block may have

    def active(self) -> AbstractContextManager[Any]:
        """What is done inside is done on this device, after what was done inside before, on whichever stream."""

    def compile(self, source: str, architecture: str) -> bytes:
        """CUDA C++ as machine code. Raises CompileError with the compiler's message."""

    def load(self, code: bytes) -> Module:
        """Machine code on the device."""

    def launch(self, kernel: Any, grid: int, block: int, shared: int, arguments: Sequence[int]) -> None:
        """Run `grid` blocks of `block` threads, each with `shared` bytes of dynamic shared memory."""

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        """A new row-major array. Raises OutOfMemory."""

    def address(self, array: Array) -> int:
        """Where the first element of an array lies."""

    def to_device(self, array: np.ndarray) -> Array:
        """A copy of a host array on the device, row-major. The host may change its array at once."""

    def to_host(self, array: Array) -> np.ndarray:
        """A copy of a device array on the host. Waits until it is computed."""

    def accept(self, value: Any) -> Array | None:
        """`value` as a device array without a copy (DLPack, `__cuda_array_interface__`); None if it is none.

        Raises WrongDevice for an array on another device.
        """

    def row_major(self, array: Array) -> Array:
        """The array itself if it is row-major, else a copy that is."""

    def gemm(self, product: Product, alpha: Any, left: int, right: int, beta: Any, out: int) -> None:
        """out = alpha * left @ right + beta * out for addresses of matrices. Where beta is 0, `out` is not read.

        float16 and bfloat16 are added in float32. Lengths may be 0: where there is nothing to sum, a sum is 0.
        Raises LaunchError, which names the product.
        """

    def has_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> bool:
        """Whether a product of matrices at these addresses can be computed with its epilogue. It need not."""

    def gemm_with_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> None:
        """out = left @ right with the epilogue, if has_epilogue said that it can be; `bias` is 0 if there is none."""

    def fft_plan(self, transform: FourierTransform) -> TransformPlan:
        """What is to be made ready for a transform: nothing is launched. Raises LaunchError, which names it."""

    def fft(self, plan: Any, source: int, target: int, room: int) -> None:
        """Transform what lies at `source`, by a plan that works in the memory at `room`. An irfft overwrites it."""

    def solver_room(self, call: SolverCall) -> int:
        """The bytes of memory that a routine of linear algebra works in. Raises LaunchError, which names it."""

    def solve(self, call: SolverCall, addresses: Sequence[int], room: int) -> None:
        """Run the routine on the arrays at `addresses`, see SolverCall.arrays. Its words are 0 where it worked."""

    def copy(self, target: int, source: int, nbytes: int) -> None:
        """Copy memory on the device."""

    def download(self, address: int, nbytes: int) -> np.ndarray:
        """Bytes of device memory. Waits until they are computed."""

    def upload(self, address: int, values: np.ndarray) -> None:
        """Write a row-major host array into device memory, after what was launched before."""

    def pinned(self, nbytes: int) -> np.ndarray:
        """Bytes of the host, zero, into which `fetch` can copy."""

    def fetch(self, target: np.ndarray, address: int) -> None:
        """Fill pinned memory from the device, when the stream comes to it."""

    def record(self, works: Sequence[Work]) -> Replay:
        """Works of `launch`, `gemm`, `copy` and `fetch`, to be done as a whole and several times."""

    def synchronise(self) -> None:
        """Wait until everything is done."""
