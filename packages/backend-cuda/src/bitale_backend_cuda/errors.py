"""What can go wrong between a Program and a GPU."""

from __future__ import annotations

from bitale_graph.errors import BitaleError


class CompileError(BitaleError, RuntimeError):
    """The CUDA compiler refused a generated text: a fault in Bitale, or in the compiler's set-up."""


class CudaNotAvailable(BitaleError, RuntimeError):
    """There is no GPU here, or something that it needs is missing."""


class OutOfMemory(BitaleError, MemoryError):
    """The device has not as much memory as was asked for."""


class WrongDevice(BitaleError, ValueError):
    """An array lies on another device than the function."""


class LaunchError(BitaleError, RuntimeError):
    """A kernel could not be started, or failed while it ran."""
